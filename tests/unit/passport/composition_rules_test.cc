// SPDX-License-Identifier: Apache-2.0
// V6: what a composition weighs, by the vectors and by what holds for any tree.
#include <functional>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "meguri/passport/v1/composition.pb.h"
#include "passport/rules/composition_tree.h"
#include "passport/rules/decimal.h"
#include "passport/rules/mass_sum.h"
#include "passport/validate.h"
#include "tests/testing/fakes.h"
#include "tests/unit/passport/demo_records.h"

namespace meguri::passport {
namespace {

using record::v1::SECTION_TYPE_COMPOSITION;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

void SetText(v1::Text* text) { text->set_ja("名"); }

v1::CompositionNode* AddNode(google::protobuf::RepeatedPtrField<v1::CompositionNode>* nodes,
                             v1::CompositionNodeKind kind, const std::string& mass) {
  v1::CompositionNode* node = nodes->Add();
  node->set_kind(kind);
  SetText(node->mutable_name());
  if (!mass.empty()) {
    node->mutable_mass_kg()->set_value(mass);
  }
  return node;
}

// A whole of `mass` with two parts, declared complete.
v1::Composition TwoParts(const std::string& mass, const std::string& first, const std::string& second) {
  v1::Composition composition;
  composition.mutable_mass_kg()->set_value(mass);
  composition.set_nodes_complete(true);
  AddNode(composition.mutable_nodes(), v1::COMPOSITION_NODE_KIND_PART, first);
  AddNode(composition.mutable_nodes(), v1::COMPOSITION_NODE_KIND_PART, second);
  return composition;
}

TEST(ValidateComposition, AllowsHalfAPercentAndNotAHairMore) {
  EXPECT_THAT(LinesOf(SECTION_TYPE_COMPOSITION, TwoParts("100", "60", "40.5")), IsEmpty());
  EXPECT_THAT(LinesOf(SECTION_TYPE_COMPOSITION, TwoParts("100", "60", "39.5")), IsEmpty());
  EXPECT_THAT(LinesOf(SECTION_TYPE_COMPOSITION, TwoParts("100", "60", "40.500000000000000001")),
              ElementsAre("s.nodes V6_MASS_SUM"));
  EXPECT_THAT(LinesOf(SECTION_TYPE_COMPOSITION, TwoParts("100", "60", "39.499999999999999999")),
              ElementsAre("s.nodes V6_MASS_SUM"));
}

TEST(ValidateComposition, AllowsLessUnlessComplete) {
  v1::Composition composition = TwoParts("100", "10", "10");
  composition.set_nodes_complete(false);
  EXPECT_THAT(LinesOf(SECTION_TYPE_COMPOSITION, composition), IsEmpty());
  composition.mutable_nodes(0)->mutable_mass_kg()->set_value("91");
  EXPECT_THAT(LinesOf(SECTION_TYPE_COMPOSITION, composition), ElementsAre("s.nodes V6_MASS_SUM"));
}

// Found: a declaration of IEC 62474 with ±5 % on a cable was refused, as all lines had to agree within 0.5 %.
TEST(ValidateComposition, AllowsALineItsOwnTolerance) {
  v1::Composition composition = TwoParts("100", "60", "42");
  v1::CompositionNode& line = *composition.mutable_nodes(1);
  const auto lines = [&composition] { return LinesOf(SECTION_TYPE_COMPOSITION, composition); };
  const auto refused = ElementsAre("s.nodes V6_MASS_SUM");
  EXPECT_THAT(lines(), refused) << "nothing is declared";
  line.mutable_negative_tolerance()->set_value("0.05");  // 39.9 … 42
  EXPECT_THAT(lines(), IsEmpty());
  line.mutable_mass_kg()->set_value("42.2");  // 40.09 …
  EXPECT_THAT(lines(), refused) << "beyond 0.5 % and beyond what is declared";
  line.mutable_mass_kg()->set_value("38");
  EXPECT_THAT(lines(), refused) << "it may be lighter than that, not heavier";
  line.mutable_positive_tolerance()->set_value("0.06");
  EXPECT_THAT(lines(), IsEmpty());
  composition.mutable_nodes(0)->mutable_mass_kg()->set_value("59");
  EXPECT_THAT(lines(), refused) << "the tolerance of one line is none of the other";
  composition.mutable_nodes(0)->mutable_mass_kg()->set_value("60");
  line.mutable_mass_kg()->set_value("40.5");
  line.mutable_negative_tolerance()->set_value("0.001");
  EXPECT_THAT(lines(), IsEmpty()) << "no line has less than 0.5 % of the whole";
}

TEST(ValidateComposition, AllowsAParentItsTolerance) {
  v1::Composition composition = TwoParts("100", "60", "40");
  v1::CompositionNode& part = *composition.mutable_nodes(0);
  part.set_children_complete(true);
  AddNode(part.mutable_children(), v1::COMPOSITION_NODE_KIND_MATERIAL, "62");
  EXPECT_THAT(LinesOf(SECTION_TYPE_COMPOSITION, composition), ElementsAre("s.nodes[0].children V6_MASS_SUM"));
  part.mutable_positive_tolerance()->set_value("0.04");
  EXPECT_THAT(LinesOf(SECTION_TYPE_COMPOSITION, composition), IsEmpty());
  part.mutable_children(0)->mutable_mass_kg()->set_value("57.5");
  EXPECT_THAT(LinesOf(SECTION_TYPE_COMPOSITION, composition), ElementsAre("s.nodes[0].children V6_MASS_SUM"));
}

TEST(ValidateComposition, AllowsToleranceOfFractions) {
  v1::Composition composition = TwoParts("100", "61", "40");
  v1::CompositionNode& line = *composition.mutable_nodes(0);
  line.mutable_negative_tolerance()->set_value("0.02");
  line.mutable_mass_fraction()->set_value("0.6");
  EXPECT_THAT(LinesOf(SECTION_TYPE_COMPOSITION, composition), IsEmpty());
  line.mutable_negative_tolerance()->set_value("0.01");
  EXPECT_THAT(LinesOf(SECTION_TYPE_COMPOSITION, composition),
              ElementsAre("s.nodes V6_MASS_SUM", "s.nodes[0].mass_fraction V6_MASS_FRACTION"));
  line.clear_mass_kg();
  composition.mutable_nodes(1)->clear_mass_kg();
  composition.mutable_nodes(1)->mutable_mass_fraction()->set_value("0.42");
  EXPECT_THAT(LinesOf(SECTION_TYPE_COMPOSITION, composition), ElementsAre("s.nodes V6_FRACTION_SUM"));
  line.mutable_negative_tolerance()->set_value("0.04");
  EXPECT_THAT(LinesOf(SECTION_TYPE_COMPOSITION, composition), IsEmpty());
}

TEST(ValidateComposition, WarnsOfAToleranceThatSaysLittle) {
  v1::Composition composition = TwoParts("100", "60", "40");
  composition.mutable_nodes(0)->mutable_positive_tolerance()->set_value("0.1");
  EXPECT_THAT(LinesOf(SECTION_TYPE_COMPOSITION, composition), IsEmpty());
  composition.mutable_nodes(0)->mutable_positive_tolerance()->set_value("0.11");
  const auto found = ValidateSection(SECTION_TYPE_COMPOSITION, composition.SerializeAsString(), "s");
  EXPECT_THAT(Lines(found), ElementsAre("s.nodes[0].positive_tolerance V6_TOLERANCE"));
  EXPECT_THAT(Errors(found), IsEmpty());
  composition.mutable_nodes(0)->mutable_positive_tolerance()->set_value("1.1");
  EXPECT_THAT(LinesOf(SECTION_TYPE_COMPOSITION, composition),
              ElementsAre("s.nodes[0].positive_tolerance V6_FRACTION_RANGE"));
}

TEST(ValidateComposition, SumsFractionsToOne) {
  v1::Composition composition;
  composition.set_nodes_complete(true);
  // 12+15+12+11+11+13+13+13 per cent.
  for (const char* fraction : {"0.12", "0.15", "0.12", "0.11", "0.11", "0.13", "0.13", "0.13"}) {
    AddNode(composition.mutable_nodes(), v1::COMPOSITION_NODE_KIND_MATERIAL, "")
        ->mutable_mass_fraction()
        ->set_value(fraction);
  }
  EXPECT_THAT(LinesOf(SECTION_TYPE_COMPOSITION, composition), IsEmpty());
  composition.mutable_nodes(0)->mutable_mass_fraction()->set_value("0.125");
  EXPECT_THAT(LinesOf(SECTION_TYPE_COMPOSITION, composition), IsEmpty());
  composition.mutable_nodes(0)->mutable_mass_fraction()->set_value("0.1251");
  EXPECT_THAT(LinesOf(SECTION_TYPE_COMPOSITION, composition), ElementsAre("s.nodes V6_FRACTION_SUM"));
  composition.mutable_nodes(0)->mutable_mass_fraction()->set_value("12");
  EXPECT_THAT(LinesOf(SECTION_TYPE_COMPOSITION, composition), Contains("s.nodes[0].mass_fraction V6_FRACTION_RANGE"));
}

TEST(ValidateComposition, ComparesMassAndFractionOfOneNode) {
  v1::Composition composition = TwoParts("100", "60", "40");
  composition.mutable_nodes(0)->mutable_mass_fraction()->set_value("0.6");
  EXPECT_THAT(LinesOf(SECTION_TYPE_COMPOSITION, composition), IsEmpty());
  composition.mutable_nodes(0)->mutable_mass_fraction()->set_value("0.61");
  EXPECT_THAT(LinesOf(SECTION_TYPE_COMPOSITION, composition), ElementsAre("s.nodes[0].mass_fraction V6_MASS_FRACTION"));
}

TEST(ValidateComposition, WeighsChildrenOfAFraction) {
  v1::Composition composition = TwoParts("100", "60", "40");
  v1::CompositionNode* part = composition.mutable_nodes(0);
  part->clear_mass_kg();
  part->mutable_mass_fraction()->set_value("0.6");
  part->set_children_complete(true);
  AddNode(part->mutable_children(), v1::COMPOSITION_NODE_KIND_MATERIAL, "60");
  EXPECT_THAT(LinesOf(SECTION_TYPE_COMPOSITION, composition), IsEmpty());
  part->mutable_children(0)->mutable_mass_kg()->set_value("61");
  EXPECT_THAT(LinesOf(SECTION_TYPE_COMPOSITION, composition), ElementsAre("s.nodes[0].children V6_MASS_SUM"));
}

TEST(ValidateComposition, WantsAnAmountAKindAndAName) {
  v1::Composition composition;
  composition.add_nodes();
  EXPECT_THAT(LinesOf(SECTION_TYPE_COMPOSITION, composition),
              UnorderedElementsAre("s.nodes[0].kind FIELD_MISSING", "s.nodes[0].name FIELD_MISSING",
                                   "s.nodes[0].mass_kg V6_AMOUNT_MISSING"));
  EXPECT_THAT(LinesOf(SECTION_TYPE_COMPOSITION, v1::Composition()), ElementsAre("s.nodes FIELD_MISSING"));
}

TEST(ValidateComposition, KeepsTheOrderOfKinds) {
  v1::Composition composition;
  v1::CompositionNode* substance = AddNode(composition.mutable_nodes(), v1::COMPOSITION_NODE_KIND_SUBSTANCE, "1");
  AddNode(substance->mutable_children(), v1::COMPOSITION_NODE_KIND_PART, "1");
  EXPECT_THAT(LinesOf(SECTION_TYPE_COMPOSITION, composition),
              ElementsAre("s.nodes[0].children[0].kind COMPOSITION_KIND"));
}

TEST(ValidateComposition, KeepsJokersSmallSingleAndBlank) {
  v1::Composition composition = TwoParts("100", "90", "10");
  v1::CompositionNode* joker = composition.mutable_nodes(1);
  joker->set_confidentiality(v1::CONFIDENTIALITY_JOKER);
  EXPECT_THAT(LinesOf(SECTION_TYPE_COMPOSITION, composition), IsEmpty());
  joker->mutable_mass_kg()->set_value("10.01");
  EXPECT_THAT(LinesOf(SECTION_TYPE_COMPOSITION, composition), ElementsAre("s.nodes[1].confidentiality V6_JOKER"));
  joker->mutable_mass_kg()->set_value("5");
  v1::CompositionNode* second = AddNode(composition.mutable_nodes(), v1::COMPOSITION_NODE_KIND_PART, "5");
  second->set_confidentiality(v1::CONFIDENTIALITY_JOKER);
  EXPECT_THAT(LinesOf(SECTION_TYPE_COMPOSITION, composition), ElementsAre("s.nodes[2].confidentiality V6_JOKER"));
  second->set_confidentiality(v1::CONFIDENTIALITY_OPEN);
  v1::SubstanceIdentifier* identifier = joker->add_identifiers();
  identifier->set_scheme(v1::SUBSTANCE_IDENTIFIER_SCHEME_CAS);
  identifier->set_value("7439-92-1");
  EXPECT_THAT(LinesOf(SECTION_TYPE_COMPOSITION, composition),
              ElementsAre("s.nodes[1].confidentiality COMPOSITION_JOKER"));
}

v1::Composition Chain(int depth) {
  v1::Composition composition;
  auto* nodes = composition.mutable_nodes();
  for (int i = 0; i < depth; ++i) {
    nodes = AddNode(nodes, v1::COMPOSITION_NODE_KIND_PART, "1")->mutable_children();
  }
  return composition;
}

TEST(ValidateComposition, HasADepthLimit) {
  EXPECT_THAT(LinesOf(SECTION_TYPE_COMPOSITION, Chain(kCompositionDepthMax)), IsEmpty());
  EXPECT_THAT(LinesOf(SECTION_TYPE_COMPOSITION, Chain(kCompositionDepthMax + 1)), ElementsAre("s.nodes V7_DEPTH"));
  EXPECT_THAT(LinesOf(SECTION_TYPE_COMPOSITION, Chain(80)), ElementsAre("s PAYLOAD_DEPTH"));
}

TEST(ValidateComposition, HasANodeLimit) {
  v1::Composition composition;
  for (int i = 0; i < kCompositionNodesMax; ++i) {
    AddNode(composition.mutable_nodes(), v1::COMPOSITION_NODE_KIND_PART, "1");
  }
  EXPECT_THAT(LinesOf(SECTION_TYPE_COMPOSITION, composition), IsEmpty());
  AddNode(composition.mutable_nodes(), v1::COMPOSITION_NODE_KIND_PART, "1");
  EXPECT_THAT(LinesOf(SECTION_TYPE_COMPOSITION, composition), ElementsAre("s.nodes COMPOSITION_NODES"));
}

// Visits every mass in kilograms, that of the whole first.
void ForEachMass(v1::Composition& composition, const std::function<void(v1::Decimal&)>& visit) {
  std::function<void(v1::CompositionNode&)> visit_node = [&](v1::CompositionNode& node) {
    if (node.has_mass_kg()) {
      visit(*node.mutable_mass_kg());
    }
    for (v1::CompositionNode& child : *node.mutable_children()) {
      visit_node(child);
    }
  };
  visit(*composition.mutable_mass_kg());
  for (v1::CompositionNode& node : *composition.mutable_nodes()) {
    visit_node(node);
  }
}

// Splits `units` into parts of whole grams, at random, as deep as `depth`.
void Split(int64_t grams, int depth, testing::SeededRandom& random,
           google::protobuf::RepeatedPtrField<v1::CompositionNode>* nodes) {
  const int parts = 1 + static_cast<int>(random.Below(4));
  int64_t left = grams;
  for (int i = 0; i < parts && left > 0; ++i) {
    const int64_t share = i + 1 == parts ? left : 1 + static_cast<int64_t>(random.Below(static_cast<uint64_t>(left)));
    left -= share;
    v1::CompositionNode* node = AddNode(nodes, v1::COMPOSITION_NODE_KIND_PART,
                                        FixedDecimalText(FixedDecimal::FromInteger(share).units() / 1000));
    if (depth > 1) {
      node->set_children_complete(true);
      Split(share, depth - 1, random, node->mutable_children());
    }
  }
  if (left > 0) {
    AddNode(nodes, v1::COMPOSITION_NODE_KIND_PART, FixedDecimalText(FixedDecimal::FromInteger(left).units() / 1000));
  }
}

v1::Composition RandomTree(testing::SeededRandom& random) {
  v1::Composition composition;
  const int64_t grams = 1 + static_cast<int64_t>(random.Below(100'000'000));
  composition.mutable_mass_kg()->set_value(FixedDecimalText(FixedDecimal::FromInteger(grams).units() / 1000));
  composition.set_nodes_complete(true);
  Split(grams, 4, random, composition.mutable_nodes());
  return composition;
}

TEST(MassSumProperty, ExactTreesAreFineAndStayFineThroughEncoding) {
  testing::SeededRandom random(7);
  for (int i = 0; i < 200; ++i) {
    const v1::Composition tree = RandomTree(random);
    v1::Composition decoded;
    ASSERT_TRUE(decoded.ParseFromString(tree.SerializeAsString()));
    EXPECT_THAT(LinesOf(SECTION_TYPE_COMPOSITION, decoded), IsEmpty());
    EXPECT_EQ(decoded.SerializeAsString(), tree.SerializeAsString());
  }
}

// Expects that no mass of `tree`, complete wherever it has masses, can grow by 0.6 % of the whole unnoticed. That is
// more than the tolerance of any group in it.
void ExpectEveryMassIsGuarded(v1::Composition tree) {
  const absl::int128 whole = FixedDecimal::Parse(tree.mass_kg().value())->units();
  ForEachMass(tree, [&](v1::Decimal& mass) {
    const std::string before = mass.value();
    mass.set_value(FixedDecimalText(FixedDecimal::Parse(before)->units() + whole * 6 / 1000));
    EXPECT_THAT(LinesOf(SECTION_TYPE_COMPOSITION, tree), Contains(::testing::HasSubstr("V6_MASS_SUM")))
        << before << " -> " << mass.value();
    mass.set_value(before);
  });
  EXPECT_THAT(LinesOf(SECTION_TYPE_COMPOSITION, tree), IsEmpty());
}

TEST(MassSumProperty, AnySingleMassBeyondToleranceIsCaught) {
  testing::SeededRandom random(8);
  for (int i = 0; i < 50; ++i) {
    ExpectEveryMassIsGuarded(RandomTree(random));
  }
}

// Whatever one line declares of itself, no mass can be off by more than 0.5 % and that together; and what it declares,
// it is allowed.
TEST(MassSumProperty, AnySingleMassBeyondADeclaredToleranceIsCaught) {
  testing::SeededRandom random(9);
  for (int i = 0; i < 50; ++i) {
    v1::Composition tree = RandomTree(random);
    const absl::int128 whole = FixedDecimal::Parse(tree.mass_kg().value())->units();
    v1::CompositionNode& line = *tree.mutable_nodes(0);
    const absl::int128 own = FixedDecimal::Parse(line.mass_kg().value())->units();
    line.clear_children();
    line.mutable_negative_tolerance()->set_value("0.08");
    const absl::int128 declared = own * 8 / 100;
    v1::Decimal& mass = *line.mutable_mass_kg();
    mass.set_value(FixedDecimalText(own + declared));  // less 8 % of itself it fits
    EXPECT_THAT(LinesOf(SECTION_TYPE_COMPOSITION, tree), IsEmpty());
    mass.set_value(FixedDecimalText(own));
    ForEachMass(tree, [&](v1::Decimal& each) {
      const std::string before = each.value();
      each.set_value(FixedDecimalText(FixedDecimal::Parse(before)->units() + (whole * 6 / 1000 + declared) * 11 / 10));
      EXPECT_THAT(LinesOf(SECTION_TYPE_COMPOSITION, tree), Contains(::testing::HasSubstr("V6_MASS_SUM"))) << before;
      each.set_value(before);
    });
    EXPECT_THAT(LinesOf(SECTION_TYPE_COMPOSITION, tree), IsEmpty());
  }
}

TEST(MassSumProperty, AnySingleMassOfTheDemoDataBeyondToleranceIsCaught) {
  for (const absl::string_view file : kComposedFiles) {
    SCOPED_TRACE(std::string(file));
    ExpectEveryMassIsGuarded(DemoPayload<v1::Composition>(file, SECTION_TYPE_COMPOSITION));
  }
}

}  // namespace
}  // namespace meguri::passport
