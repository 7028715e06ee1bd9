// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/descriptor.h"

namespace meguri::passport {

// What a number is multiplied by: multiplier × 10^exponent. Exact.
struct Factor {
  uint32_t multiplier = 1;
  int exponent = 0;

  friend bool operator==(const Factor&, const Factor&) = default;
};

// A number as people and programs write it (12.50, -1.5E-3, +7) times `factor`, in the spelling of decimal.proto.
// INVALID_ARGUMENT with reason NUMBER_SYNTAX (1,234 and 12 % are none), or NUMBER_RANGE if a passport cannot hold it
// exactly: more than 16 digits before or 18 behind the point.
absl::StatusOr<std::string> ScaledDecimal(absl::string_view text, Factor factor);

// A number of at most nine digits as a factor. INVALID_ARGUMENT with reason NUMBER_SYNTAX (a negative one included) or
// NUMBER_RANGE.
absl::StatusOr<Factor> FactorOfNumber(absl::string_view text);

// What turns a number in `unit` into the unit of `field`, which its name tells: _kg, _s, _v, _kwh, _mm, and fractions
// for what is a share of something. `unit` is a symbol (g, %, ppm), a code of UN/ECE Recommendation 20 (GRM, P1) or a
// name of Catena-X (unit:gram). "" is the unit of the field. INVALID_ARGUMENT with reason UNIT_UNKNOWN, or
// UNIT_MISMATCH if the field is measured in something else.
absl::StatusOr<Factor> FactorOf(absl::string_view unit, const google::protobuf::FieldDescriptor& field);

}  // namespace meguri::passport
