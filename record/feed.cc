// SPDX-License-Identifier: Apache-2.0
#include "record/feed.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "base/bytes.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "record/heads_feed.h"

namespace meguri::record {
namespace {

constexpr uint8_t kEntryFormat = 1;
constexpr size_t kScopeMax = 64;
constexpr size_t kOfferIdDigits = 32;
constexpr int kPrefectures = 47;  // JIS X 0401

bool IsProductGroup(absl::string_view scope) {
  return !scope.empty() && scope.size() <= kScopeMax && std::all_of(scope.begin(), scope.end(), [](unsigned char c) {
    return absl::ascii_islower(c) || absl::ascii_isdigit(c) || c == '-';
  });
}

bool IsJurisdiction(absl::string_view scope) {
  if (scope == "JP") {
    return true;
  }
  if (scope.size() != 2 || !absl::ascii_isdigit(static_cast<unsigned char>(scope[0])) ||
      !absl::ascii_isdigit(static_cast<unsigned char>(scope[1]))) {
    return false;
  }
  const int code = (scope[0] - '0') * 10 + (scope[1] - '0');
  return code >= 1 && code <= kPrefectures;
}

bool IsOfferId(absl::string_view scope) {
  return scope.size() == kOfferIdDigits && std::all_of(scope.begin(), scope.end(), [](unsigned char c) {
           return absl::ascii_isdigit(c) || (c >= 'a' && c <= 'f');
         });
}

bool IsScopeOf(absl::string_view kind, absl::string_view scope) {
  if (kind == "recyclers") {
    return IsProductGroup(scope);
  }
  if (kind == "authorities") {
    return IsJurisdiction(scope);
  }
  if (kind == "to") {
    return ParticipantId::Parse(scope).ok();
  }
  return kind == "offer" && IsOfferId(scope);
}

}  // namespace

absl::StatusOr<FeedName> FeedName::Parse(absl::string_view text) {
  const size_t slash = text.find('/');
  const bool known = slash == absl::string_view::npos ? text == "public" || text == "members" || text == "registry" ||
                                                            text == "owner" || text == "audit" || text == "heads"
                                                      : IsScopeOf(text.substr(0, slash), text.substr(slash + 1));
  if (!known) {
    return Error(absl::StatusCode::kInvalidArgument, "FEED_NAME",
                 "a feed is public, members, registry, owner, audit, heads, recyclers/<product group>, "
                 "authorities/<JP or 01-47>, to/<participant ID> or offer/<32 hexadecimal digits>");
  }
  return FeedName(std::string(text));
}

absl::string_view FeedName::kind() const { return absl::string_view(text_).substr(0, text_.find('/')); }

absl::string_view FeedName::scope() const {
  const size_t slash = text_.find('/');
  return slash == std::string::npos ? absl::string_view() : absl::string_view(text_).substr(slash + 1);
}

std::string FeedOrigin(absl::string_view federation, const FeedKey& feed) {
  return absl::StrCat(federation, "/meguri/", feed.publisher.icd(), "/", feed.publisher.identifier(), "/", feed.epoch,
                      "/", feed.name.text());
}

FeedName HeadsFeed() {
  absl::StatusOr<FeedName> name = FeedName::Parse("heads");
  return *std::move(name);
}

bool IsCommittedInHeads(const FeedName& name) {
  return name != FeedName::Public() && name != FeedName::Members() && name != FeedName::Registry() &&
         name != HeadsFeed();
}

std::string FeedEntry::Encode() const {
  std::string bytes(1, static_cast<char>(kEntryFormat));
  absl::StrAppend(&bytes, header_hash.view());
  AppendU64(slots, bytes);
  return bytes;
}

absl::StatusOr<FeedEntry> FeedEntry::Parse(absl::string_view bytes) {
  if (!bytes.empty() && static_cast<uint8_t>(bytes[0]) != kEntryFormat) {
    return Error(absl::StatusCode::kUnimplemented, "NEWER_FORMAT",
                 absl::StrCat("the feed entry has format ", static_cast<uint8_t>(bytes[0]), "; this program knows ",
                              kEntryFormat));
  }
  if (bytes.size() != kSize) {
    return Error(absl::StatusCode::kInvalidArgument, "FEED_ENTRY",
                 absl::StrCat("a feed entry has ", kSize, " bytes, not ", bytes.size()));
  }
  FeedEntry entry;
  MEGURI_ASSIGN_OR_RETURN(entry.header_hash, Hash::Parse(bytes.substr(1, kHashSize)));
  entry.slots = ReadU64(bytes.substr(1 + kHashSize));
  return entry;
}

}  // namespace meguri::record
