// SPDX-License-Identifier: Apache-2.0
#include "client/cli/dismantling_cards.h"

#include <string>
#include <utility>
#include <vector>

#include "client/sign.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "meguri/passport/v1/dismantling.pb.h"
#include "meguri/passport/v1/hazard_summary.pb.h"
#include "meguri/passport/v1/identity.pb.h"
#include "passport/formats/canonical_json.h"
#include "record/header.h"
#include "tests/testing/fakes.h"
#include "tests/testing/status.h"
#include "tests/unit/certs/federation.h"

namespace meguri::client {
namespace {

using certs::testing::Now;
using certs::testing::Participant;
using certs::testing::ValueOf;
using passport::DismantlingCard;
using record::v1::BatchResolveResponse;
using testing::HasReason;

constexpr char kMaker[] = "0199:maker";

// What one record of an answer says.
struct Said {
  uint32_t step_seconds = 0;                                            // 0: it has no dismantling section
  passport::v1::JmossMark mark = passport::v1::JMOSS_MARK_UNSPECIFIED;  // unspecified: no hazard summary
  std::vector<std::string> not_inherited = {};
};

class DismantlingCardsTest : public ::testing::Test {
 protected:
  // An answer to one question: the first one, whose parent is the second, whose parent is the third.
  BatchResolveResponse Answer(const std::vector<Said>& chain, const std::string& publisher_of_parents = kMaker) {
    std::vector<VersionDraft> drafts;
    drafts.reserve(chain.size());
    for (const Said& said : chain) {
      drafts.push_back(ValueOf(FirstVersion(DraftOf(said), random_)));
    }
    BatchResolveResponse response;
    response.add_answers()->add_records(0);
    for (size_t i = 0; i < drafts.size(); ++i) {
      passport::v1::Identity identity;
      if (i + 1 < drafts.size()) {
        identity.set_parent_record_id(drafts[i + 1].record_id.ToHex());
      }
      identity.mutable_not_inherited_sections()->Add(chain[i].not_inherited.begin(), chain[i].not_inherited.end());
      drafts[i].content.sections.front().payload = identity.SerializeAsString();
      const auto publisher = Participant(i == 0 ? kMaker : publisher_of_parents);
      *response.add_records()->mutable_envelope() = ValueOf(Seal(drafts[i], publisher, Now(), random_)).envelope();
    }
    return response;
  }

  static passport::RecordDraft DraftOf(const Said& said) {
    const auto all = record::AudienceSet::Of({record::v1::AUDIENCE_PUBLIC});
    passport::RecordDraft draft;
    draft.record_type = record::v1::RECORD_TYPE_PRODUCT_PASSPORT;
    draft.sections.push_back({record::v1::SECTION_TYPE_IDENTITY, all, ""});
    if (said.step_seconds != 0) {
      passport::v1::Dismantling dismantling;
      dismantling.add_steps()->set_time_s(said.step_seconds);
      draft.sections.push_back({record::v1::SECTION_TYPE_DISMANTLING, all, dismantling.SerializeAsString()});
    }
    if (said.mark != passport::v1::JMOSS_MARK_UNSPECIFIED) {
      passport::v1::HazardSummary hazards;
      hazards.set_jmoss_mark(said.mark);
      draft.sections.push_back({record::v1::SECTION_TYPE_HAZARD_SUMMARY, all, hazards.SerializeAsString()});
    }
    return draft;
  }

  DismantlingCard CardOf(const BatchResolveResponse& response) {
    const std::vector<passport::ListedProduct> products = {{.identifier = "scanned"}};
    return ValueOf(BenchAnswersTo(products, response)).front().cards.front();
  }

