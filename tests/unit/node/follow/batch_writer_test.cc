// SPDX-License-Identifier: Apache-2.0
#include "node/follow/batch_writer.h"

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "node/follow/limits.h"
#include "storage/anchor.h"
#include "storage/memory/memory_store.h"
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
  // The next batch of one entry; it counts as `bytes`.
  FollowedBatch Next(size_t bytes = 1) {
    const auto sample = storage::testing::MakeSample(feed_.key.publisher, record::RecordId::Make(random_), 1, random_);
    VerifiedBatch batch;
    batch.start = size_;
    batch.items.push_back({record::FeedEntry{sample.header.hash(), 0b11}.Encode(),
                           0b11,
                           sample.header,
                           sample.stored.signature(),
                           sample.sections,
                           {},
                           ""});
    batch.size_after = ++size_;
    batch.bytes = bytes;
    return {feed_, std::move(batch), absl::StrCat("note ", size_), nullptr};
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
  std::unique_ptr<storage::OrderedStore> store_ = storage::OpenMemoryStore(storage::MakeMemoryDisk());
  std::unique_ptr<storage::Anchor> anchor_ = storage::MakeMemoryAnchor();
  std::vector<std::string> written_;  // by the committer's thread; read after it is done
  std::unique_ptr<storage::Committer> committer_ = *storage::Committer::Start(*store_, *anchor_);
  std::shared_ptr<BatchWriter> writer_ =
      BatchWriter::Make(*committer_, committer_->durable(), clock_,
                        [this](const std::vector<FollowedBatch>& batches, const absl::Status& status) {
                          std::string text(status.ok() ? "ok" : ReasonOf(status));
                          for (const FollowedBatch& written : batches) {
                            absl::StrAppend(&text, " ", written.batch.size_after);
                          }
                          written_.push_back(std::move(text));
                        });
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

}  // namespace
}  // namespace meguri::node
