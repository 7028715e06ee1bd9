// SPDX-License-Identifier: Apache-2.0
#include "base/random.h"

#include <limits>

namespace meguri {

uint64_t Random::Below(uint64_t bound) {
  // Rejects the incomplete last interval, so that no value is favoured.
  const uint64_t limit = std::numeric_limits<uint64_t>::max() - std::numeric_limits<uint64_t>::max() % bound;
  while (true) {
    uint64_t value = 0;
    for (const uint8_t byte : Bytes<8>()) {
      value = value << 8 | byte;
    }
    if (value < limit) {
      return value % bound;
    }
  }
}

}  // namespace meguri
