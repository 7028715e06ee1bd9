// SPDX-License-Identifier: Apache-2.0
#include "record/record_id.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "base/bytes.h"
#include "base/error.h"

namespace meguri::record {

absl::StatusOr<RecordId> RecordId::Parse(absl::string_view bytes) {
  if (bytes.size() != kRecordIdSize) {
    return Error(absl::StatusCode::kInvalidArgument, "RECORD_ID",
                 absl::StrCat("a record ID is 16 bytes, not ", bytes.size()));
  }
  std::array<uint8_t, kRecordIdSize> id;
  std::copy(bytes.begin(), bytes.end(), id.begin());
  return RecordId(id);
}

absl::StatusOr<RecordId> RecordId::ParseHex(absl::string_view hex) {
  std::string bytes;
  if (hex.size() != 2 * kRecordIdSize || !FromHex(hex, bytes)) {
    return Error(absl::StatusCode::kInvalidArgument, "RECORD_ID", "a record ID is written as 32 hexadecimal digits");
  }
  return Parse(bytes);
}

std::string RecordId::ToHex() const { return meguri::ToHex(view()); }

}  // namespace meguri::record
