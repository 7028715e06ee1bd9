// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "record/hash.h"
#include "storage/feeds.h"

namespace meguri::storage {

// How far one own feed has come.
struct OwnHead {
  HeldFeed feed;
  uint64_t size = 0;
  record::Hash root;  // of an empty feed: record::EmptyRoot()
};

// The digest that the ANCHOR keeps: SHA-256 over all own feeds, empty ones too, sorted by (holder, key), each as
// u16be-prefixed publisher | u16be-prefixed feed name | u64be epoch | u64be size | root[32]. `heads` may come in any
// order.
record::Hash OwnHeadsDigest(std::vector<OwnHead> heads);

// The heads of all own feeds that are stored.
absl::StatusOr<std::vector<OwnHead>> ReadOwnHeads(const Feeds& feeds);

}  // namespace meguri::storage
