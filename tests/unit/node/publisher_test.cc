// SPDX-License-Identifier: Apache-2.0
#include "node/publish/publisher.h"

#include <future>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "meguri/passport/v1/enquiry.pb.h"
#include "node/publish/limits.h"
#include "storage/requests.h"
#include "tests/testing/status.h"
#include "tests/unit/node/publishing.h"

namespace meguri::node {
namespace {

using meguri::testing::HasReason;
using meguri::testing::IsOk;
using testing::Gate;
using testing::kMaker;
using testing::PublishingNode;
using testing::ValueOf;
using Outcome = absl::StatusOr<Published>;

class PublisherTest : public ::testing::Test {
 protected:
  void SuspendMaker() {
    registry::v1::MemberEntry entry = node_.maker.Entry();
    entry.set_status(registry::v1::MEMBER_STATUS_SUSPENDED);
    node_.Register({entry, node_.other.Entry()});
  }
  // The other member's entry, with the prefix of the maker's goods.
  registry::v1::MemberEntry OtherWithPrefix(registry::v1::MemberStatus status) {
    registry::v1::MemberEntry entry = node_.other.Entry();
    entry.add_gs1_company_prefixes("4912345");
    entry.set_status(status);
    return entry;
  }
  std::future<Outcome> Start(PublishCall call, std::shared_ptr<PublishSequence> sequence, uint64_t position) {
    call.sequence = std::move(sequence);
    call.position = position;
    auto answer = std::make_shared<std::promise<Outcome>>();
    node_.publisher->Publish(std::move(call), [answer](Outcome outcome) { answer->set_value(std::move(outcome)); });
    return answer->get_future();
  }

