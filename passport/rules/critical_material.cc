// SPDX-License-Identifier: Apache-2.0
#include "passport/rules/critical_material.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/time.h"
#include "passport/rules/finding.h"
#include "passport/rules/reference.h"

namespace meguri::passport {
namespace {

const Path kMaterialsPath("sections.critical_raw_materials");
const Path kSummaryPath("sections.composition_summary");

std::string NamesOf(const std::vector<CriticalList>& lists, std::string CriticalList::* title) {
  return absl::StrJoin(lists, ", ", [title](std::string* out, const CriticalList& list) {
    absl::StrAppend(out, list.*title, " (", list.source, ")");
  });
}

void CheckListed(absl::CivilDay day, const std::string& element, std::string field, Findings& findings) {
  if (!element.empty() && CriticalListsOn(day, element).empty()) {
    Report(findings, std::move(field), "CRM_UNLISTED", Quoted(element),
           {"a symbol or name that a list of critical raw materials has: Co, Nd, graphite",
            "write it as the lists do, or declare it in the composition section",
            "どの法域の重要原材料・重要鉱物の一覧にもない元素です。"},
           Severity::kWarning);
  }
}

// The first material that the summary denies.
void CheckDenied(absl::CivilDay day, const v1::CriticalRawMaterials& declared, Findings& findings) {
  for (const v1::CriticalRawMaterial& material : declared.materials()) {
    const std::vector<CriticalList> lists = CriticalListsOn(day, material.element());
    if (!lists.empty()) {
      Report(findings, kSummaryPath.At("contains_critical_raw_materials"), "CRM_DENIED",
             absl::StrCat("no, and ", Quoted(material.element()), " in the section of critical raw materials"),
             {absl::StrCat("yes: it is on ", NamesOf(lists, &CriticalList::title)), "correct one of them",
              absl::StrCat("重要原材料を含まないとありますが、", material.element(), " は ",
                           NamesOf(lists, &CriticalList::title_ja), " の対象です。")},
             Severity::kWarning);
      return;
    }
  }
}

}  // namespace

void CheckCriticalMaterials(const record::Header& header, const RecordContent& content, Findings& findings) {
  const v1::CriticalRawMaterials* declared = content.critical_raw_materials;
  const v1::CompositionSummary* summary = content.composition_summary;
  if (declared == nullptr && summary == nullptr) {
    return;
  }
  const absl::CivilDay day = absl::ToCivilDay(
      absl::FromUnixMillis(static_cast<int64_t>(header.message().issue_time_ms())), absl::UTCTimeZone());
  for (int i = 0; declared != nullptr && i < declared->materials_size(); ++i) {
    CheckListed(day, declared->materials(i).element(), kMaterialsPath.Element("materials", i).At("element"), findings);
  }
  for (int i = 0; summary != nullptr && i < summary->critical_raw_materials_size(); ++i) {
    CheckListed(day, summary->critical_raw_materials(i).element(),
                kSummaryPath.Element("critical_raw_materials", i).At("element"), findings);
  }
  if (declared != nullptr && summary != nullptr && summary->contains_critical_raw_materials() == v1::ANSWER_NO) {
    CheckDenied(day, *declared, findings);
  }
}

}  // namespace meguri::passport
