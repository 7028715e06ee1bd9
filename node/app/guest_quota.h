// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/optional.h"
#include "base/call_rate.h"
#include "base/clock.h"
#include "base/mutex.h"
#include "meguri/admin/v1/admin_service.pb.h"
#include "node/app/folder.h"
#include "record/participant_id.h"

namespace meguri::node {

// What a host lets a guest take of it, as DIR/hosted/ICD-IDENTIFIER/quota.toml says; what that leaves out is as here.
struct GuestQuota {
  uint64_t store_mib = 16'384;       // of the store on the disk
  uint64_t records = 10'000'000;     // versions of records in it, copies of others included
  uint64_t calls_per_second = 1000;  // from its clients and from other nodes, on average

  friend bool operator==(const GuestQuota&, const GuestQuota&) = default;
};

// INVALID_ARGUMENT with reason CONFIG.
absl::StatusOr<GuestQuota> ReadGuestQuota(const Folder& folder);
absl::Status WriteGuestQuota(const Folder& folder, const GuestQuota& quota);

// What the files of a store take up.
uint64_t StoreBytes(const Folder& folder);

// Says whether one guest may take more of the host. Refused is what goes beyond, with RESOURCE_EXHAUSTED and reason
// GUEST_CALLS, GUEST_STORE or GUEST_RECORDS; other guests notice nothing. Thread-safe.
class GuestGuard {
 public:
  GuestGuard(Folder folder, record::ParticipantId member, const Clock& clock)
      : folder_(std::move(folder)), member_(std::move(member)), calls_(clock) {}

  // Reads the quota anew if its file has changed, and measures what is used. Before anybody is served, and every few
  // seconds. Not OK: the file cannot be read, and the quota stays as it was.
  absl::Status Refresh(uint64_t records);

  // As of the last Refresh.
  admin::v1::GuestUsage Usage() const;

  absl::Status AdmitCall();
  // Whether more may be stored. What takes something away is not asked for.
  absl::Status AdmitStorage() const;

 private:
  const Folder folder_;
  const record::ParticipantId member_;
  CallRate calls_;
  mutable Mutex mutex_;
  absl::optional<std::filesystem::file_time_type> read_time_ ABSL_GUARDED_BY(mutex_);  // of the file as it was read
  GuestQuota quota_ ABSL_GUARDED_BY(mutex_);
  uint64_t store_bytes_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t records_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace meguri::node
