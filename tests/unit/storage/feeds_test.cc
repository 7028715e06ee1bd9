// SPDX-License-Identifier: Apache-2.0
#include "storage/feeds.h"

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "storage/key_layout.h"
#include "storage/memory/memory_store.h"
#include "storage/value.h"
#include "tests/testing/fakes.h"
#include "tests/testing/status.h"
#include "tests/unit/storage/samples.h"

namespace meguri::storage {
namespace {

using meguri::testing::HasCode;
using meguri::testing::HasReason;
using testing::Apply;
using testing::Member;
using testing::Name;
using testing::OwnFeed;

std::string Entry(uint64_t number) {
  return record::FeedEntry{record::Sha256(std::to_string(number)), number}.Encode();
}

std::vector<std::string> Entries(uint64_t start, uint64_t count) {
  std::vector<std::string> entries;
  for (uint64_t number = start; number < start + count; ++number) {
    entries.push_back(Entry(number));
  }
  return entries;
}

std::vector<record::Hash> Leaves(uint64_t count) {
  std::vector<record::Hash> leaves;
  leaves.reserve(count);
  for (uint64_t number = 0; number < count; ++number) {
    leaves.push_back(record::LeafHash(Entry(number)));
  }
  return leaves;
}

class FeedsTest : public ::testing::Test {
 protected:
  // Appends entries up to `size` in pieces of 1 … `piece_max`.
  void GrowTo(FeedId id, uint64_t size, uint64_t piece_max) {
    for (uint64_t have = feeds_.ReadHead(id)->size(); have < size;) {
      const uint64_t count = std::min(size - have, 1 + random_.Below(piece_max));
      Transaction transaction(*store_);
      const auto first = feeds_.AppendMany(transaction, id, Entries(have, count));
      ASSERT_THAT(first, meguri::testing::IsOk());
      ASSERT_EQ(*first, have);
      MEGURI_ASSERT_OK(Apply(*store_, transaction));
      have += count;
    }
  }
  FeedId Create(const HeldFeed& feed) {
    Transaction transaction(*store_);
    const auto id = feeds_.FindOrCreate(transaction, feed);
    Invariant(id.ok() && Apply(*store_, transaction).ok(), "a feed can be created");
    return *id;
  }