  PublishingNode node_;
};

TEST_F(PublisherTest, AnswersTheSameRequestAgainWhateverHasChangedSince) {
  const record::v1::Publication lot = node_.Sign(node_.Lot("L1"));
  const Outcome first = node_.Publish(node_.Call(lot, "request"));
  ASSERT_THAT(first, IsOk());
  SuspendMaker();
  const Outcome again = node_.Publish(node_.Call(lot, "request"));
  ASSERT_THAT(again, IsOk());
  EXPECT_EQ(again->records.front().header_hash, first->records.front().header_hash);
  EXPECT_FALSE(again->records.front().already_there);
  // The clock may have been set back: the record is now issued in its future.
  node_.clock.Advance(-2 * kClockSkewMax);
  EXPECT_THAT(node_.Publish(node_.Call(lot, "request")), IsOk());
  EXPECT_EQ(node_.RecordCount(), 1U);
}

TEST_F(PublisherTest, JudgesARequestAnewOnceItsAnswerIsForgotten) {
  const record::v1::Publication lot = node_.Sign(node_.Lot("L1"));
  ASSERT_THAT(node_.Publish(node_.Call(lot, "request")), IsOk());
  SuspendMaker();
  node_.clock.Advance(storage::kRequestRetention - absl::Milliseconds(1));
  EXPECT_THAT(node_.Publish(node_.Call(lot, "request")), IsOk());
  node_.clock.Advance(absl::Milliseconds(1));
  EXPECT_THAT(node_.Publish(node_.Call(lot, "request")), HasReason("MEMBER_NOT_ACTIVE"));
}

TEST_F(PublisherTest, RefusesAnotherRequestUnderTheSameIdWhetherItIsGoodOrNot) {
  ASSERT_THAT(node_.Publish(node_.Call(node_.Sign(node_.Lot("L1")), "request")), IsOk());
  EXPECT_THAT(node_.Publish(node_.Call(node_.Sign(node_.Lot("L2")), "request")), HasReason("REQUEST_ID_REUSED"));
  EXPECT_THAT(node_.Publish(node_.Call(node_.Sign(node_.Lot("L3", "wrong")), "request")),
              HasReason("REQUEST_ID_REUSED"));
  EXPECT_EQ(node_.RecordCount(), 1U);
}

TEST_F(PublisherTest, FindsTheAnswerOfARequestThatIsStillBeingWritten) {
  const record::v1::Publication lot = node_.Sign(node_.Lot("L1"));
  Gate gate(*node_.committer);
  std::future<Outcome> first = Start(node_.Call(lot, "request"), nullptr, 0);
  SuspendMaker();
  std::future<Outcome> second = Start(node_.Call(lot, "request"), nullptr, 0);
  gate.Open();
  EXPECT_THAT(first.get(), IsOk());
  EXPECT_THAT(second.get(), IsOk());
}

TEST_F(PublisherTest, RefusesARequestIdThatIsTooLong) {
  const record::v1::Publication lot = node_.Sign(node_.Lot("L1"));
  EXPECT_THAT(node_.Publish(node_.Call(lot, std::string(kRequestIdMax + 1, 'x'))), HasReason("REQUEST_ID"));
  EXPECT_THAT(node_.Publish(node_.Call(lot, std::string(kRequestIdMax, 'x'))), IsOk());
}

TEST_F(PublisherTest, WritesNothingBehindARequestThatTheStoreRefuses) {
  const auto sequence = std::make_shared<PublishSequence>();
  Gate gate(*node_.committer);
  std::future<Outcome> before = Start(node_.Call(node_.Sign(node_.Lot("L0"))), sequence, 0);
  std::future<Outcome> refused = Start(node_.Call(node_.SignedOrphan("L1")), sequence, 1);
  std::future<Outcome> behind = Start(node_.Call(node_.Sign(node_.Lot("L2"))), sequence, 2);
  gate.Open();
  EXPECT_THAT(before.get(), IsOk());
  EXPECT_THAT(refused.get(), HasReason("VERSION_GAP"));
  EXPECT_THAT(behind.get(), HasReason("EARLIER_REFUSED"));
  EXPECT_EQ(node_.RecordCount(), 1U);
}

TEST_F(PublisherTest, WritesWhatCameBeforeARequestThatTheCheckRefuses) {
  const auto sequence = std::make_shared<PublishSequence>();
  Gate gate(*node_.committer);
  std::future<Outcome> before = Start(node_.Call(node_.Sign(node_.Lot("L0"))), sequence, 0);
  std::future<Outcome> refused = Start(node_.Call(node_.Sign(node_.Lot("L1", "wrong"))), sequence, 1);
  std::future<Outcome> behind = Start(node_.Call(node_.Sign(node_.Lot("L2"))), sequence, 2);
  EXPECT_FALSE(refused.get().ok());
  EXPECT_THAT(behind.get(), HasReason("EARLIER_REFUSED"));
  gate.Open();
  EXPECT_THAT(before.get(), IsOk());
  EXPECT_EQ(node_.RecordCount(), 1U);
}

TEST_F(PublisherTest, AnswersWithWhatMayBeMended) {
  const Outcome published = node_.Publish(node_.Call(node_.Sign(node_.Lot("L1")), "request"));
  ASSERT_THAT(published, IsOk());
  ASSERT_FALSE(published->warnings.empty());
  EXPECT_EQ(published->warnings[0].field, "publications[0].sections.material_identity");
  EXPECT_EQ(published->warnings[0].reason, "SECTION_RECOMMENDED");
  PublishCall dry_run = node_.Call(node_.Sign(node_.Lot("L2")));
  dry_run.validate_only = true;
  EXPECT_EQ(ValueOf(node_.Publish(std::move(dry_run))).warnings, published->warnings);
}

TEST_F(PublisherTest, LimitsTheWarningsOfAnAnswer) {
  PublishCall call = node_.Call(node_.Sign(node_.Lot("L0")));
  for (size_t i = 1; i <= kWarningsMax; ++i) {
    call.publications.push_back({node_.Sign(node_.Lot(absl::StrCat("L", i))).envelope(), {}, {}, {}});
  }
  const Outcome published = node_.Publish(std::move(call));
  ASSERT_THAT(published, IsOk());
  ASSERT_EQ(published->warnings.size(), kWarningsMax);
  EXPECT_EQ(published->warnings.back().reason, "MORE_WARNINGS");
}

TEST_F(PublisherTest, RefusesAGtinUnderThePrefixOfAnotherMember) {
  node_.Register({node_.maker.Entry(), OtherWithPrefix(registry::v1::MEMBER_STATUS_ACTIVE)});
  const Outcome refused = node_.Publish(node_.Call(node_.Sign(node_.Lot("L1"))));
  ASSERT_THAT(refused, HasReason("GTIN_PREFIX"));
  const std::vector<Violation> violations = ViolationsOf(refused.status());
  ASSERT_EQ(violations.size(), 1U);
  EXPECT_EQ(violations[0].field, "publications[0].sections.identity.gtin");
  EXPECT_THAT(violations[0].found, ::testing::HasSubstr(testing::kOther));
  EXPECT_FALSE(violations[0].message_ja.empty());
  node_.Register({node_.maker.Entry(), OtherWithPrefix(registry::v1::MEMBER_STATUS_SUSPENDED)});
  EXPECT_THAT(node_.Publish(node_.Call(node_.Sign(node_.Lot("L1")))), HasReason("GTIN_PREFIX"));
}

TEST_F(PublisherTest, TakesAGtinUnderAPrefixOfOnesOwnOrOfNobody) {
  EXPECT_THAT(node_.Publish(node_.Call(node_.Sign(node_.Lot("nobody")))), IsOk());
  registry::v1::MemberEntry maker = node_.maker.Entry();
  maker.add_gs1_company_prefixes("49123453");
  // The longer prefix counts.
  node_.Register({maker, OtherWithPrefix(registry::v1::MEMBER_STATUS_ACTIVE)});
  EXPECT_THAT(node_.Publish(node_.Call(node_.Sign(node_.Lot("own")))), IsOk());
  node_.Register({node_.maker.Entry(), OtherWithPrefix(registry::v1::MEMBER_STATUS_LEFT)});
  EXPECT_THAT(node_.Publish(node_.Call(node_.Sign(node_.Lot("left")))), IsOk());
}

TEST_F(PublisherTest, RefusesAnEnquiryThatIsNotAddressedToTheSeller) {
  passport::v1::Enquiry enquiry;
  enquiry.set_seller_id(testing::kOther);
  enquiry.set_need("material = \"PP\"");
  enquiry.mutable_wanted_mass_kg()->set_value("5000");
  enquiry.mutable_contact()->mutable_name()->set_ja("購買部");
  enquiry.mutable_contact()->set_email("kobai@maker.example");
  enquiry.set_valid_until("2027-12-31");
  passport::RecordDraft content;
  content.record_type = record::v1::RECORD_TYPE_ENQUIRY;
  content.sections.push_back({record::v1::SECTION_TYPE_ENQUIRY,
                              record::AudienceSet::Of({record::v1::AUDIENCE_ADDRESSEES}), enquiry.SerializeAsString()});
  PublishCall call = node_.Call(node_.Sign(ValueOf(client::FirstVersion(std::move(content), node_.random))));
  PublishCall addressed = call;
  addressed.publications[0].addressees = {testing::kOther};
  call.publications[0].addressees = {"0199:third"};
  const Outcome refused = node_.Publish(std::move(call));
  ASSERT_THAT(refused, HasReason("NOT_ADDRESSED"));
  EXPECT_EQ(ViolationsOf(refused.status())[0].field, "publications[0].addressees");
  EXPECT_THAT(node_.Publish(std::move(addressed)), IsOk());
}

}  // namespace
}  // namespace meguri::node
