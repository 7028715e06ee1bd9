// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "storage/ordered_store.h"

namespace meguri::bench {

// The writes that brought one record into a node's store.
using RecordWrites = std::vector<storage::Write>;

// What a node has stored, cut into the writes of one record each, in the order of their arrival: the same keys and the
// same bytes that the node wrote. Keys that name no record (entries, tiles, terms, requests) are spread over the
// records evenly: those that count upwards in their order, the others in an arbitrary one, as they came. A key that was
// overwritten counts once. The store must not be open elsewhere.
absl::StatusOr<std::vector<RecordWrites>> ReadTrace(const std::string& store);

}  // namespace meguri::bench
