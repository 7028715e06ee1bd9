// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/random.h"

namespace meguri::record {

// The CSPRNG of OpenSSL. Thread-safe.
class SystemRandom final : public Random {
 public:
  void Fill(absl::Span<uint8_t> bytes) override;
};

}  // namespace meguri::record
