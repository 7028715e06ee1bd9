// SPDX-License-Identifier: Apache-2.0
// Rules between sections: what each says of masses and of substances fits to the others.
#include <algorithm>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "meguri/passport/v1/bill_of_materials.pb.h"
#include "meguri/passport/v1/carbon_footprint.pb.h"
#include "meguri/passport/v1/composition.pb.h"
#include "meguri/passport/v1/composition_summary.pb.h"
#include "meguri/passport/v1/critical_raw_materials.pb.h"
#include "meguri/passport/v1/dismantling.pb.h"
#include "meguri/passport/v1/durability.pb.h"
#include "meguri/passport/v1/hazard_summary.pb.h"
#include "meguri/passport/v1/identity.pb.h"
#include "meguri/passport/v1/substance_declaration.pb.h"
#include "passport/rules/battery_chemistry.h"
#include "passport/rules/contained_substance.h"
#include "passport/rules/product_mass.h"
#include "passport/rules/substance_threshold.h"
#include "passport/validate.h"
#include "tests/unit/passport/demo_records.h"

namespace meguri::passport {
namespace {

using record::v1::SECTION_TYPE_COMPOSITION;
using record::v1::SECTION_TYPE_DISMANTLING;
using record::v1::SECTION_TYPE_IDENTITY;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Not;

v1::CompositionNode* AddNode(google::protobuf::RepeatedPtrField<v1::CompositionNode>* nodes,
                             v1::CompositionNodeKind kind, const std::string& mass) {
  v1::CompositionNode* node = nodes->Add();
  node->set_kind(kind);
  if (!mass.empty()) {
    node->mutable_mass_kg()->set_value(mass);
  }
  return node;
}

// The demo record with one section changed.
template <typename Payload>
std::vector<std::string> LinesWith(absl::string_view file, uint32_t type, const std::function<void(Payload&)>& change) {
  RecordDraft draft = DemoDraft(file);
  for (record::SectionDraft& section : draft.sections) {
    if (section.type == type) {
      Payload payload;
      Invariant(payload.ParseFromString(section.payload), "the demo data decode");
      change(payload);
      section.payload = payload.SerializeAsString();
    }
  }
  const SealedRecord record = Seal(draft);
  return Lines(Errors(ValidateRecord(record.header, record.sections)));
}

// Found: a bumper of 4.6 kg with a material of 4,200 kg was published, as its composition did not repeat the 4.6 kg.
TEST(MassAgreement, WeighsACompositionWithoutATotalAgainstTheIdentity) {
  const auto lines = [](const std::function<void(v1::Composition&)>& change) {
    return LinesWith<v1::Composition>("vehicle-bumper.json", SECTION_TYPE_COMPOSITION, [&](v1::Composition& c) {
      c.clear_mass_kg();
      change(c);
    });
  };
  EXPECT_THAT(lines([](v1::Composition&) {}), IsEmpty());
  const auto heavy = [](v1::Composition& c) { c.mutable_nodes(0)->mutable_mass_kg()->set_value("4200"); };
  EXPECT_THAT(lines(heavy), ElementsAre("sections.composition.nodes V6_MASS_SUM"));
  EXPECT_THAT(lines([&](v1::Composition& c) {
                c.set_nodes_complete(false);
                heavy(c);
              }),
              ElementsAre("sections.composition.nodes V6_MASS_SUM"));
  EXPECT_THAT(lines([](v1::Composition& c) { c.mutable_nodes(0)->mutable_mass_kg()->set_value("4.15"); }),
              ElementsAre("sections.composition.nodes V6_MASS_SUM"))
      << "all is there, and too light";
  EXPECT_THAT(lines([](v1::Composition& c) {
                c.mutable_nodes(0)->mutable_mass_fraction()->set_value("0.9");
                c.mutable_nodes(0)->clear_mass_kg();
                c.mutable_nodes(0)->mutable_children(0)->mutable_mass_kg()->set_value("9");
                c.mutable_nodes(0)->mutable_children(0)->clear_mass_fraction();
              }),
              Contains("sections.composition.nodes[0].children V6_MASS_SUM"))
      << "what is in a share of the whole";
}

TEST(MassAgreement, WeighsEveryOtherSectionAgainstTheIdentity) {
  EXPECT_THAT(LinesWith<v1::BillOfMaterials>(
                  "vehicle-bumper.json", record::v1::SECTION_TYPE_BILL_OF_MATERIALS,
                  [](v1::BillOfMaterials& bill) { bill.mutable_items(0)->mutable_mass_kg()->set_value("4200"); }),
              ElementsAre("sections.bill_of_materials.items V6_MASS_SUM"));
  const auto share = [](const char* mass) {
    return LinesWith<v1::CompositionSummary>(
        "detergent-bottle.json", record::v1::SECTION_TYPE_COMPOSITION_SUMMARY,
        [mass](v1::CompositionSummary& summary) { summary.mutable_shares(0)->mutable_mass_kg()->set_value(mass); });
  };
  EXPECT_THAT(share("52"), ElementsAre("sections.composition_summary.shares[0].mass_fraction V6_MASS_FRACTION",
                                       "sections.composition_summary.shares V6_MASS_SUM"));
  EXPECT_THAT(share("0.0521"), IsEmpty());
  EXPECT_THAT(
      LinesWith<v1::Durability>("detergent-bottle.json", record::v1::SECTION_TYPE_DURABILITY,
                                [](v1::Durability& d) { d.mutable_circularity()->mutable_mass_kg()->set_value("62"); }),
      ElementsAre("sections.durability.circularity.mass_kg V6_MASS_AGREEMENT"));
  EXPECT_THAT(
      LinesWith<v1::CarbonFootprint>("detergent-bottle.json", record::v1::SECTION_TYPE_CARBON_FOOTPRINT,
                                     [](v1::CarbonFootprint& f) { f.mutable_product_mass_kg()->set_value("62"); }),
      ElementsAre("sections.carbon_footprint.product_mass_kg V6_MASS_AGREEMENT"));
  EXPECT_THAT(LinesWith<v1::Dismantling>(
                  "ev-battery.json", SECTION_TYPE_DISMANTLING,
                  [](v1::Dismantling& d) { d.mutable_removal_items(0)->mutable_mass_kg()->set_value("4200"); }),
              ElementsAre("sections.dismantling.removal_items[0].mass_kg V6_MASS_AGREEMENT"));
  v1::Identity identity;
  identity.mutable_mass_kg()->set_value("420");
  v1::CriticalRawMaterials materials;
  materials.add_materials()->mutable_mass_kg()->set_value("4200");
  RecordContent content;
  content.identity = &identity;
  content.critical_raw_materials = &materials;
  Findings findings(10);
  CheckMassAgreement(Seal(DemoDraft("ev-battery.json")).header, content, findings);
  EXPECT_THAT(Lines(std::move(findings).Take()),
              ElementsAre("sections.critical_raw_materials.materials[0].mass_kg V6_MASS_AGREEMENT"));
}

// A bill of materials in the passport of a lot is that of one product.
TEST(MassAgreement, HoldsWhatALotSaysOfOnePieceToNoMoreThanTheLot) {
  const auto lines = [](const char* lot_mass) {
    RecordDraft draft = DemoDraft("vehicle-bumper.json");
    for (record::SectionDraft& section : draft.sections) {
      if (section.type == SECTION_TYPE_IDENTITY) {
        v1::Identity identity;
        Invariant(identity.ParseFromString(section.payload), "the demo data decode");
        identity.set_granularity(v1::GRANULARITY_BATCH);
        identity.set_lot("L1");
        identity.clear_digital_link();
        identity.mutable_mass_kg()->set_value(lot_mass);
        section.payload = identity.SerializeAsString();
      }
      if (section.type == record::v1::SECTION_TYPE_BILL_OF_MATERIALS) {
        v1::BillOfMaterials bill;
        Invariant(bill.ParseFromString(section.payload), "the demo data decode");
        bill.clear_mass_kg();
        section.payload = bill.SerializeAsString();
      }
    }
    draft.sections.erase(std::remove_if(draft.sections.begin(), draft.sections.end(),
                                        [](const auto& each) { return each.type == SECTION_TYPE_COMPOSITION; }),
                         draft.sections.end());
    const SealedRecord record = Seal(draft);
    return Lines(Errors(ValidateRecord(record.header, record.sections)));
  };
  EXPECT_THAT(lines("460"), Not(Contains(::testing::HasSubstr("V6_"))));
  EXPECT_THAT(lines("0.46"), Contains("sections.bill_of_materials.items V6_MASS_SUM"));
}

// Found: a material with 5 % DBP, whose passport said that it conforms to RoHS and holds no SVHC, was published.
class ContainedSubstances : public ::testing::Test {
 protected:
  ContainedSubstances() {
    v1::CompositionNode* part = AddNode(composition_.mutable_nodes(), v1::COMPOSITION_NODE_KIND_PART, "0.5");
    v1::CompositionNode* material = AddNode(part->mutable_children(), v1::COMPOSITION_NODE_KIND_MATERIAL, "0.1");
    substance_ = AddNode(material->mutable_children(), v1::COMPOSITION_NODE_KIND_SUBSTANCE, "");
    Identify("84-74-2");
    hazards_.set_rohs_conformant(v1::ANSWER_YES);
    hazards_.set_jmoss_mark(v1::JMOSS_MARK_GREEN);
    hazards_.set_contains_svhc(v1::ANSWER_NO);
  }

