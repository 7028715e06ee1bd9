// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "meguri/record/v1/carried.pb.h"
#include "meguri/storage/v1/stored.pb.h"
#include "record/hash.h"
#include "storage/ordered_store.h"
#include "storage/records.h"

namespace meguri::storage {

// Reads versions one after the other. Those that follow each other in the order of arrival, as in a feed that takes
// every record, cost a step of one cursor; any other costs a look-up. Not thread-safe.
class EnvelopeCursor {
 public:
  explicit EnvelopeCursor(const StoreReader& store);

  // The version with this header, and of its sections those whose bit is set in `slots`, ascending; missing ones are
  // left out. DATA_LOSS (reason RECORD_LOST) if the store holds no such version.
  absl::StatusOr<record::v1::CarriedEnvelope> Read(const record::Hash& header_hash, uint64_t slots);

 private:
  // Whether the cursor stands on `key`. Goes there if it does not.
  bool StandsOn(absl::string_view key);
  // Reads the version at the cursor if it is the one that is wanted.
  absl::StatusOr<bool> TryNext(const record::Hash& header_hash, v1::StoredRecord& stored);
  absl::Status LookUp(const record::Hash& header_hash, v1::StoredRecord& stored);

  const StoreReader& store_;
  const std::unique_ptr<Cursor> cursor_;
  Arrival arrival_ = 0;    // of the version that was read last
  bool in_order_ = false;  // it came right after the one before
};

}  // namespace meguri::storage
