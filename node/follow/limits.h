// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

#include "absl/time/time.h"

namespace meguri::node {

inline constexpr size_t kFollowFeedsMax = 64;                 // in one stream
inline constexpr size_t kBatchEntriesMax = 256;               // in one message
inline constexpr size_t kBatchBytesTarget = size_t{2} << 20;  // a message ends once it is this large
inline constexpr size_t kMessageBytesMax = size_t{40} << 20;  // a record of 32 MiB and what travels around it
inline constexpr int kCommitsInFlightMax = 8;                 // of one followed stream
inline constexpr absl::Duration kFollowHeartbeat = absl::Seconds(15);
inline constexpr absl::Duration kFollowSilenceMax = absl::Seconds(60);  // then the stream is taken for dead
inline constexpr absl::Duration kRetryMin = absl::Milliseconds(500);
inline constexpr absl::Duration kRetryMax = absl::Minutes(5);

}  // namespace meguri::node
