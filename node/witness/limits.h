// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

#include "absl/time/time.h"

namespace meguri::node {

// A publisher asks its witnesses for a new head at most so often, however often the feed grows.
inline constexpr absl::Duration kCosignInterval = absl::Seconds(10);
// A head that stays the same is cosigned anew, with the time of then.
inline constexpr absl::Duration kCosignAgain = absl::Hours(1);
// Before a witness that did not answer is asked again: doubled each time, up to the second.
inline constexpr absl::Duration kWitnessBackoff = absl::Seconds(2);
inline constexpr absl::Duration kWitnessBackoffMax = absl::Minutes(5);
// How long a witness has for an answer; so long a node that starts may wait for them.
inline constexpr absl::Duration kWitnessTimeout = absl::Seconds(3);
// What contradicted a head that a witness has cosigned: kept so many of one feed, the first that came.
inline constexpr uint64_t kWitnessEvidenceMax = 16;
// Contradictions that are listed at once: with two notes each, an answer of some megabytes.
inline constexpr size_t kContradictionsListedMax = 1000;
// Followed feeds that are compared with what witnesses saw, at each step.
inline constexpr size_t kWatchedFeedsPerStep = 16;

}  // namespace meguri::node
