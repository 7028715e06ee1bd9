// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>

#include "absl/status/status.h"
#include "storage/usage.h"

namespace meguri::node {

// What the replicas of one publisher may take up at one member at most, counted as storage/usage.h says.
struct FollowQuota {
  uint64_t entries_max = 0;
  uint64_t bytes_max = 0;
  // Whether anything more may be stored, whoever's it is; not OK says why. Empty: it may.
  std::function<absl::Status()> admit = nullptr;
};

inline constexpr char kQuotaExceeded[] = "QUOTA_EXCEEDED";

// RESOURCE_EXHAUSTED (reason QUOTA_EXCEEDED) if `usage` is beyond `quota`, or nothing more may be stored.
absl::Status CheckQuota(const FollowQuota& quota, const storage::UsageAccount& account, const storage::Usage& usage);

}  // namespace meguri::node
