// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <atomic>
#include <set>
#include <thread>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "storage/fsck.h"
#include "storage/memory/memory_store.h"
#include "tests/scenarios/harness/loopback_node.h"
#include "tests/testing/faulty_store.h"
#include "tests/testing/status.h"

namespace meguri::scenarios {
namespace {

using certs::testing::ValueOf;
using ::testing::IsEmpty;

constexpr char kPublic[] = "public";
constexpr int kBatchMax = 256;  // in one request

class FederationTest : public ::testing::Test {
 protected:
  FederationTest() {
    maker_.id = "9999:maker";
    recycler_.id = "9999:recycler";
    registry_ = std::make_unique<FixedRegistry>(
        operator_.Bundle(), ValueOf(certs::Registry::Make(operator_.Bundle(), {maker_.Entry(), recycler_.Entry()})));
  }

  std::unique_ptr<LoopbackNode> Start(const certs::testing::Member& member, storage::OrderedStore& store,
                                      storage::Anchor& anchor) {
    return std::make_unique<LoopbackNode>(member, *registry_, LoopbackNode::Disk{store, anchor}, peers_, clock_,
                                          ++seed_);
  }

  // `count` records under one signature.
  std::vector<node::Publication> Batch(int count) {
    std::vector<Draft> drafts;
    drafts.reserve(static_cast<size_t>(count));
    for (int i = 0; i < count; ++i) {
      drafts.push_back({record::RecordId::Make(random_), absl::StrCat("Pack ", ++names_), {}});
    }
    return MakePublications(drafts, maker_, clock_.Now(), random_);
  }

  void PublishAll(LoopbackNode& node, int count) {
    for (int left = count; left > 0; left -= kBatchMax) {
      MEGURI_ASSERT_OK(node.Publish(Batch(std::min(left, kBatchMax))).status());
    }
  }

  static void ExpectSound(storage::OrderedStore& store, storage::Anchor& anchor) {
    const storage::FsckReport report = ValueOf(storage::Fsck(store, &anchor, [](uint64_t, uint64_t) {}));
    EXPECT_THAT(report.problems, IsEmpty());
  }

  // Every record that `node` lists, page by page.
  static std::set<std::string> ListAll(const LoopbackNode& node, int page_size) {
    std::set<std::string> hashes;
    node::ListQuery query;
    query.page_size = page_size;
    do {
      const node::ListPage page = ValueOf(node.query().List(node.Client(), query));
      for (const node::RecordView& view : page.records) {
        EXPECT_TRUE(hashes.insert(view.header_hash.ToHex()).second);
      }
      query.page_token = page.next_page_token;
    } while (!query.page_token.empty());
    return hashes;
  }

  uint64_t StoredSize(const storage::OrderedStore& store) const {
    const record::FeedKey key{certs::testing::Participant(maker_.id), record::FeedName::Public(), 1};
    const storage::Feeds feeds(store);
    const auto id = ValueOf(feeds.Find({certs::testing::Participant(recycler_.id), key}));
    return id.has_value() ? ValueOf(feeds.ReadHead(*id)).size() : 0;
  }

  // Returns how many entries the follower had acknowledged before.
  uint64_t FollowUntilTheDiskFails(const LoopbackNode& maker, storage::OrderedStore& store, storage::Anchor& anchor,
                                   uint64_t fail_at, testing::FaultPlan::Kind kind, uint64_t records) {
    testing::FaultPlan plan(fail_at, kind);
    const auto faulty_store = testing::MakeFaultyStore(store, plan);
    const auto faulty_anchor = testing::MakeFaultyAnchor(anchor, plan);
    auto recycler = Start(recycler_, *faulty_store, *faulty_anchor);
    if (!recycler->Follow(maker, {kPublic}).ok()) {
      return 0;
    }
    uint64_t acknowledged = 0;
    EXPECT_TRUE(recycler->RunFollowsUntil([&] {
      acknowledged = recycler->StatusOf(maker, kPublic).size;
      return plan.writes_seen() >= fail_at || acknowledged == records;
    }));
    return acknowledged;
  }

