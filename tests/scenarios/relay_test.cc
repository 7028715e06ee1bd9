// SPDX-License-Identifier: Apache-2.0
// A publisher whose node is off, and members that have its feeds from each other.
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "meguri/passport/v1/composition.pb.h"
#include "meguri/passport/v1/composition_summary.pb.h"
#include "node/follow/relay_turns.h"
#include "storage/fsck.h"
#include "tests/scenarios/harness/place.h"
#include "tests/testing/status.h"

namespace meguri::scenarios {
namespace {

using certs::testing::ValueOf;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr char kPublic[] = "public";
constexpr char kMembers[] = "members";
constexpr char kRecyclers[] = "recyclers/washing-machine";

class RelayScenario : public ::testing::Test {
 protected:
  RelayScenario() {
    maker_.id = "9999:maker";
    recycler_.id = "9999:recycler";
    city_.id = "9999:city";
    other_recycler_.id = "9999:recycler-2";
    const auto with_role = [](const certs::testing::Member& member) {
      registry::v1::MemberEntry entry = member.Entry();
      *entry.add_roles() = certs::testing::RoleMessage(registry::v1::ROLE_KIND_RECYCLER, {"washing-machine"});
      return entry;
    };
    registry_ = std::make_unique<FixedRegistry>(
        operator_.Bundle(),
        ValueOf(certs::Registry::Make(
            operator_.Bundle(), {maker_.Entry(), with_role(recycler_), city_.Entry(), with_role(other_recycler_)})));
    maker_node_ = Start(maker_, maker_place_);
    recycler_node_ = Start(recycler_, recycler_place_);
    city_node_ = Start(city_, city_place_);
  }

  std::unique_ptr<LoopbackNode> Start(const certs::testing::Member& member, Place& place) {
    return std::make_unique<LoopbackNode>(member, *registry_, place.disk(), net_, clock_, ++seed_);
  }
  // A passport with sections for everyone, for members and for recyclers.
  void Publish(size_t count) {
    for (size_t i = 0; i < count; ++i) {
      passport::v1::CompositionSummary summary;
      passport::v1::MaterialShare& share = *summary.add_shares();
      share.set_family(passport::v1::MATERIAL_FAMILY_FERROUS);
      share.mutable_mass_fraction()->set_value("1");
      passport::v1::Composition composition;
      passport::v1::CompositionNode* material = composition.add_nodes();
      material->set_kind(passport::v1::COMPOSITION_NODE_KIND_MATERIAL);
      material->mutable_name()->set_ja("鋼");
      material->mutable_mass_fraction()->set_value("1");
      const Draft draft{record::RecordId::Make(random_),
                        absl::StrCat("Washer ", ++names_),
                        {{record::v1::SECTION_TYPE_COMPOSITION_SUMMARY,
                          record::AudienceSet::Of({record::v1::AUDIENCE_MEMBERS}), summary.SerializeAsString()},
                         {record::v1::SECTION_TYPE_COMPOSITION,
                          record::AudienceSet::Of({record::v1::AUDIENCE_RECYCLERS}), composition.SerializeAsString()}}};
      MEGURI_ASSERT_OK(maker_node_->Publish(MakePublications({draft}, maker_, clock_.Now(), random_)).status());
    }
  }
  // The recycler has all of the maker's feeds when the maker's node goes.
  void LetTheRecyclerFollow(uint64_t size) {
    MEGURI_ASSERT_OK(recycler_node_->Follow(*maker_node_, {kPublic, kMembers, kRecyclers}));
    for (const std::string feed : {kPublic, kMembers, kRecyclers}) {
      ASSERT_TRUE(recycler_node_->CatchUp(*maker_node_, feed, size));
    }
  }
  static void ExpectSound(Place& place) {
    EXPECT_THAT(ValueOf(storage::Fsck(*place.store, nullptr, [](uint64_t, uint64_t) {})).problems, IsEmpty());
  }

