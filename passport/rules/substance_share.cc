// SPDX-License-Identifier: Apache-2.0
#include "passport/rules/substance_share.h"

#include <algorithm>

#include "passport/rules/decimal.h"
#include "passport/rules/quantity.h"

namespace meguri::passport {
namespace {

using Nodes = google::protobuf::RepeatedPtrField<v1::CompositionNode>;

constexpr int64_t kStepsOfOne = 1'000'000'000;  // shares are worked out to 1e-9

absl::int128 One() { return FixedDecimal::FromInteger(1).units(); }

bool IsSubstance(const v1::CompositionNode& node) {
  return node.kind() == v1::COMPOSITION_NODE_KIND_SUBSTANCE || node.kind() == v1::COMPOSITION_NODE_KIND_SUBSTANCE_GROUP;
}

// part / whole, both at most 1e9 kg: their product with the steps stays below 2^127.
absl::int128 Ratio(absl::int128 part, absl::int128 whole) {
  const absl::int128 scaled = part * kStepsOfOne;
  const absl::int128 steps = scaled / whole + (scaled % whole == 0 ? 0 : 1);
  return std::min(steps * kStepsOfOne, One());
}

absl::int128 RoundedUp(absl::int128 share) { return (share + kStepsOfOne - 1) / kStepsOfOne * kStepsOfOne; }

Amount SumOf(const Nodes& nodes, bool are_complete);

// What a node says, or what it consists of weighs.
Amount OwnMass(const v1::CompositionNode& node) {
  const Amount mass = MassOf(node.has_mass_kg(), node.mass_kg());
  return mass.has_value() ? mass : SumOf(node.children(), node.children_complete());
}

// Recursion is bounded, as is the depth of payloads.
Amount SumOf(const Nodes& nodes, bool are_complete) {
  if (!are_complete || nodes.empty()) {
    return absl::nullopt;
  }
  absl::int128 sum = 0;
  for (const v1::CompositionNode& node : nodes) {
    const Amount mass = OwnMass(node);
    if (!mass.has_value()) {
      return absl::nullopt;
    }
    sum += *mass;
  }
  const absl::int128 max = FixedDecimal::FromInteger(kMassKgMax).units();
  return sum <= max ? absl::make_optional(sum) : absl::nullopt;
}

// Something around a node: its mass, and the share of it that the node's parent is.
struct Around {
  Amount mass;
  Amount parent_share;

  Amount ShareOf(const Amount& node_mass, const Amount& fraction_of_parent) const {
    if (parent_share.has_value() && fraction_of_parent.has_value()) {
      return RoundedUp(Share(*parent_share, *fraction_of_parent));
    }
    return mass.has_value() && *mass > 0 && node_mass.has_value() ? absl::make_optional(Ratio(*node_mass, *mass))
                                                                  : absl::nullopt;
  }
};

struct Surroundings {
  Amount parent_mass;
  Around material;
  Around article;
  const v1::CompositionNode* group_node = nullptr;
  const v1::CompositionNode* material_node = nullptr;
  bool is_exempt = false;
};

class Walk {
 public:
  explicit Walk(absl::FunctionRef<void(const SubstanceShare&)> visit) : visit_(visit) {}

  // Recursion is bounded, as is the depth of payloads.
  void Visit(const Nodes& nodes, const Path& path, absl::string_view field, const Surroundings& in) {
    for (int i = 0; i < nodes.size(); ++i) {
      const v1::CompositionNode& node = nodes.Get(i);
      const Path node_path = path.Element(field, i);
      const Amount fraction = FractionOf(node.has_mass_fraction(), node.mass_fraction());
      Amount mass = OwnMass(node);
      if (!mass.has_value() && in.parent_mass.has_value() && fraction.has_value()) {
        mass = Share(*in.parent_mass, *fraction);
      }
      const Amount of_material = in.material.ShareOf(mass, fraction);
      const Amount of_article = in.article.ShareOf(mass, fraction);
      const bool is_exempt = in.is_exempt || !node.exemptions().empty();
      const bool is_substance = IsSubstance(node);
      if (is_substance && node.confidentiality() != v1::CONFIDENTIALITY_JOKER) {
        visit_({&node, &node_path, in.group_node, in.material_node, of_material, of_article, is_exempt});
      }
      const Around itself = {mass, One()};
      Visit(node.children(), node_path, "children",
            {.parent_mass = mass,
             .material = is_substance ? Around{in.material.mass, of_material} : itself,
             .article = node.kind() == v1::COMPOSITION_NODE_KIND_PART ? itself : Around{in.article.mass, of_article},
             .group_node = is_substance ? &node : nullptr,
             .material_node = is_substance ? in.material_node : &node,
             .is_exempt = is_exempt});
    }
  }

 private:
  const absl::FunctionRef<void(const SubstanceShare&)> visit_;
};

}  // namespace

void ForEachSubstance(const v1::Composition& composition, const Amount& whole, const Path& path,
                      absl::FunctionRef<void(const SubstanceShare&)> visit) {
  Amount mass = MassOf(composition.has_mass_kg(), composition.mass_kg());
  if (!mass.has_value()) {
    mass = whole.has_value() ? whole : SumOf(composition.nodes(), composition.nodes_complete());
  }
  const Around all = {mass, One()};
  Walk(visit).Visit(composition.nodes(), path, "nodes",
                    {.parent_mass = mass,
                     .material = all,
                     .article = all,
                     .group_node = nullptr,
                     .material_node = nullptr,
                     .is_exempt = false});
}

}  // namespace meguri::passport
