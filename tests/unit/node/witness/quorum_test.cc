// SPDX-License-Identifier: Apache-2.0
// A publisher with two faces goes from witness to witness, in any order and as often as it likes.
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "certs/witnesses.h"
#include "gmock/gmock.h"
#include "record/cosignature.h"
#include "tests/testing/fakes.h"
#include "tests/testing/status.h"
#include "tests/unit/node/witness/scene.h"

namespace meguri::node {
namespace {

using testing::kWitnesses;
using testing::Participant;
using testing::Scene;
using testing::Tree;
using testing::ValueOf;
using testing::WitnessId;

constexpr uint64_t kCommon = 4;  // entries with which both faces begin
constexpr uint64_t kSizeMax = 12;
constexpr int kSteps = 250;
constexpr uint64_t kSeeds = 8;

// One publisher, and witnesses of which the first ones cosign whatever they are shown.
class Rounds {
 public:
  Rounds(uint64_t seed, int liars) : random_(seed), liars_(liars) {
    for (int i = 0; i < kWitnesses; ++i) {
      nodes_.push_back(std::make_unique<testing::WitnessNodeInMemory>(scene_, i));
    }
  }

  void Step() {
    scene_.clock.Advance(absl::Seconds(random_.Below(100)));
    const auto number = static_cast<size_t>(random_.Below(kWitnesses));
    if (random_.Below(20) == 0) {
      nodes_[number]->Start();
    }
    const Head head{static_cast<size_t>(random_.Below(2)), 1 + random_.Below(kSizeMax)};
    const std::string line = static_cast<int>(number) < liars_ ? Lie(number, head) : Ask(number, head);
    std::string& note = notes_.try_emplace(head, scene_.Note(faces_[head.first], head.second)).first->second;
    const std::string name = line.substr(0, line.rfind(' '));
    if (!line.empty() && !absl::StrContains(note, name)) {
      note = ValueOf(record::AddSignatureLine(note, line));
    }
  }

  // Whether heads of both faces that contradict each other have found a quorum.
  bool IsForked() const {
    bool beyond[2] = {false, false};
    for (const auto& [head, note] : notes_) {
      beyond[head.first] = beyond[head.first] || (head.second > kCommon && HasQuorum(note));
    }
    return beyond[0] && beyond[1];
  }
  bool HasAnyQuorum() const {
    for (const auto& [head, note] : notes_) {
      if (HasQuorum(note)) {
        return true;
      }
    }
    return false;
  }

 private:
  using Head = std::pair<size_t, uint64_t>;  // face and size

  bool HasQuorum(const std::string& note) const {
    return ValueOf(certs::CosignersOf(note, scene_.bundle())).HasQuorum();
  }
  std::string Lie(size_t number, const Head& head) {
    const record::ParticipantId id = Participant(WitnessId(static_cast<int>(number)));
    return ValueOf(record::Cosign(scene_.Note(faces_[head.first], head.second),
                                  record::WitnessName(scene_.bundle().federation(), id), *scene_.witness_keys[number],
                                  static_cast<uint64_t>(absl::ToUnixSeconds(scene_.clock.Now()))));
  }
  // What an honest witness answers to the size that it knows, or to any other; "" unless it cosigns.
  std::string Ask(size_t number, const Head& head) {
    const uint64_t old_size = random_.Below(4) == 0 ? random_.Below(kSizeMax) : known_[number];
    if (old_size > head.second) {
      return "";
    }
    const absl::StatusOr<Verdict> verdict =
        nodes_[number]->witness->Add(scene_.Submit(faces_[head.first], old_size, head.second));
    if (!verdict.ok() || verdict->cosignature.empty()) {
      return "";
    }
    known_[number] = head.second;
    return verdict->cosignature;
  }

  meguri::testing::SeededRandom random_;
  const int liars_;
  Scene scene_;
  const Tree faces_[2] = {Tree(), Tree("other", kCommon)};
  std::vector<std::unique_ptr<testing::WitnessNodeInMemory>> nodes_;
  std::map<size_t, uint64_t> known_;
  std::map<Head, std::string> notes_;
};

// How many of the seeds end with a fork, of those that end with any quorum.
std::pair<int, int> Play(int liars) {
  std::pair<int, int> forked_of(0, 0);
  for (uint64_t seed = 1; seed <= kSeeds; ++seed) {
    Rounds rounds(seed, liars);
    for (int i = 0; i < kSteps; ++i) {
      rounds.Step();
    }
    forked_of.first += rounds.IsForked() ? 1 : 0;
    forked_of.second += rounds.HasAnyQuorum() ? 1 : 0;
  }
  return forked_of;
}

TEST(Quorum, OneWitnessThatCosignsEverythingForksNothing) {
  const auto [forked, of] = Play(1);
  EXPECT_EQ(forked, 0);
  EXPECT_EQ(of, static_cast<int>(kSeeds)) << "honest heads find their quorum all the same";
}

// Why the bundle asks for three of four, and no more is promised.
TEST(Quorum, TwoOfThemDo) { EXPECT_GT(Play(2).first, 0); }

}  // namespace
}  // namespace meguri::node
