// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

#include "absl/time/time.h"

namespace meguri::node {

inline constexpr uint64_t kOnwardReadAtOnce = 20'000;                // rows of the audit feed, in one piece
inline constexpr absl::Duration kOnwardLook = absl::Seconds(10);     // how often it is looked for new ones
inline constexpr absl::Duration kOnwardMonthEnd = absl::Minutes(1);  // after it: a row may come so late
inline constexpr size_t kOnwardSendsMax = 8;                         // owners that are told at a time
inline constexpr absl::Duration kOnwardSendTimeout = absl::Seconds(30);
// Pauses between two tries double up to the larger one.
inline constexpr absl::Duration kOnwardRetryMin = absl::Seconds(10);
inline constexpr absl::Duration kOnwardRetryMax = absl::Hours(1);
inline constexpr size_t kOnwardReportsPage = 100;
inline constexpr size_t kOnwardErrorMax = 300;     // bytes of what is kept of an error
inline constexpr uint32_t kOnwardMonthsKept = 24;  // an older report is not taken

}  // namespace meguri::node
