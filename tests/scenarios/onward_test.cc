// SPDX-License-Identifier: Apache-2.0
// A member that was granted an offer hands the feed of it on to others, as far as the offer lets it.
#include <string>

#include "gmock/gmock.h"
#include "storage/fsck.h"
#include "tests/scenarios/access_scene.h"

namespace meguri::scenarios {
namespace {

using ::testing::IsEmpty;

constexpr uint32_t kRecycling = v1::ACCESS_PURPOSE_RECYCLING;

// The owner grants to the reader, who may hand on to the third.
class OnwardTest : public AccessScene {
 protected:
  v1::Offer OfferTo(v1::OnwardRule rule) const {
    v1::Offer offer = OfferOfLots();
    offer.set_onward(rule);
    if (rule == v1::ONWARD_RULE_LISTED_MEMBERS) {
      offer.add_onward_member_ids(third_.member.id);
    }
    return offer;
  }
  // A lot, the offer of it, and the reader's copy of its feed.
  void Share(const v1::Offer& offer) {
    lot_ = PublishLot();
    offer_ = Offer(offer);
    grant_ = Grant(offer_);
    Agree(reader_, AgreementTo(grant_, offer_));
    ASSERT_TRUE(RunUntil([&] { return CountFoundAtHome(reader_) == 1; }));
    ASSERT_TRUE(RunUntil([&] {
      return third_.node->query().Get(third_.node->Client(), offer_.id, "", 0, {}).ok() &&
             reader_.node->query().Get(reader_.node->Client(), grant_.id, "", 0, {}).ok();
    }));
  }
  void FollowViaReader(uint32_t purpose = 0) {
    MEGURI_ASSERT_OK(third_.node->Follow(*owner_.node, {FeedOf(offer_)}, reader_.node->id(), purpose));
  }
  record::FeedKey Key() const { return {owner_.node->id(), ValueOf(record::FeedName::Parse(FeedOf(offer_))), 1}; }
  bool IsHandedOn(uint32_t purpose = 0) const { return reader_.node->LetsFollow(third_.node->id(), Key(), purpose); }
  void Turn(v1::GrantState state) { grant_ = AccessScene::Turn(grant_, GrantFor(offer_, reader_.member.id), state); }
  void SetStatus(const Party& party, registry::v1::MemberStatus status) {
    registry_->Set(MakeRegistry(&party, status));
    for (const Party* woken : {&owner_, &reader_, &third_}) {
      peers_.Wake(woken->node->id());
    }
  }
  node::FollowStatus Status() const { return third_.node->StatusOf(*owner_.node, FeedOf(offer_)); }
  // The third does not get what is published from now on.
  void ExpectCutOff() {
    PublishLot();
    ASSERT_TRUE(
        RunUntil([&] { return third_.node->StatusOf(*owner_.node, "public").size == static_cast<uint64_t>(lots_); }));
    ASSERT_TRUE(RunUntil([&] { return Status().state == node::FollowState::kWaiting; }));
    EXPECT_EQ(CountFoundAtHome(third_), 1U);
  }

