// SPDX-License-Identifier: Apache-2.0
#include "passport/index_fields.h"

#include <algorithm>
#include <iterator>

namespace meguri::passport {
namespace {

constexpr IndexFieldKind kWord = IndexFieldKind::kWord;

constexpr IndexField kFields[] = {
    {"record_type", kWord, true},
    {"publisher", kWord, false},
    {"product_group", kWord, true},
    {"gtin", kWord, false},
    {"lot", kWord, false},
    {"serial", kWord, false},
    {"model", kWord, true},
    {"granularity", kWord, true},
    {"material", kWord, true},
    {"substance", kWord, true},
    {"recycled_fraction", IndexFieldKind::kNumber, false},
};

}  // namespace

absl::Span<const IndexField> IndexFields() { return kFields; }

const IndexField* FindIndexField(absl::string_view name) {
  const auto* const found =
      std::find_if(std::begin(kFields), std::end(kFields), [&](const IndexField& field) { return field.name == name; });
  return found == std::end(kFields) ? nullptr : found;
}

}  // namespace meguri::passport
