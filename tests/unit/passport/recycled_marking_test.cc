// SPDX-License-Identifier: Apache-2.0
// V9: which claims a marking with REC is held against.
#include "passport/rules/recycled_marking.h"

#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "meguri/passport/v1/identity.pb.h"
#include "meguri/passport/v1/recycled_content.pb.h"
#include "tests/unit/passport/demo_records.h"

namespace meguri::passport {
namespace {

using ::testing::IsEmpty;

class RecycledMarking : public ::testing::Test {
 protected:
  v1::RecycledContentClaim& Claim(v1::ClaimScope scope, const std::string& subject, const char* percent) {
    v1::RecycledContentClaim& claim = *content_.add_claims();
    claim.set_scope(scope);
    claim.set_subject(subject);
    claim.mutable_total_mass_kg()->set_value("100");
    claim.mutable_post_consumer_mass_kg()->set_value(percent);
    return claim;
  }

  std::vector<std::string> LinesFor(const std::string& marking) {
    v1::Identity identity;
    identity.add_plastic_markings(marking);
    RecordContent content;
    content.identity = &identity;
    content.recycled_content = &content_;
    Findings findings(10);
    CheckRecycledMarking(header_, content, findings);
    return Lines(std::move(findings).Take());
  }

  const std::vector<std::string> refused_ = {"sections.identity.plastic_markings[0] V9_RECYCLED_MARKING"};
  v1::RecycledContent content_;
  const record::Header header_ = Seal(DemoDraft("ev-battery.json")).header;
};

// Found: 90 % of recycled steel, or of cobalt, let a cover of polypropylene be marked REC90.
TEST_F(RecycledMarking, IsHeldAgainstTheClaimsAboutItsPolymer) {
  Claim(v1::CLAIM_SCOPE_MATERIAL, "steel", "90");
  Claim(v1::CLAIM_SCOPE_ELEMENT, "Co", "90");
  Claim(v1::CLAIM_SCOPE_MATERIAL, "ABS", "80");
  EXPECT_EQ(LinesFor(">PP(REC10)<"), refused_) << "nothing is claimed of it";
  Claim(v1::CLAIM_SCOPE_PRODUCT, "", "95");
  EXPECT_THAT(LinesFor(">PP(REC90)<"), IsEmpty()) << "the product may be of it";
  Claim(v1::CLAIM_SCOPE_MATERIAL, "PP", "20");
  EXPECT_EQ(LinesFor(">PP(REC90)<"), refused_);
  EXPECT_EQ(LinesFor(">PP-TD20(REC21)<"), refused_);
  EXPECT_THAT(LinesFor(">PP-TD20(REC20)<"), IsEmpty());
  EXPECT_THAT(LinesFor(">PC+ABS(REC80)<"), IsEmpty());
  EXPECT_EQ(LinesFor(">PC+ABS(REC81)<"), refused_);
}

// And the other way round: a true marking was refused, as nothing else was recycled as much.
TEST_F(RecycledMarking, IsBackedByAClaimThatNamesThePolymerInItsWay) {
  for (const char* subject : {"PP", "rPP", "R-PP", "recycled PP-TD20", "Polypropylene", "再生ポリプロピレン"}) {
    content_.Clear();
    Claim(v1::CLAIM_SCOPE_MATERIAL, subject, "70");
    Claim(v1::CLAIM_SCOPE_MATERIAL, "HDPE", "90");
    EXPECT_THAT(LinesFor(">PP(REC70)<"), IsEmpty()) << subject;
    EXPECT_EQ(LinesFor(">PP(REC71)<"), refused_) << subject;
    EXPECT_THAT(LinesFor(">PE-HD(REC90)<"), IsEmpty()) << subject;
    EXPECT_EQ(LinesFor(">PE-HD(REC91)<"), refused_) << subject;
  }
  content_.Clear();
  Claim(v1::CLAIM_SCOPE_COMPONENT, "bottle cap", "30").mutable_description()->set_en("cap of PP");
  Claim(v1::CLAIM_SCOPE_COMPONENT, "body", "60");
  EXPECT_EQ(LinesFor(">PP(REC60)<"), refused_) << "the cap is of it, and has a claim of its own";
  EXPECT_THAT(LinesFor(">PET(REC60)<"), IsEmpty()) << "the body may be of it";
  EXPECT_EQ(LinesFor(">CAP(REC61)<"), refused_) << "a cap is no cellulose acetate propionate";
  content_.Clear();
  Claim(v1::CLAIM_SCOPE_MATERIAL, "polyethylene terephthalate", "80");
  EXPECT_THAT(LinesFor(">PET(REC80)<"), IsEmpty());
  EXPECT_EQ(LinesFor(">PE-LD(REC80)<"), refused_);
  content_.Clear();
  Claim(v1::CLAIM_SCOPE_MATERIAL, "nylon", "50");
  EXPECT_THAT(LinesFor(">PA66-GF30(REC50)<"), IsEmpty());
  content_.Clear();
  Claim(v1::CLAIM_SCOPE_MATERIAL, "housing resin", "50");
  EXPECT_THAT(LinesFor(">PS-HI(REC50)<"), IsEmpty()) << "it may be";
  EXPECT_THAT(LinesFor(">PS-HI(REC)<"), IsEmpty()) << "without a number it promises none";
}

}  // namespace
}  // namespace meguri::passport
