// SPDX-License-Identifier: Apache-2.0
#include "passport/inheritance.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "google/protobuf/message.h"
#include "meguri/passport/v1/identity.pb.h"
#include "passport/payload.h"
#include "passport/rules/finding.h"
#include "passport/rules/parent_mass.h"
#include "passport/section_table.h"
#include "passport/validate.h"

namespace meguri::passport {
namespace {

using record::v1::Section;

constexpr uint32_t kOwnOnly[] = {record::v1::SECTION_TYPE_IDENTITY, record::v1::SECTION_TYPE_OWNER_NOTE,
                                 record::v1::SECTION_TYPE_ATTACHMENT};

const Section* Find(absl::Span<const Section> sections, uint32_t type) {
  const auto found =
      std::find_if(sections.begin(), sections.end(), [type](const Section& section) { return section.type() == type; });
  return found == sections.end() ? nullptr : &*found;
}

// Empty if there is none, or none that decodes.
v1::Identity IdentityOf(absl::Span<const Section> sections) {
  const Section* section = Find(sections, record::v1::SECTION_TYPE_IDENTITY);
  if (section == nullptr) {
    return {};
  }
  const absl::StatusOr<std::unique_ptr<google::protobuf::Message>> message =
      DecodePayload(*FindSectionKind(section->type()), section->payload());
  return message.ok() ? static_cast<const v1::Identity&>(**message) : v1::Identity();
}

bool Excludes(const v1::Identity& identity, uint32_t type) {
  const SectionKind* kind = FindSectionKind(type);
  const auto& excluded = identity.not_inherited_sections();
  return kind != nullptr && std::find(excluded.begin(), excluded.end(), kind->name) != excluded.end();
}

void CheckSame(absl::string_view name, const std::string& own, const std::string& parent, Findings& findings) {
  if (own != parent) {
    Report(findings, absl::StrCat("sections.identity.", name), "V4_PARENT", Quoted(own),
           {absl::StrCat(Quoted(parent), " as in the parent"), "name the right parent, or correct the value",
            "親パスポートの値と一致しません。"});
  }
}

void AddAll(std::vector<Violation> found, Findings& findings) {
  for (Violation& violation : found) {
    findings.Add(std::move(violation));
  }
}

}  // namespace

std::string ParentOf(absl::Span<const Section> sections) { return IdentityOf(sections).parent_record_id(); }

std::vector<Section> WithInherited(absl::Span<const Section> child, absl::Span<const Section> parent) {
  std::vector<Section> all(child.begin(), child.end());
  const v1::Identity identity = IdentityOf(child);
  for (const Section& section : parent) {
    const bool own_only = std::find(std::begin(kOwnOnly), std::end(kOwnOnly), section.type()) != std::end(kOwnOnly);
    if (!own_only && Find(child, section.type()) == nullptr && !Excludes(identity, section.type())) {
      all.push_back(section);
    }
  }
  return all;
}

std::vector<Violation> ValidateWithParents(const record::Header& header, absl::Span<const Section> own,
                                           absl::Span<const std::vector<Section>> parents) {
  Findings findings(kViolationsMax);
  if (parents.empty()) {
    Report(findings, "sections.identity.parent_record_id", "V4_PARENT_UNKNOWN",
           Quoted(IdentityOf(own).parent_record_id()),
           {"a record of the same publisher that is alive", "publish the parent first, or in the same request",
            "親パスポートがこのノードにありません。先に、または同じ要求で公開してください。"},
           Severity::kWarning);
  } else {
    AddAll(ValidateParent(own, parents.front()), findings);
  }
  std::vector<Section> above;
  for (auto parent = parents.rbegin(); parent != parents.rend(); ++parent) {
    above = WithInherited(*parent, above);
  }
  const v1::Identity identity = IdentityOf(own);
  for (const std::vector<Section>& parent : parents) {
    CheckParentMass(identity, IdentityOf(parent), Path("sections.identity"), findings);
  }
  // Of several parents, one speaks of a lot.
  const bool weigh = parents.size() == 1 && IsAnotherPiece(identity, IdentityOf(parents.front()));
  AddAll(ValidateInherited(header, own, WithInherited(own, above), weigh), findings);
  return std::move(findings).Take();
}

std::vector<Violation> ValidateParent(absl::Span<const Section> child, absl::Span<const Section> parent) {
  Findings findings(kViolationsMax);
  const v1::Identity own = IdentityOf(child);
  const v1::Identity above = IdentityOf(parent);
  if (own.granularity() == v1::GRANULARITY_UNSPECIFIED || above.granularity() == v1::GRANULARITY_UNSPECIFIED) {
    return {};
  }
  if (above.granularity() >= own.granularity()) {
    Report(findings, "sections.identity.parent_record_id", "V4_PARENT", "a parent that covers no more than its child",
           {"a batch or model as the parent of an item, a model as that of a batch", "name another parent",
            "親パスポートの粒度は子より広くなければなりません。"});
  }
  CheckSame("gtin", own.gtin(), above.gtin(), findings);
  CheckSame("product_group", own.product_group(), above.product_group(), findings);
  return std::move(findings).Take();
}

}  // namespace meguri::passport
