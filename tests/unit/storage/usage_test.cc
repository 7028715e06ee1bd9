// SPDX-License-Identifier: Apache-2.0
#include "storage/usage.h"

#include <memory>
#include <string>
#include <vector>

#include "base/status_macros.h"
#include "gmock/gmock.h"
#include "storage/commit_keys.h"
#include "storage/format.h"
#include "storage/fsck.h"
#include "storage/index.h"
#include "storage/key_layout.h"
#include "storage/memory/memory_store.h"
#include "storage/usage_count.h"
#include "storage/value.h"
#include "tests/testing/status.h"
#include "tests/unit/storage/samples.h"

namespace meguri::storage {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::Member;
using testing::Name;
using ::testing::Pair;

const UsageAccount& Account() {
  static const auto& account = *new UsageAccount{Member("9999:me"), Member("9999:maker")};
  return account;
}

HeldFeed Replica(absl::string_view name) { return {Account().holder, {Account().publisher, Name(name), 1}}; }

class UsageTest : public ::testing::Test {
 protected:
  // What `transaction` would add to an empty store, as the engine sees it.
  int64_t BytesWritten(Transaction& transaction) {
    WriteBatch batch;
    transaction.MoveTo(batch);
    int64_t bytes = 0;
    for (const Write& write : batch.writes) {
      bytes += CountedBytes(write.key, write.value.value_or(""));
    }
    return bytes;
  }
  std::vector<std::string> Problems() { return Fsck(*store_, nullptr, nullptr)->problems; }

  // Stores a record that `feeds` bring, as a follower of format 1 did. Returns key and value bytes of record and
  // sections, and of the index of one feed.
  absl::StatusOr<std::pair<int64_t, int64_t>> PutInFormat1(const std::vector<HeldFeed>& feeds) {
    const Feeds store_feeds(*store_);
    const Records records(*store_);
    const auto sample = testing::MakeSample(Account().publisher, record::RecordId::Make(random_), 1, random_, false);
    Transaction transaction(*store_);
    MEGURI_ASSIGN_OR_RETURN(const PutVersion version, records.Put(transaction, sample.header, sample.stored));
    int64_t bytes = version.grown;
    for (const record::v1::Section& section : sample.sections) {
      MEGURI_ASSIGN_OR_RETURN(const int64_t grown, records.PutSection(transaction, version, section));
      bytes += grown;
    }
    int64_t index = 0;
    for (const HeldFeed& feed : feeds) {
      MEGURI_ASSIGN_OR_RETURN(const FeedId id, store_feeds.FindOrCreate(transaction, feed));
      const std::string entry = record::FeedEntry{sample.header.hash(), 0b11}.Encode();
      MEGURI_RETURN_IF_ERROR(store_feeds.Append(transaction, id, entry).status());
      MEGURI_RETURN_IF_ERROR(records.PutMembership(transaction, version, {id, 0b11, absl::nullopt}));
      MEGURI_ASSIGN_OR_RETURN(index, Index(*store_).Replace(transaction, id, sample.header, version.arrival,
                                                            {{"gtin", "04912345100108"}, {"all", ""}}));
    }
    MEGURI_RETURN_IF_ERROR(testing::Apply(*store_, transaction));
    return std::make_pair(bytes, index);
  }

