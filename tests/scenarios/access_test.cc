// SPDX-License-Identifier: Apache-2.0
// A maker offers what is for partners, grants it, and takes it back; readers ask, agree, read and follow; others try to
// get in.
#include <algorithm>
#include <utility>

#include "gmock/gmock.h"
#include "node/access/backfill.h"
#include "storage/fsck.h"
#include "tests/scenarios/access_scene.h"

namespace meguri::scenarios {
namespace {

using ::testing::IsEmpty;

MATCHER_P(HasViolation, reason, "") {
  *result_listener << arg.ToString();
  const std::vector<Violation> found = ViolationsOf(arg);
  return std::any_of(found.begin(), found.end(), [&](const Violation& one) { return one.reason == reason; });
}

using AccessTest = AccessScene;

TEST_F(AccessTest, FromARequestToWhatIsReadAndFollowed) {
  const Signed offer = Offer();
  const Signed lot = PublishLot();
  v1::AccessRequest request;
  request.set_owner_id(owner_.member.id);
  Name(offer, *request.mutable_offer());
  request.set_purpose(v1::ACCESS_PURPOSE_RECYCLING);
  const Draft letter =
      Letter(record::v1::RECORD_TYPE_ACCESS_REQUEST, record::v1::AUDIENCE_ADDRESSEES, request, owner_.member.id);
  MEGURI_ASSERT_OK(TryPublish(reader_, letter).status());
  // The owner hears of the request although it follows nobody.
  ASSERT_TRUE(
      RunUntil([&] { return owner_.node->query().Get(owner_.node->Client(), letter.record_id, "", 0, {}).ok(); }));
  EXPECT_EQ(RuleFor(lot, reader_), "deny-by-default");

  const Signed grant = Grant(offer);
  EXPECT_EQ(RuleFor(lot, reader_), "deny-grant-not-agreed");
  ASSERT_TRUE(RunUntil([&] { return reader_.node->query().Get(reader_.node->Client(), grant.id, "", 0, {}).ok(); }));
  EXPECT_FALSE(IsOpen(lot, reader_));
  Agree(reader_, AgreementTo(grant, offer));
  ASSERT_TRUE(RunUntil([&] { return IsOpen(lot, reader_); }));
  EXPECT_EQ(RuleFor(lot, reader_), "allow-grant");
  EXPECT_EQ(Explain(lot, reader_).grant, grant.id.ToHex());
  EXPECT_EQ(CountFoundAtOwner(reader_), 1U);

  // The reader's node follows the offer by itself, and what comes later arrives there too.
  ASSERT_TRUE(RunUntil([&] { return CountFoundAtHome(reader_) == 1; }));
  PublishLot();
  ASSERT_TRUE(RunUntil([&] { return CountFoundAtHome(reader_) == 2; }));

  EXPECT_EQ(RuleFor(lot, third_), "deny-by-default");
  EXPECT_FALSE(IsOpen(lot, third_));
  EXPECT_EQ(CountFoundAtOwner(third_), 0U);
  EXPECT_FALSE(third_.node->Follows(*owner_.node, FeedOf(offer)));
}

TEST_F(AccessTest, WhatWasThereBeforeTheOfferEntersItsFeedOnceWhateverHappens) {
  constexpr size_t kLots = node::kBackfillAtOnce * 2 + 10;
  const Signed first = PublishLot();
  std::vector<Draft> drafts;
  for (size_t i = 1; i < kLots; ++i) {
    drafts.push_back(LotDraft());
    if (drafts.size() == 256 || i + 1 == kLots) {
      MEGURI_ASSERT_OK(owner_.node->Publish(MakePublications(drafts, owner_.member, clock_.Now(), random_)).status());
      drafts.clear();
    }
  }
  // A newer version: only that one is brought in.
  Draft newer = LotDraft();
  newer.record_id = first.id;
  newer.version = 2;
  newer.previous = first.hash;
  newer.identity->set_lot("L1");
  MEGURI_ASSERT_OK(TryPublish(owner_, newer).status());

  const Signed offer = Offer();
  EXPECT_EQ(SizeOf(FeedOf(offer)), 0U);
  owner_.node->FillOnce();
  EXPECT_GE(SizeOf(FeedOf(offer)), node::kBackfillAtOnce - 1);
  EXPECT_LE(SizeOf(FeedOf(offer)), node::kBackfillAtOnce);
  // The node is switched off between two pieces; what is published before it goes on enters once, too.
  owner_.Start(*registry_, peers_, clock_);
  PublishLot();
  owner_.node->TickAccess();
  EXPECT_EQ(SizeOf(FeedOf(offer)), kLots + 1);
  owner_.Start(*registry_, peers_, clock_);
  EXPECT_FALSE(owner_.node->access().HasBackfill());
  owner_.node->TickAccess();
  EXPECT_EQ(SizeOf(FeedOf(offer)), kLots + 1);
  EXPECT_THAT(ValueOf(storage::Fsck(owner_.node->store(), nullptr, [](uint64_t, uint64_t) {})).problems, IsEmpty());

  const Signed grant = Grant(offer);
  Agree(reader_, AgreementTo(grant, offer));
  ASSERT_TRUE(RunUntil([&] { return CountFoundAtHome(reader_) == kLots + 1; }));
  EXPECT_EQ(CountFoundAtOwner(reader_), kLots + 1);
}

TEST_F(AccessTest, ARevokedGrantClosesAtOnceAndForGood) {
  const Signed lot = PublishLot();
  const auto [offer, grant] = Open(lot);
  ASSERT_TRUE(RunUntil([&] { return CountFoundAtHome(reader_) == 1; }));
  const Signed revoked = Turn(grant, GrantFor(offer, reader_.member.id), v1::GRANT_STATE_REVOKED);
  // When the publisher is answered nothing is open any more.
  EXPECT_EQ(RuleFor(lot, reader_), "deny-grant-revoked");
  EXPECT_FALSE(IsOpen(lot, reader_));
  EXPECT_EQ(CountFoundAtOwner(reader_), 0U);
  // The reader hears of it, and its node stops following; what it has stays as it was.
  ASSERT_TRUE(RunUntil([&] { return !reader_.node->Follows(*owner_.node, FeedOf(offer)); }));
  PublishLot();
  ASSERT_TRUE(RunUntil([&] { return reader_.node->StatusOf(*owner_.node, "public").size == 2; }));
  EXPECT_EQ(CountFoundAtHome(reader_), 1U);

  Draft again = Letter(record::v1::RECORD_TYPE_GRANT, record::v1::AUDIENCE_ADDRESSEES,
                       GrantFor(offer, reader_.member.id), reader_.member.id);
  again.record_id = grant.id;
  again.version = revoked.version + 1;
  again.previous = revoked.hash;
  EXPECT_THAT(TryPublish(owner_, again).status(), HasViolation("ACCESS_REVOKED"));
  // The restarted node has not forgotten.
  owner_.Start(*registry_, peers_, clock_);
  EXPECT_EQ(RuleFor(lot, reader_), "deny-grant-revoked");
}

TEST_F(AccessTest, AnOldVersionThatIsSentAgainOpensNothing) {
  const Signed lot = PublishLot();
  const Signed offer = Offer();
  const v1::Grant message = GrantFor(offer, reader_.member.id);
  const Draft draft =
      Letter(record::v1::RECORD_TYPE_GRANT, record::v1::AUDIENCE_ADDRESSEES, message, reader_.member.id);
  const std::vector<node::Publication> first = MakePublications({draft}, owner_.member, clock_.Now(), random_);
  MEGURI_ASSERT_OK(owner_.node->Publish(first).status());
  const Signed grant{draft.record_id, record::HeaderHash(first[0].envelope.header())};
  Agree(reader_, AgreementTo(grant, offer));
  ASSERT_TRUE(RunUntil([&] { return IsOpen(lot, reader_); }));
  Turn(grant, message, v1::GRANT_STATE_REVOKED);
  const node::Published again = ValueOf(owner_.node->Publish(first));
  EXPECT_TRUE(again.records.front().already_there);
  EXPECT_EQ(RuleFor(lot, reader_), "deny-grant-revoked");
  EXPECT_FALSE(IsOpen(lot, reader_));
}

TEST_F(AccessTest, ASuspendedGrantOpensAgainWithoutANewAgreement) {
  const Signed lot = PublishLot();
  const auto [offer, grant] = Open(lot);
  const v1::Grant message = GrantFor(offer, reader_.member.id);
  const Signed suspended = Turn(grant, message, v1::GRANT_STATE_SUSPENDED);
  EXPECT_EQ(RuleFor(lot, reader_), "deny-grant-suspended");
  EXPECT_FALSE(IsOpen(lot, reader_));
  PublishLot();
  const Signed resumed = Turn(suspended, message, v1::GRANT_STATE_ACTIVE);
  EXPECT_TRUE(IsOpen(lot, reader_));
  ASSERT_TRUE(RunUntil([&] { return CountFoundAtHome(reader_) == 2; }));
  // A tombstone closes it as well.
  End(owner_, resumed, record::v1::RECORD_TYPE_GRANT);
  EXPECT_EQ(RuleFor(lot, reader_), "deny-grant-revoked");
}

TEST_F(AccessTest, AGrantEndsByTheClockAndWithItsOffer) {
  const Signed lot = PublishLot();
  const auto [offer, grant] = Open(lot);
  clock_.Advance(absl::Hours(24 * 30));
  EXPECT_EQ(RuleFor(lot, reader_), "deny-grant-expired");
  EXPECT_FALSE(IsOpen(lot, reader_));
  ASSERT_TRUE(RunUntil([&] { return !reader_.node->Follows(*owner_.node, FeedOf(offer)); }));

  const Signed second = Grant(offer);
  Agree(reader_, AgreementTo(second, offer));
  ASSERT_TRUE(RunUntil([&] { return IsOpen(lot, reader_); }));
  End(owner_, offer, record::v1::RECORD_TYPE_OFFER);
  EXPECT_EQ(RuleFor(lot, reader_), "deny-offer-ended");
  EXPECT_FALSE(IsOpen(lot, reader_));
  ASSERT_TRUE(RunUntil([&] { return !reader_.node->Follows(*owner_.node, FeedOf(offer)); }));
  const uint64_t size = SizeOf(FeedOf(offer));
  PublishLot();
  EXPECT_EQ(SizeOf(FeedOf(offer)), size);
}

TEST_F(AccessTest, AWithdrawnAgreementCloses) {
  const Signed lot = PublishLot();
  const Signed offer = Offer();
  const Signed grant = Grant(offer);
  const Signed agreement = Agree(reader_, AgreementTo(grant, offer));
  ASSERT_TRUE(RunUntil([&] { return IsOpen(lot, reader_); }));
  End(reader_, agreement, record::v1::RECORD_TYPE_AGREEMENT);
  ASSERT_TRUE(RunUntil([&] { return !IsOpen(lot, reader_); }));
  EXPECT_EQ(RuleFor(lot, reader_), "deny-grant-not-agreed");
  EXPECT_FALSE(reader_.node->Follows(*owner_.node, FeedOf(offer)));
}

TEST_F(AccessTest, AGrantToARoleOpensToWhoeverHasItAndAgrees) {
  const Signed lot = PublishLot();
  const Signed offer = Offer();
  v1::Grant grant = GrantFor(offer, "");
  grant.mutable_grantee_role()->set_kind(registry::v1::ROLE_KIND_CONVERTER);
  const Signed granted = ValueOf(TryGrant(owner_, grant));
  Agree(reader_, AgreementTo(granted, offer));
  Agree(third_, AgreementTo(granted, offer));
  ASSERT_TRUE(RunUntil([&] { return IsOpen(lot, reader_); }));
  ASSERT_TRUE(RunUntil([&] { return RuleFor(lot, third_) == "deny-grant-role"; }));
  EXPECT_FALSE(IsOpen(lot, third_));
}

TEST_F(AccessTest, OneAgreementIsNotAnother) {
  const Signed lot = PublishLot();
  const Signed offer = Offer();
  const Signed other_offer = Offer();
  const Signed grant = Grant(offer);
  const Signed to_third = ValueOf(TryGrant(owner_, GrantFor(other_offer, third_.member.id)));
  // By somebody else; to the grant of somebody else; with the terms of another offer; with the hash of another record.
  Agree(third_, AgreementTo(grant, offer));
  Agree(reader_, AgreementTo(to_third, other_offer));
  Agree(reader_, AgreementTo(grant, other_offer));
  Agree(reader_, AgreementTo({grant.id, to_third.hash}, offer));
  Agree(reader_, AgreementTo({grant.id, record::Sha256("none")}, offer));
  const Signed last = Agree(reader_, AgreementTo({to_third.id, grant.hash}, offer));
  const Signed of_third = Agree(third_, AgreementTo({lot.id, lot.hash}, offer));
  ASSERT_TRUE(RunUntil([&] {
    return owner_.node->query().Get(owner_.node->Client(), last.id, "", 0, {}).ok() &&
           owner_.node->query().Get(owner_.node->Client(), of_third.id, "", 0, {}).ok();
  }));
  EXPECT_EQ(RuleFor(lot, reader_), "deny-grant-not-agreed");
  EXPECT_EQ(RuleFor(lot, third_), "deny-grant-not-agreed");
  EXPECT_FALSE(IsOpen(lot, reader_));
  EXPECT_FALSE(IsOpen(lot, third_));
  // The same after a restart, and the right one opens.
  owner_.Start(*registry_, peers_, clock_);
  EXPECT_FALSE(IsOpen(lot, reader_));
  Agree(reader_, AgreementTo(grant, offer));
  ASSERT_TRUE(RunUntil([&] { return IsOpen(lot, reader_); }));
  EXPECT_FALSE(IsOpen(lot, third_));
}

TEST_F(AccessTest, NobodyGrantsWhatIsNotItsOwnOrMoreThanItOffers) {
  const Signed offer = Offer();
  const Signed lot = PublishLot();
  EXPECT_THAT(TryGrant(third_, GrantFor(offer, reader_.member.id)).status(), HasViolation("ACCESS_OFFER"));
  EXPECT_THAT(TryGrant(owner_, GrantFor({offer.id, lot.hash}, reader_.member.id)).status(),
              HasViolation("ACCESS_OFFER"));
  EXPECT_THAT(TryGrant(owner_, GrantFor({lot.id, lot.hash}, reader_.member.id)).status(), HasViolation("ACCESS_OFFER"));
  v1::Grant grant = GrantFor(offer, reader_.member.id);
  grant.set_purpose(v1::ACCESS_PURPOSE_RESEARCH);
  EXPECT_THAT(TryGrant(owner_, grant).status(), HasViolation("ACCESS_PURPOSE"));
  grant = GrantFor(offer, reader_.member.id);
  grant.set_expires(At(absl::Hours(24 * 366)));
  EXPECT_THAT(TryGrant(owner_, grant).status(), HasViolation("ACCESS_BEYOND_OFFER"));
  // Terms that were signed stay.
  v1::Offer wider = OfferOfLots();
  wider.mutable_selector()->Clear();
  wider.mutable_selector()->set_all(true);
  Draft changed = Letter(record::v1::RECORD_TYPE_OFFER, record::v1::AUDIENCE_MEMBERS, wider, "");
  changed.record_id = offer.id;
  changed.version = 2;
  changed.previous = offer.hash;
  EXPECT_THAT(TryPublish(owner_, changed).status(), HasViolation("ACCESS_FIXED"));
}

TEST_F(AccessTest, AnOfferOfAProductLineTakesWhatInheritsFromIt) {
  Draft model = LotDraft();
  model.identity->set_granularity(v1::GRANULARITY_MODEL);
  model.identity->clear_lot();
  model.identity->set_model_number("PP-90");
  const Signed line = ValueOf(TryPublish(owner_, model));
  v1::Offer offer = OfferOfLots();
  offer.mutable_selector()->Clear();
  offer.mutable_selector()->add_product_lines(line.id.ToHex());
  const Signed offered = Offer(offer);
  owner_.node->TickAccess();
  EXPECT_EQ(SizeOf(FeedOf(offered)), 1U);
  PublishLot();
  EXPECT_EQ(SizeOf(FeedOf(offered)), 1U);
  Draft batch = LotDraft();
  batch.identity->set_parent_record_id(line.id.ToHex());
  MEGURI_ASSERT_OK(TryPublish(owner_, batch).status());
  EXPECT_EQ(SizeOf(FeedOf(offered)), 2U);
}

TEST_F(AccessTest, ANewVersionAndTheEndOfARecordReachTheFeed) {
  const Signed lot = PublishLot();
  const Signed offer = Offer();
  owner_.node->TickAccess();
  EXPECT_EQ(SizeOf(FeedOf(offer)), 1U);
  End(owner_, lot, record::v1::RECORD_TYPE_MATERIAL_PASSPORT);
  EXPECT_EQ(SizeOf(FeedOf(offer)), 2U);
  EXPECT_THAT(ValueOf(storage::Fsck(owner_.node->store(), nullptr, [](uint64_t, uint64_t) {})).problems, IsEmpty());
}

}  // namespace
}  // namespace meguri::scenarios
