// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "certs/registry.h"
#include "certs/signature_time.h"
#include "record/feed.h"
#include "storage/feeds.h"
#include "storage/ordered_store.h"
#include "storage/receipts.h"

namespace meguri::node {

// A receipt that is kept, and as what it counts.
struct CountedReceipt {
  storage::GivenReceipt given;
  certs::SeenBy seen;
};

// Receipts of heads of a stored feed that include its entry `index`, as far as they count by `registry` at `now`: of
// each member one. They were verified when they came.
absl::StatusOr<std::vector<CountedReceipt>> FindReceipts(const storage::StoreReader& store,
                                                         const storage::HeldFeed& feed, storage::FeedId id,
                                                         uint64_t index, const certs::Registry& registry,
                                                         absl::Time now);

// Takes up what was found of one feed in what is known of all of them.
void Join(certs::SeenTimes& seen, const certs::SeenTimes& of_feed);

}  // namespace meguri::node
