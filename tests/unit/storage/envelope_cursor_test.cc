// SPDX-License-Identifier: Apache-2.0
#include "storage/envelope_cursor.h"

#include <memory>
#include <vector>

#include "gmock/gmock.h"
#include "storage/key_layout.h"
#include "storage/memory/memory_store.h"
#include "storage/records.h"
#include "tests/testing/fakes.h"
#include "tests/testing/status.h"
#include "tests/unit/storage/samples.h"

namespace meguri::storage {
namespace {

using meguri::testing::HasReason;
using testing::MakeSample;
using testing::Member;
using testing::SampleRecord;

// Counts the look-ups.
class CountingReader final : public StoreReader {
 public:
  explicit CountingReader(const StoreReader& store) : store_(store) {}
  absl::StatusOr<absl::optional<std::string>> Get(Family family, absl::string_view key) const override {
    ++gets_;
    return store_.Get(family, key);
  }
  std::unique_ptr<Cursor> NewCursor(Family family, absl::string_view prefix) const override {
    return store_.NewCursor(family, prefix);
  }
  int gets() const { return gets_; }

 private:
  const StoreReader& store_;
  mutable int gets_ = 0;
};

class EnvelopeCursorTest : public ::testing::Test {
 protected:
  static constexpr size_t kRecords = 8;

  EnvelopeCursorTest() {
    Transaction transaction(*store_);
    const Records records(*store_);
    for (size_t i = 0; i < kRecords; ++i) {
      samples_.push_back(MakeSample(Member("9999:maker"), record::RecordId::Make(random_), 1, random_));
      const auto version = records.Put(transaction, samples_.back().header, samples_.back().stored);
      Invariant(version.ok(), "a sample record can be put");
      for (const record::v1::Section& section : samples_.back().sections) {
        Invariant(records.PutSection(transaction, *version, section).ok(), "a sample section can be put");
      }
    }
    Invariant(testing::Apply(*store_, transaction).ok(), "the store takes writes");
  }
  static uint64_t SlotsOf(const SampleRecord& sample) {
    uint64_t slots = 0;
    for (const record::v1::Section& section : sample.sections) {
      slots |= uint64_t{1} << section.slot();
    }
    return slots;
  }
  static void ExpectWhole(EnvelopeCursor& cursor, const SampleRecord& sample) {
    const auto envelope = cursor.Read(sample.header.hash(), SlotsOf(sample));
    MEGURI_ASSERT_OK(envelope);
    EXPECT_EQ(envelope->header(), sample.header.bytes());
    EXPECT_EQ(envelope->signature(), sample.stored.signature());
    ASSERT_EQ(static_cast<size_t>(envelope->sections_size()), sample.sections.size());
    for (size_t i = 0; i < sample.sections.size(); ++i) {
      EXPECT_EQ(envelope->sections(static_cast<int>(i)), sample.sections[i].SerializeAsString());
    }
  }

  meguri::testing::SeededRandom random_;
  std::unique_ptr<OrderedStore> store_ = OpenMemoryStore(MakeMemoryDisk());
  std::vector<SampleRecord> samples_;
};

TEST_F(EnvelopeCursorTest, ReadsRecordsInTheOrderOfArrival) {
  const CountingReader reader(*store_);
  EnvelopeCursor cursor(reader);
  for (const SampleRecord& sample : samples_) {
    ExpectWhole(cursor, sample);
  }
  EXPECT_EQ(reader.gets(), 1);  // the first is looked up, the others follow
}

TEST_F(EnvelopeCursorTest, ReadsRecordsInAnyOrder) {
  EnvelopeCursor cursor(*store_);
  for (const size_t index : {6U, 0U, 1U, 2U, 2U, 5U, 7U, 3U, 4U, 5U, 1U}) {
    ExpectWhole(cursor, samples_[index]);
  }
}

TEST_F(EnvelopeCursorTest, OpensTheSlotsThatAreAskedForAndNoOther) {
  EnvelopeCursor cursor(*store_);
  for (const SampleRecord& sample : samples_) {
    const record::v1::Section& second = sample.sections[1];
    const auto envelope = cursor.Read(sample.header.hash(), uint64_t{1} << second.slot());
    MEGURI_ASSERT_OK(envelope);
    ASSERT_EQ(envelope->sections_size(), 1);
    EXPECT_EQ(envelope->sections(0), second.SerializeAsString());
  }
  for (const SampleRecord& sample : samples_) {
    const auto envelope = cursor.Read(sample.header.hash(), 0);
    MEGURI_ASSERT_OK(envelope);
    EXPECT_EQ(envelope->sections_size(), 0);
  }
}

TEST_F(EnvelopeCursorTest, LeavesOutSectionsThatAreMissing) {
  EnvelopeCursor cursor(*store_);
  const auto envelope = cursor.Read(samples_[3].header.hash(), ~uint64_t{0});
  MEGURI_ASSERT_OK(envelope);
  EXPECT_EQ(static_cast<size_t>(envelope->sections_size()), samples_[3].sections.size());
  ExpectWhole(cursor, samples_[4]);
}

TEST_F(EnvelopeCursorTest, TellsThatARecordIsLost) {
  EnvelopeCursor cursor(*store_);
  EXPECT_THAT(cursor.Read(record::Sha256("nobody"), 0), HasReason("RECORD_LOST"));
  MEGURI_ASSERT_OK(store_->Apply({{}, {Write{Family::kArrival, RecordKey(2), absl::nullopt}}}));
  EnvelopeCursor after(*store_);
  ExpectWhole(after, samples_[0]);
  EXPECT_THAT(after.Read(samples_[1].header.hash(), 0), HasReason("VALUE_MISSING"));
  ExpectWhole(after, samples_[2]);
}

}  // namespace
}  // namespace meguri::storage
