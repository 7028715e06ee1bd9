// SPDX-License-Identifier: Apache-2.0
#include "storage/fsck.h"

#include <utility>

#include "storage/fsck_anchor.h"
#include "storage/fsck_audit.h"
#include "storage/fsck_feeds.h"
#include "storage/fsck_findings.h"
#include "storage/fsck_lookups.h"
#include "storage/fsck_records.h"
#include "storage/own_heads.h"

namespace meguri::storage {
absl::StatusOr<FsckReport> Fsck(const StoreReader& store, AnchorReader* anchor,
                                const std::function<void(uint64_t, uint64_t)>& progress) {
  Findings findings(progress);
  findings.SetTotal(CountRecordsAndEntries(store));
  CheckRecords(store, findings);
  CheckEvidence(store, findings);
  std::vector<OwnHead> own_heads = CheckFeeds(store, findings);
  CheckAudit(store, findings);
  CheckIndex(store, findings);
  CheckUsage(store, findings);
  CheckSmallValues(store, findings);
  if (anchor != nullptr) {
    CheckAnchor(store, *anchor, std::move(own_heads), findings);
  }
  return findings.Finish();
}

}  // namespace meguri::storage
