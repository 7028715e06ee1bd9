// SPDX-License-Identifier: Apache-2.0
#include "base/bytes.h"

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"

namespace meguri {
namespace {

template <typename Integer>
void Append(Integer value, std::string& out) {
  for (size_t shift = sizeof(Integer) * 8; shift > 0; shift -= 8) {
    out.push_back(static_cast<char>(static_cast<uint8_t>(static_cast<uint64_t>(value) >> (shift - 8))));
  }
}

template <typename Integer>
Integer Read(absl::string_view in) {
  uint64_t value = 0;
  for (size_t i = 0; i < sizeof(Integer); ++i) {
    value = value << 8 | static_cast<uint8_t>(in[i]);
  }
  return static_cast<Integer>(value);
}

}  // namespace

void AppendU16(uint16_t value, std::string& out) { Append(value, out); }
void AppendU32(uint32_t value, std::string& out) { Append(value, out); }
void AppendU64(uint64_t value, std::string& out) { Append(value, out); }

uint16_t ReadU16(absl::string_view in) { return Read<uint16_t>(in); }
uint32_t ReadU32(absl::string_view in) { return Read<uint32_t>(in); }
uint64_t ReadU64(absl::string_view in) { return Read<uint64_t>(in); }

std::string ToHex(absl::string_view bytes) { return absl::BytesToHexString(bytes); }

bool FromHex(absl::string_view hex, std::string& bytes) {
  if (hex.size() % 2 != 0) {
    return false;
  }
  for (const char c : hex) {
    if (!absl::ascii_isxdigit(static_cast<unsigned char>(c))) {
      return false;
    }
  }
  bytes = absl::HexStringToBytes(hex);
  return true;
}

}  // namespace meguri