  meguri::testing::SeededRandom random_;
  std::unique_ptr<OrderedStore> store_ = OpenMemoryStore(MakeMemoryDisk());
  Usages usages_{*store_};
};

TEST_F(UsageTest, CountsReplicasAloneAndNotTheRegistry) {
  EXPECT_EQ(AccountOf(Replica("public")), absl::make_optional(Account()));
  EXPECT_EQ(AccountOf(Replica("registry")), absl::nullopt);
  EXPECT_EQ(AccountOf(testing::OwnFeed("9999:maker", "public")), absl::nullopt);
}

TEST_F(UsageTest, AddsUpAndTakesAway) {
  Transaction transaction(*store_);
  EXPECT_EQ(*usages_.Read(transaction, Account()), (Usage{0, 0}));
  EXPECT_EQ(*usages_.Add(transaction, Account(), 3, 500), (Usage{3, 500}));
  EXPECT_EQ(*usages_.Add(transaction, Account(), 1, -499), (Usage{4, 1}));
  EXPECT_THAT(usages_.Add(transaction, Account(), 0, -2), meguri::testing::HasReason("VALUE_DAMAGED"));
  EXPECT_EQ(*usages_.Read(transaction, Account()), (Usage{4, 1}));
  const UsageAccount other{Account().holder, Member("9999:mill")};
  MEGURI_ASSERT_OK(usages_.Add(transaction, other, 7, 8));
  MEGURI_ASSERT_OK(usages_.Add(transaction, {Member("9999:m"), Member("9999:maker")}, 1, 1));
  MEGURI_ASSERT_OK(testing::Apply(*store_, transaction));
  EXPECT_THAT(*usages_.HeldBy(Account().holder), ElementsAre(Pair(Account(), Usage{4, 1}), Pair(other, Usage{7, 8})));
}

TEST_F(UsageTest, CountsTheIndexByTheBytesThatItTakes) {
  const auto first = testing::MakeSample(Account().publisher, record::RecordId::Make(random_), 1, random_);
  const std::vector<record::IndexTerm> many = {
      {"gtin", "1"}, {"lot", std::string(500, 'x')}, {std::string(100, 'f'), "1"}};
  Transaction transaction(*store_);
  const auto grown = Index(*store_).Replace(transaction, 4, first.header, 1, many);
  MEGURI_ASSERT_OK(grown);
  EXPECT_EQ(*grown, BytesWritten(transaction));
  // A later version takes away what it does not say any more.
  Transaction replaced(*store_);
  MEGURI_ASSERT_OK(Index(*store_).Replace(replaced, 4, first.header, 1, many));
  const auto second = testing::MakeSample(Account().publisher, first.header.record_id(), 2, random_);
  const auto shrunk = Index(*store_).Replace(replaced, 4, second.header, 2, {{"gtin", "2"}});
  MEGURI_ASSERT_OK(shrunk);
  EXPECT_LT(*shrunk, 0);
  Transaction alone(*store_);
  const auto only = Index(*store_).Replace(alone, 4, second.header, 2, {{"gtin", "2"}});
  MEGURI_ASSERT_OK(only);
  EXPECT_EQ(*grown + *shrunk, *only);
  // An earlier version that comes late changes nothing.
  EXPECT_EQ(*Index(*store_).Replace(replaced, 4, first.header, 1, many), 0);
}

TEST_F(UsageTest, CountsSectionsOnceHoweverOftenTheyCome) {
  const auto sample = testing::MakeSample(Account().publisher, record::RecordId::Make(random_), 1, random_, false);
  const Records records(*store_);
  Transaction transaction(*store_);
  const auto version = records.Put(transaction, sample.header, sample.stored);
  MEGURI_ASSERT_OK(version);
  EXPECT_EQ(version->grown, CountedBytes(RecordKey(1), WrapMessage(sample.stored)));
  const auto grown = records.PutSection(transaction, *version, sample.sections[0]);
  MEGURI_ASSERT_OK(grown);
  EXPECT_EQ(*grown, CountedBytes(SectionKey(1, sample.sections[0].slot()), WrapMessage(sample.sections[0])));
  EXPECT_EQ(records.Put(transaction, sample.header, sample.stored)->grown, 0);
  EXPECT_EQ(*records.PutSection(transaction, {1, false}, sample.sections[0]), 0);
}

TEST_F(UsageTest, AStoreThatCountedNothingIsCountedWhenItIsOpened) {
  WriteBatch mark;
  mark.writes.push_back({Family::kLookup, kFormatKey, WrapU64(1)});
  MEGURI_ASSERT_OK(store_->Apply(mark));
  const auto in_two = PutInFormat1({Replica("public"), Replica("members")});
  MEGURI_ASSERT_OK(in_two);
  const auto in_one = PutInFormat1({Replica("members")});
  MEGURI_ASSERT_OK(in_one);
  MEGURI_ASSERT_OK(PutInFormat1({Replica("registry")}));
  MEGURI_ASSERT_OK(PutInFormat1({testing::OwnFeed("9999:maker", "public")}));
  EXPECT_THAT(Problems(), IsEmpty()) << "format 1 has no counts";
  MEGURI_ASSERT_OK(PrepareFormat(*store_));
  const auto bytes =
      static_cast<uint64_t>(in_two->first + in_one->first + 2 * in_two->second + in_one->second + 3 * kEntryBytes);
  EXPECT_THAT(*usages_.HeldBy(Account().holder), ElementsAre(Pair(Account(), Usage{3, bytes})));
  EXPECT_THAT(Problems(), IsEmpty());
  // And again: a count anew is no addition.
  MEGURI_ASSERT_OK(AddUsage(*store_));
  EXPECT_THAT(*usages_.HeldBy(Account().holder), ElementsAre(Pair(Account(), Usage{3, bytes})));
  // From now on a count that is lost is a problem.
  WriteBatch loss;
  loss.writes.push_back({Family::kLookup, UsageKey(Account().holder, Account().publisher), absl::nullopt});
  MEGURI_ASSERT_OK(store_->Apply(loss));
  EXPECT_THAT(Problems(), ElementsAre(::testing::HasSubstr("what 9999:me holds of 9999:maker is not counted")));
}

}  // namespace
}  // namespace meguri::storage
