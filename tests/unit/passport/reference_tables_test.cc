// SPDX-License-Identifier: Apache-2.0
// The data files of passport/reference: every row has its source, its day and numbers that can be recomputed.
#include <algorithm>
#include <cctype>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"
#include "meguri/profile/v1/reference.pb.h"
#include "passport/rules/calendar_date.h"
#include "passport/rules/cas_number.h"
#include "passport/rules/decimal.h"
#include "passport/rules/embedded_texts.h"
#include "passport/rules/reference.h"

namespace meguri::passport {
namespace {

profile::v1::ReferenceTables Tables() {
  profile::v1::ReferenceTables all;
  for (const EmbeddedText& file : ReferenceTexts()) {
    profile::v1::ReferenceTables tables;
    EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(std::string(file.text.data(), file.text.size()), &tables))
        << file.name;
    all.MergeFrom(tables);
  }
  return all;
}

TEST(ReferenceTables, EachRowHasItsSourceAndItsDay) {
  const profile::v1::ReferenceTables tables = Tables();
  size_t rows = 0;
  const auto expect_row = [&rows](const auto& row) {
    ++rows;
    EXPECT_FALSE(row.source().empty()) << row.ShortDebugString();
    EXPECT_TRUE(ParseDate(row.effective_from()).has_value()) << row.ShortDebugString();
  };
  std::for_each(tables.substance_thresholds().begin(), tables.substance_thresholds().end(), expect_row);
  std::for_each(tables.recycled_minimums().begin(), tables.recycled_minimums().end(), expect_row);
  std::for_each(tables.critical_material_lists().begin(), tables.critical_material_lists().end(), expect_row);
  std::for_each(tables.substance_lists().begin(), tables.substance_lists().end(), expect_row);
  EXPECT_GT(rows, 45U);
}

TEST(ReferenceTables, NameSubstancesByTheirCasNumbersOnce) {
  const profile::v1::ReferenceTables tables = Tables();
  const auto expect_cas = [](const std::string& number, const std::string& name) {
    EXPECT_TRUE(IsCasNumber(number)) << number;
    EXPECT_FALSE(name.empty()) << number;
  };
  std::set<std::pair<int, std::string>> listed;
  for (const profile::v1::SubstanceList& list : tables.substance_lists()) {
    for (const profile::v1::ListedSubstance& substance : list.substances()) {
      expect_cas(substance.cas_number(), substance.name());
      EXPECT_TRUE(listed.emplace(list.regime(), substance.cas_number()).second) << substance.cas_number();
    }
  }
  EXPECT_GT(listed.size(), 200U);
  std::set<std::pair<std::string, std::string>> counted;
  for (const profile::v1::RestrictedGroup& group : tables.restricted_groups()) {
    expect_cas(group.cas_number(), group.name());
    EXPECT_TRUE(listed.contains({v1::SUBSTANCE_REGIME_ROHS, group.cas_number()})) << group.name();
    EXPECT_FALSE(group.source().empty()) << group.name();
    for (const profile::v1::RestrictedCompound& compound : group.compounds()) {
      expect_cas(compound.cas_number(), compound.name());
      EXPECT_TRUE(counted.emplace(group.cas_number(), compound.cas_number()).second) << compound.cas_number();
    }
  }
  EXPECT_GT(counted.size(), 100U);
}

// Standard atomic weights of IUPAC, abridged to five digits.
const std::map<std::string, double>& AtomicWeights() {
  static const auto& weights = *new std::map<std::string, double>{
      {"H", 1.008},   {"Li", 6.94},   {"B", 10.81},   {"C", 12.011},  {"N", 14.007},  {"O", 15.999},
      {"F", 18.998},  {"Na", 22.990}, {"P", 30.974},  {"S", 32.06},   {"Cl", 35.45},  {"K", 39.098},
      {"Ca", 40.078}, {"Ti", 47.867}, {"Cr", 51.996}, {"Zn", 65.38},  {"As", 74.922}, {"Se", 78.971},
      {"Br", 79.904}, {"Sr", 87.62},  {"Zr", 91.224}, {"Mo", 95.95},  {"Ag", 107.87}, {"Cd", 112.41},
      {"Te", 127.60}, {"I", 126.90},  {"Ba", 137.33}, {"Hg", 200.59}, {"Pb", 207.2}};
  return weights;
}

int TakeCount(absl::string_view& formula) {
  size_t digits = 0;
  while (digits < formula.size() && isdigit(static_cast<unsigned char>(formula[digits])) != 0) {
    ++digits;
  }
  int count = 1;
  EXPECT_TRUE(digits == 0 || absl::SimpleAtoi(formula.substr(0, digits), &count));
  formula.remove_prefix(digits);
  return count;
}

// How many atoms of each element, up to the end or the bracket that closes.
std::map<std::string, int> TakeAtoms(absl::string_view& formula) {
  std::map<std::string, int> atoms;
  while (!formula.empty() && formula[0] != ')') {
    std::map<std::string, int> group;
    if (formula[0] == '(') {
      formula.remove_prefix(1);
      group = TakeAtoms(formula);
      EXPECT_FALSE(formula.empty()) << "a bracket that does not close";
      formula.remove_prefix(1);
    } else {
      const bool two = formula.size() > 1 && islower(static_cast<unsigned char>(formula[1])) != 0;
      group[std::string(formula.substr(0, two ? 2 : 1))] = 1;
      formula.remove_prefix(two ? 2 : 1);
    }
    const int count = TakeCount(formula);
    for (const auto& [element, number] : group) {
      atoms[element] += number * count;
    }
  }
  return atoms;
}

double ShareOf(const std::string& element, absl::string_view formula) {
  double whole = 0;
  const std::map<std::string, int> atoms = TakeAtoms(formula);
  EXPECT_TRUE(formula.empty()) << "a bracket that was never opened: " << formula;
  for (const auto& [symbol, number] : atoms) {
    whole += AtomicWeights().at(symbol) * number;
  }
  const auto counted = atoms.find(element);
  return counted == atoms.end() ? 0 : AtomicWeights().at(element) * counted->second / whole;
}

TEST(ReferenceTables, CountACompoundByTheElementInIt) {
  EXPECT_NEAR(ShareOf("Pb", "PbO"), 0.92832, 1e-6);
  EXPECT_NEAR(ShareOf("Cr", "(NH4)2Cr2O7"), 2 * 51.996 / 252.062, 1e-5);
  const profile::v1::ReferenceTables tables = Tables();
  for (const profile::v1::RestrictedGroup& group : tables.restricted_groups()) {
    for (const profile::v1::RestrictedCompound& compound : group.compounds()) {
      double least = 1;
      for (const std::string& formula : compound.formulas()) {
        least = std::min(least, ShareOf(group.element(), formula));
      }
      double fraction = 0;
      ASSERT_TRUE(absl::SimpleAtod(compound.fraction(), &fraction)) << compound.ShortDebugString();
      EXPECT_NEAR(fraction, least, 0.6e-6) << compound.ShortDebugString();
      EXPECT_GT(fraction, 0) << compound.ShortDebugString();
      EXPECT_EQ(group.element().empty(), compound.formulas().empty()) << compound.ShortDebugString();
    }
  }
}

TEST(ReferenceTables, TakeASubstanceApart) {
  const auto parts = [](absl::string_view cas) {
    std::map<std::string, std::string> found;
    for (const RestrictedPart& part : RestrictedPartsOf(cas)) {
      found[part.cas_number] = FixedDecimalText(part.fraction);
    }
    return found;
  };
  using Parts = std::map<std::string, std::string>;
  EXPECT_EQ(parts("1317-36-8"), (Parts{{"7439-92-1", "0.92832"}}));
  EXPECT_EQ(parts("7758-97-6"), (Parts{{"7439-92-1", "0.641105"}, {"18540-29-9", "0.160883"}})) << "lead chromate";
  EXPECT_EQ(parts("13654-09-6"), (Parts{{"59536-65-1", "1"}})) << "a congener";
  EXPECT_EQ(parts("117-81-7"), (Parts{{"117-81-7", "1"}})) << "DEHP is itself";
}

TEST(ReferenceTables, ListASubstanceFromItsDay) {
  const auto is_svhc = [](absl::CivilDay day, absl::string_view cas) {
    return IsListedOn(day, v1::SUBSTANCE_REGIME_REACH_SVHC, cas);
  };
  EXPECT_TRUE(is_svhc(absl::CivilDay(2008, 10, 28), "117-81-7"));
  EXPECT_FALSE(is_svhc(absl::CivilDay(2008, 10, 27), "117-81-7"));
  EXPECT_TRUE(is_svhc(absl::CivilDay(2012, 12, 19), "1317-36-8"));
  EXPECT_FALSE(is_svhc(absl::CivilDay(2024, 11, 6), "115-86-6"));
  EXPECT_TRUE(is_svhc(absl::CivilDay(2024, 11, 7), "115-86-6"));
  EXPECT_FALSE(is_svhc(absl::CivilDay(2026, 1, 1), "7732-18-5")) << "water";
}

}  // namespace
}  // namespace meguri::passport
