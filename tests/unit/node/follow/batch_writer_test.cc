// SPDX-License-Identifier: Apache-2.0
#include "node/follow/batch_writer.h"

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "node/follow/limits.h"
#include "storage/anchor.h"
#include "storage/fsck.h"
#include "storage/memory/memory_store.h"
#include "storage/records.h"
#include "tests/testing/fakes.h"
#include "tests/testing/status.h"
#include "tests/unit/storage/samples.h"

namespace meguri::node {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr size_t kLarge = storage::Committer::kGroupBytesMax;

class BatchWriterTest : public ::testing::Test {
 protected:
  // The next batch of one entry; it counts as `bytes` while it waits, and has a payload of `payload` bytes more.
  FollowedBatch Next(size_t bytes = 1, size_t payload = 0) {
    const auto sample = storage::testing::MakeSample(feed_.key.publisher, record::RecordId::Make(random_), 1, random_,
                                                     /*own=*/false, std::string(payload, 'x'));
    VerifiedBatch batch;
    batch.start = size_;
    batch.items.push_back({record::FeedEntry{sample.header.hash(), 0b11}.Encode(),
                           0b11,
                           sample.header,
                           storage::ParseSignature(sample.stored).value(),
                           sample.sections,
                           {},
                           "",
                           absl::nullopt});
    batch.size_after = ++size_;
    batch.bytes = bytes;
    return {feed_, std::move(batch), absl::StrCat("note ", size_), nullptr};
  }
  std::shared_ptr<BatchWriter> NewWriter() {
    return BatchWriter::Make(*committer_, committer_->durable(), quota_, clock_,
                             [this](const std::vector<FollowedBatch>& batches, const absl::Status& status) {
                               std::string text(status.ok() ? "ok" : ReasonOf(status));
                               for (const FollowedBatch& written : batches) {
                                 absl::StrAppend(&text, " ", written.batch.size_after,
                                                 written.refused.ok() ? "" : " " + ReasonOf(written.refused));
                               }
                               written_.push_back(std::move(text));
                             });
  }
  // What is written once everything that was submitted is done, by commits.
  std::vector<std::string> Written() {
    committer_->SubmitAndWait([](storage::CommitScope&) { return absl::OkStatus(); }).IgnoreError();
    return written_;
  }
  uint64_t StoredSize() const {
    const storage::Feeds feeds(committer_->durable());
    const auto id = feeds.Find(feed_);
    return id.ok() && id->has_value() ? feeds.ReadHead(**id)->size() : 0;
  }

