// SPDX-License-Identifier: Apache-2.0
#include "storage/sealed/sealed_store.h"

#include <filesystem>
#include <utility>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "storage/commit_keys.h"
#include "storage/envelope_cursor.h"
#include "storage/erasures.h"
#include "storage/feeds.h"
#include "storage/format.h"
#include "storage/fsck.h"
#include "storage/index.h"
#include "storage/key_layout.h"
#include "storage/memory/memory_store.h"
#include "storage/records.h"
#include "storage/rocksdb/rocksdb_store.h"
#include "storage/sealed/open.h"
#include "storage/usage_count.h"
#include "storage/value.h"
#include "tests/testing/fakes.h"
#include "tests/testing/faulty_store.h"
#include "tests/testing/key_folder.h"
#include "tests/testing/status.h"
#include "tests/unit/storage/samples.h"

namespace meguri::storage {
namespace {

using meguri::testing::HasReason;
using meguri::testing::KeyFolder;
using ::testing::IsEmpty;
using testing::MakeSample;
using testing::Member;
using testing::SampleRecord;
using ::testing::SizeIs;

constexpr char kSecret[] = " that nobody else may read: SECRET-IN-A-PAYLOAD";

SampleRecord Sample(Random& random) {
  return MakeSample(Member("9999:maker"), record::RecordId::Make(random), 1, random, true, kSecret);
}

Arrival Put(OrderedStore& store, const SampleRecord& sample) {
  Transaction transaction(store);
  const Records records(store);
  const auto version = records.Put(transaction, sample.header, sample.stored);
  MEGURI_EXPECT_OK(version);
  for (const record::v1::Section& section : sample.sections) {
    MEGURI_EXPECT_OK(records.PutSection(transaction, *version, section));
  }
  MEGURI_EXPECT_OK(testing::Apply(store, transaction));
  return version->arrival;
}

std::vector<std::string> SectionsOf(const StoreReader& store, Arrival arrival) {
  const auto sections = Records(store).ReadSectionBytes(arrival, ~uint64_t{0});
  EXPECT_THAT(sections, meguri::testing::IsOk());
  return sections.value_or(std::vector<std::string>());
}

class SealedStoreTest : public ::testing::Test {
 protected:
  SealedStoreTest() { Reopen(); }
  void Reopen() {
    parts_ = {};
    auto opened = OpenSealed(OpenMemoryStore(disk_), folder_.files(), random_);
    EXPECT_THAT(opened, meguri::testing::IsOk());
    parts_ = *std::move(opened);
  }
  OrderedStore& store() { return *parts_.store; }
  SectionKeys& keys() { return *parts_.keys; }
  std::string RawSection(Arrival arrival, const SampleRecord& sample) {
    return **OpenMemoryStore(disk_)->Get(Family::kArrival, SectionKey(arrival, sample.sections[0].slot()));
  }
  void PutRaw(const std::string& key, const std::string& value) {
    MEGURI_ASSERT_OK(OpenMemoryStore(disk_)->Apply(WriteBatch{{}, {Write{Family::kArrival, key, value}}}));
  }

