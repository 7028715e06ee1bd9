// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/node/policy/naive_evaluator.h"

#include <random>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace meguri::node {
namespace {

using testing::NaivelyMayRead;

constexpr int kCases = 1'000'000;
constexpr uint64_t kSeed = 20'267;

// A small world, so that readers and records meet.
class World {
 public:
  explicit World(uint64_t seed) : engine_(seed) {}

  bool Coin() { return engine_() % 2 == 0; }
  std::vector<std::string> SomeOf(const std::vector<std::string>& all) {
    std::vector<std::string> some;
    for (const std::string& one : all) {
      if (engine_() % 3 == 0) {
        some.push_back(one);
      }
    }
    return some;
  }
  const std::string& OneOf(const std::vector<std::string>& all) { return all[engine_() % all.size()]; }

  // Members in good standing, suspended ones, strangers, and readers who are nobody. Roles go with good standing.
  Reader SomeReader() {
    Reader reader;
    if (engine_() % 8 != 0) {
      reader.participant = record::ParticipantId::Parse(OneOf(members_)).value();
      reader.registered = engine_() % 8 != 0;
      reader.active = reader.registered && engine_() % 4 != 0;
    }
    if (reader.active) {
      reader.recycler_groups = SomeOf(groups_);
      reader.jurisdictions = SomeOf(places_);
    }
    return reader;
  }
  RecordScope SomeRecord() {
    return {record::ParticipantId::Parse(OneOf(members_)).value(), Coin() ? OneOf(groups_) : "", SomeOf(places_),
            SomeOf(members_), SomeOf(members_)};
  }
  std::vector<SectionFacts> SomeSections() {
    std::vector<SectionFacts> sections;
    for (uint32_t slot = 0; slot < 8; ++slot) {
      if (engine_() % 3 == 0) {
        const uint32_t bits = static_cast<uint32_t>(1 + engine_() % 255) << 1;
        sections.push_back({slot, slot + 1, record::AudienceSet::Parse(bits).value()});
      }
    }
    return sections;
  }

 private:
  const std::vector<std::string> members_ = {"9999:maker", "9999:mill", "9999:recycler", "9999:city", "9999:trader"};
  const std::vector<std::string> groups_ = {"battery", "washing-machine", "plastic-lot"};
  const std::vector<std::string> places_ = {"JP", "13", "23"};
  std::mt19937_64 engine_;
};

// Get, List and the others ask Decide; followers get what FeedsFor and MayFollow say. All of them say the same.
TEST(NaiveEvaluator, AgreesWithTheDecisionOnAMillionCases) {
  World world(kSeed);
  uint64_t allowed = 0;
  uint64_t denied = 0;
  for (int i = 0; i < kCases; ++i) {
    const Reader reader = world.SomeReader();
    const RecordScope record = world.SomeRecord();
    const std::vector<SectionFacts> sections = world.SomeSections();
    uint64_t expected = 0;
    for (const SectionFacts& section : sections) {
      const bool may_read = NaivelyMayRead(reader, record, section);
      expected |= may_read ? uint64_t{1} << section.slot : 0;
      ++(may_read ? allowed : denied);
    }
    ASSERT_EQ(AllowedSlots(reader, record, sections), expected) << "case " << i;
    const std::vector<Decision> decisions = Decide(reader, record, sections);
    ASSERT_EQ(decisions.size(), sections.size());
    for (const Decision& decision : decisions) {
      ASSERT_EQ(decision.allowed, (expected >> decision.slot & 1) == 1) << "case " << i << " slot " << decision.slot;
      ASSERT_EQ(decision.rule.substr(0, 5) == "allow", decision.allowed) << decision.rule;
    }
    uint64_t followed = 0;
    for (const FeedSlots& feed : FeedsFor(record, sections)) {
      followed |= MayFollow(reader, record.publisher, feed.feed) ? feed.slots : 0;
    }
    ASSERT_EQ(followed, expected) << "case " << i;
  }
  // The world is such that both answers are common.
  EXPECT_GT(allowed, uint64_t{kCases} / 2);
  EXPECT_GT(denied, uint64_t{kCases} / 2);
}

}  // namespace
}  // namespace meguri::node
