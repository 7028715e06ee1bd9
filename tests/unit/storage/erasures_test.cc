// SPDX-License-Identifier: Apache-2.0
#include "storage/erasures.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "storage/format.h"
#include "storage/fsck.h"
#include "storage/index.h"
#include "storage/key_layout.h"
#include "storage/memory/memory_store.h"
#include "storage/records.h"
#include "storage/value.h"
#include "tests/testing/fakes.h"
#include "tests/testing/status.h"
#include "tests/unit/storage/samples.h"

namespace meguri::storage {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::MakeSample;
using testing::Member;
using testing::SampleRecord;
using ::testing::SizeIs;

// An own record of two versions, and another one.
class ErasuresTest : public ::testing::Test {
 protected:
  ErasuresTest() {
    MEGURI_EXPECT_OK(PrepareFormat(*store_));
    for (const SampleRecord* sample : {&first_, &second_, &other_}) {
      Transaction transaction(*store_);
      const auto version = records_.Put(transaction, sample->header, sample->stored);
      for (const record::v1::Section& section : sample->sections) {
        MEGURI_EXPECT_OK(records_.PutSection(transaction, *version, section));
      }
      MEGURI_EXPECT_OK(testing::Apply(*store_, transaction));
    }
  }
  record::Header Tombstone(record::v1::TombstoneReason reason) {
    record::v1::Header message = second_.header.message();
    message.set_version(3);
    message.set_previous_header_hash(second_.header.hash().ToString());
    message.mutable_tombstone()->set_reason(reason);
    return *record::Header::Make(message);
  }
  // What a commit with that tombstone does.
  record::Header Erase() {
    const record::Header tombstone = Tombstone(record::v1::TOMBSTONE_REASON_ERASED);
    Transaction transaction(*store_);
    v1::StoredRecord stored = second_.stored;
    stored.set_header(tombstone.bytes());
    stored.clear_slots();
    MEGURI_EXPECT_OK(records_.Put(transaction, tombstone, stored));
    MEGURI_EXPECT_OK(Erasures(*store_).EraseRecord(transaction, tombstone, absl::nullopt));
    MEGURI_EXPECT_OK(testing::Apply(*store_, transaction));
    return tombstone;
  }
  size_t Sections(Arrival arrival) { return records_.ReadSections(arrival, ~uint64_t{0})->size(); }
  std::vector<std::string> Problems() { return Fsck(*store_, nullptr, nullptr)->problems; }
  void Write(Family family, const std::string& key, absl::optional<std::string> value) {
    MEGURI_ASSERT_OK(store_->Apply(WriteBatch{{}, {storage::Write{family, key, std::move(value)}}}));
  }

  meguri::testing::SeededRandom random_;
  const record::RecordId id_ = record::RecordId::Make(random_);
  const SampleRecord first_ = MakeSample(Member("9999:maker"), id_, 1, random_);
  const SampleRecord second_ = MakeSample(Member("9999:maker"), id_, 2, random_);
  const SampleRecord other_ = MakeSample(Member("9999:maker"), record::RecordId::Make(random_), 1, random_);
  std::unique_ptr<OrderedStore> store_ = OpenMemoryStore(MakeMemoryDisk());
  const Records records_{*store_};
};

TEST_F(ErasuresTest, OnlyATombstoneThatSaysSoErases) {
  EXPECT_TRUE(IsErasure(Tombstone(record::v1::TOMBSTONE_REASON_ERASED)));
  EXPECT_FALSE(IsErasure(Tombstone(record::v1::TOMBSTONE_REASON_WITHDRAWN)));
  EXPECT_FALSE(IsErasure(first_.header));
}

TEST_F(ErasuresTest, EveryVersionBeforeTheTombstoneGoesAndNothingElse) {
  EXPECT_THAT(Problems(), IsEmpty());
  const record::Header tombstone = Erase();
  EXPECT_EQ(Sections(1), 0U);
  EXPECT_EQ(Sections(2), 0U);
  EXPECT_EQ(Sections(3), 2U) << "of another record";
  const Erasures erasures(*store_);
  EXPECT_EQ(*erasures.Find(1), tombstone.hash());
  EXPECT_EQ(*erasures.Find(2), tombstone.hash());
  EXPECT_EQ(*erasures.Find(3), absl::nullopt);
  EXPECT_THAT(*erasures.Pending(10), ElementsAre(1, 2));
  EXPECT_THAT(*erasures.Pending(1), ElementsAre(1));
  EXPECT_THAT(Problems(), IsEmpty()) << "what is erased is absent by right";
  EXPECT_EQ(records_.Read(1)->header(), first_.header.bytes()) << "headers stay";
  Transaction transaction(*store_);
  EXPECT_EQ(*erasures.FindTombstone(transaction, 1, first_.header), tombstone.hash());
  EXPECT_EQ(*erasures.FindTombstone(transaction, 3, other_.header), absl::nullopt);
  Erasures::Finish(transaction, {1, 2});
  MEGURI_ASSERT_OK(testing::Apply(*store_, transaction));
  EXPECT_THAT(*erasures.Pending(10), IsEmpty());
  EXPECT_THAT(Problems(), IsEmpty());
}

TEST_F(ErasuresTest, FsckTellsErasedFromLost) {
  const std::string key = SectionKey(3, other_.sections[0].slot());
  const std::string section = **store_->Get(Family::kArrival, key);
  Write(Family::kArrival, key, absl::nullopt);
  EXPECT_THAT(Problems(), ElementsAre(HasSubstr("has lost the section")));
  Write(Family::kArrival, key, section);
  const record::Header tombstone = Erase();
  Write(Family::kLookup, ErasedKey(3), WrapValue(tombstone.hash().view()));
  EXPECT_THAT(Problems(), Contains(HasSubstr("still has sections")));
  Write(Family::kArrival, key, absl::nullopt);
  Write(Family::kArrival, SectionKey(3, other_.sections[1].slot()), absl::nullopt);
  EXPECT_THAT(Problems(), ElementsAre(HasSubstr("tombstone of an erased version"))) << "it is that of another record";
  Write(Family::kLookup, ErasedKey(3), absl::nullopt);
  EXPECT_THAT(Problems(), SizeIs(2)) << "nothing explains it any more";
}

}  // namespace
}  // namespace meguri::storage
