// SPDX-License-Identifier: Apache-2.0
#include "storage/records.h"

#include <memory>
#include <string>

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

using meguri::testing::HasReason;
using testing::Apply;
using testing::MakeSample;
using testing::Member;
using testing::SampleRecord;

class RecordsTest : public ::testing::Test {
 protected:
  Arrival Put(const SampleRecord& sample) {
    Transaction transaction(*store_);
    const auto version = records_.Put(transaction, sample.header, sample.stored);
    Invariant(version.ok(), "a sample record can be put");
    for (const record::v1::Section& section : sample.sections) {
      Invariant(records_.PutSection(transaction, *version, section).ok(), "a sample section can be put");
    }
    Invariant(Apply(*store_, transaction).ok(), "the store takes writes");
    return version->arrival;
  }
  static uint64_t SlotsOf(const SampleRecord& sample) {
    uint64_t slots = 0;
    for (const record::v1::Section& section : sample.sections) {
      slots |= uint64_t{1} << section.slot();
    }
    return slots;
  }

  meguri::testing::SeededRandom random_;
  std::shared_ptr<MemoryDisk> disk_ = MakeMemoryDisk();
  std::unique_ptr<OrderedStore> store_ = OpenMemoryStore(disk_);
  Records records_{*store_};
  record::ParticipantId maker_ = Member("9999:maker");
  record::RecordId record_id_ = record::RecordId::Make(random_);
};

TEST_F(RecordsTest, ReadsBackWhatItStored) {
  const SampleRecord sample = MakeSample(maker_, record_id_, 1, random_);
  const Arrival arrival = Put(sample);
  EXPECT_EQ(arrival, 1U);
  const auto stored = records_.Read(arrival);
  MEGURI_ASSERT_OK(stored);
  EXPECT_EQ(stored->SerializeAsString(), sample.stored.SerializeAsString());
  EXPECT_EQ(*records_.FindByHash(sample.header.hash()), absl::make_optional(arrival));
  EXPECT_EQ(*records_.FindByHash(record::Sha256("another")), absl::nullopt);
}

TEST_F(RecordsTest, CountsArrivalsWithinATransactionAndAfterReopening) {
  {
    Transaction transaction(*store_);
    const SampleRecord first = MakeSample(maker_, record_id_, 1, random_);
    const SampleRecord second = MakeSample(maker_, record_id_, 2, random_);
    EXPECT_EQ(records_.Put(transaction, first.header, first.stored)->arrival, 1U);
    EXPECT_EQ(records_.Put(transaction, second.header, second.stored)->arrival, 2U);
    MEGURI_ASSERT_OK(Apply(*store_, transaction));
  }
  store_.reset();
  const auto reopened = OpenMemoryStore(disk_);
  const Records records(*reopened);
  Transaction transaction(*reopened);
  const SampleRecord third = MakeSample(maker_, record_id_, 3, random_);
  EXPECT_EQ(records.Put(transaction, third.header, third.stored)->arrival, 3U);
  EXPECT_EQ(records.FindVersions(record_id_)->size(), 2U);
}

TEST_F(RecordsTest, ReturnsTheOldArrivalOfAHeaderThatIsThere) {
  const SampleRecord sample = MakeSample(maker_, record_id_, 1, random_);
  const Arrival arrival = Put(sample);
  EXPECT_EQ(Put(sample), arrival);
  EXPECT_EQ(Put(MakeSample(maker_, record_id_, 2, random_)), arrival + 1);
}

TEST_F(RecordsTest, TellsAVersionThatIsNewFromOneThatIsThere) {
  const SampleRecord sample = MakeSample(maker_, record_id_, 1, random_);
  Transaction transaction(*store_);
  EXPECT_TRUE(records_.Put(transaction, sample.header, sample.stored)->is_new);
  EXPECT_FALSE(records_.Put(transaction, sample.header, sample.stored)->is_new);
  MEGURI_ASSERT_OK(Apply(*store_, transaction));
  EXPECT_FALSE(records_.Put(transaction, sample.header, sample.stored)->is_new);
}

TEST_F(RecordsTest, FindsTheNewestVersionWhateverTheOrder) {
  EXPECT_FALSE(records_.FindNewest(record_id_)->only.has_value());
  Put(MakeSample(maker_, record_id_, 2, random_));
  const SampleRecord newest = MakeSample(maker_, record_id_, 3, random_);
  const Arrival arrival = Put(newest);
  Put(MakeSample(maker_, record_id_, 1, random_));
  const auto found = records_.FindNewest(record_id_);
  MEGURI_ASSERT_OK(found);
  ASSERT_TRUE(found->only.has_value());
  EXPECT_EQ(found->only->publisher, maker_);
  EXPECT_EQ(found->only->version, 3U);
  EXPECT_EQ(found->only->arrival, arrival);
  EXPECT_EQ(found->only->header_hash, newest.header.hash());
}

