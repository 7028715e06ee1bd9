// SPDX-License-Identifier: Apache-2.0
#include "node/follow/quota.h"

#include "absl/strings/str_cat.h"
#include "base/error.h"

namespace meguri::node {

absl::Status CheckQuota(const FollowQuota& quota, const storage::UsageAccount& account, const storage::Usage& usage) {
  const absl::Status admitted = quota.admit != nullptr ? quota.admit() : absl::OkStatus();
  if (!admitted.ok()) {
    return Error(absl::StatusCode::kResourceExhausted, kQuotaExceeded, admitted.message());
  }
  if (usage.entries <= quota.entries_max && usage.bytes <= quota.bytes_max) {
    return absl::OkStatus();
  }
  const bool is_entries = usage.entries > quota.entries_max;
  return Error(
      absl::StatusCode::kResourceExhausted, kQuotaExceeded,
      absl::StrCat("With the next batch, the copies of ", account.publisher.text(), " would take up ",
                   is_entries ? usage.entries : usage.bytes, is_entries ? " entries" : " bytes", "; the quota is ",
                   is_entries ? quota.entries_max : quota.bytes_max, ". What is here stays readable. To go on, raise ",
                   is_entries ? "follow_quota_entries" : "follow_quota_mib", " in node.toml and restart the node."));
}

}  // namespace meguri::node