  Signed lot_ = NothingYet();
  Signed offer_ = NothingYet();
  Signed grant_ = NothingYet();
};

TEST_F(OnwardTest, WhoIsListedGetsTheFeedFromAReaderWhileTheOwnerIsThere) {
  Share(OfferTo(v1::ONWARD_RULE_LISTED_MEMBERS));
  FollowViaReader();
  ASSERT_TRUE(RunUntil([&] { return CountFoundAtHome(third_) == 1; }));
  EXPECT_EQ(Status().relay, reader_.node->id());
  EXPECT_FALSE(IsOpen(lot_, third_)) << "the owner itself grants it nothing";
  // What comes later is pushed on.
  PublishLot();
  ASSERT_TRUE(RunUntil([&] { return CountFoundAtHome(third_) == 2; }));
  // There is no second hop: nobody gets it from the third.
  EXPECT_FALSE(third_.node->LetsFollow(reader_.node->id(), Key(), kRecycling));
  EXPECT_FALSE(reader_.node->LetsFollow(owner_.node->id(), Key(), kRecycling));
  for (Party* party : {&reader_, &third_}) {
    EXPECT_THAT(ValueOf(storage::Fsck(party->node->store(), nullptr, [](uint64_t, uint64_t) {})).problems, IsEmpty());
  }
}

TEST_F(OnwardTest, TheFeedIsHandedOnWhileTheOwnerIsAway) {
  Share(OfferTo(v1::ONWARD_RULE_LISTED_MEMBERS));
  peers_.Remove(owner_.node->id());
  FollowViaReader();
  ASSERT_TRUE(RunUntil([&] { return CountFoundAtHome(third_) == 1; }));
  EXPECT_EQ(Status().relay, reader_.node->id());
  // A restart of both changes nothing.
  for (Party* party : {&reader_, &third_}) {
    party->Start(*registry_, peers_, clock_);
  }
  ASSERT_TRUE(RunUntil([&] { return Status().relay == reader_.node->id(); }));
}

TEST_F(OnwardTest, WhoStatesThePurposeGetsIt) {
  Share(OfferTo(v1::ONWARD_RULE_SAME_PURPOSE));
  EXPECT_FALSE(IsHandedOn());
  EXPECT_FALSE(IsHandedOn(v1::ACCESS_PURPOSE_REPAIR));
  EXPECT_TRUE(IsHandedOn(kRecycling));
  FollowViaReader(kRecycling);
  ASSERT_TRUE(RunUntil([&] { return CountFoundAtHome(third_) == 1; }));
}

TEST_F(OnwardTest, NobodyElseGetsAnything) {
  Share(OfferTo(v1::ONWARD_RULE_NONE));
  EXPECT_FALSE(IsHandedOn(kRecycling));
  FollowViaReader(kRecycling);
  ASSERT_TRUE(RunUntil([&] { return !Status().last_error_reason.empty(); }));
  for (int i = 0; i < 100; ++i) {
    third_.node->Tick();
    reader_.node->Tick();
    clock_.Advance(absl::Seconds(30));
  }
  EXPECT_EQ(Status().size, 0U);
  EXPECT_EQ(CountFoundAtHome(third_), 0U);
}

TEST_F(OnwardTest, AListOfOthersAndACountedGrantOpenNothing) {
  v1::Offer offer = OfferTo(v1::ONWARD_RULE_LISTED_MEMBERS);
  offer.set_onward_member_ids(0, "9999:somebody");
  Share(offer);
  EXPECT_FALSE(IsHandedOn(kRecycling));
  const Signed listing = Offer(OfferTo(v1::ONWARD_RULE_LISTED_MEMBERS));
  v1::Grant counted = GrantFor(listing, reader_.member.id);
  counted.set_deliveries_max(100);
  const Signed grant = ValueOf(TryGrant(owner_, counted));
  Agree(reader_, AgreementTo(grant, listing));
  offer_ = listing;
  ASSERT_TRUE(RunUntil([&] { return reader_.node->Follows(*owner_.node, FeedOf(listing)); }));
  ASSERT_TRUE(RunUntil([&] { return reader_.node->StatusOf(*owner_.node, FeedOf(listing)).size == 1; }));
  EXPECT_FALSE(IsHandedOn(kRecycling));
}

TEST_F(OnwardTest, ARevocationOfTheGrantCutsWhoGetsItFromTheReader) {
  Share(OfferTo(v1::ONWARD_RULE_LISTED_MEMBERS));
  FollowViaReader();
  ASSERT_TRUE(RunUntil([&] { return CountFoundAtHome(third_) == 1; }));
  Turn(v1::GRANT_STATE_REVOKED);
  ASSERT_TRUE(RunUntil([&] { return !IsHandedOn(kRecycling); }));
  ExpectCutOff();
  // Neither does a restart bring it back.
  reader_.Start(*registry_, peers_, clock_);
  EXPECT_FALSE(IsHandedOn(kRecycling));
}

TEST_F(OnwardTest, ASuspendedGrantPausesIt) {
  Share(OfferTo(v1::ONWARD_RULE_LISTED_MEMBERS));
  ASSERT_TRUE(IsHandedOn());
  Turn(v1::GRANT_STATE_SUSPENDED);
  ASSERT_TRUE(RunUntil([&] { return !IsHandedOn(); }));
  Turn(v1::GRANT_STATE_ACTIVE);
  ASSERT_TRUE(RunUntil([&] { return IsHandedOn(); }));
}

TEST_F(OnwardTest, TheEndOfTheOfferEndsIt) {
  Share(OfferTo(v1::ONWARD_RULE_LISTED_MEMBERS));
  FollowViaReader();
  ASSERT_TRUE(RunUntil([&] { return CountFoundAtHome(third_) == 1; }));
  End(owner_, offer_, record::v1::RECORD_TYPE_OFFER);
  ASSERT_TRUE(RunUntil([&] { return !IsHandedOn(kRecycling); }));
  ExpectCutOff();
}

TEST_F(OnwardTest, TheClockEndsIt) {
  Share(OfferTo(v1::ONWARD_RULE_LISTED_MEMBERS));
  FollowViaReader();
  ASSERT_TRUE(RunUntil([&] { return CountFoundAtHome(third_) == 1; }));
  peers_.Remove(owner_.node->id());
  clock_.Advance(absl::Hours(24 * 30) - absl::Hours(1));
  EXPECT_TRUE(IsHandedOn());
  clock_.Advance(absl::Hours(1));
  EXPECT_FALSE(IsHandedOn());
}

TEST_F(OnwardTest, WhoeverOfTheThreeIsSuspendedEndsIt) {
  Share(OfferTo(v1::ONWARD_RULE_LISTED_MEMBERS));
  for (const Party* party : {&owner_, &reader_, &third_}) {
    ASSERT_TRUE(IsHandedOn());
    SetStatus(*party, registry::v1::MEMBER_STATUS_SUSPENDED);
    EXPECT_FALSE(IsHandedOn()) << party->member.id;
    SetStatus(*party, registry::v1::MEMBER_STATUS_ACTIVE);
  }
  EXPECT_TRUE(IsHandedOn());
}

TEST_F(OnwardTest, WhoDoesNotHearOfTheOwnersGrantsAnyMoreHandsNothingOn) {
  Share(OfferTo(v1::ONWARD_RULE_LISTED_MEMBERS));
  ASSERT_TRUE(IsHandedOn());
  const auto unfollow = [&](const std::string& feed) { MEGURI_ASSERT_OK(reader_.node->Unfollow(*owner_.node, feed)); };
  unfollow("to/" + reader_.member.id);
  EXPECT_FALSE(IsHandedOn());
  MEGURI_ASSERT_OK(reader_.node->Follow(*owner_.node, {"to/" + reader_.member.id}));
  EXPECT_TRUE(IsHandedOn());
  unfollow("members");
  EXPECT_FALSE(IsHandedOn());
}

TEST_F(OnwardTest, AWithdrawnAgreementEndsIt) {
  lot_ = PublishLot();
  offer_ = Offer(OfferTo(v1::ONWARD_RULE_LISTED_MEMBERS));
  grant_ = Grant(offer_);
  const Signed agreement = Agree(reader_, AgreementTo(grant_, offer_));
  ASSERT_TRUE(RunUntil([&] { return CountFoundAtHome(reader_) == 1; }));
  ASSERT_TRUE(IsHandedOn());
  End(reader_, agreement, record::v1::RECORD_TYPE_AGREEMENT);
  EXPECT_FALSE(IsHandedOn());
}

TEST_F(OnwardTest, OnlyWhoCanReadTheTermsAsksInAWayThatIsTaken) {
  Share(OfferTo(v1::ONWARD_RULE_SAME_PURPOSE));
  const auto check = [&](const Party& party, v1::AccessPurpose purpose) {
    return node::CheckMayBeHandedOn(party.node->store(), party.node->id(), Key(), purpose);
  };
  MEGURI_EXPECT_OK(check(third_, v1::ACCESS_PURPOSE_RECYCLING));
  EXPECT_EQ(ReasonOf(check(third_, v1::ACCESS_PURPOSE_UNSPECIFIED)), "ONWARD_REFUSED");
  record::FeedKey unknown = Key();
  unknown.name = *record::FeedName::Parse("offer/00000000000000000000000000000000");
  EXPECT_EQ(ReasonOf(node::CheckMayBeHandedOn(third_.node->store(), third_.node->id(), unknown,
                                              v1::ACCESS_PURPOSE_RECYCLING)),
            "OFFER_UNKNOWN");
  offer_ = Offer(OfferTo(v1::ONWARD_RULE_NONE));
  ASSERT_TRUE(RunUntil([&] { return ReasonOf(check(third_, v1::ACCESS_PURPOSE_RECYCLING)) == "ONWARD_REFUSED"; }));
  offer_ = Offer(OfferTo(v1::ONWARD_RULE_LISTED_MEMBERS));
  ASSERT_TRUE(RunUntil([&] { return check(third_, v1::ACCESS_PURPOSE_UNSPECIFIED).ok(); }));
  ASSERT_TRUE(RunUntil([&] { return ReasonOf(check(reader_, v1::ACCESS_PURPOSE_UNSPECIFIED)) == "ONWARD_REFUSED"; }));
  End(owner_, offer_, record::v1::RECORD_TYPE_OFFER);
  ASSERT_TRUE(RunUntil([&] { return ReasonOf(check(third_, v1::ACCESS_PURPOSE_UNSPECIFIED)) == "OFFER_ENDED"; }));
}

}  // namespace
}  // namespace meguri::scenarios