TEST_F(RecordsTest, PrefersNoneOfSeveralPublishers) {
  Put(MakeSample(maker_, record_id_, 1, random_));
  Put(MakeSample(Member("9999:another"), record_id_, 1, random_));
  Put(MakeSample(maker_, record_id_, 2, random_));
  const auto found = records_.FindNewest(record_id_);
  MEGURI_ASSERT_OK(found);
  EXPECT_TRUE(found->several);
  EXPECT_FALSE(found->only.has_value());
}

TEST_F(RecordsTest, TellsDamageOfTheNewestVersion) {
  Put(MakeSample(maker_, record_id_, 1, random_));
  for (const std::string& damaged : {std::string(), WrapValue("short"), WrapValue(std::string(60, '\xff'))}) {
    MEGURI_ASSERT_OK(store_->Apply(WriteBatch{{}, {Write{Family::kLookup, NewestKey(record_id_), damaged}}}));
    EXPECT_TRUE(absl::IsDataLoss(records_.FindNewest(record_id_).status()));
  }
}

TEST_F(RecordsTest, AddsUpTheSlotsOfANewVersion) {
  Transaction transaction(*store_);
  const PutVersion version{1, true};
  MEGURI_ASSERT_OK(records_.PutMembership(transaction, version, {7, 0b101, 4}));
  MEGURI_ASSERT_OK(records_.PutMembership(transaction, version, {7, 0b010, 9}));
  MEGURI_ASSERT_OK(Apply(*store_, transaction));
  EXPECT_EQ(records_.FeedsOf(1)->front(), (FeedMembership{7, 0b111, 9}));
}

TEST_F(RecordsTest, RefusesASecondHeaderOfOneVersion) {
  const SampleRecord sample = MakeSample(maker_, record_id_, 1, random_);
  const SampleRecord second = MakeSample(maker_, record_id_, 1, random_);
  Put(sample);
  Transaction transaction(*store_);
  EXPECT_THAT(records_.Put(transaction, second.header, second.stored), HasReason("TWO_HEADERS"));
  EXPECT_TRUE(transaction.empty());
}

TEST_F(RecordsTest, RefusesASecondHeaderWithinOneTransaction) {
  const SampleRecord sample = MakeSample(maker_, record_id_, 1, random_);
  const SampleRecord second = MakeSample(maker_, record_id_, 1, random_);
  Transaction transaction(*store_);
  MEGURI_ASSERT_OK(records_.Put(transaction, sample.header, sample.stored));
  EXPECT_THAT(records_.Put(transaction, second.header, second.stored), HasReason("TWO_HEADERS"));
}

TEST_F(RecordsTest, TakesTheSameRecordIdFromAnotherPublisher) {
  Put(MakeSample(maker_, record_id_, 1, random_));
  EXPECT_EQ(Put(MakeSample(Member("9999:other"), record_id_, 1, random_)), 2U);
}

TEST_F(RecordsTest, KeepsBothSignedHeadersAsEvidence) {
  const SampleRecord sample = MakeSample(maker_, record_id_, 1, random_);
  const SampleRecord second = MakeSample(maker_, record_id_, 1, random_);
  const SampleRecord third = MakeSample(maker_, record_id_, 1, random_);
  Put(sample);
  EXPECT_FALSE(*records_.IsFrozen(maker_, record_id_));
  Transaction transaction(*store_);
  MEGURI_ASSERT_OK(records_.PutEvidence(transaction, second.header, ParseSignature(second.stored).value(), 1));
  MEGURI_ASSERT_OK(records_.PutEvidence(transaction, third.header, ParseSignature(third.stored).value(), 1));
  MEGURI_ASSERT_OK(Apply(*store_, transaction));
  EXPECT_TRUE(*records_.IsFrozen(maker_, record_id_));
  EXPECT_FALSE(*records_.IsFrozen(Member("9999:other"), record_id_));
  EXPECT_FALSE(*records_.IsConflict(sample.header.hash()));
  EXPECT_TRUE(*records_.IsConflict(second.header.hash()));
  EXPECT_TRUE(*records_.IsConflict(third.header.hash()));
  v1::StoredEvidence evidence;
  MEGURI_ASSERT_OK(UnwrapMessage(**store_->Get(Family::kLookup, FrozenKey(record_id_, maker_)), "evidence", evidence));
  ASSERT_EQ(evidence.headers_size(), 2);
  EXPECT_EQ(evidence.headers(0).header(), sample.header.bytes());
  EXPECT_EQ(evidence.headers(0).signature().SerializeAsString(), sample.stored.signature());
  EXPECT_EQ(evidence.headers(1).header(), second.header.bytes());
  EXPECT_EQ(evidence.headers(1).signature().SerializeAsString(), second.stored.signature());
}

TEST_F(RecordsTest, SortsVersionsByPublisherAndNumber) {
  const record::ParticipantId other = Member("9999:make");
  Put(MakeSample(maker_, record_id_, 2, random_));
  Put(MakeSample(maker_, record_id_, 1, random_));
  Put(MakeSample(maker_, record_id_, 256, random_));
  Put(MakeSample(other, record_id_, 7, random_));
  Put(MakeSample(maker_, record::RecordId::Make(random_), 3, random_));
  const auto versions = records_.FindVersions(record_id_);
  MEGURI_ASSERT_OK(versions);
  std::vector<std::pair<std::string, uint64_t>> found;
  found.reserve(versions->size());
  for (const VersionRef& version : *versions) {
    found.emplace_back(version.publisher.text(), version.version);
    EXPECT_EQ(record::HeaderHash(records_.Read(version.arrival)->header()), version.header_hash);
  }
  EXPECT_THAT(found, ::testing::ElementsAre(std::pair("9999:make", 7U), std::pair("9999:maker", 1U),
                                            std::pair("9999:maker", 2U), std::pair("9999:maker", 256U)));
}

