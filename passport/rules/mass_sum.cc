// SPDX-License-Identifier: Apache-2.0
#include "passport/rules/mass_sum.h"

#include "absl/strings/str_cat.h"
#include "passport/rules/decimal.h"
#include "passport/rules/weighed_group.h"

namespace meguri::passport {
namespace {

const absl::int128& One() {
  static const absl::int128 one = FixedDecimal::FromInteger(1).units();
  return one;
}

struct Sum {
  absl::int128 units = 0;
  int counted = 0;
};

Sum SumOf(const std::vector<Amount>& amounts) {
  Sum sum;
  for (const Amount& amount : amounts) {
    if (amount.has_value()) {
      sum.units += *amount;
      ++sum.counted;
    }
  }
  return sum;
}

// Too much always is a violation; too little only if everything is there and should make up the whole.
bool IsOff(const Sum& sum, absl::int128 whole, const WeighedGroup& group) {
  const bool all_known = sum.counted == group.nodes->size();
  return !IsWithin(sum.units, whole) || (group.complete && all_known && !IsWhole(sum.units, whole));
}

void CheckMasses(const WeighedGroup& group, Findings& findings) {
  bool weighed = false;
  for (const v1::CompositionNode& node : *group.nodes) {
    weighed = weighed || node.has_mass_kg();
  }
  if (!group.mass.has_value() || !weighed) {
    return;  // nothing but fractions: CheckFractions says the same
  }
  const Sum sum = SumOf(group.masses);
  if (IsOff(sum, *group.mass, group)) {
    findings.Add(
        {.field = group.path->At(group.field),
         .reason = "V6_MASS_SUM",
         .found = absl::StrCat("a sum of ", FixedDecimalText(sum.units), " kg"),
         .expected = absl::StrCat(group.complete ? "" : "at most ", FixedDecimalText(*group.mass), " kg within 0.5 %"),
         .cure = "correct the masses of the parts or that of the whole",
         .message_ja = absl::StrCat("構成要素の質量合計 ", FixedDecimalText(sum.units), " kg が親の質量 ",
                                    FixedDecimalText(*group.mass), " kg と一致しません（許容差0.5％）。")});
  }
}

void CheckFractions(const WeighedGroup& group, Findings& findings) {
  std::vector<Amount> fractions;
  for (const v1::CompositionNode& node : *group.nodes) {
    fractions.push_back(FractionOf(node.has_mass_fraction(), node.mass_fraction()));
  }
  const Sum sum = SumOf(fractions);
  if (sum.counted > 0 && IsOff(sum, One(), group)) {
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
  if (!IsWithin(*mass, share) || !IsWhole(*mass, share)) {
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