  testing::SeededRandom random_;
  testing::FakeClock clock_;
  storage::HeldFeed feed_{storage::testing::Member("9999:reader"),
                          {storage::testing::Member("9999:maker"), record::FeedName::Public(), 1}};
  uint64_t size_ = 0;
  FollowQuota quota_{1000, uint64_t{1} << 30};
  std::unique_ptr<storage::OrderedStore> store_ = storage::OpenMemoryStore(storage::MakeMemoryDisk());
  std::unique_ptr<storage::Anchor> anchor_ = storage::MakeMemoryAnchor();
  std::vector<std::string> written_;  // by the committer's thread; read after it is done
  std::unique_ptr<storage::Committer> committer_ = *storage::Committer::Start(*store_, *anchor_);
  std::shared_ptr<BatchWriter> writer_ = NewWriter();
};

TEST_F(BatchWriterTest, WritesAtOnceWhatNothingFollows) {
  writer_->Add(Next(), false);
  EXPECT_THAT(Written(), ElementsAre("ok 1"));
  EXPECT_EQ(StoredSize(), 1U);
}

TEST_F(BatchWriterTest, GathersWhileMoreFollows) {
  writer_->Add(Next(), true);
  writer_->Add(Next(), true);
  EXPECT_THAT(Written(), IsEmpty());
  EXPECT_EQ(StoredSize(), 0U);
  writer_->Add(Next(), false);
  EXPECT_THAT(Written(), ElementsAre("ok 1 2 3"));
  EXPECT_EQ(StoredSize(), 3U);
  EXPECT_EQ(committer_->commit_count(), 1U);
}

TEST_F(BatchWriterTest, GathersNoMoreThanTheStoreTakesInBulk) {
  writer_->Add(Next(kLarge - 1), true);
  EXPECT_THAT(Written(), IsEmpty());
  writer_->Add(Next(1), true);
  EXPECT_THAT(Written(), ElementsAre("ok 1 2"));
  writer_->Add(Next(kLarge), true);
  EXPECT_THAT(Written(), ElementsAre("ok 1 2", "ok 3"));
}

TEST_F(BatchWriterTest, LetsNothingWaitLongerThanItsLimit) {
  writer_->FlushOld();
  writer_->Add(Next(), true);
  clock_.Advance(kGatherMax - absl::Milliseconds(1));
  writer_->Add(Next(), true);
  writer_->FlushOld();
  EXPECT_THAT(Written(), IsEmpty());
  clock_.Advance(absl::Milliseconds(1));
  writer_->FlushOld();
  EXPECT_THAT(Written(), ElementsAre("ok 1 2"));
  writer_->Add(Next(), true);
  writer_->FlushOld();
  EXPECT_THAT(Written(), ElementsAre("ok 1 2"));
}

TEST_F(BatchWriterTest, FlushesWhatWasGathered) {
  writer_->Flush();
  writer_->Add(Next(), true);
  writer_->Flush();
  writer_->Flush();
  EXPECT_THAT(Written(), ElementsAre("ok 1"));
}

TEST_F(BatchWriterTest, WritesAllOfWhatWasGatheredOrNothing) {
  writer_->Add(Next(), true);
  ++size_;  // a gap
  writer_->Add(Next(), false);
  EXPECT_THAT(Written(), ElementsAre("FOLLOW_POSITION 1 3"));
  EXPECT_EQ(StoredSize(), 0U);
}

TEST_F(BatchWriterTest, RefusesAloneWhatTheQuotaHasNoRoomFor) {
  quota_.entries_max = 2;
  writer_ = NewWriter();
  writer_->Add(Next(), true);
  writer_->Add(Next(), true);
  writer_->Add(Next(), true);
  writer_->Add(Next(), false);
  EXPECT_THAT(Written(), ElementsAre("ok 1 2 3 QUOTA_EXCEEDED 4 QUOTA_EXCEEDED"));
  EXPECT_EQ(StoredSize(), 2U);
  // What was under way meanwhile has no place either, and is no reason to fail.
  writer_->Add(Next(), false);
  EXPECT_THAT(Written(), ElementsAre(::testing::_, "ok 5 QUOTA_EXCEEDED"));
  writer_->Restart();
  writer_->Add(Next(), false);
  EXPECT_THAT(Written(), ElementsAre(::testing::_, ::testing::_, "FOLLOW_POSITION 6"));
}

TEST_F(BatchWriterTest, AFeedThatIsRefusedDoesNotHoldUpAnother) {
  const storage::HeldFeed first = feed_;
  const storage::HeldFeed second{first.holder, {first.key.publisher, record::FeedName::Members(), 1}};
  quota_.bytes_max = 4000;
  writer_ = NewWriter();
  writer_->Add(Next(1, 5000), true);
  feed_ = second;
  size_ = 0;
  writer_->Add(Next(), false);
  EXPECT_THAT(Written(), ElementsAre("ok 1 QUOTA_EXCEEDED 1"));
  EXPECT_EQ(StoredSize(), 1U);
  feed_ = first;
  EXPECT_EQ(StoredSize(), 0U);
}

// As in a first sync: so much at once joins the store as sorted tables.
TEST_F(BatchWriterTest, HoldsBulkToTheQuotaToo) {
  constexpr size_t kEach = kLarge / 4;
  quota_.bytes_max = kLarge + kLarge / 2;
  writer_ = NewWriter();
  for (int i = 0; i < 7; ++i) {
    writer_->Add(Next(kEach, kEach), true);
  }
  writer_->Flush();
  EXPECT_THAT(Written(), ElementsAre("ok 1 2 3 4", "ok 5 6 QUOTA_EXCEEDED 7 QUOTA_EXCEEDED"));
  EXPECT_EQ(StoredSize(), 5U);
  EXPECT_THAT(storage::Fsck(*store_, nullptr, nullptr)->problems, IsEmpty());
}

}  // namespace
}  // namespace meguri::node
