// SPDX-License-Identifier: Apache-2.0
#include "passport/terms/index_fields.h"

#include <algorithm>
#include <iterator>

namespace meguri::passport {
namespace {

constexpr IndexFieldKind kWord = IndexFieldKind::kWord;
constexpr IndexFieldKind kNumber = IndexFieldKind::kNumber;

constexpr IndexField kFields[] = {
    {"record_type", kWord, true},
    {"publisher", kWord, false},
    // identity
    {"product_group", kWord, true},
    {"gtin", kWord, false},
    {"lot", kWord, false},
    {"serial", kWord, false},
    {"model", kWord, true},
    {"granularity", kWord, true},
    {"product_status", kWord, true},
    {"parent", kWord, true},
    {"manufacturer", kWord, false},
    {"designation", kWord, true},
    {"identifier", kWord, false},
    // what it is made of
    {"component", kWord, true},
    {"part_number", kWord, false},
    {"material", kWord, true},
    {"material_family", kWord, true},
    {"substance", kWord, true},       // also substance("117-81-7") > 0.001, see SubstanceFractionField
    {"amount_unknown", kWord, true},  // CAS or EC number of a substance whose fraction cannot be worked out
    {"critical_material", kWord, true},
    {"hazard", kWord, true},
    {"above_threshold", kWord, true},
    {"recycled_fraction", kNumber, false},
    // lots on offer
    {"form", kWord, true},
    {"origin", kWord, true},
    {"waste_status", kWord, true},
    {"region", kWord, true},
    {"data_quality_level", kNumber, false},
    {"melt_flow_rate", kNumber, false},  // g/10min
    {"available_mass_kg", kNumber, false},
    // enquiries and their answers
    {"about", kWord, true},
    {"answer_to", kWord, true},
    {"verdict", kWord, true},
};

}  // namespace

absl::Span<const IndexField> IndexFields() { return kFields; }

const IndexField* FindIndexField(absl::string_view name) {
  const auto* const found =
      std::find_if(std::begin(kFields), std::end(kFields), [&](const IndexField& field) { return field.name == name; });
  return found == std::end(kFields) ? nullptr : found;
}

}  // namespace meguri::passport