  testing::FakeClock clock_;
  testing::SeededRandom random_{31};
  uint64_t seed_ = 0;
  int names_ = 0;
  certs::testing::Operator operator_;
  certs::testing::Member maker_;
  certs::testing::Member recycler_;
  certs::testing::Member city_;
  certs::testing::Member other_recycler_;
  std::unique_ptr<FixedRegistry> registry_;
  LoopbackPeers net_;
  Place maker_place_;
  Place recycler_place_;
  Place city_place_;
  Place other_place_;
  std::unique_ptr<LoopbackNode> maker_node_;
  std::unique_ptr<LoopbackNode> recycler_node_;
  std::unique_ptr<LoopbackNode> city_node_;
};

TEST_F(RelayScenario, AFeedIsFollowedThroughAnotherMemberAndThenFromItsPublisherAgain) {
  Publish(3);
  LetTheRecyclerFollow(3);
  net_.Remove(maker_node_->id());
  MEGURI_ASSERT_OK(city_node_->Follow(*maker_node_, {kPublic, kMembers}, recycler_node_->id()));
  ASSERT_TRUE(city_node_->CatchUp(*maker_node_, kPublic, 3));
  ASSERT_TRUE(city_node_->CatchUp(*maker_node_, kMembers, 3));
  EXPECT_EQ(city_node_->StatusOf(*maker_node_, kMembers).relay, recycler_node_->id());
  // What came is the publisher's: it is found, and proven to others.
  const auto found =
      ValueOf(city_node_->query().List(city_node_->Client(), {"product_group = \"washing-machine\"", "", 0, "", {}}));
  ASSERT_THAT(found.records, SizeIs(3));
  const record::Header header = ValueOf(record::Header::Parse(found.records[0].envelope.header()));
  EXPECT_EQ(header.publisher(), maker_node_->id());
  EXPECT_THAT(ValueOf(city_node_->prover().Prove(city_node_->Client(), header.record_id(), "", 0, 0)).proofs,
              SizeIs(1));
  // The maker comes back, with its feeds as they were, and is asked in its turn.
  maker_node_.reset();
  maker_node_ = Start(maker_, maker_place_);
  Publish(2);
  clock_.Advance(node::kRelayTurnMin);
  ASSERT_TRUE(city_node_->CatchUp(*maker_node_, kMembers, 5));
  ASSERT_TRUE(city_node_->RunFollowsUntil(
      [&] { return city_node_->StatusOf(*maker_node_, kMembers).state == node::FollowState::kLive; }));
  EXPECT_EQ(city_node_->StatusOf(*maker_node_, kMembers).relay, absl::nullopt);
  ExpectSound(city_place_);
}

TEST_F(RelayScenario, WhatTheRelayGetsLaterReachesWhoFollowsThroughIt) {
  Publish(1);
  LetTheRecyclerFollow(1);
  // The city alone does not reach the maker.
  LoopbackPeers citys_net;
  citys_net.Add(
      recycler_node_->id(), recycler_node_->source(), [](const auto&, const auto&) {},
      [&](const record::ParticipantId&, const record::FeedKey& feed, uint32_t) {
        return recycler_node_->source().CheckServed(feed).ok();
      });
  Place place;
  auto city = std::make_unique<LoopbackNode>(city_, *registry_, place.disk(), citys_net, clock_, ++seed_);
  MEGURI_ASSERT_OK(city->Follow(*maker_node_, {kPublic}, recycler_node_->id()));
  ASSERT_TRUE(city->CatchUp(*maker_node_, kPublic, 1));
  Publish(3);
  ASSERT_TRUE(recycler_node_->CatchUp(*maker_node_, kPublic, 4));
  citys_net.Wake(recycler_node_->id());
  ASSERT_TRUE(city->CatchUp(*maker_node_, kPublic, 4));
  city.reset();
  citys_net.Remove(recycler_node_->id());
  ExpectSound(place);
}

TEST_F(RelayScenario, NarrowerFeedsAreNotHandedOn) {
  Publish(2);
  LetTheRecyclerFollow(2);
  const auto other = Start(other_recycler_, other_place_);
  net_.Remove(maker_node_->id());
  MEGURI_ASSERT_OK(other->Follow(*maker_node_, {kMembers, kRecyclers}, recycler_node_->id()));
  ASSERT_TRUE(other->CatchUp(*maker_node_, kMembers, 2));
  ASSERT_TRUE(other->RunFollowsUntil(
      [&] { return other->StatusOf(*maker_node_, kRecyclers).last_error_reason == "FEED_NOT_READABLE"; }));
  EXPECT_EQ(other->StatusOf(*maker_node_, kRecyclers).size, 0U);
}

TEST_F(RelayScenario, NodesTellEachOtherThatTheyHandOn) {
  Publish(1);
  LetTheRecyclerFollow(1);
  EXPECT_THAT(city_node_->relays().For(maker_node_->id(), 8), IsEmpty());
  MEGURI_ASSERT_OK(
      city_node_->exchange().Answer(recycler_node_->id(), recycler_node_->exchange().Tell(city_node_->id())).status());
  EXPECT_THAT(city_node_->relays().For(maker_node_->id(), 8), ElementsAre(recycler_node_->id()));
  feed::v1::KnownCheckpoints nothing;
  city_node_->exchange().NoteRelay(recycler_node_->id(), nothing);
  EXPECT_THAT(city_node_->relays().For(maker_node_->id(), 8), IsEmpty());
}

}  // namespace
}  // namespace meguri::scenarios