  testing::SeededRandom random_;
};

TEST_F(DismantlingCardsTest, TakesFromBatchAndModelWhatTheItemLeavesToThem) {
  const DismantlingCard card = CardOf(Answer({{}, {.mark = passport::v1::JMOSS_MARK_ORANGE}, {.step_seconds = 30}}));
  EXPECT_EQ(card.listed.identifier, "scanned");
  ASSERT_TRUE(card.dismantling.has_value());
  EXPECT_EQ(card.dismantling->steps(0).time_s(), 30U);
  ASSERT_TRUE(card.hazards.has_value());
  EXPECT_EQ(card.hazards->jmoss_mark(), passport::v1::JMOSS_MARK_ORANGE);
  EXPECT_EQ(card.sources.size(), 3U);
}

TEST_F(DismantlingCardsTest, TheNearestRecordSpeaks) {
  const DismantlingCard card = CardOf(Answer({{.step_seconds = 10, .mark = passport::v1::JMOSS_MARK_GREEN},
                                              {.step_seconds = 20, .mark = passport::v1::JMOSS_MARK_ORANGE}}));
  EXPECT_EQ(card.dismantling->steps(0).time_s(), 10U);
  EXPECT_EQ(card.hazards->jmoss_mark(), passport::v1::JMOSS_MARK_GREEN);
  EXPECT_EQ(card.sources.size(), 1U) << "nothing came from the parent";
}

TEST_F(DismantlingCardsTest, TakesNothingOverThatTheItemExcludes) {
  const DismantlingCard card = CardOf(Answer({{.not_inherited = {"dismantling"}},
                                              {.step_seconds = 20, .mark = passport::v1::JMOSS_MARK_ORANGE},
                                              {.step_seconds = 30}}));
  EXPECT_FALSE(card.dismantling.has_value());
  EXPECT_TRUE(card.hazards.has_value());
}

TEST_F(DismantlingCardsTest, WhatTheBatchExcludesDoesNotComeFromTheModel) {
  const DismantlingCard card = CardOf(
      Answer({{}, {.mark = passport::v1::JMOSS_MARK_ORANGE, .not_inherited = {"dismantling"}}, {.step_seconds = 30}}));
  EXPECT_FALSE(card.dismantling.has_value());
}

TEST_F(DismantlingCardsTest, TakesNothingFromARecordOfAnotherPublisher) {
  const DismantlingCard card = CardOf(Answer({{}, {.step_seconds = 20}}, "0199:other"));
  EXPECT_FALSE(card.dismantling.has_value());
  EXPECT_EQ(card.sources.size(), 1U);
}

TEST_F(DismantlingCardsTest, WhatFitsSeveralProductsIsIntroducedAndGetsNoCard) {
  const std::vector<passport::ListedProduct> products = {{.identifier = "WM-1", .is_model_number = true}};
  BatchResolveResponse response = Answer({{.step_seconds = 20}, {.step_seconds = 30}});
  response.mutable_answers(0)->add_records(1);
  response.mutable_answers(0)->set_reason("AMBIGUOUS_MODEL");
  const BenchAnswer answer = ValueOf(BenchAnswersTo(products, response)).front();
  EXPECT_TRUE(answer.cards.empty());
  ASSERT_EQ(answer.candidates.size(), 2U);
  EXPECT_EQ(answer.candidates[1].sources.size(), 1U);
  EXPECT_FALSE(answer.candidates[0].dismantling.has_value()) << "nothing to work by";
}

TEST_F(DismantlingCardsTest, RefusesAnAnswerThatDoesNotFitTheQuestion) {
  const std::vector<passport::ListedProduct> products = {{.identifier = "scanned"}};
  BatchResolveResponse response = Answer({{.step_seconds = 20}});
  response.mutable_answers(0)->set_records(0, 7);
  EXPECT_THAT(BenchAnswersTo(products, response), HasReason("NODE_ANSWER"));
  response.clear_answers();
  EXPECT_THAT(BenchAnswersTo(products, response), HasReason("NODE_ANSWER"));
  response.add_answers();
  response.add_answers();
  EXPECT_THAT(BenchAnswersTo(products, response), HasReason("NODE_ANSWER"));
}

}  // namespace
}  // namespace meguri::client
