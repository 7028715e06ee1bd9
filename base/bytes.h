// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"

namespace meguri {

// Big-endian integers, as every preimage and every key of ours uses them.
void AppendU16(uint16_t value, std::string& out);
void AppendU32(uint32_t value, std::string& out);
void AppendU64(uint64_t value, std::string& out);

// Reads from the front of `in`, which holds at least 2, 4 or 8 bytes.
uint16_t ReadU16(absl::string_view in);
uint32_t ReadU32(absl::string_view in);
uint64_t ReadU64(absl::string_view in);

// Lower-case hexadecimal.
std::string ToHex(absl::string_view bytes);
// Parses hexadecimal of either case. Returns false, and leaves `bytes` alone, on anything else.
bool FromHex(absl::string_view hex, std::string& bytes);

}  // namespace meguri
