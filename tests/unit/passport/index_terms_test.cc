// SPDX-License-Identifier: Apache-2.0
#include "passport/index_terms.h"

#include <algorithm>
#include <iterator>
#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "meguri/passport/v1/composition.pb.h"
#include "meguri/passport/v1/enquiry.pb.h"
#include "meguri/passport/v1/hazard_summary.pb.h"
#include "meguri/passport/v1/identity.pb.h"
#include "meguri/passport/v1/material_identity.pb.h"
#include "meguri/passport/v1/recycled_content.pb.h"
#include "meguri/passport/v1/substance_declaration.pb.h"
#include "passport/product_group.h"
#include "passport/terms/number_term.h"
#include "tests/unit/passport/demo_records.h"

namespace meguri::passport {
namespace {

using record::IndexTerm;
using record::v1::SECTION_TYPE_COMPOSITION;
using record::v1::SECTION_TYPE_IDENTITY;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::IsSupersetOf;

std::string PayloadOf(absl::string_view file, uint32_t type) {
  for (const record::SectionDraft& section : DemoDraft(file).sections) {
    if (section.type == type) {
      return section.payload;
    }
  }
  return "";
}

TEST(IndexTerms, ComeFromAnIdentity) {
  EXPECT_THAT(TermsOf(SECTION_TYPE_IDENTITY, PayloadOf("ev-battery.json", SECTION_TYPE_IDENTITY)),
              IsSupersetOf({IndexTerm{"granularity", "item"}, IndexTerm{"gtin", "04912345100108"},
                            IndexTerm{"model", "mc-ev72"}, IndexTerm{"product_group", "battery"},
                            IndexTerm{"product_status", "original"}, IndexTerm{"serial", "MC72-26A-000317"}}));
}

TEST(IndexTerms, ComeFromAnEnquiryAndItsAnswer) {
  v1::Enquiry enquiry;
  enquiry.mutable_material()->set_record_id("00ff");
  EXPECT_THAT(TermsOf(record::v1::SECTION_TYPE_ENQUIRY, enquiry.SerializeAsString()),
              ElementsAre(IndexTerm{"about", "00ff"}));
  v1::EnquiryAnswer answer;
  answer.mutable_enquiry()->set_record_id("11ff");
  answer.set_verdict(v1::ENQUIRY_VERDICT_DECLINE);
  EXPECT_THAT(TermsOf(record::v1::SECTION_TYPE_ENQUIRY_ANSWER, answer.SerializeAsString()),
              ElementsAre(IndexTerm{"answer_to", "11ff"}, IndexTerm{"verdict", "decline"}));
}

TEST(IndexTerms, ComeFromAComposition) {
  EXPECT_THAT(TermsOf(SECTION_TYPE_COMPOSITION, PayloadOf("recycled-pp-lot.json", SECTION_TYPE_COMPOSITION)),
              IsSupersetOf({IndexTerm{"material", "pp"}, IndexTerm{"material", "recycled pp compound"},
                            IndexTerm{"material", "再生ppコンパウンド"}, IndexTerm{"substance", "14807-96-6"},
                            IndexTerm{"substance", "talc"}, IndexTerm{"substance", "タルク"}}));
  const std::vector<IndexTerm> terms =
      TermsOf(SECTION_TYPE_COMPOSITION, PayloadOf("cathode-nmc811-lot.json", SECTION_TYPE_COMPOSITION));
  EXPECT_THAT(terms, IsSupersetOf({IndexTerm{"material", "182442-95-1"}, IndexTerm{"substance", "7440-48-4"}}));
  for (const IndexTerm& term :
       TermsOf(SECTION_TYPE_COMPOSITION, PayloadOf("recycled-pp-lot.json", SECTION_TYPE_COMPOSITION))) {
    EXPECT_NE(term.value, "other additives") << "what a joker hides cannot be searched";
  }
}

std::vector<IndexTerm> TermsOfMessage(uint32_t type, const google::protobuf::Message& message) {
  return TermsOf(type, message.SerializeAsString());
}

IndexTerm Number(absl::string_view field, absl::string_view decimal) {
  return {std::string(field), NumberTermValue(decimal)};
}

void AddCas(const char* cas, v1::CompositionNode& node) {
  v1::SubstanceIdentifier* identifier = node.add_identifiers();
  identifier->set_scheme(v1::SUBSTANCE_IDENTIFIER_SCHEME_CAS);
  identifier->set_value(cas);
}

TEST(IndexTerms, SayHowMuchOfASubstanceIsInItsMaterial) {
  v1::Composition composition;
  composition.mutable_mass_kg()->set_value("10");
  for (const char* fraction : {"0.002", "0.0005"}) {
    v1::CompositionNode* material = composition.add_nodes();
    material->set_kind(v1::COMPOSITION_NODE_KIND_MATERIAL);
    material->mutable_mass_kg()->set_value("3");
    v1::CompositionNode* declared = material->add_children();
    declared->set_kind(v1::COMPOSITION_NODE_KIND_SUBSTANCE);
    declared->mutable_mass_fraction()->set_value(fraction);
    AddCas("117-81-7", *declared);
    v1::CompositionNode* weighed = material->add_children();
    weighed->set_kind(v1::COMPOSITION_NODE_KIND_SUBSTANCE);
    weighed->mutable_mass_kg()->set_value("0.001");
    AddCas("7439-92-1", *weighed);
  }
  EXPECT_THAT(TermsOfMessage(SECTION_TYPE_COMPOSITION, composition),
              ElementsAre(IndexTerm{"substance", "117-81-7"}, IndexTerm{"substance", "7439-92-1"},
                          Number("substance_fraction/117-81-7", "0.002"),
                          // 0.001 / 3, rounded up to the index's precision
                          Number("substance_fraction/7439-92-1", "0.000333334")));
}

v1::CompositionNode* Add(google::protobuf::RepeatedPtrField<v1::CompositionNode>* nodes, v1::CompositionNodeKind kind,
                         const char* mass, const char* fraction) {
  v1::CompositionNode* node = nodes->Add();
  node->set_kind(kind);
  if (mass[0] != '\0') {
    node->mutable_mass_kg()->set_value(mass);
  }
  if (fraction[0] != '\0') {
    node->mutable_mass_fraction()->set_value(fraction);
  }
  return node;
}

// Found: a substance was not found by its amount unless the node above said its own mass.
TEST(IndexTerms, WorkOutTheMassOfWhatASubstanceIsIn) {
  constexpr auto kPart = v1::COMPOSITION_NODE_KIND_PART;
  constexpr auto kMaterial = v1::COMPOSITION_NODE_KIND_MATERIAL;
  constexpr auto kGroup = v1::COMPOSITION_NODE_KIND_SUBSTANCE_GROUP;
  constexpr auto kSubstance = v1::COMPOSITION_NODE_KIND_SUBSTANCE;
  v1::Composition composition;
  const auto terms = [&composition] { return TermsOfMessage(SECTION_TYPE_COMPOSITION, composition); };
  const IndexTerm is_there{"substance", "84-74-2"};
  const IndexTerm unknown{"amount_unknown", "84-74-2"};
  const auto number = [](const char* fraction) { return Number("substance_fraction/84-74-2", fraction); };

  AddCas("84-74-2", *Add(composition.mutable_nodes(), kSubstance, "0.05", ""));
  EXPECT_THAT(terms(), ElementsAre(unknown, is_there)) << "of what, nobody says";
  composition.mutable_mass_kg()->set_value("1");
  EXPECT_THAT(terms(), ElementsAre(is_there, number("0.05"))) << "directly in the whole";

  composition.clear_nodes();
  v1::CompositionNode* part = Add(composition.mutable_nodes(), kPart, "", "0.2");
  v1::CompositionNode* material = Add(part->mutable_children(), kMaterial, "", "0.9");
  AddCas("84-74-2", *Add(material->mutable_children(), kSubstance, "0.009", ""));
  EXPECT_THAT(terms(), ElementsAre(is_there, number("0.05"))) << "by the fractions down from the whole";

  composition.clear_mass_kg();
  EXPECT_THAT(terms(), ElementsAre(unknown, is_there));
  material->set_children_complete(true);
  Add(material->mutable_children(), kSubstance, "0.081", "");
  EXPECT_THAT(terms(), ElementsAre(is_there, number("0.1"))) << "the material weighs what it consists of";

  part->mutable_mass_kg()->set_value("0.9");
  material->clear_mass_fraction();
  material->set_children_complete(false);
  EXPECT_THAT(terms(), ElementsAre(unknown, is_there, number("0.01")))
      << "of the material at least as much as of the part";

  composition.clear_nodes();
  material = Add(composition.mutable_nodes(), kMaterial, "2", "");
  v1::CompositionNode* group = Add(material->mutable_children(), kGroup, "", "0.01");
  AddCas("84-74-2", *Add(group->mutable_children(), kSubstance, "", "0.3"));
  EXPECT_THAT(terms(), ElementsAre(is_there, number("0.003"))) << "of the material, not of the group";
}

// Sums of masses that no passport may have, which an index must survive.
TEST(IndexTerms, WorkOutNoMassThatIsOutOfRange) {
  v1::Composition composition;
  composition.set_nodes_complete(true);
  for (int i = 0; i < 1000; ++i) {
    AddCas("84-74-2", *Add(composition.mutable_nodes(), v1::COMPOSITION_NODE_KIND_SUBSTANCE, "1000000000", ""));
  }
  EXPECT_THAT(TermsOfMessage(SECTION_TYPE_COMPOSITION, composition),
              ElementsAre(IndexTerm{"amount_unknown", "84-74-2"}, IndexTerm{"substance", "84-74-2"}));
}

TEST(IndexTerms, DescribeAMaterialOnOffer) {
  v1::MaterialIdentity material;
  material.set_family(v1::MATERIAL_FAMILY_PLASTIC);
  material.set_polymer_symbol("PP");
  material.set_form(v1::MATERIAL_FORM_REGRANULATE);
  material.set_data_quality_level(2);
  material.mutable_nominal_melt_flow_rate()->set_value("12.5");
  material.mutable_offer()->mutable_available_mass_kg()->set_value("5000");
  material.mutable_offer()->add_regions("13");
  EXPECT_THAT(TermsOfMessage(record::v1::SECTION_TYPE_MATERIAL_IDENTITY, material),
              ElementsAre(Number("available_mass_kg", "5000"), Number("data_quality_level", "2"),
                          IndexTerm{"form", "regranulate"}, IndexTerm{"material", "pp"},
                          IndexTerm{"material_family", "plastic"}, Number("melt_flow_rate", "12.5"),
                          IndexTerm{"region", "13"}));
}

TEST(IndexTerms, TakeTheRecycledFractionFromTheMassesAndNotFromTheDeclaration) {
  v1::RecycledContent content;
  v1::RecycledContentClaim* claim = content.add_claims();
  claim->set_scope(v1::CLAIM_SCOPE_PRODUCT);
  claim->mutable_total_mass_kg()->set_value("10");
  claim->mutable_pre_consumer_mass_kg()->set_value("1");
  claim->mutable_post_consumer_mass_kg()->set_value("2");
  claim->mutable_recycled_fraction()->set_value("0.9");
  v1::RecycledContentClaim* element = content.add_claims();
  element->set_scope(v1::CLAIM_SCOPE_ELEMENT);
  element->mutable_total_mass_kg()->set_value("1");
  element->mutable_post_consumer_mass_kg()->set_value("1");
  EXPECT_THAT(TermsOfMessage(record::v1::SECTION_TYPE_RECYCLED_CONTENT, content),
              ElementsAre(Number("recycled_fraction", "0.3")));
}

// A material that is partly mechanically and partly chemically recycled has one claim for each.
TEST(IndexTerms, AddUpTheClaimsAboutTheSameKilograms) {
  v1::RecycledContent content;
  for (const char* recycled : {"13000", "6000"}) {
    v1::RecycledContentClaim* claim = content.add_claims();
    claim->set_scope(v1::CLAIM_SCOPE_MATERIAL);
    claim->set_subject("PP");
    claim->mutable_total_mass_kg()->set_value("20000");
    claim->mutable_post_consumer_mass_kg()->set_value(recycled);
  }
  EXPECT_THAT(TermsOfMessage(record::v1::SECTION_TYPE_RECYCLED_CONTENT, content),
              ElementsAre(Number("recycled_fraction", "0.95")));
  content.mutable_claims(1)->set_subject("PE");
  EXPECT_THAT(TermsOfMessage(record::v1::SECTION_TYPE_RECYCLED_CONTENT, content),
              ElementsAre(Number("recycled_fraction", "0.65")));
}

// "At least 0.0005" may be above a threshold of 0.001: a watch must not pass over it.
TEST(IndexTerms, SayThatAnAmountIsUnknownOfWhichOnlyTheLeastIsSaid) {
  v1::HazardSummary hazards;
  v1::SvhcEntry* entry = hazards.add_svhc();
  entry->mutable_concentration_min()->set_value("0.0005");
  entry->add_identifiers()->set_scheme(v1::SUBSTANCE_IDENTIFIER_SCHEME_CAS);
  entry->mutable_identifiers(0)->set_value("15571-58-1");
  EXPECT_THAT(TermsOfMessage(record::v1::SECTION_TYPE_HAZARD_SUMMARY, hazards),
              ElementsAre(IndexTerm{"amount_unknown", "15571-58-1"}, IndexTerm{"substance", "15571-58-1"},
                          Number("substance_fraction/15571-58-1", "0.0005")));
}

TEST(IndexTerms, FlagHazardsAndDeclaredSubstances) {
  v1::HazardSummary hazards;
  hazards.set_contains_svhc(v1::ANSWER_YES);
  hazards.set_contains_asbestos(v1::ANSWER_NO);
  v1::HazardClass* hazard_class = hazards.add_hazard_classes();
  hazard_class->set_hazard_class("Flam. Liq. 2");
  hazard_class->set_hazard_statement("H225");
  EXPECT_THAT(
      TermsOfMessage(record::v1::SECTION_TYPE_HAZARD_SUMMARY, hazards),
      ElementsAre(IndexTerm{"hazard", "flam. liq. 2"}, IndexTerm{"hazard", "h225"}, IndexTerm{"hazard", "svhc"}));
  v1::SubstanceDeclaration declaration;
  v1::DeclaredSubstance* substance = declaration.add_substances();
  substance->set_regime(v1::SUBSTANCE_REGIME_REACH_SVHC);
  substance->set_above_threshold(v1::ANSWER_YES);
  substance->mutable_concentration()->set_value("0.004");
  substance->add_identifiers()->set_scheme(v1::SUBSTANCE_IDENTIFIER_SCHEME_CAS);
  substance->mutable_identifiers(0)->set_value("117-81-7");
  EXPECT_THAT(TermsOfMessage(record::v1::SECTION_TYPE_SUBSTANCE_DECLARATION, declaration),
              ElementsAre(IndexTerm{"above_threshold", "reach_svhc"}, IndexTerm{"substance", "117-81-7"},
                          Number("substance_fraction/117-81-7", "0.004")));
}

TEST(IndexTerms, AreNoneOfAnOwnersNoteAndOfWhatIsNotUnderstood) {
  EXPECT_THAT(
      TermsOf(record::v1::SECTION_TYPE_OWNER_NOTE, PayloadOf("ev-battery.json", record::v1::SECTION_TYPE_OWNER_NOTE)),
      IsEmpty());
  EXPECT_THAT(TermsOf(77, "anything"), IsEmpty());
}

TEST(NumberTerm, SortsAsNumbersDo) {
  const char* const ascending[] = {"0", "0.000000001", "0.001", "0.5", "1", "1.000000001", "9", "10", "1000000000"};
  for (size_t i = 1; i < std::size(ascending); ++i) {
    EXPECT_LT(NumberTermValue(ascending[i - 1]), NumberTermValue(ascending[i])) << ascending[i];
  }
  EXPECT_EQ(NumberTermValue("-1"), "");
  EXPECT_EQ(NumberTermValue("1000000000.1"), "");
  EXPECT_EQ(NumberTermValue("much"), "");
}

TEST(IndexTerms, AreBoundedInNumberAndSize) {
  v1::Composition composition;
  for (size_t i = 0; i < kTermsPerSectionMax + 50; ++i) {
    v1::CompositionNode* node = composition.add_nodes();
    node->set_kind(v1::COMPOSITION_NODE_KIND_SUBSTANCE);
    node->mutable_name()->set_en(absl::StrCat("substance ", i, std::string(200, 'x')));
  }
  const std::vector<IndexTerm> terms = TermsOf(SECTION_TYPE_COMPOSITION, composition.SerializeAsString());
  EXPECT_EQ(terms.size(), kTermsPerSectionMax);
  for (const IndexTerm& term : terms) {
    EXPECT_LE(term.value.size(), record::kIndexValueMax);
  }
  EXPECT_TRUE(std::is_sorted(terms.begin(), terms.end()));
}

TEST(IndexTerms, AreTotal) {
  testing::SeededRandom random(3);
  const std::string identity = PayloadOf("ev-battery.json", SECTION_TYPE_IDENTITY);
  const std::string composition = PayloadOf("ev-battery.json", SECTION_TYPE_COMPOSITION);
  for (int i = 0; i < 2000; ++i) {
    std::string bytes = i % 2 == 0 ? identity : composition;
    for (int change = 0; change < 4; ++change) {
      bytes[random.Below(bytes.size())] = static_cast<char>(random.Below(256));
    }
    for (const uint32_t type : {1U, 3U, 32U}) {
      EXPECT_LE(TermsOf(type, bytes).size(), kTermsPerSectionMax);
    }
  }
  EXPECT_THAT(TermsOf(SECTION_TYPE_IDENTITY, "\xFF\xFF\xFF"), IsEmpty());
}

TEST(NormalisedTerm, MakesQueriesMeetTheIndex) {
  EXPECT_EQ(NormalisedTerm("gtin", "4912345678904").value, "04912345678904");
  EXPECT_EQ(NormalisedTerm("gtin", "no gtin").value, "no gtin");
  EXPECT_EQ(NormalisedTerm("model", " MC-EV72 ").value, "mc-ev72");
  EXPECT_EQ(NormalisedTerm("serial", "a1").value, "a1");
  EXPECT_EQ(NormalisedTerm("serial", "A1").value, "A1");
  EXPECT_EQ(NormalisedTerm("product_group", "Battery").value, "battery");
  std::string long_name;
  for (int i = 0; i < 100; ++i) {
    long_name += "電";
  }
  EXPECT_EQ(NormalisedTerm("material", long_name).value.size(), 126U) << "whole characters of three bytes";
}

TEST(ProductGroup, ComesFromTheIdentity) {
  const SealedRecord record = Seal(DemoDraft("washing-machine.json"));
  EXPECT_EQ(ProductGroupOf(record.sections), "washing-machine");
  EXPECT_EQ(ProductGroupOf({}), "");
}

TEST(ProductGroup, IsEmptyIfItIsNotWellFormed) {
  v1::Identity identity;
  identity.set_product_group("../etc");
  record::v1::Section section;
  section.set_type(SECTION_TYPE_IDENTITY);
  section.set_payload(identity.SerializeAsString());
  EXPECT_EQ(ProductGroupOf({section}), "");
  section.set_payload("\xFF");
  EXPECT_EQ(ProductGroupOf({section}), "");
}

}  // namespace
}  // namespace meguri::passport
