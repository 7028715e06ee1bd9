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
  explicit World(uint64_t seed) : engine_(seed) {
    for (int i = 0; i < kGrantSets; ++i) {
      grant_sets_.push_back(MakeGrants());
    }
    for (int i = 0; i < kOfferSets; ++i) {
      offer_sets_.push_back(MakeOffers());
    }
  }

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
      for (const std::string& group : reader.recycler_groups) {
        reader.asker.roles.push_back({registry::v1::ROLE_KIND_RECYCLER, group});
      }
      for (const std::string& place : reader.jurisdictions) {
        reader.asker.roles.push_back({registry::v1::ROLE_KIND_AUTHORITY, place});
      }
    }
    reader.asker.now = SomeTime();
    reader.asker.purpose = static_cast<passport::v1::AccessPurpose>(engine_() % 2 == 0 ? 0 : engine_() % 3);
    if (engine_() % 4 != 0) {
      reader.grants = grant_sets_[engine_() % kGrantSets];
    }
    return reader;
  }
  absl::Time SomeTime() { return absl::FromUnixSeconds(static_cast<int64_t>(engine_() % 10)); }
  // Good ones are common enough, and so is each way of being no good.
  GrantTerms SomeGrant() {
    GrantTerms grant{"", OneOf(offers_), SomeOwner()};
    grant.id = absl::StrCat("grant of ", grant.offer);
    if (engine_() % 4 == 0) {
      grant.role = Coin() ? RoleInScope{registry::v1::ROLE_KIND_RECYCLER, Coin() ? OneOf(groups_) : ""}
                          : RoleInScope{registry::v1::ROLE_KIND_AUTHORITY, Coin() ? OneOf(places_) : ""};
    }
    grant.state = static_cast<passport::v1::GrantState>(engine_() % 3 != 0 ? 1 : engine_() % 5);
    grant.agreed = engine_() % 8 != 0;
    grant.purpose = static_cast<passport::v1::AccessPurpose>(1 + engine_() % 2);
    grant.deliveries_max = engine_() % 4 != 0 ? 0 : 1 + engine_() % 3;
    grant.deliveries = engine_() % 4;
    grant.offer_ended = engine_() % 8 == 0;
    grant.not_before = SomeTime() - absl::Seconds(5);
    grant.expires = SomeTime() + absl::Seconds(3);
    return grant;
  }
  // One member owns more than the others, so that grants are often of the owner of the record.
  record::ParticipantId SomeOwner() {
    return record::ParticipantId::Parse(Coin() ? members_.front() : OneOf(members_)).value();
  }
  std::shared_ptr<const ReaderGrants> MakeGrants() {
    auto grants = std::make_shared<ReaderGrants>();
    for (uint64_t left = engine_() % 12; left > 0; --left) {
      GrantTerms grant = SomeGrant();
      grants->by_offer[grant.offer].push_back(grant);
    }
    return grants;
  }
  const OfferRefs& SomeOffers() { return offer_sets_[engine_() % kOfferSets]; }
  OfferRefs MakeOffers() {
    OfferRefs some;
    for (const std::string& id : offers_) {
      if (Coin()) {
        auto offer = std::make_shared<OfferTerms>();
        offer->id = id;
        for (uint32_t type = 1; type <= 8; ++type) {
          if (Coin()) {
            offer->section_types.insert(type);
          }
        }
        some.push_back(std::move(offer));
      }
    }
    return some;
  }
  RecordScope SomeRecord() {
    return {SomeOwner(), Coin() ? OneOf(groups_) : "", SomeOf(places_), SomeOf(members_), SomeOf(members_), {}};
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
  const std::vector<std::string> offers_ = {std::string(32, 'a'), std::string(32, 'b'), std::string(32, 'c')};
  std::mt19937_64 engine_;
  static constexpr int kGrantSets = 4096;
  static constexpr int kOfferSets = 256;
  std::vector<std::shared_ptr<const ReaderGrants>> grant_sets_;
  std::vector<OfferRefs> offer_sets_;
};

