// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "absl/types/span.h"

namespace meguri {

// Source of unpredictable bytes. Thread-safe. Never fails: an implementation that cannot deliver aborts.
class Random {
 public:
  virtual ~Random() = default;
  virtual void Fill(absl::Span<uint8_t> bytes) = 0;

  template <size_t kSize>
  std::array<uint8_t, kSize> Bytes() {
    std::array<uint8_t, kSize> bytes;
    Fill(absl::MakeSpan(bytes));
    return bytes;
  }
  // Uniform in [0, bound). `bound` > 0.
  uint64_t Below(uint64_t bound);
};

}  // namespace meguri
