// SPDX-License-Identifier: Apache-2.0
#include "passport/formats/unit.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "base/error.h"
#include "passport/rules/decimal.h"
#include "passport/rules/rule.h"

namespace meguri::passport {
namespace {

constexpr size_t kNumberBytesMax = 400;  // -1.8E308 written out
constexpr int kExponentMax = 1'000;

enum class Dimension { kNone, kMass, kShare, kTime, kVoltage, kEnergy, kLength };

struct Unit {
  absl::string_view name;
  Dimension dimension;
  Factor factor;  // to kg, 1, s, V, kWh, mm
};

constexpr Unit kUnits[] = {
    {"kg", Dimension::kMass, {1, 0}},
    {"KGM", Dimension::kMass, {1, 0}},
    {"unit:kilogram", Dimension::kMass, {1, 0}},
    {"g", Dimension::kMass, {1, -3}},
    {"GRM", Dimension::kMass, {1, -3}},
    {"unit:gram", Dimension::kMass, {1, -3}},
    {"unit:gramm", Dimension::kMass, {1, -3}},  // so spelt in samples of Catena-X
    {"mg", Dimension::kMass, {1, -6}},
    {"MGM", Dimension::kMass, {1, -6}},
    {"unit:milligram", Dimension::kMass, {1, -6}},
    {"ug", Dimension::kMass, {1, -9}},
    {"µg", Dimension::kMass, {1, -9}},
    {"MC", Dimension::kMass, {1, -9}},
    {"unit:centigram", Dimension::kMass, {1, -5}},
    {"unit:decigram", Dimension::kMass, {1, -4}},
    {"unit:decagram", Dimension::kMass, {1, -2}},
    {"t", Dimension::kMass, {1, 3}},
    {"TNE", Dimension::kMass, {1, 3}},
    {"unit:tonneMetricTon", Dimension::kMass, {1, 3}},
    {"lb", Dimension::kMass, {45'359'237, -8}},
    {"LBR", Dimension::kMass, {45'359'237, -8}},
    {"fraction", Dimension::kShare, {1, 0}},
    {"C62", Dimension::kShare, {1, 0}},
    {"percent", Dimension::kShare, {1, -2}},
    {"%", Dimension::kShare, {1, -2}},
    {"％", Dimension::kShare, {1, -2}},
    {"wt%", Dimension::kShare, {1, -2}},
    {"P1", Dimension::kShare, {1, -2}},
    {"unit:percent", Dimension::kShare, {1, -2}},
    {"mass%", Dimension::kShare, {1, -2}},
    {"unit:partPerThousand", Dimension::kShare, {1, -3}},
    {"ppm", Dimension::kShare, {1, -6}},
    {"59", Dimension::kShare, {1, -6}},
    {"unit:partPerMillion", Dimension::kShare, {1, -6}},
    {"ppb", Dimension::kShare, {1, -9}},
    {"unit:partPerBillionUs", Dimension::kShare, {1, -9}},
    {"s", Dimension::kTime, {1, 0}},
    {"秒", Dimension::kTime, {1, 0}},
    {"SEC", Dimension::kTime, {1, 0}},
    {"min", Dimension::kTime, {60, 0}},
    {"分", Dimension::kTime, {60, 0}},
    {"MIN", Dimension::kTime, {60, 0}},
    {"h", Dimension::kTime, {3'600, 0}},
    {"HUR", Dimension::kTime, {3'600, 0}},
    {"V", Dimension::kVoltage, {1, 0}},
    {"VLT", Dimension::kVoltage, {1, 0}},
    {"mV", Dimension::kVoltage, {1, -3}},
    {"kWh", Dimension::kEnergy, {1, 0}},
    {"KWH", Dimension::kEnergy, {1, 0}},
    {"unit:kilowattHour", Dimension::kEnergy, {1, 0}},
    {"Wh", Dimension::kEnergy, {1, -3}},
    {"WHR", Dimension::kEnergy, {1, -3}},
    {"mm", Dimension::kLength, {1, 0}},
    {"MMT", Dimension::kLength, {1, 0}},
    {"unit:millimetre", Dimension::kLength, {1, 0}},
    {"cm", Dimension::kLength, {1, 1}},
    {"CMT", Dimension::kLength, {1, 1}},
    {"unit:centimetre", Dimension::kLength, {1, 1}},
    {"m", Dimension::kLength, {1, 3}},
    {"MTR", Dimension::kLength, {1, 3}},
    {"unit:metre", Dimension::kLength, {1, 3}},
    {"in", Dimension::kLength, {254, -1}},
    {"INH", Dimension::kLength, {254, -1}},
};

constexpr absl::string_view kShares[] = {"fraction",
                                         "share",
                                         "tolerance",
                                         "reporting_threshold",
                                         "concentration",
                                         "efficiency",
                                         "concentration_min",
                                         "concentration_max",
                                         "state_of_certified_energy",
                                         "state_of_charge",
                                         "state_of_health",
                                         "resistance_increase"};

Dimension DimensionOf(absl::string_view field) {
  if (absl::EndsWith(field, "_kg")) {
    return Dimension::kMass;
  }
  if (absl::EndsWith(field, "_s")) {
    return Dimension::kTime;
  }
  if (absl::EndsWith(field, "_v")) {
    return Dimension::kVoltage;
  }
  if (absl::EndsWith(field, "_kwh")) {
    return Dimension::kEnergy;
  }
  if (absl::EndsWith(field, "_mm")) {
    return Dimension::kLength;
  }
  const auto ends = [field](absl::string_view share) { return absl::EndsWith(field, share); };
  return std::any_of(std::begin(kShares), std::end(kShares), ends) ? Dimension::kShare : Dimension::kNone;
}

absl::string_view NameOf(Dimension dimension) {
  constexpr absl::string_view kNames[] = {"no unit", "kilograms",      "a fraction (0..1)", "seconds",
                                          "volts",   "kilowatt hours", "millimetres"};
  return kNames[static_cast<size_t>(dimension)];
}

// A number taken apart: digits × 10^exponent.
struct Digits {
  bool is_negative = false;
  std::string digits;  // no leading zeros; "" is zero
  int exponent = 0;
};

bool ReadExponent(absl::string_view text, int& exponent) {
  if (text.empty()) {
    return true;
  }
  int value = 0;
  if (!absl::SimpleAtoi(text.substr(1), &value) || value > kExponentMax || value < -kExponentMax) {
    return false;
  }
  exponent += value;
  return true;
}

bool Read(absl::string_view text, Digits& number) {
  number.is_negative = absl::ConsumePrefix(&text, "-");
  if (!number.is_negative) {
    absl::ConsumePrefix(&text, "+");
  }
  const size_t mark = std::min(text.find_first_of("eE"), text.size());
  const absl::string_view mantissa = text.substr(0, mark);
  bool has_point = false;
  bool has_digit = false;
  for (const char c : mantissa) {
    if (c == '.' && !has_point) {
      has_point = true;
      continue;
    }
    if (!absl::ascii_isdigit(static_cast<unsigned char>(c))) {
      return false;
    }
    has_digit = true;
    number.exponent -= has_point ? 1 : 0;
    if (!number.digits.empty() || c != '0') {
      number.digits.push_back(c);
    }
  }
  return has_digit && (mark == text.size() || mark + 1 < text.size()) &&
         ReadExponent(text.substr(mark), number.exponent);
}

void Multiply(uint32_t multiplier, std::string& digits) {
  uint64_t carry = 0;
  for (size_t i = digits.size(); i > 0; --i) {
    carry += static_cast<uint64_t>(digits[i - 1] - '0') * multiplier;
    digits[i - 1] = static_cast<char>('0' + carry % 10);
    carry /= 10;
  }
  for (; carry > 0; carry /= 10) {
    digits.insert(digits.begin(), static_cast<char>('0' + carry % 10));
  }
}

std::string Spell(Digits number) {
  while (!number.digits.empty() && number.digits.back() == '0') {
    number.digits.pop_back();
    ++number.exponent;
  }
  if (number.digits.empty()) {
    return "0";
  }
  std::string text = std::move(number.digits);
  if (number.exponent >= 0) {
    text.append(static_cast<size_t>(number.exponent), '0');
  } else {
    const auto behind = static_cast<size_t>(-number.exponent);
    if (text.size() <= behind) {
      text.insert(0, behind + 1 - text.size(), '0');
    }
    text.insert(text.size() - behind, 1, '.');
  }
  return number.is_negative ? absl::StrCat("-", text) : text;
}

}  // namespace

absl::StatusOr<std::string> ScaledDecimal(absl::string_view text, Factor factor) {
  text = absl::StripAsciiWhitespace(text);
  Digits number;
  if (text.size() > kNumberBytesMax || !Read(text, number)) {
    return Error(absl::StatusCode::kInvalidArgument, "NUMBER_SYNTAX",
                 absl::StrCat(Quoted(text), " is no number: write digits and a point, without separators or a unit"));
  }
  if (factor.multiplier == 0) {
    number.digits.clear();
  }
  Multiply(factor.multiplier, number.digits);
  number.exponent += factor.exponent;
  std::string spelt = Spell(std::move(number));
  if (!FixedDecimal::Parse(spelt).has_value()) {
    return Error(absl::StatusCode::kInvalidArgument, "NUMBER_RANGE",
                 absl::StrCat(Quoted(text), " is out of range: a passport holds ", kDecimalIntegerDigitsMax,
                              " digits before the point and ", kDecimalFractionDigitsMax, " behind it"));
  }
  return spelt;
}

absl::StatusOr<Factor> FactorOfNumber(absl::string_view text) {
  constexpr size_t kDigitsMax = 9;
  Digits number;
  if (text.size() > kNumberBytesMax || !Read(absl::StripAsciiWhitespace(text), number) || number.is_negative) {
    return Error(absl::StatusCode::kInvalidArgument, "NUMBER_SYNTAX", absl::StrCat(Quoted(text), " is no share"));
  }
  while (!number.digits.empty() && number.digits.back() == '0') {
    number.digits.pop_back();
    ++number.exponent;
  }
  Factor factor{0, number.exponent};
  if (number.digits.size() > kDigitsMax ||
      (!number.digits.empty() && !absl::SimpleAtoi(number.digits, &factor.multiplier))) {
    return Error(absl::StatusCode::kInvalidArgument, "NUMBER_RANGE",
                 absl::StrCat(Quoted(text), " has more than ", kDigitsMax, " digits"));
  }
  return factor;
}

absl::StatusOr<Factor> FactorOf(absl::string_view unit, const google::protobuf::FieldDescriptor& field) {
  if (unit.empty()) {
    return Factor();
  }
  const auto* found =
      std::find_if(std::begin(kUnits), std::end(kUnits), [unit](const Unit& u) { return u.name == unit; });
  if (found == std::end(kUnits)) {
    return Error(
        absl::StatusCode::kInvalidArgument, "UNIT_UNKNOWN",
        absl::StrCat(Quoted(unit), " is no unit that this version knows, such as kg, g, percent, ppm, min or GRM"));
  }
  const Dimension wanted = DimensionOf(field.name());
  if (found->dimension != wanted) {
    return Error(absl::StatusCode::kInvalidArgument, "UNIT_MISMATCH",
                 absl::StrCat(field.name(), " is measured in ", NameOf(wanted), ", not in ", Quoted(unit)));
  }
  return found->factor;
}

}  // namespace meguri::passport
