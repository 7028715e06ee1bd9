// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "record/hash.h"
#include "record/participant_id.h"
#include "record/record_id.h"
#include "storage/ordered_store.h"

// What the look-up keys of a record's versions lead to.
namespace meguri::storage {

// Position of a record version in the order of arrival at this store, from 1.
using Arrival = uint64_t;

// One version of one record, as the look-up keys name it.
struct VersionRef {
  record::ParticipantId publisher;
  uint64_t version = 0;
  Arrival arrival = 0;
  record::Hash header_hash;
};

// What one look at a record ID tells.
struct Newest {
  bool several = false;             // several members have published under this ID: Records::FindVersions tells
  absl::optional<VersionRef> only;  // the newest version of the one member that has; nullopt if none or several have

  bool is_unknown() const { return !several && !only.has_value(); }
};

// What `known` becomes once `added` is there as well.
Newest WithVersion(Newest known, VersionRef added);

// The value under a VersionKey.
std::string WrapVersion(Arrival arrival, const record::Hash& header_hash);
absl::StatusOr<VersionRef> ParseVersion(const record::ParticipantId& publisher, uint64_t version,
                                        absl::string_view stored);
// The value under a NewestKey. `newest` is of at least one version.
std::string WrapNewest(const Newest& newest);
absl::StatusOr<Newest> ParseNewest(absl::string_view stored);

// Calls `take` with each record ID, ascending, and what its version keys say is newest.
absl::Status ForEachNewest(const StoreReader& store,
                           const std::function<absl::Status(const record::RecordId&, const Newest&)>& take);

// Adds the NewestKeys to a store that was made before there were such keys: a migration.
absl::Status AddNewestKeys(OrderedStore& store);

}  // namespace meguri::storage
