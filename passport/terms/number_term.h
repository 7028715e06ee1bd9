// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "passport/rules/decimal.h"

// Numbers in the index: eight bytes that sort as the numbers do, in units of 1e-9. What is finer than that, or below
// zero, or above kNumberTermMax, is not found by number.
namespace meguri::passport {

inline constexpr size_t kNumberTermSize = 8;
inline constexpr int64_t kNumberTermMax = 1'000'000'000;  // 1e9 kilograms is the largest mass of a passport

// A number of the index, and whether `decimal` lies a little above it.
struct IndexNumber {
  uint64_t units = 0;  // of 1e-9, rounded down
  bool exact = true;
};

// Nullopt if `decimal` is below zero or above kNumberTermMax.
absl::optional<IndexNumber> ToIndexNumber(const FixedDecimal& decimal);

std::string EncodeIndexNumber(uint64_t units);

// The value under which `decimal` (of decimal.proto's grammar) is indexed; "" if it is not.
std::string NumberTermValue(absl::string_view decimal);

// The field of a substance's mass fraction of its material: one field for each CAS or EC number.
std::string SubstanceFractionField(absl::string_view substance);

}  // namespace meguri::passport
