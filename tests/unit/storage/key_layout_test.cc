// SPDX-License-Identifier: Apache-2.0
#include "storage/key_layout.h"

#include <set>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "base/bytes.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/testing/fakes.h"
#include "tests/unit/storage/samples.h"

namespace meguri::storage {
namespace {

using testing::Member;
using testing::Name;
using testing::OwnFeed;

// Strings that could be mistaken for each other if keys were glued together carelessly.
const std::vector<std::string>& AwkwardStrings() {
  static const auto& strings = *new std::vector<std::string>{"",
                                                             "a",
                                                             "ab",
                                                             "aba",
                                                             "b",
                                                             std::string("\0", 1),
                                                             std::string("a\0", 2),
                                                             std::string("a\0b", 3),
                                                             std::string("\0\0\0\1", 4),
                                                             std::string("\1a", 2),
                                                             "\xff",
                                                             "\xff\xff"};
  return strings;
}

record::RecordId Id(uint8_t last) {
  std::string bytes(16, '\0');
  bytes.back() = static_cast<char>(last);
  return *record::RecordId::Parse(bytes);
}

void ExpectNoneIsBeginningOfAnother(const std::set<std::string>& keys) {
  // In order, a key that begins others stands right before one of them.
  for (auto key = keys.begin(); key != keys.end() && std::next(key) != keys.end(); ++key) {
    EXPECT_FALSE(absl::StartsWith(*std::next(key), *key)) << ToHex(*key) << " begins " << ToHex(*std::next(key));
  }
}

TEST(KeyLayout, KeepsTermsApartWhateverTheyHold) {
  std::set<std::string> prefixes;
  size_t made = 0;
  for (const FeedId feed : {0U, 1U, 256U, 0xffffffffU}) {
    for (const std::string& field : AwkwardStrings()) {
      for (const std::string& value : AwkwardStrings()) {
        prefixes.insert(PostingPrefix(feed, {field, value}));
        ++made;
      }
    }
  }
  EXPECT_EQ(prefixes.size(), made);
  ExpectNoneIsBeginningOfAnother(prefixes);
}

TEST(KeyLayout, KeepsRequestsApartWhateverTheyHold) {
  std::set<std::string> keys;
  size_t made = 0;
  for (const char* member : {"9999:a", "9999:ab"}) {
    for (const std::string& method : AwkwardStrings()) {
      for (const std::string& request_id : AwkwardStrings()) {
        keys.insert(RequestLookupKey(Member(member), method, request_id));
        ++made;
      }
    }
  }
  EXPECT_EQ(keys.size(), made);
}

TEST(KeyLayout, KeepsFeedsApart) {
  std::set<std::string> keys;
  size_t made = 0;
  for (const char* holder : {"9999:a", "9999:ab"}) {
    for (const char* publisher : {"9999:a", "9999:ab", "9999:b"}) {
      for (const char* name : {"public", "recyclers/a", "recyclers/ab", "to/9999:a", "to/9999:ab"}) {
        for (const uint64_t epoch : {uint64_t{1}, uint64_t{2}, uint64_t{256}, UINT64_MAX}) {
          const HeldFeed feed{Member(holder), {Member(publisher), Name(name), epoch}};
          keys.insert(FeedNameKey(feed));
          ++made;
          EXPECT_EQ(ParseFeedNameKey(FeedNameKey(feed)), absl::make_optional(feed));
        }
      }
    }
  }
  EXPECT_EQ(keys.size(), made);
  ExpectNoneIsBeginningOfAnother(keys);
}

TEST(KeyLayout, GroupsFeedsByHolder) {
  const HeldFeed feed = OwnFeed("9999:ab", "public");
  EXPECT_TRUE(absl::StartsWith(FeedNameKey(feed), FeedNamePrefix(Member("9999:ab"))));
  EXPECT_FALSE(absl::StartsWith(FeedNameKey(feed), FeedNamePrefix(Member("9999:a"))));
}

TEST(KeyLayout, GroupsCountsByHolder) {
  const std::string key = UsageKey(Member("9999:ab"), Member("9999:maker"));
  EXPECT_TRUE(absl::StartsWith(key, UsagePrefix(Member("9999:ab"))));
  EXPECT_FALSE(absl::StartsWith(key, UsagePrefix(Member("9999:a"))));
  const auto parts = ParseUsageKey(key);
  ASSERT_TRUE(parts.has_value());
  EXPECT_EQ(parts->holder, Member("9999:ab"));
  EXPECT_EQ(parts->publisher, Member("9999:maker"));
  EXPECT_FALSE(ParseUsageKey(key + "x").has_value());
  EXPECT_FALSE(ParseUsageKey(key.substr(0, key.size() - 1)).has_value());
  EXPECT_FALSE(ParseUsageKey(UsagePrefix(Member("9999:ab"))).has_value());
}

TEST(KeyLayout, GroupsAuditRowsByWhomTheyConcern) {
  const std::string key = AuditPartyKey(7, Member("9999:ab"), 256);
  EXPECT_TRUE(absl::StartsWith(key, AuditPartyPrefix(7, Member("9999:ab"))));
  EXPECT_FALSE(absl::StartsWith(key, AuditPartyPrefix(7, Member("9999:a"))));
  EXPECT_LT(AuditPartyKey(7, Member("9999:ab"), 255), key);
  const auto parts = ParseAuditPartyKey(key);
  ASSERT_TRUE(parts.has_value());
  EXPECT_EQ(parts->feed, 7U);
  EXPECT_EQ(parts->party, Member("9999:ab"));
  EXPECT_EQ(parts->index, 256U);
  EXPECT_FALSE(ParseAuditPartyKey(key + "x").has_value());
  EXPECT_FALSE(ParseAuditPartyKey(AuditPartyPrefix(7, Member("9999:ab"))).has_value());
  const auto row = ParseAuditRowKey(AuditRowKey(7, 256));
  ASSERT_TRUE(row.has_value());
  EXPECT_EQ(row->feed, 7U);
  EXPECT_EQ(row->index, 256U);
  EXPECT_FALSE(ParseAuditRowKey(AuditRowKey(7, 256) + "x").has_value());
}

TEST(KeyLayout, KnowsHowLongAPostingKeyIs) {
  const std::string terms = TermsKey(7, Id(1), Member("9999:a"));
  const record::IndexTerm term = CutTerm({std::string(100, 'f'), std::string(500, 'v')});
  EXPECT_EQ(PostingKeySize(terms, term.field, term.value), PostingKey(PostingPrefix(7, term), Id(1), "9999:a").size());
}

TEST(KeyLayout, SortsVersionsByPublisherAndNumber) {
  const std::vector<std::string> in_order = {
      VersionKey(Id(1), Member("9999:a"), 2), VersionKey(Id(1), Member("9999:a"), 256),
      VersionKey(Id(1), Member("9999:a-"), 1), VersionKey(Id(1), Member("9999:b"), 1),
      VersionKey(Id(2), Member("9999:a"), 1)};
  EXPECT_TRUE(std::is_sorted(in_order.begin(), in_order.end()));
  ExpectNoneIsBeginningOfAnother(std::set<std::string>(in_order.begin(), in_order.end()));
}

TEST(KeyLayout, SortsArrivalsWithTheRecordBeforeItsSections) {
  const std::vector<std::string> in_order = {RecordKey(1), SectionKey(1, 0), SectionKey(1, 63), RecordKey(2),
                                             RecordKey(256)};
  EXPECT_TRUE(std::is_sorted(in_order.begin(), in_order.end()));
}

TEST(KeyLayout, TakesApartWhatItPutTogether) {
  const auto record = ParseArrivalKey(RecordKey(7));
  ASSERT_TRUE(record.has_value());
  EXPECT_EQ(record->arrival, 7U);
  EXPECT_FALSE(record->slot.has_value());
  const auto section = ParseArrivalKey(SectionKey(7, 63));
  ASSERT_TRUE(section.has_value());
  EXPECT_EQ(section->slot, absl::make_optional(63U));

  const auto version = ParseVersionKey(VersionKey(Id(3), Member("9999:a"), 9));
  ASSERT_TRUE(version.has_value());
  EXPECT_EQ(version->record_id, Id(3));
  EXPECT_EQ(version->publisher, Member("9999:a"));
  EXPECT_EQ(version->version, 9U);

  const auto membership = ParseMembershipKey(MembershipKey(5, 6));
  ASSERT_TRUE(membership.has_value());
  EXPECT_EQ(membership->arrival, 5U);
  EXPECT_EQ(membership->feed, 6U);

  const auto tile = ParseTileKey(TileKey(5, 2, 77));
  ASSERT_TRUE(tile.has_value());
  EXPECT_EQ(tile->feed, 5U);
  EXPECT_EQ(tile->level, 2);
  EXPECT_EQ(tile->index, 77U);

  const std::string request = RequestLookupKey(Member("9999:a"), "Publish", "one");
  const auto time = ParseRequestTimeKey(RequestTimeKey(11, request));
  ASSERT_TRUE(time.has_value());
  EXPECT_EQ(time->time_ms, 11U);
  EXPECT_EQ(time->request_key, request);

  const std::string prefix = PostingPrefix(4, {"gtin", "1"});
  const auto posting = ParsePostingSuffix(PostingKey(prefix, Id(3), "9999:a").substr(prefix.size()));
  ASSERT_TRUE(posting.has_value());
  EXPECT_EQ(posting->record_id, Id(3));
  EXPECT_EQ(posting->publisher, Member("9999:a"));
}

TEST(KeyLayout, CutsTermsAtTheirLimits) {
  const std::string longest(record::kIndexValueMax, 'v');
  EXPECT_EQ(CutTerm({"gtin", longest}).value, longest);
  EXPECT_EQ(CutTerm({"gtin", longest + "w"}).value, longest);
  EXPECT_EQ(PostingPrefix(1, {"gtin", longest + "w"}), PostingPrefix(1, {"gtin", longest + "x"}));
  EXPECT_EQ(CutTerm({std::string(kIndexFieldMax + 1, 'f'), ""}).field.size(), kIndexFieldMax);
}

// Every key of every kind, one byte short, one byte long or under another kind, is refused.
TEST(KeyLayout, RefusesKeysThatItDidNotMake) {
  const std::vector<std::string> keys = {RecordKey(1),
                                         SectionKey(1, 63),
                                         VersionKey(Id(1), Member("9999:a"), 1),
                                         MembershipKey(1, 1),
                                         ErasedKey(1),
                                         ErasingKey(1),
                                         FeedNameKey(OwnFeed("9999:a", "public")),
                                         FeedIdKey(1),
                                         HeadKey(1),
                                         EntryKey(1, 1),
                                         TileKey(1, 1, 1),
                                         FollowKey(Member("9999:a"), OwnFeed("9999:a", "public").key)};
  const auto accepts = [](const std::string& key) {
    return ParseArrivalKey(key).has_value() || ParseVersionKey(key).has_value() ||
           ParseMembershipKey(key).has_value() || ParseFeedNameKey(key).has_value() ||
           ParseFeedIdKey(key).has_value() || ParseEntryKey(key).has_value() || ParseTileKey(key).has_value() ||
           ParseFollowKey(key).has_value() || ParseErasureKey(key).has_value();
  };
  for (const std::string& key : keys) {
    EXPECT_TRUE(accepts(key)) << ToHex(key);
    EXPECT_FALSE(accepts(key.substr(0, key.size() - 1))) << ToHex(key);
    EXPECT_FALSE(accepts(key + "x")) << ToHex(key);
    EXPECT_FALSE(accepts("?" + key)) << ToHex(key);
  }
  EXPECT_FALSE(ParseArrivalKey(std::string(8, '\0') + "\x41").has_value()) << "slot 64 does not exist";
  EXPECT_FALSE(ParseFrozenKey("x" + Id(1).ToString() + "nobody").has_value());
  EXPECT_FALSE(ParseTermsKey("r").has_value());
  EXPECT_FALSE(ParseRequestTimeKey("y").has_value());
  EXPECT_FALSE(ParsePostingSuffix("").has_value());
}

TEST(KeyLayout, TakesAnyBytes) {
  meguri::testing::SeededRandom random(7);
  for (int round = 0; round < 20'000; ++round) {
    std::string key(random.Below(60), '\0');
    random.Fill(absl::MakeSpan(reinterpret_cast<uint8_t*>(key.data()), key.size()));
    if (!key.empty()) {
      key[0] = "bcdefhnpqrstvwxy"[random.Below(16)];
    }
    ParseArrivalKey(key);
    ParseVersionKey(key);
    ParseFrozenKey(key);
    ParseFeedNameKey(key);
    ParseTermsKey(key);
    ParseRequestTimeKey(key);
    ParseFollowKey(key);
    ParsePostingSuffix(key);
    if (const auto entry = ParseEntryKey(key); entry.has_value()) {
      EXPECT_EQ(EntryKey(entry->feed, entry->index), key);
    }
    if (const auto cosigned = ParseCosignedKey("scosigned/" + key); cosigned.has_value()) {
      EXPECT_EQ(cosigned->size.has_value() ? CosignedKey(cosigned->feed, *cosigned->size) : CosignedKey(cosigned->feed),
                "scosigned/" + key);
    }
    if (const auto membership = ParseMembershipKey(key); membership.has_value()) {
      EXPECT_EQ(MembershipKey(membership->arrival, membership->feed), key);
    }
  }
}

}  // namespace
}  // namespace meguri::storage
