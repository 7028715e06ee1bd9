// SPDX-License-Identifier: Apache-2.0
#include "passport/rules/composition_tree.h"

#include <algorithm>
#include <iterator>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace meguri::passport {
namespace {

struct Nesting {
  v1::CompositionNodeKind parent;
  v1::CompositionNodeKind child;
};

constexpr Nesting kNestings[] = {
    {v1::COMPOSITION_NODE_KIND_PART, v1::COMPOSITION_NODE_KIND_PART},
    {v1::COMPOSITION_NODE_KIND_PART, v1::COMPOSITION_NODE_KIND_MATERIAL_CLASS},
    {v1::COMPOSITION_NODE_KIND_PART, v1::COMPOSITION_NODE_KIND_MATERIAL},
    {v1::COMPOSITION_NODE_KIND_MATERIAL_CLASS, v1::COMPOSITION_NODE_KIND_MATERIAL},
    {v1::COMPOSITION_NODE_KIND_MATERIAL, v1::COMPOSITION_NODE_KIND_SUBSTANCE_GROUP},
    {v1::COMPOSITION_NODE_KIND_MATERIAL, v1::COMPOSITION_NODE_KIND_SUBSTANCE},
    {v1::COMPOSITION_NODE_KIND_SUBSTANCE_GROUP, v1::COMPOSITION_NODE_KIND_SUBSTANCE},
};

bool MayHold(v1::CompositionNodeKind parent, v1::CompositionNodeKind child) {
  // A kind left open is reported as missing; one of a newer version is not judged.
  if (!v1::CompositionNodeKind_IsValid(parent) || !v1::CompositionNodeKind_IsValid(child) ||
      parent == v1::COMPOSITION_NODE_KIND_UNSPECIFIED || child == v1::COMPOSITION_NODE_KIND_UNSPECIFIED) {
    return true;
  }
  return std::any_of(std::begin(kNestings), std::end(kNestings), [parent, child](const Nesting& nesting) {
    return nesting.parent == parent && nesting.child == child;
  });
}

std::string KindName(v1::CompositionNodeKind kind) {
  return std::string(absl::StripPrefix(v1::CompositionNodeKind_Name(kind), "COMPOSITION_NODE_KIND_"));
}

struct Extent {
  int nodes = 0;
  int depth = 0;
};

// `level` is at most payload.h's kPayloadDepthMax: deeper payloads do not decode.
void Measure(const google::protobuf::RepeatedPtrField<v1::CompositionNode>& nodes, int level, Extent& extent) {
  for (const v1::CompositionNode& node : nodes) {
    ++extent.nodes;
    extent.depth = std::max(extent.depth, level);
    Measure(node.children(), level + 1, extent);
  }
}

bool IsJoker(const v1::CompositionNode& node) { return node.confidentiality() == v1::CONFIDENTIALITY_JOKER; }

void CheckKinds(const v1::CompositionNode& node, const Path& path, Findings& findings) {
  for (int i = 0; i < node.children_size(); ++i) {
    const v1::CompositionNodeKind kind = node.children(i).kind();
    if (!MayHold(node.kind(), kind)) {
      findings.Add({.field = path.Element("children", i).At("kind"),
                    .reason = "COMPOSITION_KIND",
                    .found = absl::StrCat(KindName(kind), " in ", KindName(node.kind())),
                    .expected = "part > material class > material > substance group > substance, parts in parts",
                    .cure = "move the node or correct its kind",
                    .message_ja = "構成ツリーの階層（部品→材料分類→材料→物質群→物質）が正しくありません。"});
    }
  }
}

void CheckAmount(const v1::CompositionNode& node, const Path& path, Findings& findings) {
  if (!node.has_mass_kg() && !node.has_mass_fraction()) {
    findings.Add({.field = path.At("mass_kg"),
                  .reason = "V6_AMOUNT_MISSING",
                  .found = "neither mass nor fraction",
                  .expected = "mass_kg or mass_fraction",
                  .cure = "fill in one of them",
                  .message_ja = "質量（mass_kg）または質量割合（mass_fraction）の記載が必要です。"});
  }
}

void CheckJoker(const v1::CompositionNode& node, const Path& path, Findings& findings) {
  if (IsJoker(node) && (!node.identifiers().empty() || !node.thresholds().empty() || !node.children().empty())) {
    findings.Add({.field = path.At("confidentiality"),
                  .reason = "COMPOSITION_JOKER",
                  .found = "a joker with identifiers, thresholds or children",
                  .expected = "an undisclosed remainder without declarable substances",
                  .cure = "disclose the node, or move what is known of it out of the joker",
                  .message_ja = "ジョーカー（非開示残部）に識別子・閾値・子要素は記載できません。"});
  }
}

}  // namespace

void CheckCompositionSize(const v1::Composition& composition, const Path& path, Findings& findings) {
  Extent extent;
  Measure(composition.nodes(), 1, extent);
  if (extent.depth > kCompositionDepthMax) {
    findings.Add({.field = path.At("nodes"),
                  .reason = "V7_DEPTH",
                  .found = absl::StrCat(extent.depth, " levels"),
                  .expected = absl::StrCat("at most ", kCompositionDepthMax),
                  .cure = "give deep parts passports of their own and name them by component_record_id",
                  .message_ja = absl::StrCat("構成ツリーの深さは", kCompositionDepthMax, "階層までです。")});
  }
  if (extent.nodes > kCompositionNodesMax) {
    findings.Add({.field = path.At("nodes"),
                  .reason = "COMPOSITION_NODES",
                  .found = absl::StrCat(extent.nodes, " nodes"),
                  .expected = absl::StrCat("at most ", kCompositionNodesMax),
                  .cure = "give parts passports of their own and name them by component_record_id",
                  .message_ja = absl::StrCat("構成ツリーのノード数は", kCompositionNodesMax, "までです。")});
  }
}

void CheckCompositionNode(const v1::CompositionNode& node, const Path& path, Findings& findings) {
  CheckKinds(node, path, findings);
  CheckAmount(node, path, findings);
  CheckJoker(node, path, findings);
}

}  // namespace meguri::passport
