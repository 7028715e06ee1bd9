// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <compare>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "base/random.h"
#include "record/limits.h"

namespace meguri::record {

// 16 random bytes that name a record. Written as 32 hexadecimal digits.
class RecordId {
 public:
  static RecordId Make(Random& random) { return RecordId(random.Bytes<kRecordIdSize>()); }
  static absl::StatusOr<RecordId> Parse(absl::string_view bytes);
  static absl::StatusOr<RecordId> ParseHex(absl::string_view hex);

  absl::string_view view() const { return {reinterpret_cast<const char*>(bytes_.data()), bytes_.size()}; }
  std::string ToString() const { return std::string(view().data(), view().size()); }
  std::string ToHex() const;

  friend auto operator<=>(const RecordId&, const RecordId&) = default;
  template <typename H>
  friend H AbslHashValue(H state, const RecordId& id) {
    return H::combine(std::move(state), id.bytes_);
  }

 private:
  explicit RecordId(const std::array<uint8_t, kRecordIdSize>& bytes) : bytes_(bytes) {}
  std::array<uint8_t, kRecordIdSize> bytes_;
};

}  // namespace meguri::record