// As a node does: the record enters the feeds of the offers, and its entries say what they open.
std::vector<FeedSlots> Enter(RecordScope& record, absl::Span<const SectionFacts> sections, const OfferRefs& offers) {
  std::vector<FeedSlots> feeds = FeedsFor(record, sections, offers);
  for (const FeedSlots& feed : feeds) {
    if (feed.feed.kind() == "offer") {
      record.offers.push_back({std::string(feed.feed.scope()), feed.slots});
    }
  }
  return feeds;
}

// Get, List and the others ask Decide; followers get what FeedsFor and MayFollow say. All of them say the same.
TEST(NaiveEvaluator, AgreesWithTheDecisionOnAMillionCases) {
  World world(kSeed);
  uint64_t allowed = 0;
  uint64_t denied = 0;
  uint64_t granted = 0;
  for (int i = 0; i < kCases; ++i) {
    const Reader reader = world.SomeReader();
    RecordScope record = world.SomeRecord();
    const std::vector<SectionFacts> sections = world.SomeSections();
    const OfferRefs& offers = world.SomeOffers();
    const std::vector<FeedSlots> feeds = Enter(record, sections, offers);
    uint64_t expected = 0;
    for (const SectionFacts& section : sections) {
      const bool may_read = NaivelyMayRead(reader, record, offers, section);
      expected |= may_read ? uint64_t{1} << section.slot : 0;
      ++(may_read ? allowed : denied);
    }
    ASSERT_EQ(AllowedSlots(reader, record, sections), expected) << "case " << i;
    const std::vector<Decision> decisions = Decide(reader, record, sections);
    ASSERT_EQ(decisions.size(), sections.size());
    for (const Decision& decision : decisions) {
      ASSERT_EQ(decision.allowed, (expected >> decision.slot & 1) == 1) << "case " << i << " slot " << decision.slot;
      ASSERT_EQ(decision.rule.substr(0, 5) == "allow", decision.allowed) << decision.rule;
      const bool is_granted = decision.rule == "allow-grant";
      granted += is_granted ? 1 : 0;
      ASSERT_TRUE(!is_granted || !decision.grant.empty());
    }
    uint64_t followed = 0;
    for (const FeedSlots& feed : feeds) {
      followed |= MayFollow(reader, record.publisher, feed.feed) ? feed.slots : 0;
    }
    ASSERT_EQ(followed, expected) << "case " << i;
  }
  // The world is such that both answers are common.
  EXPECT_GT(allowed, uint64_t{kCases} / 2);
  EXPECT_GT(denied, uint64_t{kCases} / 2);
  EXPECT_GT(granted, uint64_t{kCases} / 200);
}

// Every change that takes something from a grant, or takes the grant, opens nothing.
TEST(NaiveEvaluator, TakingAGrantNeverWidensAndAnExpiredOneIsAsNone) {
  World world(kSeed + 1);
  uint64_t narrowed = 0;
  for (int i = 0; i < kCases / 2; ++i) {
    Reader reader = world.SomeReader();
    if (reader.grants == nullptr || reader.grants->by_offer.empty()) {
      continue;
    }
    RecordScope record = world.SomeRecord();
    const std::vector<SectionFacts> sections = world.SomeSections();
    Enter(record, sections, world.SomeOffers());
    const uint64_t before = AllowedSlots(reader, record, sections);
    auto expired = std::make_shared<ReaderGrants>(*reader.grants);
    auto absent = std::make_shared<ReaderGrants>(*reader.grants);
    std::vector<GrantTerms>& of_offer = expired->by_offer.begin()->second;
    absent->by_offer[of_offer.front().offer].erase(absent->by_offer[of_offer.front().offer].begin());
    of_offer.front().expires = reader.asker.now;
    reader.grants = expired;
    const uint64_t without = AllowedSlots(reader, record, sections);
    reader.grants = absent;
    ASSERT_EQ(AllowedSlots(reader, record, sections), without) << "case " << i;
    ASSERT_EQ(without & ~before, 0U) << "case " << i;
    narrowed += without != before ? 1 : 0;
  }
  EXPECT_GT(narrowed, 200U);
}

}  // namespace
}  // namespace meguri::node