  testing::FakeClock clock_;
  testing::SeededRandom random_{7};
  uint64_t seed_ = 0;
  int names_ = 0;
  certs::testing::Operator operator_;
  certs::testing::Member maker_;
  certs::testing::Member recycler_;
  std::unique_ptr<FixedRegistry> registry_;
  LoopbackPeers peers_;
};

TEST_F(FederationTest, WhatIsPublishedByManyAtOnceArrivesWholeWhileOthersRead) {
  const auto maker_store = storage::OpenMemoryStore(storage::MakeMemoryDisk());
  const auto recycler_store = storage::OpenMemoryStore(storage::MakeMemoryDisk());
  const auto maker_anchor = storage::MakeMemoryAnchor();
  const auto recycler_anchor = storage::MakeMemoryAnchor();
  constexpr int kWriters = 4;
  constexpr int kBatches = 6;
  constexpr int kBatchSize = 5;
  constexpr uint64_t kRecords = uint64_t{kWriters} * kBatches * kBatchSize;
  {
    auto maker = Start(maker_, *maker_store, *maker_anchor);
    auto recycler = Start(recycler_, *recycler_store, *recycler_anchor);
    MEGURI_ASSERT_OK(recycler->Follow(*maker, {kPublic}));
    std::vector<std::vector<node::Publication>> batches;
    batches.reserve(size_t{kWriters} * kBatches);
    for (int i = 0; i < kWriters * kBatches; ++i) {
      batches.push_back(Batch(kBatchSize));
    }
    std::atomic<bool> done = false;
    std::thread reader([&] {
      while (!done) {
        // Whatever is there already reads well.
        EXPECT_LE(ListAll(*recycler, 7).size(), kRecords);
      }
    });
    std::vector<std::thread> writers;
    writers.reserve(kWriters);
    for (int writer = 0; writer < kWriters; ++writer) {
      writers.emplace_back([&, writer] {
        for (int i = 0; i < kBatches; ++i) {
          MEGURI_EXPECT_OK(maker->Publish(std::move(batches[static_cast<size_t>(writer * kBatches + i)])).status());
        }
      });
    }
    EXPECT_TRUE(recycler->CatchUp(*maker, kPublic, kRecords));
    for (std::thread& writer : writers) {
      writer.join();
    }
    done = true;
    reader.join();
    EXPECT_EQ(ListAll(*recycler, 50), ListAll(*maker, 13));
    EXPECT_EQ(ListAll(*recycler, 50).size(), kRecords);
  }
  ExpectSound(*maker_store, *maker_anchor);
  ExpectSound(*recycler_store, *recycler_anchor);
}

TEST_F(FederationTest, AFollowerGoesOnWhereItStoodAfterEitherSideWasRestarted) {
  const auto maker_store = storage::OpenMemoryStore(storage::MakeMemoryDisk());
  const auto recycler_store = storage::OpenMemoryStore(storage::MakeMemoryDisk());
  const auto maker_anchor = storage::MakeMemoryAnchor();
  const auto recycler_anchor = storage::MakeMemoryAnchor();
  auto maker = Start(maker_, *maker_store, *maker_anchor);
  auto recycler = Start(recycler_, *recycler_store, *recycler_anchor);
  PublishAll(*maker, 300);
  MEGURI_ASSERT_OK(recycler->Follow(*maker, {kPublic}));
  ASSERT_TRUE(recycler->CatchUp(*maker, kPublic, 300));
  recycler.reset();
  PublishAll(*maker, 20);
  recycler = Start(recycler_, *recycler_store, *recycler_anchor);
  ASSERT_TRUE(recycler->CatchUp(*maker, kPublic, 320));
  maker.reset();
  maker = Start(maker_, *maker_store, *maker_anchor);
  PublishAll(*maker, 1);
  EXPECT_TRUE(recycler->CatchUp(*maker, kPublic, 321));
  EXPECT_EQ(ListAll(*recycler, 100), ListAll(*maker, 100));
}

TEST_F(FederationTest, ARequestThatWasAnsweredOnceIsAnsweredAgainAndChangesNothing) {
  const auto store = storage::OpenMemoryStore(storage::MakeMemoryDisk());
  const auto anchor = storage::MakeMemoryAnchor();
  auto maker = Start(maker_, *store, *anchor);
  const std::vector<node::Publication> batch = Batch(3);
  const auto first = maker->Publish(batch, "request-1");
  MEGURI_ASSERT_OK(first.status());
  const auto second = maker->Publish(batch, "request-1");
  MEGURI_ASSERT_OK(second.status());
  ASSERT_EQ(second->records.size(), first->records.size());
  for (size_t i = 0; i < first->records.size(); ++i) {
    EXPECT_EQ(second->records[i].header_hash, first->records[i].header_hash);
  }
  EXPECT_EQ(ReasonOf(maker->Publish(Batch(1), "request-1").status()), "REQUEST_ID_REUSED");
  EXPECT_EQ(ListAll(*maker, 50).size(), 3U);
}

// Whichever durable write fails: after a new start nothing is half there, and the follow ends up complete.
TEST_F(FederationTest, AFollowerWhoseDiskFailsAnywhereLosesNothingThatItAcknowledged) {
  const auto maker_store = storage::OpenMemoryStore(storage::MakeMemoryDisk());
  const auto maker_anchor = storage::MakeMemoryAnchor();
  auto maker = Start(maker_, *maker_store, *maker_anchor);
  constexpr int kRecords = 700;  // three batches on the wire
  PublishAll(*maker, kRecords);
  for (const auto kind : {testing::FaultPlan::Kind::kLost, testing::FaultPlan::Kind::kUnheard}) {
    for (uint64_t fail_at = 2; fail_at <= 9; ++fail_at) {  // the first write is made before anything is followed
      SCOPED_TRACE(absl::StrCat("write ", fail_at, kind == testing::FaultPlan::Kind::kLost ? " lost" : " unheard"));
      const auto store = storage::OpenMemoryStore(storage::MakeMemoryDisk());
      const auto anchor = storage::MakeMemoryAnchor();
      const uint64_t acknowledged = FollowUntilTheDiskFails(*maker, *store, *anchor, fail_at, kind, kRecords);
      ExpectSound(*store, *anchor);
      EXPECT_GE(StoredSize(*store), acknowledged);
      auto recycler = Start(recycler_, *store, *anchor);
      MEGURI_ASSERT_OK(recycler->Follow(*maker, {kPublic}));
      ASSERT_TRUE(recycler->CatchUp(*maker, kPublic, kRecords));
      EXPECT_EQ(ListAll(*recycler, 100).size(), static_cast<size_t>(kRecords));
    }
  }
}

}  // namespace
}  // namespace meguri::scenarios
