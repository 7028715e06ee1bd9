// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "node/follow/limits.h"
#include "storage/fsck.h"
#include "storage/usage.h"
#include "tests/scenarios/harness/place.h"
#include "tests/testing/status.h"

// A publisher that would fill the disk of those who follow it.
namespace meguri::scenarios {
namespace {

using certs::testing::ValueOf;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr char kPublic[] = "public";
constexpr uint64_t kBatch = node::kBatchEntriesMax;
constexpr uint64_t kRecords = 2 * kBatch + 100;  // three batches on the wire
constexpr uint64_t kPlenty = uint64_t{1} << 40;

class QuotaTest : public ::testing::Test {
 protected:
  QuotaTest() {
    maker_.id = "9999:maker";
    mill_.id = "9999:mill";
    recycler_.id = "9999:recycler";
    registry_ = std::make_unique<FixedRegistry>(
        operator_.Bundle(),
        ValueOf(certs::Registry::Make(operator_.Bundle(), {maker_.Entry(), mill_.Entry(), recycler_.Entry()})));
  }

  std::unique_ptr<LoopbackNode> Start(const certs::testing::Member& member, const Place& place,
                                      const node::FollowQuota& quota = LoopbackNode::WideQuota()) {
    return std::make_unique<LoopbackNode>(member, *registry_, place.disk(), peers_, clock_, ++seed_, quota);
  }
  void Publish(LoopbackNode& node, const certs::testing::Member& member, uint64_t count) {
    for (uint64_t left = count; left > 0; left -= std::min(left, kBatch)) {
      std::vector<Draft> drafts;
      drafts.reserve(std::min(left, kBatch));
      for (uint64_t i = 0; i < std::min(left, kBatch); ++i) {
        drafts.push_back({record::RecordId::Make(random_), absl::StrCat("Pack ", ++names_), {}});
      }
      MEGURI_ASSERT_OK(node.Publish(MakePublications(drafts, member, clock_.Now(), random_)).status());
    }
  }
  static bool IsStopped(LoopbackNode& node, const LoopbackNode& publisher) {
    return node.RunFollowsUntil(
        [&] { return node.StatusOf(publisher, kPublic).state == node::FollowState::kOverQuota; });
  }
  storage::Usage UsageOf(const Place& place, const certs::testing::Member& publisher) const {
    const storage::Transaction view(*place.store);
    return ValueOf(
        storage::Usages(*place.store)
            .Read(view, {certs::testing::Participant(recycler_.id), certs::testing::Participant(publisher.id)}));
  }
  static void ExpectSound(const Place& place) {
    EXPECT_THAT(ValueOf(storage::Fsck(*place.store, place.anchor.get(), nullptr)).problems, IsEmpty());
  }
  static size_t CountListed(const LoopbackNode& node) {
    size_t count = 0;
    node::ListQuery query;
    query.page_size = 500;
    do {
      const node::ListPage page = ValueOf(node.query().List(node.Client(), query));
      count += page.records.size();
      query.page_token = page.next_page_token;
    } while (!query.page_token.empty());
    return count;
  }

  testing::FakeClock clock_;
  testing::SeededRandom random_{11};
  uint64_t seed_ = 0;
  int names_ = 0;
  certs::testing::Operator operator_;
  certs::testing::Member maker_;
  certs::testing::Member mill_;
  certs::testing::Member recycler_;
  std::unique_ptr<FixedRegistry> registry_;
  LoopbackPeers peers_;
  Place maker_place_;
  Place mill_place_;
  Place recycler_place_;
};

TEST_F(QuotaTest, StopsOnePublisherAndGoesOnOnceTheQuotaIsRaised) {
  auto maker = Start(maker_, maker_place_);
  auto mill = Start(mill_, mill_place_);
  Publish(*maker, maker_, kRecords);
  Publish(*mill, mill_, 3);
  {
    auto recycler = Start(recycler_, recycler_place_, {2 * kBatch, kPlenty});
    MEGURI_ASSERT_OK(recycler->Follow(*maker, {kPublic}));
    ASSERT_TRUE(IsStopped(*recycler, *maker));
    EXPECT_EQ(recycler->StatusOf(*maker, kPublic).last_error_reason, "QUOTA_EXCEEDED");
    EXPECT_EQ(recycler->StatusOf(*maker, kPublic).size, 2 * kBatch);
    EXPECT_EQ(UsageOf(recycler_place_, maker_).entries, 2 * kBatch);
    // What is held stays readable, and another publisher has room of its own.
    EXPECT_EQ(CountListed(*recycler), 2 * kBatch);
    MEGURI_ASSERT_OK(recycler->Follow(*mill, {kPublic}));
    ASSERT_TRUE(recycler->CatchUp(*mill, kPublic, 3));
    Publish(*mill, mill_, 2);
    ASSERT_TRUE(recycler->CatchUp(*mill, kPublic, 5));
    EXPECT_EQ(UsageOf(recycler_place_, mill_).entries, 5U);
    EXPECT_EQ(recycler->StatusOf(*maker, kPublic).state, node::FollowState::kOverQuota);
  }
  ExpectSound(recycler_place_);
  auto recycler = Start(recycler_, recycler_place_, {kRecords, kPlenty});
  ASSERT_TRUE(recycler->CatchUp(*maker, kPublic, kRecords));
  EXPECT_EQ(CountListed(*recycler), kRecords + 5);
  EXPECT_EQ(UsageOf(recycler_place_, maker_).entries, kRecords);
  recycler.reset();
  ExpectSound(recycler_place_);
}

// The same quota and the same feed stop at the same place, however the entries came and how often it was tried.
TEST_F(QuotaTest, HoldsWhenItIsTriedAgain) {
  auto maker = Start(maker_, maker_place_);
  Publish(*maker, maker_, kRecords);
  uint64_t bytes_max = 0;
  {
    const Place place;
    auto recycler = Start(recycler_, place);
    MEGURI_ASSERT_OK(recycler->Follow(*maker, {kPublic}));
    ASSERT_TRUE(recycler->CatchUp(*maker, kPublic, kRecords));
    bytes_max = UsageOf(place, maker_).bytes - 1;
  }
  storage::Usage held;
  for (int attempt = 0; attempt < 3; ++attempt) {
    auto recycler = Start(recycler_, recycler_place_, {kPlenty, bytes_max});
    if (attempt == 0) {
      MEGURI_ASSERT_OK(recycler->Follow(*maker, {kPublic}));
    }
    ASSERT_TRUE(IsStopped(*recycler, *maker));
    held = UsageOf(recycler_place_, maker_);
    EXPECT_EQ(held.entries, 2 * kBatch);
    EXPECT_LE(held.bytes, bytes_max);
    recycler.reset();
    ExpectSound(recycler_place_);
  }
}

}  // namespace
}  // namespace meguri::scenarios
