// SPDX-License-Identifier: Apache-2.0
#include "node/query/page_token.h"

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "base/bytes.h"
#include "base/error.h"
#include "record/hash.h"

namespace meguri::node {
namespace {

constexpr size_t kMacSize = 16;
constexpr size_t kExpirySize = 8;
constexpr size_t kTokenBytesMax = 1024;

absl::Status Refused(absl::string_view found, absl::string_view ja) {
  return InvalidInput({{"page_token", "PAGE_TOKEN", std::string(found), "the next_page_token of the page before",
                        "start again without a token", std::string(ja)}});
}

}  // namespace

// Nested, so that knowing one token does not let a reader extend it.
std::string PageTokens::Mac(absl::string_view question, absl::string_view expiry_and_place) const {
  const absl::string_view key(reinterpret_cast<const char*>(key_.data()), key_.size());
  const std::string body = absl::StrCat(question.size(), ":", question, expiry_and_place);
  const record::Hash inner = record::Sha256({key, body});
  return record::Sha256({key, inner.view()}).ToString().substr(0, kMacSize);
}

std::string PageTokens::Make(absl::string_view question, absl::string_view place) const {
  std::string body;
  AppendU64(static_cast<uint64_t>(absl::ToUnixMillis(clock_.Now() + kPageTokenLife)), body);
  body.append(place.data(), place.size());
  return absl::WebSafeBase64Escape(absl::StrCat(Mac(question, body), body));
}

absl::StatusOr<std::string> PageTokens::Open(absl::string_view question, absl::string_view token) const {
  if (token.empty()) {
    return std::string();
  }
  std::string bytes;
  const bool is_token = token.size() <= kTokenBytesMax && absl::WebSafeBase64Unescape(token, &bytes) &&
                        bytes.size() > kMacSize + kExpirySize;
  if (!is_token || bytes.substr(0, kMacSize) != Mac(question, absl::string_view(bytes).substr(kMacSize))) {
    return Refused("a token that this node did not give to you for this question",
                   "page_token が無効です。最初のページからやり直してください。");
  }
  if (absl::ToUnixMillis(clock_.Now()) >= static_cast<int64_t>(ReadU64(absl::string_view(bytes).substr(kMacSize)))) {
    return Refused(absl::StrCat("a token that is older than ", absl::FormatDuration(kPageTokenLife)),
                   "page_token の有効期限が切れています。最初のページからやり直してください。");
  }
  return bytes.substr(kMacSize + kExpirySize);
}

}  // namespace meguri::node
