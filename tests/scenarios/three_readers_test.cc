// SPDX-License-Identifier: Apache-2.0
// A publisher that shows a third reader another feed than the first two, whoever asks whom first.
#include <algorithm>
#include <memory>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "tests/scenarios/harness/place.h"
#include "tests/testing/status.h"

namespace meguri::scenarios {
namespace {

using certs::testing::ValueOf;

constexpr char kPublic[] = "public";
constexpr size_t kReaders = 3;
constexpr int kRoundsMax = 2;

// The order in which the readers ask each other, and how much longer the second face is.
class ThreeReadersTest : public ::testing::TestWithParam<std::tuple<std::vector<size_t>, int>> {
 protected:
  ThreeReadersTest() {
    maker_.id = "9999:maker";
    std::vector<registry::v1::MemberEntry> entries = {maker_.Entry()};
    for (size_t i = 0; i < kReaders; ++i) {
      readers_[i].id = absl::StrCat("9999:reader", i);
      entries.push_back(readers_[i].Entry());
    }
    registry_ = std::make_unique<FixedRegistry>(operator_.Bundle(),
                                                ValueOf(certs::Registry::Make(operator_.Bundle(), entries)));
    for (size_t face = 0; face < 2; ++face) {
      faces_[face] = Start(maker_, face_places_[face], nets_[face]);
    }
    for (size_t i = 0; i < kReaders; ++i) {
      nodes_[i] = Start(readers_[i], places_[i], nets_[FaceOf(i)]);
    }
  }

  // The first two see one face, the last one the other.
  static size_t FaceOf(size_t reader) { return reader + 1 == kReaders ? 1 : 0; }
  std::unique_ptr<LoopbackNode> Start(const certs::testing::Member& member, Place& place, LoopbackPeers& net) {
    return std::make_unique<LoopbackNode>(member, *registry_, place.disk(), net, clock_, ++seed_);
  }
  void Publish(LoopbackNode& face, int count) {
    for (int i = 0; i < count; ++i) {
      const Draft draft{record::RecordId::Make(random_), absl::StrCat("Pack ", ++names_), {}};
      MEGURI_ASSERT_OK(face.Publish(MakePublications({draft}, maker_, clock_.Now(), random_)).status());
    }
  }
  bool IsCaught(size_t reader) const {
    return nodes_[reader]->StatusOf(*faces_[FaceOf(reader)], kPublic).state == node::FollowState::kQuarantined;
  }
  // Each reader asks the one that comes after it.
  void Round(const std::vector<size_t>& order) {
    for (const size_t asking : order) {
      LoopbackNode& one = *nodes_[asking];
      LoopbackNode& other = *nodes_[(asking + 1) % kReaders];
      const auto answer = ValueOf(other.exchange().Answer(one.id(), one.exchange().Tell(other.id())));
      MEGURI_ASSERT_OK(one.exchange().Take(answer));
      for (LoopbackNode* const node : {&one, &other}) {
        // What was found is stored before this is, and so told to the next.
        MEGURI_ASSERT_OK(node->committer().SubmitAndWait([](storage::CommitScope&) { return absl::OkStatus(); }));
      }
    }
  }

  testing::FakeClock clock_;
  testing::SeededRandom random_{37};
  uint64_t seed_ = 0;
  int names_ = 0;
  certs::testing::Operator operator_;
  certs::testing::Member maker_;
  certs::testing::Member readers_[kReaders];
  std::unique_ptr<FixedRegistry> registry_;
  LoopbackPeers nets_[2];
  Place face_places_[2];
  Place places_[kReaders];
  std::unique_ptr<LoopbackNode> faces_[2];
  std::unique_ptr<LoopbackNode> nodes_[kReaders];
};

TEST_P(ThreeReadersTest, AllHaveTheProofAfterTwoRounds) {
  const auto& [order, longer] = GetParam();
  Publish(*faces_[0], 3);
  Publish(*faces_[1], 3 + longer);
  for (size_t i = 0; i < kReaders; ++i) {
    MEGURI_ASSERT_OK(nodes_[i]->Follow(*faces_[FaceOf(i)], {kPublic}));
    ASSERT_TRUE(nodes_[i]->CatchUp(*faces_[FaceOf(i)], kPublic, 3 + (FaceOf(i) == 0 ? 0 : longer)));
  }
  for (int round = 0; round < kRoundsMax; ++round) {
    Round(order);
  }
  for (size_t i = 0; i < kReaders; ++i) {
    EXPECT_TRUE(IsCaught(i)) << "reader " << i;
  }
}

INSTANTIATE_TEST_SUITE_P(
    Orders, ThreeReadersTest,
    ::testing::Combine(::testing::Values(std::vector<size_t>{0, 1, 2}, std::vector<size_t>{0, 2, 1},
                                         std::vector<size_t>{1, 0, 2}, std::vector<size_t>{1, 2, 0},
                                         std::vector<size_t>{2, 0, 1}, std::vector<size_t>{2, 1, 0}),
                       ::testing::Values(0, 2, -1)));

}  // namespace
}  // namespace meguri::scenarios
