// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

#include "absl/time/time.h"

namespace meguri::node {

inline constexpr size_t kErasureRowsAtOnce = 20'000;  // of the audit feed, in one piece
inline constexpr size_t kOnwardRowsAtOnce = 1'000;    // of a holder's audit feed, that tell what it handed on
inline constexpr absl::Duration kErasureLateRows = absl::Minutes(1);     // what was read before may be told of so late
inline constexpr size_t kErasureAsksMax = 8;                             // holders that are asked at a time
inline constexpr absl::Duration kErasureAskTimeout = absl::Seconds(30);  // for one answer
// Pauses between two tries double up to the larger one. Who has accepted needs a moment to destroy keys.
inline constexpr absl::Duration kErasureRetryMin = absl::Seconds(2);
inline constexpr absl::Duration kErasureRetryMax = absl::Hours(1);
inline constexpr absl::Duration kErasureAcceptedRetry = absl::Seconds(3);
inline constexpr absl::Duration kErasureLookAgain = absl::Minutes(1);  // at all that is open, whatever is due
inline constexpr size_t kErasuresPage = 100;
inline constexpr size_t kErasureHoldersPage = 200;
inline constexpr size_t kErasureErrorMax = 300;  // bytes of what is kept of an error

}  // namespace meguri::node