TEST_F(RecordsTest, ReadsOnlyTheSectionsAskedFor) {
  const SampleRecord sample = MakeSample(maker_, record_id_, 1, random_);
  const Arrival arrival = Put(sample);
  const auto all = records_.ReadSections(arrival, ~uint64_t{0});
  MEGURI_ASSERT_OK(all);
  ASSERT_EQ(all->size(), 2U);
  EXPECT_LT((*all)[0].slot(), (*all)[1].slot());
  EXPECT_EQ((*all)[1].SerializeAsString(), sample.sections[1].SerializeAsString());
  const auto one = records_.ReadSections(arrival, uint64_t{1} << sample.sections[1].slot());
  MEGURI_ASSERT_OK(one);
  ASSERT_EQ(one->size(), 1U);
  EXPECT_EQ(one->front().slot(), sample.sections[1].slot());
  EXPECT_THAT(*records_.ReadSections(arrival, ~SlotsOf(sample)), ::testing::IsEmpty());
  EXPECT_THAT(*records_.ReadSections(arrival, 0), ::testing::IsEmpty());
}

TEST_F(RecordsTest, WritesASectionOnceAndMendsADamagedOne) {
  const SampleRecord sample = MakeSample(maker_, record_id_, 1, random_);
  const Arrival arrival = Put(sample);
  const record::v1::Section& section = sample.sections[0];
  Transaction same(*store_);
  MEGURI_ASSERT_OK(records_.PutSection(same, {arrival}, section));
  EXPECT_TRUE(same.empty());
  WriteBatch damage;
  damage.writes.push_back({Family::kArrival, SectionKey(arrival, section.slot()), "\x07junk"});
  MEGURI_ASSERT_OK(store_->Apply(damage));
  EXPECT_THAT(records_.ReadSections(arrival, ~uint64_t{0}), HasReason("VALUE_ENCODING"));
  Transaction mending(*store_);
  MEGURI_ASSERT_OK(records_.PutSection(mending, {arrival}, section));
  MEGURI_ASSERT_OK(Apply(*store_, mending));
  EXPECT_EQ(records_.ReadSections(arrival, ~uint64_t{0})->size(), 2U);
}

TEST_F(RecordsTest, TakesSlotsUpTo63) {
  Transaction transaction(*store_);
  record::v1::Section section;
  section.set_slot(63);
  MEGURI_EXPECT_OK(records_.PutSection(transaction, {1}, section));
  section.set_slot(64);
  EXPECT_THAT(records_.PutSection(transaction, {1}, section), HasReason("SECTION_SLOT"));
}

TEST_F(RecordsTest, ListsTheFeedsThatBringAVersion) {
  Transaction transaction(*store_);
  MEGURI_ASSERT_OK(records_.PutMembership(transaction, {1}, {7, 0b101, 4}));
  MEGURI_ASSERT_OK(records_.PutMembership(transaction, {1}, {3, 0b001, 0}));
  MEGURI_ASSERT_OK(records_.PutMembership(transaction, {2}, {3, 0b111, 1}));
  MEGURI_ASSERT_OK(records_.PutMembership(transaction, {1}, {7, 0b001, 9}));
  MEGURI_ASSERT_OK(Apply(*store_, transaction));
  const auto feeds = records_.FeedsOf(1);
  MEGURI_ASSERT_OK(feeds);
  EXPECT_THAT(*feeds, ::testing::ElementsAre(FeedMembership{3, 0b001, 0}, FeedMembership{7, 0b101, 4}))
      << "the entry that opened nothing new is not the one to show";
  EXPECT_THAT(*records_.FeedsOf(3), ::testing::IsEmpty());
}

TEST_F(RecordsTest, RefusesToCountOnADamagedCounter) {
  const SampleRecord sample = MakeSample(maker_, record_id_, 1, random_);
  for (const std::string& damaged : {WrapU64(0), WrapU64(UINT64_MAX), WrapValue("x")}) {
    WriteBatch damage;
    damage.writes.push_back({Family::kLookup, NextArrivalKey(), damaged});
    MEGURI_ASSERT_OK(store_->Apply(damage));
    Transaction transaction(*store_);
    EXPECT_THAT(records_.Put(transaction, sample.header, sample.stored), HasReason("VALUE_DAMAGED"));
    EXPECT_TRUE(transaction.empty());
  }
}

TEST_F(RecordsTest, SaysDataLossForARecordThatIsGone) { EXPECT_THAT(records_.Read(5), HasReason("VALUE_MISSING")); }

}  // namespace
}  // namespace meguri::storage