  meguri::testing::SeededRandom random_{42};
  std::shared_ptr<MemoryDisk> disk_ = MakeMemoryDisk();
  std::unique_ptr<OrderedStore> store_ = OpenMemoryStore(disk_);
  Feeds feeds_{*store_};
};

TEST_F(FeedsTest, NumbersFeedsAndFindsThemAgain) {
  const HeldFeed own = OwnFeed("9999:maker", "public");
  const HeldFeed replica{Member("9999:recycler"), own.key};
  const FeedId first = Create(own);
  const FeedId second = Create(replica);
  EXPECT_NE(first, second);
  EXPECT_EQ(Create(own), first);
  EXPECT_EQ(*feeds_.Find(replica), absl::make_optional(second));
  EXPECT_EQ(*feeds_.Find(OwnFeed("9999:maker", "members")), absl::nullopt);
  EXPECT_EQ(*feeds_.Describe(second), replica);
  EXPECT_EQ(feeds_.ReadHead(first)->size(), 0U);
}

// Within a group of commits each piece of work appends to what the one before it left.
TEST_F(FeedsTest, AppendsAcrossParts) {
  const FeedId id = Create(OwnFeed("9999:maker", "public"));
  Transaction group(*store_);
  for (uint64_t size = 0; size < 520; size += 13) {
    {
      Savepoint part(group);
      ASSERT_EQ(*feeds_.AppendMany(group, id, Entries(size, 13)), size);
      part.Keep();
    }
    const Savepoint dropped(group);
    MEGURI_ASSERT_OK(feeds_.AppendMany(group, id, Entries(7000, 100)));
  }
  MEGURI_ASSERT_OK(Apply(*store_, group));
  EXPECT_EQ(feeds_.ReadHead(id)->frontier.Root(), record::RootOf(Leaves(520)));
  EXPECT_EQ(*feeds_.ReadNode(id, 8, 1), record::RootOf(absl::MakeConstSpan(Leaves(512)).subspan(256)));
}

TEST_F(FeedsTest, AppendsNothing) {
  const FeedId id = Create(OwnFeed("9999:maker", "public"));
  Transaction transaction(*store_);
  EXPECT_EQ(*feeds_.AppendMany(transaction, id, {}), 0U);
  EXPECT_EQ(feeds_.ReadHead(transaction, id)->size(), 0U);
}

TEST_F(FeedsTest, NumbersTwoFeedsWithinOneTransaction) {
  Transaction transaction(*store_);
  const auto first = feeds_.FindOrCreate(transaction, OwnFeed("9999:maker", "public"));
  const auto second = feeds_.FindOrCreate(transaction, OwnFeed("9999:maker", "members"));
  MEGURI_ASSERT_OK(first);
  MEGURI_ASSERT_OK(second);
  EXPECT_NE(*first, *second);
}

TEST_F(FeedsTest, ListsByHolderAndOwn) {
  const FeedId maker_members = Create(OwnFeed("9999:maker", "members"));
  const FeedId maker_public = Create(OwnFeed("9999:maker", "public"));
  const FeedId replica = Create({Member("9999:maker"), OwnFeed("9999:a", "public").key});
  const FeedId other = Create(OwnFeed("9999:maker2", "public"));
  const auto held = feeds_.HeldBy(Member("9999:maker"));
  MEGURI_ASSERT_OK(held);
  ASSERT_EQ(held->size(), 3U);
  EXPECT_EQ((*held)[0].second, replica);
  EXPECT_EQ((*held)[1].second, maker_members);
  EXPECT_EQ((*held)[2].second, maker_public);
  const auto own = feeds_.All();
  MEGURI_ASSERT_OK(own);
  ASSERT_EQ(own->size(), 3U);
  EXPECT_EQ((*own)[2].second, other);
}

TEST_F(FeedsTest, HasTheRootOfItsEntriesAtEverySize) {
  const FeedId id = Create(OwnFeed("9999:maker", "public"));
  const std::vector<record::Hash> leaves = Leaves(600);
  for (uint64_t size = 1; size <= leaves.size(); ++size) {
    Transaction transaction(*store_);
    const auto index = feeds_.Append(transaction, id, Entry(size - 1));
    MEGURI_ASSERT_OK(index);
    EXPECT_EQ(*index, size - 1);
    EXPECT_EQ(feeds_.ReadHead(transaction, id)->size(), size);
    MEGURI_ASSERT_OK(Apply(*store_, transaction));
    ASSERT_EQ(feeds_.ReadHead(id)->frontier.Root(), record::RootOf(absl::MakeConstSpan(leaves).first(size)));
  }
}

TEST_F(FeedsTest, ProvesInclusionAndConsistencyAtRandomSizes) {
  const std::vector<record::Hash> leaves = Leaves(3000);
  for (const uint64_t size : {uint64_t{1}, uint64_t{255}, uint64_t{256}, uint64_t{257}, uint64_t{2048},
                              1 + random_.Below(1000), 1000 + random_.Below(2000)}) {
    const FeedId id = Create(OwnFeed("9999:maker", "public", size));
    GrowTo(id, size, 700);
    const auto read = [&](uint32_t level, uint64_t index) { return feeds_.ReadNode(id, level, index); };
    const record::Hash root = record::RootOf(absl::MakeConstSpan(leaves).first(size));
    ASSERT_EQ(feeds_.ReadHead(id)->frontier.Root(), root) << size;
    EXPECT_EQ(record::ReadFrontier(size, read)->Root(), root) << size;
    for (int round = 0; round < 20; ++round) {
      const uint64_t index = random_.Below(size);
      const auto path = record::InclusionProof(index, size, read);
      MEGURI_ASSERT_OK(path);
      MEGURI_EXPECT_OK(record::VerifyInclusion(leaves[index], index, size, *path, root)) << index << " of " << size;
      const uint64_t from = random_.Below(size + 1);
      const auto proof = record::ConsistencyProof(from, size, read);
      MEGURI_ASSERT_OK(proof);
      const record::Hash from_root = record::RootOf(absl::MakeConstSpan(leaves).first(from));
      MEGURI_EXPECT_OK(record::VerifyConsistency(from, from_root, size, root, *proof)) << from << " of " << size;
    }
  }
}

TEST_F(FeedsTest, WritesTheSameTilesWhateverThePieces) {
  const FeedId one_by_one = Create(OwnFeed("9999:maker", "public"));
  const FeedId in_pieces = Create(OwnFeed("9999:maker", "members"));
  const FeedId at_once = Create(OwnFeed("9999:maker", "owner"));
  GrowTo(one_by_one, 1100, 1);
  GrowTo(in_pieces, 1100, 300);
  Transaction transaction(*store_);
  MEGURI_ASSERT_OK(feeds_.AppendMany(transaction, at_once, Entries(0, 1100)));
  MEGURI_ASSERT_OK(Apply(*store_, transaction));
  for (uint64_t index = 0; index < 6; ++index) {
    for (const uint8_t level : {uint8_t{0}, uint8_t{1}, uint8_t{2}}) {
      const auto expected = store_->Get(Family::kLookup, TileKey(one_by_one, level, index));
      MEGURI_ASSERT_OK(expected);
      const bool should_exist = (level == 0 && index < 4) || (level == 1 && index == 0);
      EXPECT_EQ(expected->has_value(), should_exist);
      EXPECT_EQ(*store_->Get(Family::kLookup, TileKey(in_pieces, level, index)), *expected);
      EXPECT_EQ(*store_->Get(Family::kLookup, TileKey(at_once, level, index)), *expected);
    }
  }
}

// The third tile level begins at 65,536 entries.
TEST_F(FeedsTest, ProvesAcrossThreeTileLevels) {
  const uint64_t size = 65'536 + 300;
  const FeedId id = Create(OwnFeed("9999:maker", "public"));
  GrowTo(id, size, 20'000);
  ASSERT_TRUE(store_->Get(Family::kLookup, TileKey(id, 2, 0))->has_value());
  const std::vector<record::Hash> leaves = Leaves(size);
  const auto read = [&](uint32_t level, uint64_t index) { return feeds_.ReadNode(id, level, index); };
  const record::Hash root = record::RootOf(leaves);
  for (const uint64_t from : {uint64_t{1}, uint64_t{65'535}, uint64_t{65'536}, uint64_t{65'537}, size}) {
    const auto proof = record::ConsistencyProof(from, size, read);
    MEGURI_ASSERT_OK(proof);
    MEGURI_EXPECT_OK(
        record::VerifyConsistency(from, record::RootOf(absl::MakeConstSpan(leaves).first(from)), size, root, *proof));
  }
}

TEST_F(FeedsTest, ReadsTheEntriesThatExist) {
  const FeedId id = Create(OwnFeed("9999:maker", "public"));
  Create(OwnFeed("9999:maker", "members"));
  GrowTo(id, 10, 10);
  EXPECT_EQ(*feeds_.ReadEntries(id, 0, 3), Entries(0, 3));
  EXPECT_EQ(*feeds_.ReadEntries(id, 8, 5), Entries(8, 2));
  EXPECT_EQ(*feeds_.ReadEntries(id, 0, SIZE_MAX), Entries(0, 10));
  EXPECT_THAT(*feeds_.ReadEntries(id, 10, 5), ::testing::IsEmpty());
  EXPECT_THAT(*feeds_.ReadEntries(id, UINT64_MAX, 5), ::testing::IsEmpty());
  EXPECT_THAT(*feeds_.ReadEntries(id + 1, 0, 5), ::testing::IsEmpty());
}

TEST_F(FeedsTest, SurvivesReopening) {
  const FeedId id = Create(OwnFeed("9999:maker", "public"));
  GrowTo(id, 300, 300);
  const record::Hash root = feeds_.ReadHead(id)->frontier.Root();
  store_.reset();
  const std::unique_ptr<OrderedStore> reopened = OpenMemoryStore(disk_);
  const Feeds feeds(*reopened);
  EXPECT_EQ(feeds.ReadHead(id)->frontier.Root(), root);
  EXPECT_EQ(*feeds.Find(OwnFeed("9999:maker", "public")), absl::make_optional(id));
  Transaction transaction(*reopened);
  EXPECT_EQ(*feeds.Append(transaction, id, Entry(300)), 300U);
  EXPECT_EQ(feeds.ReadHead(transaction, id)->frontier.Root(), record::RootOf(Leaves(301)));
}

TEST_F(FeedsTest, LeavesNoTraceOfATransactionThatIsDropped) {
  const FeedId id = Create(OwnFeed("9999:maker", "public"));
  GrowTo(id, 255, 255);
  {
    Transaction dropped(*store_);
    MEGURI_ASSERT_OK(feeds_.AppendMany(dropped, id, Entries(1000, 10)));
  }
  GrowTo(id, 260, 5);
  EXPECT_EQ(feeds_.ReadHead(id)->frontier.Root(), record::RootOf(Leaves(260)));
  EXPECT_EQ(*feeds_.ReadNode(id, 8, 0), record::RootOf(Leaves(256)));
}

TEST_F(FeedsTest, KeepsThePublishersCheckpoint) {
  const FeedId id = Create({Member("9999:recycler"), OwnFeed("9999:maker", "public").key});
  GrowTo(id, 3, 3);
  Transaction transaction(*store_);
  MEGURI_ASSERT_OK(feeds_.SetCheckpoint(transaction, id, "a note"));
  EXPECT_THAT(feeds_.SetCheckpoint(transaction, id, std::string(record::kNoteBytesMax + 1, 'x')),
              HasReason("CHECKPOINT_FORM"));
  MEGURI_ASSERT_OK(Apply(*store_, transaction));
  GrowTo(id, 4, 1);
  EXPECT_EQ(feeds_.ReadHead(id)->checkpoint, "a note");
  EXPECT_EQ(feeds_.ReadHead(id)->size(), 4U);
}

TEST_F(FeedsTest, RefusesEntriesOfAnotherSizeAndUnknownFeeds) {
  const FeedId id = Create(OwnFeed("9999:maker", "public"));
  Transaction transaction(*store_);
  EXPECT_THAT(feeds_.Append(transaction, id, Entry(1).substr(1)), HasReason("FEED_ENTRY"));
  EXPECT_THAT(feeds_.Append(transaction, id + 1, Entry(1)), HasReason("FEED_UNKNOWN"));
  EXPECT_THAT(feeds_.ReadHead(id + 1), HasReason("FEED_UNKNOWN"));
  EXPECT_THAT(feeds_.Describe(id + 1), HasReason("FEED_UNKNOWN"));
}

TEST_F(FeedsTest, SaysDataLossForNodesThatAreNotStored) {
  const FeedId id = Create(OwnFeed("9999:maker", "public"));
  GrowTo(id, 300, 300);
  EXPECT_THAT(feeds_.ReadNode(id, 0, 300), HasCode(absl::StatusCode::kDataLoss));
  EXPECT_THAT(feeds_.ReadNode(id, 6, 4), HasCode(absl::StatusCode::kDataLoss));
  EXPECT_THAT(feeds_.ReadNode(id, 8, 1), HasCode(absl::StatusCode::kDataLoss));
  EXPECT_THAT(feeds_.ReadNode(id, 64, 0), HasCode(absl::StatusCode::kDataLoss));
  EXPECT_THAT(feeds_.ReadNode(id, 63, UINT64_MAX), HasCode(absl::StatusCode::kDataLoss));
}

TEST_F(FeedsTest, RefusesToGiveANumberTwice) {
  Create(OwnFeed("9999:maker", "public"));
  for (const std::string& damaged : {WrapU64(0), WrapU64(1), WrapU64(uint64_t{1} << 32)}) {
    WriteBatch damage;
    damage.writes.push_back({Family::kLookup, NextFeedKey(), damaged});
    MEGURI_ASSERT_OK(store_->Apply(damage));
    Transaction transaction(*store_);
    EXPECT_THAT(feeds_.FindOrCreate(transaction, OwnFeed("9999:maker", "members")), HasReason("VALUE_DAMAGED"));
    EXPECT_TRUE(transaction.empty());
  }
}

TEST_F(FeedsTest, SaysDataLossOnDamage) {
  const FeedId id = Create(OwnFeed("9999:maker", "public"));
  GrowTo(id, 10, 10);
  WriteBatch batch;
  batch.writes.push_back({Family::kLookup, EntryKey(id, 4), absl::nullopt});
  batch.writes.push_back({Family::kLookup, EntryKey(id, 8), absl::StrCat("\x07", Entry(8))});
  batch.writes.push_back({Family::kLookup, HeadKey(id), WrapValue("not a head")});
  MEGURI_ASSERT_OK(store_->Apply(batch));
  EXPECT_THAT(feeds_.ReadEntries(id, 3, 3), HasReason("VALUE_MISSING"));
  EXPECT_THAT(feeds_.ReadEntries(id, 8, 1), HasReason("VALUE_ENCODING"));
  EXPECT_THAT(feeds_.ReadHead(id), HasReason("VALUE_DAMAGED"));
}

}  // namespace
}  // namespace meguri::storage
