// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "base/bytes.h"
#include "record/hash.h"

// What libFuzzer and replay.cc call: one input, which must neither crash nor break an Invariant.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace meguri::fuzz {

inline absl::string_view BytesOf(const uint8_t* data, size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

// Takes an input apart from its front. Behind the end are zeros.
class Parts {
 public:
  explicit Parts(absl::string_view input) : rest_(input) {}

  // Up to `size` bytes.
  absl::string_view Take(size_t size) {
    const absl::string_view taken = rest_.substr(0, std::min(size, rest_.size()));
    rest_.remove_prefix(taken.size());
    return taken;
  }
  uint8_t TakeByte() { return static_cast<uint8_t>(TakeFilled<1>()[0]); }
  uint16_t TakeU16() { return ReadU16(TakeFilled<2>()); }
  uint64_t TakeU64() { return ReadU64(TakeFilled<8>()); }
  record::Hash TakeHash() { return record::Hash::Parse(TakeFilled<record::kHashSize>()).value(); }
  absl::string_view rest() const { return rest_; }

 private:
  template <size_t kSize>
  std::string TakeFilled() {
    const absl::string_view taken = Take(kSize);
    std::string filled(taken.data(), taken.size());
    filled.resize(kSize);
    return filled;
  }
  absl::string_view rest_;
};

}  // namespace meguri::fuzz
