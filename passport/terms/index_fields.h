// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "absl/strings/string_view.h"
#include "absl/types/span.h"

// The fields that a filter may ask for: one row a field.
namespace meguri::passport {

enum class IndexFieldKind {
  kWord,    // compared whole: gtin = "04912345678904"
  kNumber,  // compared by size: recycled_fraction >= 0.3
};

struct IndexField {
  absl::string_view name;
  IndexFieldKind kind = IndexFieldKind::kWord;
  // Words that mean the same in any case. Lots and serials do not: GS1 tells "a1" from "A1".
  bool caseless = false;
};

absl::Span<const IndexField> IndexFields();
// Null if there is no such field.
const IndexField* FindIndexField(absl::string_view name);

}  // namespace meguri::passport
