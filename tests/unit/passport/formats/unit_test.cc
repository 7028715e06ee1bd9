// SPDX-License-Identifier: Apache-2.0
#include "passport/formats/unit.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "meguri/passport/v1/composition.pb.h"
#include "meguri/passport/v1/dismantling.pb.h"
#include "meguri/passport/v1/identity.pb.h"
#include "passport/formats/field_path.h"
#include "tests/testing/status.h"

namespace meguri::passport {
namespace {

using meguri::testing::HasReason;

std::string Scaled(absl::string_view text, Factor factor = {}) {
  const absl::StatusOr<std::string> decimal = ScaledDecimal(text, factor);
  return decimal.ok() ? *decimal : ReasonOf(decimal.status());
}

const google::protobuf::FieldDescriptor& NodeField(const std::string& name) {
  return *v1::CompositionNode::descriptor()->FindFieldByName(name);
}

// What `text` in `unit` becomes in a field of a composition node.
std::string Converted(absl::string_view text, absl::string_view unit, const std::string& field) {
  const absl::StatusOr<Factor> factor = FactorOf(unit, NodeField(field));
  return factor.ok() ? Scaled(text, *factor) : ReasonOf(factor.status());
}

TEST(Unit, KeepsNumbersExact) {
  EXPECT_EQ(Scaled("12.50"), "12.5");
  EXPECT_EQ(Scaled("007"), "7");
  EXPECT_EQ(Scaled("-0.0"), "0");
  EXPECT_EQ(Scaled("+1.5E3"), "1500");
  EXPECT_EQ(Scaled("1.5e-3"), "0.0015");
  EXPECT_EQ(Scaled(".5"), "0.5");
  EXPECT_EQ(Scaled("5."), "5");
  EXPECT_EQ(Scaled("0.1", {1, -2}), "0.001");
  EXPECT_EQ(Scaled("9999999999999999.999999999999999999"), "9999999999999999.999999999999999999");
}

TEST(Unit, RefusesWhatIsNoNumberOrDoesNotFit) {
  for (const absl::string_view bad :
       {"", "-", ".", "1,234", "12 %", "1e", "e5", "1.2.3", "１２", "0x10", "NaN", "1e9999"}) {
    EXPECT_EQ(Scaled(bad), "NUMBER_SYNTAX") << bad;
  }
  EXPECT_EQ(Scaled("-1.7976931348623157E308"), "NUMBER_RANGE");
  EXPECT_EQ(Scaled("1E16"), "NUMBER_RANGE");
  EXPECT_EQ(Scaled("1E-19"), "NUMBER_RANGE");
}

TEST(Unit, ConvertsMasses) {
  EXPECT_EQ(Converted("2.5", "", "mass_kg"), "2.5");
  EXPECT_EQ(Converted("2.5", "KGM", "mass_kg"), "2.5");
  EXPECT_EQ(Converted("2.5", "g", "mass_kg"), "0.0025");
  EXPECT_EQ(Converted("20.0", "unit:gram", "mass_kg"), "0.02");
  EXPECT_EQ(Converted("2.5", "mg", "mass_kg"), "0.0000025");
  EXPECT_EQ(Converted("2.5", "TNE", "mass_kg"), "2500");
  EXPECT_EQ(Converted("2", "LBR", "mass_kg"), "0.90718474");
}

TEST(Unit, ConvertsSharesBetweenPercentAndFraction) {
  EXPECT_EQ(Converted("12.5", "percent", "mass_fraction"), "0.125");
  EXPECT_EQ(Converted("100", "%", "mass_fraction"), "1");
  EXPECT_EQ(Converted("5.3", "unit:partPerMillion", "mass_fraction"), "0.0000053");
  EXPECT_EQ(Converted("0.125", "fraction", "mass_fraction"), "0.125");
  EXPECT_EQ(Converted("10", "P1", "positive_tolerance"), "0.1");
}

TEST(Unit, ConvertsTimes) {
  const auto& time = *v1::DismantlingStep::descriptor()->FindFieldByName("time_s");
  EXPECT_EQ(Scaled("1.5", *FactorOf("min", time)), "90");
  EXPECT_EQ(Scaled("2", *FactorOf("h", time)), "7200");
}

TEST(Unit, ConvertsLengths) {
  const auto& length = *v1::Dimensions::descriptor()->FindFieldByName("length_mm");
  EXPECT_EQ(Scaled("1.5", *FactorOf("unit:metre", length)), "1500");
  EXPECT_EQ(Scaled("2", *FactorOf("INH", length)), "50.8");
  EXPECT_EQ(Scaled("20.0", *FactorOf("unit:millimetre", length)), "20");
}

TEST(Unit, RefusesUnitsOfSomethingElse) {
  EXPECT_EQ(Converted("1", "percent", "mass_kg"), "UNIT_MISMATCH");
  EXPECT_EQ(Converted("1", "kg", "mass_fraction"), "UNIT_MISMATCH");
  EXPECT_EQ(Converted("1", "kg", "part_number"), "UNIT_MISMATCH");
  EXPECT_EQ(Converted("1", "stone", "mass_kg"), "UNIT_UNKNOWN");
}

TEST(FieldPath, FindsItsWayOrSaysWhereItEnds) {
  const auto& node = *v1::CompositionNode::descriptor();
  for (const absl::string_view good :
       {"mass_kg", "name.ja", "identifiers[0].value", "children[2].thresholds[1].reporting_threshold"}) {
    MEGURI_EXPECT_OK(FieldPath::Parse(node, good));
  }
  for (const absl::string_view bad :
       {"", "mass", "name", "name.fr", "identifiers.value", "identifiers[].value", "identifiers[1000].value",
        "mass_kg.value", "mass_kg[0]", "children[0]", "a..b"}) {
    EXPECT_THAT(FieldPath::Parse(node, bad), HasReason("FIELD_PATH")) << bad;
  }
}

TEST(FieldPath, WritesEveryKindOfField) {
  v1::CompositionNode node;
  const auto set = [&node](absl::string_view path, absl::string_view text) {
    const absl::optional<Violation> problem = FieldPath::Parse(*node.GetDescriptor(), path)->Set(node, text, {});
    return problem.has_value() ? problem->reason : std::string();
  };
  EXPECT_EQ(set("kind", "part"), "");
  EXPECT_EQ(set("kind", "Material Class"), "");
  EXPECT_EQ(node.kind(), v1::COMPOSITION_NODE_KIND_MATERIAL_CLASS);
  EXPECT_EQ(set("kind", "unspecified"), "ENUMERATOR");
  EXPECT_EQ(set("is_homogeneous", "はい"), "");
  EXPECT_TRUE(node.is_homogeneous());
  EXPECT_EQ(set("is_homogeneous", "maybe"), "TRUTH_VALUE");
  EXPECT_EQ(set("number_of_units", "12.0"), "");
  EXPECT_EQ(node.number_of_units(), 12U);
  EXPECT_EQ(set("number_of_units", "1.5"), "NUMBER_SYNTAX");
  EXPECT_EQ(set("number_of_units", "4294967296"), "NUMBER_SYNTAX");
  EXPECT_EQ(set("identifiers[1].value", "x"), "");
  EXPECT_EQ(node.identifiers_size(), 2);
  EXPECT_EQ(set("mass_kg", "1.50"), "");
  EXPECT_EQ(node.mass_kg().value(), "1.5");
  EXPECT_EQ(set("mass_fraction", "2.5 %"), "");
  EXPECT_EQ(node.mass_fraction().value(), "0.025");
  EXPECT_EQ(set("mass_kg", "2.5%"), "UNIT_MISMATCH");
}

TEST(FieldPath, APercentageInAColumnOfPercentIsDividedOnce) {
  v1::CompositionNode node;
  const auto path = FieldPath::Parse(*node.GetDescriptor(), "mass_fraction");
  EXPECT_FALSE(path->Set(node, "2.5%", {1, -2}).has_value());
  EXPECT_EQ(node.mass_fraction().value(), "0.025");
  EXPECT_FALSE(path->Set(node, "2.5", {1, -2}).has_value());
  EXPECT_EQ(node.mass_fraction().value(), "0.025");
}

TEST(FieldPath, SuppliesWhatIsNotThere) {
  v1::CompositionNode node;
  const auto supply = [&node](absl::string_view path, absl::string_view text) {
    const absl::optional<Violation> problem = FieldPath::Parse(*node.GetDescriptor(), path)->Supply(node, text);
    return problem.has_value() ? problem->reason : std::string();
  };
  EXPECT_EQ(supply("mass_kg", "1.5"), "");
  EXPECT_EQ(supply("mass_kg", "1.50"), "") << "the same again";
  EXPECT_EQ(supply("mass_kg", "2"), "VALUE_CONFLICT");
  EXPECT_EQ(node.mass_kg().value(), "1.5");
  EXPECT_EQ(supply("name.ja", "a"), "");
  EXPECT_EQ(supply("name.en", "b"), "") << "another part of the same text";
  EXPECT_EQ(supply("name.ja", "c"), "VALUE_CONFLICT");
  EXPECT_EQ(supply("identifiers[0].value", "x"), "");
  EXPECT_EQ(supply("identifiers[1].value", "y"), "");
  EXPECT_EQ(supply("identifiers[0].value", "z"), "VALUE_CONFLICT");
  EXPECT_EQ(node.identifiers_size(), 2);
}

}  // namespace
}  // namespace meguri::passport
