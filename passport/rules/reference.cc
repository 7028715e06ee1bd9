// SPDX-License-Identifier: Apache-2.0
#include "passport/rules/reference.h"

#include <algorithm>
#include <map>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/container/flat_hash_map.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "google/protobuf/text_format.h"
#include "meguri/profile/v1/reference.pb.h"
#include "passport/rules/calendar_date.h"
#include "passport/rules/decimal.h"
#include "passport/rules/embedded_texts.h"

namespace meguri::passport {
namespace {

profile::v1::ReferenceTables ReadTables() {
  profile::v1::ReferenceTables tables;
  for (const EmbeddedText& file : ReferenceTexts()) {
    profile::v1::ReferenceTables part;
    const bool read =
        google::protobuf::TextFormat::ParseFromString(std::string(file.text.data(), file.text.size()), &part);
    Invariant(read, absl::StrCat(file.name, " is a reference table"));
    tables.MergeFrom(part);
  }
  return tables;
}

const profile::v1::ReferenceTables& Tables() {
  // Never destroyed: threads may still validate while the program ends.
  static const auto& tables = *new profile::v1::ReferenceTables(ReadTables());
  return tables;
}

ReferenceValue Value(const std::string& number, const std::string& source) {
  const absl::optional<FixedDecimal> parsed = FixedDecimal::Parse(number);
  Invariant(parsed.has_value(), absl::StrCat(number, " in a reference table is a decimal"));
  return {parsed->units(), source};
}

absl::CivilDay Day(const std::string& text) {
  const absl::optional<absl::CivilDay> day = ParseDate(text);
  Invariant(day.has_value(), absl::StrCat(text, " in a reference table is a day"));
  return *day;
}

using Listing = std::pair<v1::SubstanceRegime, std::string>;  // regime, CAS number

// Since when a regime lists a substance: compositions name thousands, lists hundreds.
const absl::flat_hash_map<Listing, absl::CivilDay>& FirstDays() {
  static const auto& days = *new absl::flat_hash_map<Listing, absl::CivilDay>([] {
    absl::flat_hash_map<Listing, absl::CivilDay> first;
    for (const profile::v1::SubstanceList& list : Tables().substance_lists()) {
      const absl::CivilDay day = Day(list.effective_from());
      for (const profile::v1::ListedSubstance& substance : list.substances()) {
        const auto [known, is_new] = first.try_emplace({list.regime(), substance.cas_number()}, day);
        known->second = std::min(known->second, day);
      }
    }
    return first;
  }());
  return days;
}

const absl::flat_hash_map<std::string, std::vector<RestrictedPart>>& Compounds() {
  static const auto& compounds = *new absl::flat_hash_map<std::string, std::vector<RestrictedPart>>([] {
    absl::flat_hash_map<std::string, std::vector<RestrictedPart>> parts;
    for (const profile::v1::RestrictedGroup& group : Tables().restricted_groups()) {
      for (const profile::v1::RestrictedCompound& compound : group.compounds()) {
        parts[compound.cas_number()].push_back({group.cas_number(), Value(compound.fraction(), group.source()).units});
      }
    }
    return parts;
  }());
  return compounds;
}

// Of two rows that both apply: the one of a single substance or application, then the later one.
bool IsBetter(const profile::v1::SubstanceThreshold& row, const profile::v1::SubstanceThreshold* best) {
  if (best == nullptr) {
    return true;
  }
  const auto rank = [](const profile::v1::SubstanceThreshold& r) {
    return (r.cas_number().empty() ? 0 : 2) + (r.application().empty() ? 0 : 1);
  };
  return rank(row) != rank(*best) ? rank(row) > rank(*best) : row.effective_from() > best->effective_from();
}

bool Holds(const profile::v1::CriticalMaterialList& list, absl::string_view element) {
  return absl::c_any_of(list.materials(), [element](const profile::v1::ListedMaterial& material) {
    return absl::c_any_of(material.elements(),
                          [element](const std::string& name) { return absl::EqualsIgnoreCase(name, element); });
  });
}

}  // namespace

absl::optional<ReferenceValue> SubstanceThresholdOn(absl::CivilDay day, v1::SubstanceRegime regime,
                                                    v1::ConcentrationBasis basis, absl::string_view cas_number,
                                                    absl::string_view application) {
  const profile::v1::SubstanceThreshold* best = nullptr;
  for (const profile::v1::SubstanceThreshold& row : Tables().substance_thresholds()) {
    const bool applies = row.regime() == regime && row.basis() == basis &&
                         (row.cas_number().empty() || row.cas_number() == cas_number) &&
                         (row.application().empty() || row.application() == application) &&
                         Day(row.effective_from()) <= day;
    if (applies && IsBetter(row, best)) {
      best = &row;
    }
  }
  return best == nullptr ? absl::nullopt : absl::make_optional(Value(best->threshold(), best->source()));
}

bool IsListedOn(absl::CivilDay day, v1::SubstanceRegime regime, absl::string_view cas_number) {
  const auto listed = FirstDays().find({regime, std::string(cas_number)});
  return listed != FirstDays().end() && listed->second <= day;
}

std::vector<RestrictedPart> RestrictedPartsOf(absl::string_view cas_number) {
  const auto compound = Compounds().find(std::string(cas_number));
  return compound != Compounds().end()
             ? compound->second
             : std::vector<RestrictedPart>{{std::string(cas_number), FixedDecimal::FromInteger(1).units()}};
}

absl::optional<ReferenceValue> RecycledMinimumOn(absl::CivilDay day, absl::string_view product_group,
                                                 absl::string_view element) {
  const profile::v1::RecycledMinimum* best = nullptr;
  for (const profile::v1::RecycledMinimum& row : Tables().recycled_minimums()) {
    const bool applies =
        row.product_group() == product_group && row.element() == element && Day(row.effective_from()) <= day;
    if (applies && (best == nullptr || row.effective_from() > best->effective_from())) {
      best = &row;
    }
  }
  return best == nullptr ? absl::nullopt : absl::make_optional(Value(best->fraction(), best->source()));
}

std::vector<CriticalList> CriticalListsOn(absl::CivilDay day, absl::string_view element) {
  std::map<std::string, const profile::v1::CriticalMaterialList*> newest;
  for (const profile::v1::CriticalMaterialList& list : Tables().critical_material_lists()) {
    const profile::v1::CriticalMaterialList*& known = newest[list.name()];
    if (Day(list.effective_from()) <= day && (known == nullptr || list.effective_from() > known->effective_from())) {
      known = &list;
    }
  }
  std::vector<CriticalList> lists;
  for (const auto& [name, list] : newest) {
    if (list != nullptr && Holds(*list, element)) {
      lists.push_back({list->jurisdiction(), list->title(), list->title_ja(), list->source()});
    }
  }
  return lists;
}

}  // namespace meguri::passport