  void Identify(const char* cas) {
    substance_->clear_identifiers();
    v1::SubstanceIdentifier* identifier = substance_->add_identifiers();
    identifier->set_scheme(v1::SUBSTANCE_IDENTIFIER_SCHEME_CAS);
    identifier->set_value(cas);
  }

  std::vector<std::string> LinesFor(const char* fraction) {
    substance_->mutable_mass_fraction()->set_value(fraction);
    RecordContent content;
    content.composition = &composition_;
    content.hazard_summary = &hazards_;
    Findings findings(100);
    CheckContainedSubstances(header_, content, findings);
    return Lines(std::move(findings).Take());
  }

  v1::Composition composition_;
  v1::HazardSummary hazards_;
  v1::CompositionNode* substance_ = nullptr;
  const record::Header header_ = Seal(DemoDraft("ev-battery.json")).header;
};

constexpr char kRohs[] = "sections.hazard_summary.rohs_conformant V15_CONTRADICTION";
constexpr char kJmoss[] = "sections.hazard_summary.jmoss_mark V15_CONTRADICTION";
constexpr char kSvhc[] = "sections.hazard_summary.contains_svhc V15_CONTRADICTION";

TEST_F(ContainedSubstances, AreNotDeniedByTheSummary) {
  EXPECT_THAT(LinesFor("0.05"), ElementsAre(kRohs, kSvhc));
  EXPECT_THAT(LinesFor("0.001"), IsEmpty()) << "not above";
  EXPECT_THAT(LinesFor("0.004"), ElementsAre(kRohs)) << "0.08 % of the part, which is an article";
  hazards_.set_rohs_conformant(v1::ANSWER_NO);
  hazards_.set_contains_svhc(v1::ANSWER_YES);
  EXPECT_THAT(LinesFor("0.05"), IsEmpty());
}

// A list of others is no answer.
TEST_F(ContainedSubstances, AreNamedBesideTheOthers) {
  hazards_.set_rohs_conformant(v1::ANSWER_NO);
  hazards_.set_contains_svhc(v1::ANSWER_YES);
  v1::SubstanceIdentifier* identifier = hazards_.add_svhc()->add_identifiers();
  identifier->set_scheme(v1::SUBSTANCE_IDENTIFIER_SCHEME_CAS);
  identifier->set_value("7439-92-1");
  EXPECT_THAT(LinesFor("0.05"), ElementsAre("sections.hazard_summary.svhc V15_CONTRADICTION"));
  EXPECT_THAT(LinesFor("0.001"), IsEmpty()) << "not above";
  identifier->set_value("84-74-2");
  EXPECT_THAT(LinesFor("0.05"), IsEmpty());
  identifier->set_scheme(v1::SUBSTANCE_IDENTIFIER_SCHEME_EC);
  identifier->set_value("201-557-4");
  EXPECT_THAT(LinesFor("0.05"), IsEmpty()) << "it may be the same one";
}

TEST_F(ContainedSubstances, HaveThresholdsOfTheirOwn) {
  Identify("7440-43-9");  // cadmium
  EXPECT_THAT(LinesFor("0.0002"), ElementsAre(kRohs, kJmoss));
  EXPECT_THAT(LinesFor("0.0001"), IsEmpty());
  Identify("7439-92-1");  // lead
  EXPECT_THAT(LinesFor("0.02"), ElementsAre(kRohs, kJmoss, kSvhc));
  Identify("64-17-5");  // on no list
  EXPECT_THAT(LinesFor("0.9"), IsEmpty());
}

// Found: 5 % of lead monoxide, chromium trioxide, cadmium sulfide or an octabrominated ether conformed to RoHS, as only
// the CAS numbers of the elements were looked up.
TEST_F(ContainedSubstances, CountByTheElementInThem) {
  hazards_.set_contains_svhc(v1::ANSWER_UNSPECIFIED);
  Identify("1317-36-8");  // lead monoxide, 0.92832 of which is lead
  EXPECT_THAT(LinesFor("0.0011"), ElementsAre(kRohs, kJmoss));
  EXPECT_THAT(LinesFor("0.00107"), IsEmpty()) << "less than 0.1 % of lead";
  Identify("1306-23-6");  // cadmium sulfide
  EXPECT_THAT(LinesFor("0.0002"), ElementsAre(kRohs, kJmoss));
  EXPECT_THAT(LinesFor("0.0001"), IsEmpty());
  Identify("1333-82-0");  // chromium trioxide, 0.52 of which is chromium
  EXPECT_THAT(LinesFor("0.002"), ElementsAre(kRohs, kJmoss));
  EXPECT_THAT(LinesFor("0.0019"), IsEmpty());
  Identify("32536-52-0");  // octabromodiphenyl ether
  EXPECT_THAT(LinesFor("0.0011"), ElementsAre(kRohs, kJmoss));
  EXPECT_THAT(LinesFor("0.001"), IsEmpty());
  Identify("7758-97-6");  // lead chromate: of two elements
  EXPECT_THAT(LinesFor("0.002"), ElementsAre(kRohs, kJmoss)) << "as lead";
  EXPECT_THAT(LinesFor("0.01"), ElementsAre(kRohs, kJmoss, kRohs, kJmoss)) << "as both";
}

// Found: 0.09 % of each of two lead compounds in one material went for none above 0.1 %.
TEST_F(ContainedSubstances, CountTogetherInOneMaterial) {
  hazards_.set_contains_svhc(v1::ANSWER_UNSPECIFIED);
  Identify("1317-36-8");
  v1::CompositionNode* material = composition_.mutable_nodes(0)->mutable_children(0);
  v1::CompositionNode* other = AddNode(material->mutable_children(), v1::COMPOSITION_NODE_KIND_SUBSTANCE, "");
  *other->add_identifiers() = substance_->identifiers(0);
  other->mutable_identifiers(0)->set_value("1314-41-6");  // orange lead
  other->mutable_mass_fraction()->set_value("0.0009");
  substance_ = material->mutable_children(0);
  EXPECT_THAT(LinesFor("0.0009"), ElementsAre(kRohs, kJmoss));
  EXPECT_THAT(LinesFor("0.0001"), IsEmpty());
  EXPECT_THAT(LinesFor("0.0011"), ElementsAre(kRohs, kJmoss)) << "said once of what is above alone";
  other->mutable_identifiers(0)->set_value("1306-19-0");
  other->mutable_mass_fraction()->set_value("0.0001");
  EXPECT_THAT(LinesFor("0.001"), IsEmpty()) << "cadmium is not lead";
  other->mutable_identifiers(0)->set_value("1314-41-6");
  other->mutable_mass_fraction()->set_value("0.0009");
  other->add_exemptions()->set_identity("7(c)-I");
  EXPECT_THAT(LinesFor("0.0009"), IsEmpty()) << "what is exempt does not count";
}

TEST_F(ContainedSubstances, AreNotCountedBesideTheGroupThatHoldsThem) {
  hazards_.set_contains_svhc(v1::ANSWER_UNSPECIFIED);
  Identify("7439-92-1");
  substance_->set_kind(v1::COMPOSITION_NODE_KIND_SUBSTANCE_GROUP);
  v1::CompositionNode* oxide = AddNode(substance_->mutable_children(), v1::COMPOSITION_NODE_KIND_SUBSTANCE, "");
  *oxide->add_identifiers() = substance_->identifiers(0);
  oxide->mutable_identifiers(0)->set_value("1317-36-8");
  oxide->mutable_mass_fraction()->set_value("1");
  EXPECT_THAT(LinesFor("0.0009"), IsEmpty());
  substance_->mutable_identifiers(0)->set_value("64-17-5");  // a group that is on no list does not hide what is in it
  EXPECT_THAT(LinesFor("0.0011"), ElementsAre(kRohs, kJmoss));
}

// Found: a table of contents that denied lead stood beside a composition with 5 % of it, if no conformity was claimed.
TEST_F(ContainedSubstances, AreNotDeniedOneByOne) {
  hazards_.Clear();
  v1::RestrictedSubstanceState* denied = hazards_.add_restricted_substances();
  denied->set_substance(v1::RESTRICTED_SUBSTANCE_LEAD);
  denied->set_above_threshold(v1::ANSWER_NO);
  const auto refused =
      ElementsAre("sections.hazard_summary.restricted_substances[0].above_threshold V15_CONTRADICTION");
  Identify("1317-36-8");
  EXPECT_THAT(LinesFor("0.05"), refused);
  EXPECT_THAT(LinesFor("0.001"), IsEmpty());
  Identify("1306-19-0");
  EXPECT_THAT(LinesFor("0.05"), IsEmpty()) << "nothing is said of cadmium";
  Identify("7439-92-1");
  EXPECT_THAT(LinesFor("0.05"), refused);
  v1::RestrictedSubstanceState* elsewhere = hazards_.add_restricted_substances();
  elsewhere->set_substance(v1::RESTRICTED_SUBSTANCE_LEAD);
  elsewhere->set_above_threshold(v1::ANSWER_YES);
  EXPECT_THAT(LinesFor("0.05"), IsEmpty()) << "it is in another unit";
}

// Found: the green mark of J-Moss stood beside a declared substance above its threshold; only RoHS was compared.
TEST(HazardAgreement, HoldsTheGreenMarkToTheDeclaration) {
  v1::HazardSummary hazards;
  hazards.set_jmoss_mark(v1::JMOSS_MARK_GREEN);
  v1::SubstanceDeclaration declaration;
  declaration.set_declared_on("2026-04-01");
  v1::DeclaredSubstance& lead = *declaration.add_substances();
  lead.set_regime(v1::SUBSTANCE_REGIME_JMOSS);
  lead.mutable_concentration()->set_value("0.002");
  lead.mutable_threshold()->set_value("0.001");
  RecordContent content;
  content.hazard_summary = &hazards;
  content.substance_declaration = &declaration;
  const record::Header header = Seal(DemoDraft("washing-machine.json")).header;
  const auto lines = [&] {
    Findings findings(10);
    CheckHazardAgreement(header, content, findings);
    return Lines(std::move(findings).Take());
  };
  EXPECT_THAT(lines(), ElementsAre("sections.hazard_summary.jmoss_mark V15_CONTRADICTION"));
  lead.add_exemptions()->set_identity("7(a)");
  EXPECT_THAT(lines(), IsEmpty());
  lead.clear_exemptions();
  hazards.set_jmoss_mark(v1::JMOSS_MARK_ORANGE);
  EXPECT_THAT(lines(), IsEmpty());
}

TEST_F(ContainedSubstances, MayBeExempted) {
  Identify("7439-92-1");
  composition_.mutable_nodes(0)->mutable_children(0)->add_exemptions()->set_identity("6(c)");
  EXPECT_THAT(LinesFor("0.02"), ElementsAre(kSvhc));
  composition_.mutable_nodes(0)->mutable_children(0)->clear_exemptions();
  v1::RestrictedSubstanceState* state = hazards_.add_restricted_substances();
  state->add_exemptions()->set_identity("6(c)");
  state->set_substance(v1::RESTRICTED_SUBSTANCE_CADMIUM);
  EXPECT_THAT(LinesFor("0.02"), ElementsAre(kRohs, kJmoss, kSvhc)) << "of another substance";
  state->set_substance(v1::RESTRICTED_SUBSTANCE_LEAD);
  EXPECT_THAT(LinesFor("0.02"), ElementsAre(kSvhc));
  Identify("1317-36-8");  // lead monoxide is exempt as lead is
  EXPECT_THAT(LinesFor("0.02"), ElementsAre(kSvhc));
}

TEST_F(ContainedSubstances, OfAnUnknownShareOfTheArticleAreAWarning) {
  composition_.mutable_nodes(0)->clear_mass_kg();
  composition_.mutable_nodes(0)->mutable_children(0)->clear_mass_kg();
  EXPECT_THAT(LinesFor("0.05"), ElementsAre(kRohs, "sections.hazard_summary.contains_svhc V15_CONTRADICTION_POSSIBLE"));
}

// Found: a traction battery of NMC whose summary said that it holds no lithium-ion battery.
TEST(LithiumIon, IsNotDeniedBesideItsChemistry) {
  v1::HazardSummary hazards;
  hazards.set_contains_lithium_ion_battery(v1::ANSWER_NO);
  v1::CompositionSummary summary;
  v1::Dismantling dismantling;
  RecordContent content;
  content.hazard_summary = &hazards;
  content.composition_summary = &summary;
  content.dismantling = &dismantling;
  const auto lines = [&content](absl::string_view file) {
    Findings findings(10);
    CheckLithiumIonAnswer(Seal(DemoDraft(file)).header, content, findings);
    return Lines(std::move(findings).Take());
  };
  const auto refused = ElementsAre("sections.hazard_summary.contains_lithium_ion_battery V15_CONTRADICTION");
  EXPECT_THAT(lines("ev-battery.json"), IsEmpty());
  summary.mutable_chemistry()->set_en("lithium nickel manganese cobalt oxide (NMC811) / graphite");
  EXPECT_THAT(lines("ev-battery.json"), refused);
  EXPECT_THAT(lines("cathode-nmc811-lot.json"), IsEmpty()) << "a cathode is no battery";
  hazards.set_contains_lithium_ion_battery(v1::ANSWER_YES);
  EXPECT_THAT(lines("ev-battery.json"), IsEmpty());
  hazards.set_contains_lithium_ion_battery(v1::ANSWER_NO);
  summary.clear_chemistry();
  summary.mutable_chemistry()->set_ja("リン酸鉄リチウム");
  EXPECT_THAT(lines("ev-battery.json"), refused);
  summary.clear_chemistry();
  dismantling.set_lithium_ion(true);
  EXPECT_THAT(lines("washing-machine.json"), refused);
}

TEST(LithiumIon, IsKnownByItsNames) {
  for (const char* name : {"NMC", "nmc622", "LFP", "Nickel Cobalt Manganese (NCM)", "LiFePO4", "Li-ion", "LTO/LMO",
                           "lithium iron phosphate", "リチウムイオン電池"}) {
    EXPECT_TRUE(NamesLithiumIon(name)) << name;
  }
  for (const char* name : {"", "lead-acid", "NiMH", "lithium thionyl chloride", "lithium manganese dioxide", "zinc-air",
                           "sodium-ion (layered NCM)", "alcohol", "鉛蓄電池"}) {
    EXPECT_FALSE(NamesLithiumIon(name)) << name;
  }
}

}  // namespace
}  // namespace meguri::passport
