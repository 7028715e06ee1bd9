// SPDX-License-Identifier: Apache-2.0
#include "passport/rules/weighed_group.h"

#include <utility>

#include "passport/rules/decimal.h"
#include "passport/rules/quantity.h"
#include "passport/rules/rule.h"

namespace meguri::passport {
namespace {

Amount AmountWithin(bool present, const v1::Decimal& decimal, int64_t max) {
  if (!present) {
    return absl::nullopt;
  }
  const absl::optional<FixedDecimal> number = FixedDecimal::Parse(decimal.value());
  if (!number.has_value() || *number < FixedDecimal() || FixedDecimal::FromInteger(max) < *number) {
    return absl::nullopt;
  }
  return number->units();
}

Amount MassUnder(const Amount& parent, const v1::CompositionNode& node) {
  const Amount mass = MassOf(node.has_mass_kg(), node.mass_kg());
  const Amount fraction = FractionOf(node.has_mass_fraction(), node.mass_fraction());
  if (mass.has_value() || !parent.has_value() || !fraction.has_value()) {
    return mass;
  }
  return Share(*parent, *fraction);
}

void Visit(WeighedGroup group, absl::FunctionRef<void(const WeighedGroup&)> visit) {
  for (const v1::CompositionNode& node : *group.nodes) {
    group.masses.push_back(MassUnder(group.mass, node));
  }
  visit(group);
  for (int i = 0; i < group.nodes->size(); ++i) {
    const v1::CompositionNode& node = group.nodes->Get(i);
    if (!node.children().empty()) {
      const Path path = group.path->Element(group.field, i);
      const bool says_mass = MassOf(node.has_mass_kg(), node.mass_kg()).has_value();
      Visit({.path = &path,
             .field = "children",
             .parent = &node,
             .mass = group.masses[static_cast<size_t>(i)],
             .hangs_on_whole = group.hangs_on_whole && !says_mass,
             .complete = node.children_complete(),
             .nodes = &node.children(),
             .masses = {}},
            visit);
    }
  }
}

}  // namespace

Amount MassOf(bool present, const v1::Decimal& mass_kg) { return AmountWithin(present, mass_kg, kMassKgMax); }

Amount FractionOf(bool present, const v1::Decimal& fraction) { return AmountWithin(present, fraction, 1); }

void ForEachGroup(const v1::Composition& composition, const Amount& whole, const Path& path,
                  absl::FunctionRef<void(const WeighedGroup&)> visit) {
  const Amount own = MassOf(composition.has_mass_kg(), composition.mass_kg());
  Visit({.path = &path,
         .field = "nodes",
         .parent = nullptr,
         .mass = own.has_value() ? own : whole,
         .hangs_on_whole = !own.has_value() && whole.has_value(),
         .complete = composition.nodes_complete(),
         .nodes = &composition.nodes(),
         .masses = {}},
        visit);
}

absl::int128 Share(absl::int128 mass, absl::int128 fraction) {
  // Their product has up to 45 digits, an int128 holds 38: multiply the two halves of the mass apart.
  constexpr int64_t kHalf = 1'000'000'000;
  const absl::int128 high = mass / kHalf;
  const absl::int128 low = mass % kHalf;
  return high * fraction / kHalf + low * fraction / kHalf / kHalf;
}

}  // namespace meguri::passport