  meguri::testing::SeededRandom random_;
  KeyFolder folder_;
  std::shared_ptr<MemoryDisk> disk_ = MakeMemoryDisk();
  SealedParts parts_;
};

TEST_F(SealedStoreTest, GivesBackWhatWasPutAndKeepsNothingOfItInTheClear) {
  const SampleRecord sample = Sample(random_);
  const Arrival arrival = Put(store(), sample);
  for (int round = 0; round < 2; ++round) {
    const auto sections = Records(store()).ReadSections(arrival, ~uint64_t{0});
    MEGURI_ASSERT_OK(sections);
    ASSERT_THAT(*sections, SizeIs(2));
    EXPECT_EQ((*sections)[0].SerializeAsString(), sample.sections[0].SerializeAsString());
    EnvelopeCursor cursor(*store().Snapshot());
    const auto envelope = EnvelopeCursor(store()).Read(sample.header.hash(), ~uint64_t{0});
    MEGURI_ASSERT_OK(envelope);
    EXPECT_EQ(envelope->sections(0), sample.sections[0].SerializeAsString());
    const std::string raw = RawSection(arrival, sample);
    EXPECT_EQ(raw.front(), static_cast<char>(ValueEncryption::kSealed));
    EXPECT_EQ(raw.find("SECRET"), std::string::npos);
    EXPECT_EQ(raw.find(sample.sections[0].salt()), std::string::npos);
    Reopen();
  }
}

TEST_F(SealedStoreTest, TheSameSectionIsSealedDifferentlyEachTime) {
  const SampleRecord sample = Sample(random_);
  const Arrival arrival = Put(store(), sample);
  const std::string key = SectionKey(arrival, sample.sections[0].slot());
  const std::string first = RawSection(arrival, sample);
  const std::string value = **store().Get(Family::kArrival, key);
  MEGURI_ASSERT_OK(store().Apply(WriteBatch{{}, {Write{Family::kArrival, key, value}}}));
  EXPECT_NE(RawSection(arrival, sample), first);
  EXPECT_EQ(**store().Get(Family::kArrival, key), value);
}

TEST_F(SealedStoreTest, ASectionOpensInItsOwnPlaceAlone) {
  const SampleRecord sample = Sample(random_);
  const Arrival arrival = Put(store(), sample);
  const std::string raw = RawSection(arrival, sample);
  const uint32_t slot = sample.sections[0].slot();
  const Arrival other = Put(store(), Sample(random_));
  PutRaw(SectionKey(other, slot), raw);
  PutRaw(SectionKey(arrival, sample.sections[1].slot()), raw);
  EXPECT_THAT(Records(store()).ReadSections(other, uint64_t{1} << slot), HasReason("VALUE_SEALED"));
  EXPECT_THAT(Records(store()).ReadSections(arrival, uint64_t{1} << sample.sections[1].slot()),
              HasReason("VALUE_SEALED"));
  for (size_t i = 1; i < raw.size(); i += 7) {
    std::string bad = raw;
    bad[i] = static_cast<char>(bad[i] ^ 1);
    PutRaw(SectionKey(arrival, slot), bad);
    EXPECT_THAT(Records(store()).ReadSections(arrival, uint64_t{1} << slot), HasReason("VALUE_SEALED"));
    EXPECT_THAT(EnvelopeCursor(store()).Read(sample.header.hash(), uint64_t{1} << slot), HasReason("VALUE_SEALED"));
  }
  PutRaw(SectionKey(arrival, slot), "\x01short");
  EXPECT_THAT(Records(store()).ReadSections(arrival, uint64_t{1} << slot), HasReason("VALUE_SEALED"));
}

TEST_F(SealedStoreTest, WhatIsErasedIsNotThereAndCannotBePutAgain) {
  const SampleRecord first = Sample(random_);
  const SampleRecord second = Sample(random_);
  const Arrival erased = Put(store(), first);
  const Arrival kept = Put(store(), second);
  const auto snapshot = store().Snapshot();
  MEGURI_ASSERT_OK(keys().Erase({erased}));
  EXPECT_THAT(SectionsOf(store(), erased), IsEmpty());
  EXPECT_THAT(SectionsOf(*snapshot, erased), IsEmpty()) << "for whoever began to read before";
  EXPECT_THAT(SectionsOf(store(), kept), SizeIs(2));
  EXPECT_EQ(EnvelopeCursor(store()).Read(first.header.hash(), ~uint64_t{0})->sections_size(), 0);
  EXPECT_EQ(EnvelopeCursor(store()).Read(second.header.hash(), ~uint64_t{0})->sections_size(), 2);
  size_t left = 0;
  for (auto cursor = store().NewCursor(Family::kArrival, ""); cursor->Valid(); cursor->Next()) {
    ++left;
  }
  EXPECT_EQ(left, 4U) << "two records, and the sections of one";
  const std::string key = SectionKey(erased, first.sections[0].slot());
  EXPECT_THAT(store().Apply(WriteBatch{{}, {Write{Family::kArrival, key, WrapMessage(first.sections[0])}}}),
              HasReason("DATA_KEY_ERASED"));
}

TEST_F(SealedStoreTest, AStoreThatIsOlderThanItsKeysGivesNoErasedNumberAgain) {
  Put(store(), Sample(random_));
  const std::shared_ptr<MemoryDisk> backup = CopyMemoryDisk(*disk_);
  const Arrival erased = Put(store(), Sample(random_));
  MEGURI_ASSERT_OK(keys().Erase({erased}));
  disk_ = backup;
  Reopen();
  const Arrival next = Put(store(), Sample(random_));
  EXPECT_GT(next, erased);
  EXPECT_THAT(SectionsOf(store(), next), SizeIs(2));
}

TEST_F(SealedStoreTest, KeysThatAreMissingOrForeignAreRefusedAndNeverMadeAnew) {
  Put(store(), Sample(random_));
  parts_ = {};
  const KeyFolder other;
  EXPECT_THAT(OpenSealed(OpenMemoryStore(disk_), other.files(), random_), HasReason("DATA_KEYS_MISSING"));
  EXPECT_FALSE(SectionKeys::Exist(other.files()));
  MEGURI_ASSERT_OK(SectionKeys::Create(other.files(), random_));
  EXPECT_THAT(OpenSealed(OpenMemoryStore(disk_), other.files(), random_), HasReason("DATA_KEYS_FOREIGN"));
  EXPECT_THAT(OpenSealedToRead(OpenMemoryStore(disk_), other.files(), random_), HasReason("DATA_KEYS_FOREIGN"));
  MEGURI_ASSERT_OK(
      OpenMemoryStore(disk_)->Apply(WriteBatch{{}, {Write{Family::kLookup, kDataKeysKey, absl::nullopt}}}));
  EXPECT_THAT(OpenSealed(OpenMemoryStore(disk_), folder_.files(), random_), HasReason("STORE_DAMAGED"));
}

TEST_F(SealedStoreTest, AStoreOfANewerFormatIsLeftAlone) {
  const auto disk = MakeMemoryDisk();
  const KeyFolder other;
  MEGURI_ASSERT_OK(
      OpenMemoryStore(disk)->Apply(WriteBatch{{}, {Write{Family::kLookup, kFormatKey, WrapU64(kStoreFormat + 1)}}}));
  EXPECT_THAT(OpenSealed(OpenMemoryStore(disk), other.files(), random_), HasReason("STORE_FORMAT_NEWER"));
  EXPECT_FALSE(SectionKeys::Exist(other.files()));
}

// A store as format 5 left it, of a few records.
std::vector<SampleRecord> MakeOldStore(OrderedStore& store, Random& random) {
  std::vector<SampleRecord> samples;
  for (int i = 0; i < 20; ++i) {
    samples.push_back(Sample(random));
    Put(store, samples.back());
  }
  MEGURI_EXPECT_OK(store.Apply(WriteBatch{{}, {Write{Family::kLookup, kFormatKey, WrapU64(kFormatSealed - 1)}}}));
  return samples;
}

TEST_F(SealedStoreTest, AnOldStoreIsSealedWhateverHappensOnTheWay) {
  for (uint64_t fail_at = 1; fail_at <= 4; ++fail_at) {
    const auto disk = MakeMemoryDisk();
    const KeyFolder folder;
    const std::vector<SampleRecord> samples = MakeOldStore(*OpenMemoryStore(disk), random_);
    const auto counted = *CountUsage(*OpenMemoryStore(disk));
    const auto before = *OpenSealedToRead(OpenMemoryStore(disk), folder.files(), random_);
    EXPECT_EQ(before.keys, nullptr);
    const auto plain = OpenMemoryStore(disk);
    meguri::testing::FaultPlan plan(fail_at);
    const bool went_through = OpenSealed(meguri::testing::MakeFaultyStore(*plain, plan), folder.files(), random_).ok();
    EXPECT_EQ(went_through, fail_at > 3) << "the mark, the sections, the format";
    const auto parts = OpenSealed(OpenMemoryStore(disk), folder.files(), random_);
    MEGURI_ASSERT_OK(parts);
    EXPECT_EQ(*ReadNumber(*parts->store, kFormatKey), kStoreFormat);
    for (Arrival arrival = 1; arrival <= samples.size(); ++arrival) {
      EXPECT_EQ(SectionsOf(*parts->store, arrival).at(0), samples[arrival - 1].sections[0].SerializeAsString());
      EXPECT_EQ(OpenMemoryStore(disk)
                    ->Get(Family::kArrival, SectionKey(arrival, samples[arrival - 1].sections[0].slot()))
                    ->value()
                    .find("SECRET"),
                std::string::npos);
    }
    EXPECT_EQ(*CountUsage(*parts->store), counted);
  }
}

TEST_F(SealedStoreTest, ACopyFromBeforeThereWereKeysGivesNothingBackThatWasErased) {
  const auto disk = MakeMemoryDisk();
  MakeOldStore(*OpenMemoryStore(disk), random_);
  MEGURI_ASSERT_OK(keys().Erase({3}));
  const auto parts = OpenSealed(OpenMemoryStore(disk), folder_.files(), random_);
  MEGURI_ASSERT_OK(parts);
  EXPECT_THAT(SectionsOf(*parts->store, 3), IsEmpty());
  EXPECT_THAT(SectionsOf(*parts->store, 4), SizeIs(2));
  for (auto cursor = OpenMemoryStore(disk)->NewCursor(Family::kArrival, ""); cursor->Valid(); cursor->Next()) {
    EXPECT_EQ(std::string(cursor->value()).find("SECRET"), std::string::npos);
  }
}

// The same on the engine of the daemon, in every file of its folder.
TEST(SealedRocksdbStore, NoFileHoldsAnythingInTheClear) {
  meguri::testing::SeededRandom random;
  const KeyFolder folder;
  const std::string path = folder.path() + "/store";
  std::vector<SampleRecord> samples;
  {
    const auto store = *OpenRocksdbStore(path);
    samples = MakeOldStore(*store, random);
  }
  EXPECT_THAT(meguri::testing::FilesWith(path, kSecret), ::testing::Not(IsEmpty()));
  {
    auto parts = OpenSealed(*OpenRocksdbStore(path), folder.files(), random);
    MEGURI_ASSERT_OK(parts);
    EXPECT_THAT(meguri::testing::FilesWith(path, kSecret), IsEmpty()) << "after the migration";
    EXPECT_THAT(meguri::testing::FilesWith(path, samples[0].sections[0].salt()), IsEmpty());
    for (int i = 0; i < 3; ++i) {
      samples.push_back(Sample(random));
      Put(*parts->store, samples.back());
    }
    const SampleRecord in_bulk = Sample(random);
    Transaction transaction(*parts->store);
    const auto version = Records(*parts->store).Put(transaction, in_bulk.header, in_bulk.stored);
    MEGURI_ASSERT_OK(Records(*parts->store).PutSection(transaction, *version, in_bulk.sections[0]));
    WriteBatch batch;
    transaction.MoveTo(batch);
    MEGURI_ASSERT_OK(parts->store->ApplyBulk(batch));
    EXPECT_EQ(SectionsOf(*parts->store, version->arrival).at(0), in_bulk.sections[0].SerializeAsString());
    EXPECT_THAT(meguri::testing::FilesWith(path, kSecret), IsEmpty());
  }
  const auto parts = OpenSealed(*OpenRocksdbStore(path), folder.files(), random);
  MEGURI_ASSERT_OK(parts);
  for (Arrival arrival = 1; arrival <= samples.size(); ++arrival) {
    EXPECT_EQ(SectionsOf(*parts->store, arrival).at(0), samples[arrival - 1].sections[0].SerializeAsString());
  }
  EXPECT_THAT(meguri::testing::FilesWith(path, kSecret), IsEmpty()) << "after a start, which replays the log";
}

// What the erasure of the record of `sample` writes: its tombstone, and what storage/erasures.h says.
void EraseRecordOf(const SampleRecord& sample, OrderedStore& store) {
  record::v1::Header message = sample.header.message();
  message.set_version(2);
  message.set_previous_header_hash(sample.header.hash().ToString());
  message.mutable_tombstone()->set_reason(record::v1::TOMBSTONE_REASON_ERASED);
  const record::Header tombstone = *record::Header::Make(message);
  v1::StoredRecord stored = sample.stored;
  stored.set_header(tombstone.bytes());
  stored.clear_slots();
  Transaction transaction(store);
  MEGURI_EXPECT_OK(Records(store).Put(transaction, tombstone, stored));
  MEGURI_EXPECT_OK(Erasures(store).EraseRecord(transaction, tombstone, absl::nullopt));
  MEGURI_EXPECT_OK(testing::Apply(store, transaction));
}

// Payload, salts and terms; the log and tables of both families; and a copy from before.
TEST(SealedRocksdbStore, WhatIsErasedIsInNoFileAndNoCopyGivesItBackWithTheKeysOfToday) {
  constexpr char kTerm[] = "zq81xk47vb";
  meguri::testing::SeededRandom random;
  const KeyFolder folder;
  const KeyFolder backup;
  const std::string path = folder.path() + "/store";
  const SampleRecord sample = Sample(random);
  const SampleRecord other = Sample(random);
  {
    auto parts = OpenSealed(*OpenRocksdbStore(path), folder.files(), random);
    MEGURI_ASSERT_OK(parts);
    Put(*parts->store, sample);
    Put(*parts->store, other);
    Transaction transaction(*parts->store);
    const Feeds feeds(*parts->store);
    const FeedId feed = *feeds.FindOrCreate(transaction, testing::OwnFeed("9999:maker", "public"));
    MEGURI_ASSERT_OK(feeds.Append(transaction, feed, record::FeedEntry{sample.header.hash(), 0b11}.Encode()));
    MEGURI_ASSERT_OK(Records(*parts->store).PutMembership(transaction, {1, false}, {feed, 0b11, 0}));
    Index::Add(transaction, feed, sample.header, 1, {{"serial", kTerm}});
    MEGURI_ASSERT_OK(testing::Apply(*parts->store, transaction));
  }
  std::filesystem::copy(path, backup.path() + "/store", std::filesystem::copy_options::recursive);
  EXPECT_THAT(meguri::testing::FilesWith(folder.path(), kTerm), ::testing::Not(IsEmpty()));
  {
    auto parts = OpenSealed(*OpenRocksdbStore(path), folder.files(), random);
    MEGURI_ASSERT_OK(parts);
    EraseRecordOf(sample, *parts->store);
    MEGURI_ASSERT_OK(parts->keys->Erase(*Erasures(*parts->store).Pending(10)));
    EXPECT_EQ(*parts->store->Purge(Family::kLookup, "p", "s"), true);
    EXPECT_THAT(SectionsOf(*parts->store, 1), IsEmpty());
    EXPECT_THAT(SectionsOf(*parts->store, 2), SizeIs(2));
    EXPECT_THAT(Fsck(*parts->store, nullptr, nullptr)->problems, IsEmpty());
  }
  const std::string salt = sample.sections[0].salt();
  for (const std::string& secret : {std::string(kSecret), salt, std::string(kTerm)}) {
    EXPECT_THAT(meguri::testing::FilesWith(folder.path(), secret), IsEmpty());
  }
  EXPECT_THAT(meguri::testing::FilesWith(backup.path(), kSecret), IsEmpty());
  EXPECT_THAT(meguri::testing::FilesWith(backup.path(), salt), IsEmpty());
  EXPECT_THAT(meguri::testing::FilesWith(backup.path(), kTerm), ::testing::Not(IsEmpty()))
      << "terms are not encrypted: docs/operations.md says so";
  const auto restored = OpenSealed(*OpenRocksdbStore(backup.path() + "/store"), folder.files(), random);
  MEGURI_ASSERT_OK(restored);
  EXPECT_THAT(SectionsOf(*restored->store, 1), IsEmpty());
  EXPECT_THAT(SectionsOf(*restored->store, 2), SizeIs(2));
}

}  // namespace
}  // namespace meguri::storage
