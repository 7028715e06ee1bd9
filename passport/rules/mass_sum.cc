// SPDX-License-Identifier: Apache-2.0
#include "passport/rules/mass_sum.h"

#include "absl/strings/str_cat.h"
#include "passport/rules/decimal.h"
#include "passport/rules/finding.h"
#include "passport/rules/quantity.h"
#include "passport/rules/weighed_group.h"

namespace meguri::passport {
namespace {

const absl::int128& One() {
  static const absl::int128 one = FixedDecimal::FromInteger(1).units();
  return one;
}

// By how much an amount may be more or less by what its lines say themselves.
struct Tolerance {
  absl::int128 more = 0;
  absl::int128 less = 0;
};

Tolerance ToleranceOf(const v1::CompositionNode& node, absl::int128 amount) {
  const Amount more = FractionOf(node.has_positive_tolerance(), node.positive_tolerance());
  const Amount less = FractionOf(node.has_negative_tolerance(), node.negative_tolerance());
  return {.more = Share(amount, more.value_or(0)), .less = Share(amount, less.value_or(0))};
}

struct Sum {
  absl::int128 units = 0;
  Tolerance tolerance;
  int counted = 0;
};

// `amounts` are those of the nodes.
Sum SumOf(const WeighedGroup& group, const std::vector<Amount>& amounts) {
  Sum sum;
  for (size_t i = 0; i < amounts.size(); ++i) {
    if (amounts[i].has_value()) {
      const Tolerance own = ToleranceOf(group.nodes->Get(static_cast<int>(i)), *amounts[i]);
      sum.units += *amounts[i];
      sum.tolerance.more += own.more;
      sum.tolerance.less += own.less;
      ++sum.counted;
    }
  }
  return sum;
}

// With 0.5 %, or with what is declared of `amount` and `whole` if that is more.
bool IsTooMuch(absl::int128 amount, absl::int128 less, absl::int128 whole, absl::int128 more) {
  return !IsWithin(amount, whole) && amount - less > whole + more;
}
bool IsTooLittle(absl::int128 amount, absl::int128 more, absl::int128 whole, absl::int128 less) {
  return !IsWhole(amount, whole) && amount + more < whole - less;
}

// Too much always is a violation; too little only if everything is there and should make up the whole.
bool IsOff(const Sum& sum, absl::int128 whole, const Tolerance& of_whole, const WeighedGroup& group) {
  const bool all_known = sum.counted == group.nodes->size();
  return IsTooMuch(sum.units, sum.tolerance.less, whole, of_whole.more) ||
         (group.complete && all_known && IsTooLittle(sum.units, sum.tolerance.more, whole, of_whole.less));
}

void CheckMasses(const WeighedGroup& group, Findings& findings) {
  bool weighed = false;
  for (const v1::CompositionNode& node : *group.nodes) {
    weighed = weighed || node.has_mass_kg();
  }
  if (!group.mass.has_value() || !weighed) {
    return;  // nothing but fractions: CheckFractions says the same
  }
  const Sum sum = SumOf(group, group.masses);
  const Tolerance of_whole = group.parent == nullptr ? Tolerance() : ToleranceOf(*group.parent, *group.mass);
  if (IsOff(sum, *group.mass, of_whole, group)) {
    findings.Add(
        {.field = group.path->At(group.field),
         .reason = "V6_MASS_SUM",
         .found = absl::StrCat("a sum of ", FixedDecimalText(sum.units), " kg"),
         .expected = absl::StrCat(group.complete ? "" : "at most ", FixedDecimalText(*group.mass),
                                  " kg within 0.5 %, or within the tolerances of the lines if these are wider"),
         .cure = "correct the masses of the parts or that of the whole",
         .message_ja =
             absl::StrCat("構成要素の質量合計 ", FixedDecimalText(sum.units), " kg が親の質量 ",
                          FixedDecimalText(*group.mass), " kg と一致しません（許容差0.5％、または宣言した許容差）。")});
  }
}

void CheckFractions(const WeighedGroup& group, Findings& findings) {
  std::vector<Amount> fractions;
  for (const v1::CompositionNode& node : *group.nodes) {
    fractions.push_back(FractionOf(node.has_mass_fraction(), node.mass_fraction()));
  }
  const Sum sum = SumOf(group, fractions);
  if (sum.counted > 0 && IsOff(sum, One(), /*of_whole=*/{}, group)) {
    findings.Add({.field = group.path->At(group.field),
                  .reason = "V6_FRACTION_SUM",
                  .found = absl::StrCat("fractions that sum to ", FixedDecimalText(sum.units)),
                  .expected = group.complete ? "1 within 0.005" : "at most 1.005",
                  .cure = "correct the fractions",
                  .message_ja = absl::StrCat("質量割合の合計が ", FixedDecimalText(sum.units),
                                             " です。1（許容差0.005）になるように修正してください。")});
  }
}

void CheckPair(const WeighedGroup& group, int i, Findings& findings) {
  const v1::CompositionNode& node = group.nodes->Get(i);
  const Amount mass = MassOf(node.has_mass_kg(), node.mass_kg());
  const Amount fraction = FractionOf(node.has_mass_fraction(), node.mass_fraction());
  if (!group.mass.has_value() || !mass.has_value() || !fraction.has_value()) {
    return;
  }
  const absl::int128 share = Share(*group.mass, *fraction);
  const Tolerance own = ToleranceOf(node, *mass);
  if (IsTooMuch(*mass, own.less, share, 0) || IsTooLittle(*mass, own.more, share, 0)) {
    findings.Add({.field = group.path->Element(group.field, i).At("mass_fraction"),
                  .reason = "V6_MASS_FRACTION",
                  .found = absl::StrCat(node.mass_fraction().value(), " of ", FixedDecimalText(*group.mass), " kg, ",
                                        node.mass_kg().value(), " kg"),
                  .expected = "a mass and a fraction that agree within 0.5 %",
                  .cure = "correct one of them, or leave the fraction out",
                  .message_ja = "質量と質量割合が一致しません（許容差0.5％）。"});
  }
}

void CheckPairs(const WeighedGroup& group, Findings& findings) {
  for (int i = 0; i < group.nodes->size(); ++i) {
    CheckPair(group, i, findings);
  }
}

bool IsJoker(const v1::CompositionNode& node) { return node.confidentiality() == v1::CONFIDENTIALITY_JOKER; }

// Whether the joker at `i` is known to be small enough.
bool IsSmallJoker(const WeighedGroup& group, int i) {
  const v1::CompositionNode& node = group.nodes->Get(i);
  const Amount fraction = FractionOf(node.has_mass_fraction(), node.mass_fraction());
  const Amount mass = group.masses[static_cast<size_t>(i)];
  if (fraction.has_value()) {
    return *fraction * 1000 <= One() * kJokerSharePerMilleMax;
  }
  return mass.has_value() && group.mass.has_value() && *mass * 1000 <= *group.mass * kJokerSharePerMilleMax;
}

void CheckJokers(const WeighedGroup& group, Findings& findings) {
  int jokers = 0;
  for (int i = 0; i < group.nodes->size(); ++i) {
    if (!IsJoker(group.nodes->Get(i))) {
      continue;
    }
    if (++jokers > 1 || !IsSmallJoker(group, i)) {
      findings.Add({.field = group.path->Element(group.field, i).At("confidentiality"),
                    .reason = "V6_JOKER",
                    .found = jokers > 1 ? "a second joker" : "a joker of more than a tenth, or of unknown share",
                    .expected = "one joker of at most 0.1 of its parent",
                    .cure = "disclose more of the composition",
                    .message_ja = "ジョーカー（非開示残部）は親ごとに1つ、10％以下でなければなりません。"});
    }
  }
}

}  // namespace

bool IsWithin(absl::int128 amount, absl::int128 whole) {
  return amount * 1000 <= whole * (1000 + kMassTolerancePerMille);
}

bool IsWhole(absl::int128 amount, absl::int128 whole) {
  return amount * 1000 >= whole * (1000 - kMassTolerancePerMille);
}

void CheckTolerance(absl::string_view value, const Path& path, Findings& findings) {
  CheckFraction(value, path, findings);
  const absl::optional<FixedDecimal> tolerance = FixedDecimal::Parse(value);
  if (tolerance.has_value() && tolerance->units() <= One() &&
      tolerance->units() * 1000 > One() * kDeclaredTolerancePerMilleMax) {
    Report(findings, path.ToString(), "V6_TOLERANCE", std::string(value),
           {"at most 0.1 of the mass", "weigh it, or say it of a smaller part; as it is, it is taken as declared",
            "許容差が質量の10％を超えています。宣言どおりに扱います。"},
           Severity::kWarning);
  }
}

void CheckMassSums(const v1::Composition& composition, const Path& path, Findings& findings) {
  ForEachGroup(composition, absl::nullopt, path, [&findings](const WeighedGroup& group) {
    CheckMasses(group, findings);
    CheckFractions(group, findings);
    CheckPairs(group, findings);
    CheckJokers(group, findings);
  });
}

void CheckMassSumsWithin(const v1::Composition& composition, absl::int128 whole, const Path& path, Findings& findings) {
  ForEachGroup(composition, whole, path, [&findings](const WeighedGroup& group) {
    if (group.hangs_on_whole) {
      CheckMasses(group, findings);
      CheckPairs(group, findings);
    }
  });
}

}  // namespace meguri::passport
