// SPDX-License-Identifier: Apache-2.0
#include "record/system_random.h"

#include <algorithm>

#include <openssl/rand.h>

#include "base/error.h"

namespace meguri::record {

void SystemRandom::Fill(absl::Span<uint8_t> bytes) {
  constexpr size_t kChunk = size_t{1} << 20;  // RAND_bytes counts in int
  while (!bytes.empty()) {
    const size_t size = std::min(bytes.size(), kChunk);
    // Salts and IDs that are not random would be public for ever: there is nothing better to do than stop.
    Invariant(RAND_bytes(bytes.data(), static_cast<int>(size)) == 1, "the CSPRNG of OpenSSL is seeded");
    bytes.remove_prefix(size);
  }
}

}  // namespace meguri::record
