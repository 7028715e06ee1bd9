// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "record/limits.h"

namespace meguri::record {

// A SHA-256 value.
class Hash {
 public:
  Hash() = default;  // all zero
  explicit Hash(const std::array<uint8_t, kHashSize>& bytes) : bytes_(bytes) {}
  // INVALID_ARGUMENT unless `bytes` holds exactly 32.
  static absl::StatusOr<Hash> Parse(absl::string_view bytes);

  absl::string_view view() const { return {reinterpret_cast<const char*>(bytes_.data()), bytes_.size()}; }
  std::string ToString() const { return std::string(view().data(), view().size()); }
  std::string ToHex() const;

  friend auto operator<=>(const Hash&, const Hash&) = default;
  template <typename H>
  friend H AbslHashValue(H state, const Hash& hash) {
    return H::combine(std::move(state), hash.bytes_);
  }

 private:
  std::array<uint8_t, kHashSize> bytes_{};
};

// SHA-256 of the concatenation of `parts`.
Hash Sha256(absl::Span<const absl::string_view> parts);
inline Hash Sha256(absl::string_view bytes) { return Sha256(absl::Span<const absl::string_view>(&bytes, 1)); }

}  // namespace meguri::record
