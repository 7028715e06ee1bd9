// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "storage/committer.h"
#include "storage/feeds.h"
#include "storage/ordered_store.h"

namespace meguri::node {

// How many records of `feed` were of a format too new for this program; 0 if the store holds no such feed.
absl::StatusOr<uint64_t> CountUnread(const storage::StoreReader& store, const storage::HeldFeed& feed);

// Reads, after an update of this program, what was too new for it before: records get their place among the versions
// and in the index, by what their headers say. Their sections were never taken. What is still too new, or turns out not
// to be what its feed may hold, stays as it is.
absl::Status InterpretUnread(const storage::StoreReader& store, storage::Committer& committer);

}  // namespace meguri::node
