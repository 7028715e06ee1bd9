// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "record/record_id.h"
#include "storage/index.h"

namespace meguri::node {

// Where a record stands in a list: record ID[16] | publisher.
inline std::string PositionOf(const storage::Posting& posting) {
  return absl::StrCat(posting.record_id.view(), posting.publisher.text());
}

struct RecordPosition {
  record::RecordId record_id;
  absl::string_view publisher;  // into what was parsed
};

inline absl::optional<RecordPosition> ParsePosition(absl::string_view position) {
  const absl::StatusOr<record::RecordId> record_id = record::RecordId::Parse(position.substr(0, record::kRecordIdSize));
  if (!record_id.ok()) {
    return absl::nullopt;
  }
  return RecordPosition{*record_id, position.substr(record::kRecordIdSize)};
}

}  // namespace meguri::node
