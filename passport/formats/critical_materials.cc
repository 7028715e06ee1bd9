// SPDX-License-Identifier: Apache-2.0
#include "passport/formats/critical_materials.h"

#include <algorithm>
#include <string>

#include "absl/strings/ascii.h"
#include "meguri/passport/v1/composition_summary.pb.h"
#include "meguri/passport/v1/critical_raw_materials.pb.h"
#include "meguri/record/v1/record.pb.h"
#include "passport/formats/document_text.h"

namespace meguri::passport {
namespace {

using record::v1::SECTION_TYPE_COMPOSITION_SUMMARY;
using record::v1::SECTION_TYPE_CRITICAL_RAW_MATERIALS;

struct ElementRow {
  absl::string_view cas_number;
  absl::string_view element;
};
constexpr ElementRow kElements[] = {
    {"7439-93-2", "Li"}, {"7440-48-4", "Co"},       {"7440-02-0", "Ni"}, {"7439-96-5", "Mn"}, {"7440-50-8", "Cu"},
    {"7429-90-5", "Al"}, {"7782-42-5", "graphite"}, {"7723-14-0", "P"},  {"7439-92-1", "Pb"}, {"7439-95-4", "Mg"},
    {"7440-21-3", "Si"}, {"7440-32-6", "Ti"},       {"7440-00-8", "Nd"}, {"7429-91-6", "Dy"}, {"7440-27-9", "Tb"},
    {"7440-10-0", "Pr"}, {"7440-33-7", "W"},        {"7440-25-7", "Ta"}, {"7440-62-2", "V"},  {"7440-55-3", "Ga"}};

bool IsCritical(const InputNode* flag) { return flag != nullptr && flag->text == "true"; }

}  // namespace

absl::string_view ElementOfCas(absl::string_view cas_number) {
  const auto* row = std::find_if(std::begin(kElements), std::end(kElements), [cas_number](const ElementRow& each) {
    return each.cas_number == absl::StripAsciiWhitespace(cas_number);
  });
  return row == std::end(kElements) ? absl::string_view() : row->element;
}

void AddCriticalMaterial(DocumentDraft& draft, const CriticalClaim& claim) {
  const absl::string_view element =
      claim.cas_number == nullptr ? absl::string_view() : ElementOfCas(claim.cas_number->text);
  if (!IsCritical(claim.is_critical) || element.empty() || claim.amount == nullptr) {
    return;
  }
  v1::CriticalRawMaterial material;
  material.set_element(std::string(element));
  if (!draft.Set(material, claim.amount_field, claim.amount, claim.unit)) {
    return;
  }
  draft.SetAs(material, "cas_number", claim.cas_number, absl::StripAsciiWhitespace(claim.cas_number->text));
  if (claim.location != nullptr) {
    draft.SetAs(*material.mutable_location(), "en", claim.location, claim.location_text);
  }
  *draft.Section<v1::CriticalRawMaterials>(SECTION_TYPE_CRITICAL_RAW_MATERIALS).add_materials() = std::move(material);
  AddCriticalElement(draft, claim.is_critical, element, nullptr);
}

void AddCriticalElement(DocumentDraft& draft, InputNode* is_critical, absl::string_view element, InputNode* location) {
  if (!IsCritical(is_critical)) {
    return;
  }
  auto& summary = draft.Section<v1::CompositionSummary>(SECTION_TYPE_COMPOSITION_SUMMARY);
  draft.SetAs(summary, "contains_critical_raw_materials", is_critical, "ANSWER_YES");
  v1::CriticalMaterialPresence& presence = *summary.add_critical_raw_materials();
  presence.set_element(std::string(element));
  if (location != nullptr) {
    SetText(draft, *presence.mutable_location(), location);
  }
}

}  // namespace meguri::passport
