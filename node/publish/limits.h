// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

#include "absl/time/time.h"

namespace meguri::node {

inline constexpr size_t kPublicationsMax = 256;                    // in one request
inline constexpr size_t kJurisdictionsMax = 48;                    // the nation and its prefectures
inline constexpr size_t kAddresseesMax = 64;                       // of one record
inline constexpr size_t kRequestIdMax = 64;                        // bytes
inline constexpr size_t kWarningsMax = 100;                        // in one answer
inline constexpr size_t kNamedRecordsMax = 2048;                   // that are looked up for one publication
inline constexpr size_t kNamedBytesMax = size_t{8} << 20;          // of their sections, before no more are looked up
inline constexpr absl::Duration kClockSkewMax = absl::Minutes(5);  // of an issue time ahead of our clock

}  // namespace meguri::node
