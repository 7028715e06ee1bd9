// SPDX-License-Identifier: Apache-2.0
#include "storage/format.h"

#include <map>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "storage/commit_keys.h"
#include "storage/key_layout.h"
#include "storage/memory/memory_store.h"
#include "storage/records.h"
#include "storage/value.h"
#include "tests/testing/fakes.h"
#include "tests/testing/faulty_store.h"
#include "tests/testing/status.h"
#include "tests/unit/storage/samples.h"

namespace meguri::storage {
namespace {

class FormatTest : public ::testing::Test {
 protected:
  void Put(Family family, const std::string& key, const std::string& value) {
    MEGURI_ASSERT_OK(store_->Apply(WriteBatch{{}, {Write{family, key, value}}}));
  }
  absl::optional<uint64_t> Format() { return *ReadNumber(*store_, kFormatKey); }
  // A step that adds its name to the value at "steps".
  MigrationStep Append(const std::string& name) {
    return [name](OrderedStore& store) {
      const std::string before = (*store.Get(Family::kLookup, "steps")).value_or("");
      return store.Apply(WriteBatch{{}, {Write{Family::kLookup, "steps", before + name}}});
    };
  }
  std::string Steps() { return (*store_->Get(Family::kLookup, "steps")).value_or(""); }

  std::unique_ptr<OrderedStore> store_ = OpenMemoryStore(MakeMemoryDisk());
};

TEST_F(FormatTest, MarksAnEmptyStore) {
  MEGURI_ASSERT_OK(PrepareFormat(*store_));
  EXPECT_EQ(Format(), kStoreFormat);
}

TEST_F(FormatTest, LeavesAMarkedStoreAlone) {
  MEGURI_ASSERT_OK(PrepareFormat(*store_));
  Put(Family::kArrival, "record", "bytes");
  meguri::testing::FaultPlan plan;
  MEGURI_EXPECT_OK(PrepareFormat(*meguri::testing::MakeFaultyStore(*store_, plan)));
  EXPECT_EQ(plan.writes_seen(), 0);
}

// The keys of what is newest, and their values.
std::map<std::string, std::string> NewestIn(const StoreReader& store) {
  std::map<std::string, std::string> newest;
  for (auto cursor = store.NewCursor(Family::kLookup, KindPrefix(KeyKind::kNewest)); cursor->Valid(); cursor->Next()) {
    newest.emplace(cursor->key(), cursor->value());
  }
  return newest;
}

TEST_F(FormatTest, AddsTheNewestVersionsToAStoreOfFormat1) {
  constexpr size_t kRecords = 5000;  // more than one batch
  meguri::testing::SeededRandom random;
  Transaction transaction(*store_);
  const auto put = [&](const record::RecordId& record_id, const char* publisher, uint64_t version) {
    const testing::SampleRecord sample = testing::MakeSample(testing::Member(publisher), record_id, version, random);
    MEGURI_ASSERT_OK(Records(*store_).Put(transaction, sample.header, sample.stored));
  };
  for (size_t i = 0; i < kRecords; ++i) {
    const record::RecordId record_id = record::RecordId::Make(random);
    put(record_id, "9999:maker", 1);
    if (i % 3 == 0) {
      put(record_id, "9999:maker", 2);
    }
    if (i % 7 == 0) {
      put(record_id, "9999:another", 1);
    }
  }
  MEGURI_ASSERT_OK(testing::Apply(*store_, transaction));
  const std::map<std::string, std::string> expected = NewestIn(*store_);
  ASSERT_EQ(expected.size(), kRecords);
  WriteBatch undo{{}, {Write{Family::kLookup, kFormatKey, WrapU64(1)}}};
  for (const auto& [key, value] : expected) {
    undo.writes.push_back(Write{Family::kLookup, key, absl::nullopt});
  }
  MEGURI_ASSERT_OK(store_->Apply(undo));

  MEGURI_ASSERT_OK(PrepareFormat(*store_));
  EXPECT_EQ(Format(), kStoreFormat);
  EXPECT_EQ(NewestIn(*store_), expected);
}

TEST_F(FormatTest, AddsTheEntriesToTheMembershipsOfAStoreOfFormat3) {
  constexpr uint64_t kRecords = 5000;  // more than one batch
  meguri::testing::SeededRandom random;
  const Records records(*store_);
  const Feeds feeds(*store_);
  Transaction transaction(*store_);
  const auto feed = feeds.FindOrCreate(transaction, testing::OwnFeed("9999:maker", "public"));
  MEGURI_ASSERT_OK(feed);
  std::vector<std::string> entries;
  std::vector<PutVersion> versions;
  for (uint64_t i = 0; i < kRecords; ++i) {
    const testing::SampleRecord sample =
        testing::MakeSample(testing::Member("9999:maker"), record::RecordId::Make(random), 1, random);
    versions.push_back(records.Put(transaction, sample.header, sample.stored).value());
    entries.push_back(record::FeedEntry{sample.header.hash(), 0b101}.Encode());
    transaction.Put(Family::kLookup, MembershipKey(versions.back().arrival, *feed), WrapU64(0b101));
  }
  // An entry whose header is not stored, and one that is repeated.
  entries.push_back(record::FeedEntry{record::Sha256("in conflict"), 1}.Encode());
  entries.push_back(entries.front());
  MEGURI_ASSERT_OK(feeds.AppendMany(transaction, *feed, entries));
  transaction.Put(Family::kLookup, kFormatKey, WrapU64(3));
  MEGURI_ASSERT_OK(testing::Apply(*store_, transaction));
  EXPECT_THAT(*records.FeedsOf(1), ::testing::ElementsAre(FeedMembership{*feed, 0b101, absl::nullopt}));

  MEGURI_ASSERT_OK(PrepareFormat(*store_));
  EXPECT_EQ(Format(), kStoreFormat);
  for (uint64_t i = 0; i < kRecords; ++i) {
    ASSERT_THAT(*records.FeedsOf(versions[i].arrival), ::testing::ElementsAre(FeedMembership{*feed, 0b101, i}));
  }
  MEGURI_EXPECT_OK(AddEntryIndices(*store_)) << "interrupted before the mark, it is run again";
  EXPECT_THAT(*records.FeedsOf(1), ::testing::ElementsAre(FeedMembership{*feed, 0b101, 0}));
}

TEST_F(FormatTest, RefusesANewerStore) {
  Put(Family::kLookup, kFormatKey, WrapU64(kStoreFormat + 1));
  const absl::Status status = PrepareFormat(*store_);
  EXPECT_THAT(status, meguri::testing::HasReason("STORE_FORMAT_NEWER"));
  EXPECT_THAT(status, meguri::testing::HasCode(absl::StatusCode::kFailedPrecondition));
  EXPECT_EQ(Format(), kStoreFormat + 1);
}

TEST_F(FormatTest, RefusesEntriesWithoutAMarkInEitherFamily) {
  for (const Family family : {Family::kArrival, Family::kLookup}) {
    Put(family, "z", "bytes");
    EXPECT_THAT(PrepareFormat(*store_), meguri::testing::HasReason("STORE_DAMAGED"));
    MEGURI_ASSERT_OK(store_->Apply(WriteBatch{{}, {Write{family, "z", absl::nullopt}}}));
  }
  MEGURI_EXPECT_OK(PrepareFormat(*store_));
}

TEST_F(FormatTest, RefusesEntriesThatSortBeforeTheMark) {
  Put(Family::kLookup, "a", "bytes");
  Put(Family::kLookup, kCommitKey, WrapU64(1));
  EXPECT_THAT(PrepareFormat(*store_), meguri::testing::HasReason("STORE_DAMAGED"));
}

TEST_F(FormatTest, RefusesAMarkThatIsNoFormat) {
  Put(Family::kLookup, kFormatKey, WrapU64(0));
  EXPECT_THAT(PrepareFormat(*store_), meguri::testing::HasCode(absl::StatusCode::kDataLoss));
  for (const char* damaged : {"", "1", "garbage that is long"}) {
    Put(Family::kLookup, kFormatKey, damaged);
    EXPECT_THAT(PrepareFormat(*store_), meguri::testing::HasCode(absl::StatusCode::kDataLoss));
  }
}

TEST_F(FormatTest, RunsTheStepsFromTheFormatFoundOn) {
  const std::vector<MigrationStep> steps = {Append("1>2 "), Append("2>3 "), Append("3>4 ")};
  Put(Family::kLookup, kFormatKey, WrapU64(2));
  MEGURI_ASSERT_OK(PrepareFormat(*store_, steps));
  EXPECT_EQ(Steps(), "2>3 3>4 ");
  EXPECT_EQ(Format(), 4);
  MEGURI_ASSERT_OK(PrepareFormat(*store_, steps));
  EXPECT_EQ(Steps(), "2>3 3>4 ");
}

TEST_F(FormatTest, RunsNoStepOnANewStore) {
  const std::vector<MigrationStep> steps = {Append("1>2 ")};
  MEGURI_ASSERT_OK(PrepareFormat(*store_, steps));
  EXPECT_EQ(Steps(), "");
  EXPECT_EQ(Format(), 2);
}

TEST_F(FormatTest, GoesOnWhereAMigrationStopped) {
  const MigrationStep set_two = [](OrderedStore& store) {
    return store.Apply(WriteBatch{{}, {Write{Family::kLookup, "two", std::string("done")}}});
  };
  const MigrationStep set_three = [](OrderedStore& store) {
    return store.Apply(WriteBatch{{}, {Write{Family::kLookup, "three", std::string("done")}}});
  };
  const std::vector<MigrationStep> steps = {set_two, set_three};
  for (uint64_t fail_at = 1; fail_at <= 4; ++fail_at) {
    store_ = OpenMemoryStore(MakeMemoryDisk());
    Put(Family::kLookup, kFormatKey, WrapU64(1));
    meguri::testing::FaultPlan plan(fail_at);
    EXPECT_THAT(PrepareFormat(*meguri::testing::MakeFaultyStore(*store_, plan), steps),
                meguri::testing::HasReason("STORE_FAILED"));
    EXPECT_EQ(Format(), 1 + (fail_at - 1) / 2);
    MEGURI_ASSERT_OK(PrepareFormat(*store_, steps));
    EXPECT_EQ(Format(), 3);
    EXPECT_EQ(*store_->Get(Family::kLookup, "two"), "done");
    EXPECT_EQ(*store_->Get(Family::kLookup, "three"), "done");
  }
}

}  // namespace
}  // namespace meguri::storage
