// SPDX-License-Identifier: Apache-2.0
#include "passport/rules/section_agreement.h"

namespace meguri::passport {
namespace {

constexpr char kBatteryGroup[] = "battery";
const Path kIdentityPath("sections.identity");
const Path kCompositionPath("sections.composition");
const Path kClaimsPath("sections.recycled_content");

void AddSelf(const std::string& field, const std::string& id, Findings& findings) {
  findings.Add({.field = field,
                .reason = "V7_SELF_REFERENCE",
                .found = Quoted(id),
                .expected = "another record",
                .cure = "name the record that is meant, or leave the field out",
                .message_ja = "レコードが自分自身を参照しています。"});
}

void CheckComponents(const google::protobuf::RepeatedPtrField<v1::CompositionNode>& nodes, const std::string& own_id,
                     const Path& path, absl::string_view field, Findings& findings) {
  for (int i = 0; i < nodes.size(); ++i) {
    const Path node_path = path.Element(field, i);
    if (nodes[i].component_record_id() == own_id) {
      AddSelf(node_path.At("component_record_id"), own_id, findings);
    }
    CheckComponents(nodes[i].children(), own_id, node_path, "children", findings);
  }
}

}  // namespace

void CheckBatteryClaims(const record::Header&, const RecordContent& content, Findings& findings) {
  if (content.identity == nullptr || content.recycled_content == nullptr ||
      content.identity->product_group() != kBatteryGroup) {
    return;
  }
  for (int i = 0; i < content.recycled_content->claims_size(); ++i) {
    const v1::ReportingBasis& basis = content.recycled_content->claims(i).reporting_basis();
    if (basis.plant().empty() || basis.year() == 0) {
      findings.Add({.field = kClaimsPath.Element("claims", i).At("reporting_basis"),
                    .reason = "V8_REPORTING_BASIS",
                    .found = "no plant or no year",
                    .expected = "the plant and the year that the claim is about",
                    .cure = "fill in both",
                    .message_ja = "電池の再生材情報には製造拠点と年の記載が必要です。"});
    }
  }
}

void CheckSelfReference(const record::Header& header, const RecordContent& content, Findings& findings) {
  const std::string own_id = header.record_id().ToHex();
  if (content.identity != nullptr) {
    if (content.identity->parent_record_id() == own_id) {
      AddSelf(kIdentityPath.At("parent_record_id"), own_id, findings);
    }
    if (content.identity->predecessor_record_id() == own_id) {
      AddSelf(kIdentityPath.At("predecessor_record_id"), own_id, findings);
    }
  }
  if (content.composition != nullptr) {
    CheckComponents(content.composition->nodes(), own_id, kCompositionPath, "nodes", findings);
  }
}

}  // namespace meguri::passport
