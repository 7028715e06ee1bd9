// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace meguri::record {

// The strict wire grammar of a signed message (docs/format/record.md §2): known fields only, ascending, each at most
// once unless repeated, minimal varints, no default values, lengths and enum values in range.
struct WireMessage;

struct WireField {
  enum class Kind { kVarint, kBytes, kUtf8, kMessage };
  uint32_t number;
  Kind kind;
  bool required = false;
  bool repeated = false;
  uint64_t value_min = 1;                  // kVarint; never 0, which is the default value
  uint64_t value_max = UINT64_MAX;         // kVarint
  absl::Span<const uint64_t> values = {};  // kVarint: allowed values; empty means by range
  size_t size_min = 1;                     // kBytes, kUtf8: bytes of each value
  size_t size_max = SIZE_MAX;
  size_t count_max = SIZE_MAX;           // repeated
  const WireMessage* message = nullptr;  // kMessage
};

struct WireMessage {
  absl::string_view name;
  absl::Span<const WireField> fields;  // ascending numbers
};

// OK, or INVALID_ARGUMENT (reason WIRE_GRAMMAR) that names the message, the field and the offence. Total: any bytes are
// fine.
absl::Status CheckWire(absl::string_view bytes, const WireMessage& grammar);

// Takes a minimal varint from the front of `in`. False, with `in` as it was, if there is none, it is longer than
// needed, or it is above 64 bits.
bool TakeVarint(absl::string_view& in, uint64_t& value);

// That a message, whose first field is its format version, is of one up to `known`. UNIMPLEMENTED with reason
// NEWER_FORMAT otherwise; OK for what has no such field, as the grammar then names the offence. `what` is "header".
absl::Status CheckFormatVersion(absl::string_view bytes, absl::string_view what, uint32_t known);

// Whether `text` is well-formed UTF-8 (RFC 3629): no overlong forms, no surrogates, nothing above U+10FFFF.
bool IsUtf8(absl::string_view text);

}  // namespace meguri::record
