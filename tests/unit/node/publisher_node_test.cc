// SPDX-License-Identifier: Apache-2.0
#include "node/query/publisher_node.h"

#include "gmock/gmock.h"
#include "tests/testing/status.h"
#include "tests/unit/node/publishing.h"

namespace meguri::node {
namespace {

using meguri::testing::HasReason;
using testing::kGtin;
using testing::kMaker;
using testing::kOther;
using testing::Participant;
using testing::PublishingNode;
using testing::ValueOf;

class VerifyAnswerTest : public ::testing::Test {
 protected:
  record::v1::Envelope Lot(const std::string& lot, const std::string& gtin = kGtin) {
    return node_.Sign(node_.Lot(lot, gtin)).envelope();
  }
  absl::StatusOr<std::vector<RecordView>> Verify(PublisherNode::Answer answer, const char* publisher = kMaker) {
    const PublisherQuestion question{Participant(publisher), Participant(kOther), "", {}, ""};
    Identifier identifier;
    identifier.gtin = kGtin;
    identifier.lot = "L1";
    identifier.serial = "S1";
    return VerifyAnswer(question, identifier, std::move(answer), *node_.Get(), node_.clock.Now());
  }

  PublishingNode node_;
};

TEST_F(VerifyAnswerTest, TakesWhatThePublisherSignedUnderTheIdentifier) {
  const absl::StatusOr<std::vector<RecordView>> views = Verify({Lot("L1")});
  MEGURI_ASSERT_OK(views);
  ASSERT_EQ(views->size(), 1U);
  EXPECT_EQ(views->front().source, RecordSource::kPublisher);
  MEGURI_EXPECT_OK(Verify({}));
}

TEST_F(VerifyAnswerTest, RefusesAnotherProductOfThePublisher) {
  EXPECT_THAT(Verify({Lot("L2")}), HasReason("IDENTIFIER_MISMATCH"));
  EXPECT_THAT(Verify({Lot("L1", "04912345100108")}), HasReason("IDENTIFIER_MISMATCH"));
  record::v1::Envelope without_sections = Lot("L1");
  without_sections.clear_sections();
  EXPECT_THAT(Verify({without_sections}), HasReason("IDENTIFIER_MISMATCH"));
}

TEST_F(VerifyAnswerTest, RefusesARecordOfAnotherMember) {
  EXPECT_THAT(Verify({Lot("L1")}, kOther), HasReason("PUBLISHER_MISMATCH"));
}

TEST_F(VerifyAnswerTest, RefusesWhatWasChanged) {
  record::v1::Envelope section = Lot("L1");
  section.mutable_sections(0)->mutable_payload()->back() ^= 1;
  EXPECT_THAT(Verify({section}), HasReason("SECTION_DIGEST"));
  record::v1::Envelope signature = Lot("L1");
  signature.mutable_signature()->mutable_signature()->front() ^= 1;
  EXPECT_THAT(Verify({signature}), HasReason("BAD_SIGNATURE"));
}

TEST_F(VerifyAnswerTest, RefusesAKeyThatIsUnknownOrRevoked) {
  const record::v1::Envelope lot = Lot("L1");
  registry::v1::MemberEntry entry = node_.maker.Entry();
  entry.mutable_keys(0)->set_revoked_ms(1);
  node_.Register({entry});
  EXPECT_THAT(Verify({lot}), HasReason("KEY_REVOKED"));
  node_.Register({node_.other.Entry()});
  EXPECT_THAT(Verify({lot}), HasReason("UNKNOWN_KEY"));
}

TEST_F(VerifyAnswerTest, RefusesARecordTwiceAndMoreThanAPage) {
  const record::v1::Envelope lot = Lot("L1");
  EXPECT_THAT(Verify({lot, lot}), HasReason("RECORD_TWICE"));
  PublisherNode::Answer page;
  for (size_t i = 0; i < kAskRecordsMax; ++i) {
    page.push_back(Lot("L1"));
  }
  MEGURI_EXPECT_OK(Verify(page));
  page.push_back(Lot("L1"));
  EXPECT_THAT(Verify(page), HasReason("ANSWER_SIZE"));
}

}  // namespace
}  // namespace meguri::node
