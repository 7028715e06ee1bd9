// SPDX-License-Identifier: Apache-2.0
#include "record/feed.h"

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "base/bytes.h"
#include "gtest/gtest.h"
#include "tests/testing/status.h"

namespace meguri::record {
namespace {

using ::meguri::testing::HasCode;
using ::meguri::testing::HasReason;
using ::meguri::testing::IsOk;

TEST(FeedName, TakesEveryKind) {
  for (const char* text : {"public", "members", "registry", "owner", "heads", "recyclers/battery",
                           "recyclers/home-appliance-4", "authorities/JP", "authorities/01", "authorities/47",
                           "to/0188:7123456789012", "to/0199:a.b_c-d", "offer/0123456789abcdef0123456789abcdef"}) {
    const absl::StatusOr<FeedName> name = FeedName::Parse(text);
    MEGURI_ASSERT_OK(name);
    EXPECT_EQ(name->text(), text);
  }
}

TEST(FeedName, RefusesEverythingElse) {
  for (const char* text : {"",
                           "/",
                           "Public",
                           "public/",
                           "public/x",
                           "registry/x",
                           "recyclers",
                           "recyclers/",
                           "recyclers/Battery",
                           "recyclers/a/b",
                           "recyclers/a b",
                           "recyclers/a_b",
                           "authorities",
                           "authorities/",
                           "authorities/00",
                           "authorities/48",
                           "authorities/1",
                           "authorities/001",
                           "authorities/jp",
                           "authorities/-1",
                           "authorities/+1",
                           "to/",
                           "to/0188:9876543210987",
                           "to/nobody",
                           "to/0188:7123456789012/x",
                           "offer/",
                           "offer/0123456789ABCDEF0123456789ABCDEF",
                           "offer/0123456789abcdef0123456789abcde",
                           "offer/0123456789abcdef0123456789abcdef0",
                           "other/x",
                           " public",
                           "public\n"}) {
    EXPECT_THAT(FeedName::Parse(text), HasReason("FEED_NAME")) << text;
  }
}

TEST(FeedName, BoundsTheProductGroup) {
  EXPECT_THAT(FeedName::Parse("recyclers/" + std::string(64, 'a')), IsOk());
  EXPECT_THAT(FeedName::Parse("recyclers/" + std::string(65, 'a')), HasReason("FEED_NAME"));
}

TEST(FeedName, SplitsIntoKindAndScope) {
  const FeedName scoped = *FeedName::Parse("to/0188:7123456789012");
  EXPECT_EQ(scoped.kind(), "to");
  EXPECT_EQ(scoped.scope(), "0188:7123456789012");
  EXPECT_EQ(FeedName::Public().kind(), "public");
  EXPECT_EQ(FeedName::Public().scope(), "");
}

TEST(FeedName, NamesOfOursAreValid) {
  for (const FeedName& name : {FeedName::Public(), FeedName::Members(), FeedName::Registry(), FeedName::Owner()}) {
    EXPECT_EQ(*FeedName::Parse(name.text()), name);
  }
}

TEST(FeedKey, TellsFeedsApart) {
  const ParticipantId one = *ParticipantId::Parse("0188:7123456789012");
  const ParticipantId two = *ParticipantId::Parse("0188:4011001098993");
  const absl::flat_hash_set<FeedKey> keys = {{one, FeedName::Public(), 1},
                                             {two, FeedName::Public(), 1},
                                             {one, FeedName::Members(), 1},
                                             {one, FeedName::Public(), 2},
                                             {one, FeedName::Public(), 1}};
  EXPECT_EQ(keys.size(), 4);
}

TEST(FeedOrigin, NamesFederationMemberEpochAndFeed) {
  const FeedKey key{*ParticipantId::Parse("0188:7123456789012"), *FeedName::Parse("recyclers/battery"), 3};
  EXPECT_EQ(FeedOrigin("ce.example", key), "ce.example/meguri/0188/7123456789012/3/recyclers/battery");
}

TEST(FeedEntry, Has41Bytes) {
  const FeedEntry entry{Sha256("header"), 0x8000000000000005};
  const std::string bytes = entry.Encode();
  EXPECT_EQ(bytes, absl::StrCat("\x01", Sha256("header").view(), absl::string_view("\x80\0\0\0\0\0\0\x05", 8)));
  EXPECT_EQ(bytes.size(), FeedEntry::kSize);
  const absl::StatusOr<FeedEntry> parsed = FeedEntry::Parse(bytes);
  MEGURI_ASSERT_OK(parsed);
  EXPECT_EQ(*parsed, entry);
}

TEST(FeedEntry, RefusesOtherSizes) {
  const std::string bytes = FeedEntry{Sha256("header"), 1}.Encode();
  for (size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_THAT(FeedEntry::Parse(bytes.substr(0, size)), HasReason("FEED_ENTRY"));
  }
  EXPECT_THAT(FeedEntry::Parse(bytes + "x"), HasReason("FEED_ENTRY"));
}

TEST(FeedEntry, DoesNotInterpretOtherFormats) {
  std::string bytes = FeedEntry{Sha256("header"), 1}.Encode();
  for (const char format : {'\0', '\2', '\xff'}) {
    bytes[0] = format;
    EXPECT_THAT(FeedEntry::Parse(bytes), HasReason("NEWER_FORMAT"));
    EXPECT_THAT(FeedEntry::Parse(bytes), HasCode(absl::StatusCode::kUnimplemented));
  }
  EXPECT_THAT(FeedEntry::Parse("\x02"), HasReason("NEWER_FORMAT"));
}

}  // namespace
}  // namespace meguri::record
