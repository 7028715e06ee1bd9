// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "storage/sealed/key_tree.h"

// AES-256-GCM. Sealed bytes are nonce[12] | ciphertext | tag[16], and can be opened only with the key and the context
// with which they were sealed.
namespace meguri::storage {

inline constexpr size_t kNonceSize = 12;
inline constexpr size_t kTagSize = 16;
using Nonce = std::array<uint8_t, kNonceSize>;

// Appends `plain` to `out`, sealed. A nonce is used once with a key.
void AppendSealed(const Seed& key, const Nonce& nonce, absl::string_view context, absl::string_view plain,
                  std::string& out);
// Appends to `out` what was sealed. False, and `out` is as it was, if a bit of anything is another.
bool AppendOpened(const Seed& key, absl::string_view context, absl::string_view sealed, std::string& out);

}  // namespace meguri::storage
