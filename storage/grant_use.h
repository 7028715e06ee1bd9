// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "meguri/audit/v1/row.pb.h"
#include "record/record_id.h"
#include "storage/ordered_store.h"
#include "storage/transaction.h"

namespace meguri::storage {

// What was delivered by a grant.
struct GrantUse {
  record::RecordId grant;
  uint64_t deliveries = 0;  // of versions of records, each as often as it was
};

// How many deliveries by its grant a row of an audit feed tells of; 0 if it names none.
uint64_t DeliveriesByGrant(const audit::v1::Row& row);

// How much was delivered by each grant of the members that this node hosts, counted in the commit that writes the audit
// rows. Stateless; thread-safe.
class GrantUses {
 public:
  explicit GrantUses(const StoreReader& store) : store_(store) {}

  // Counts `deliveries` more, and returns how many that makes in all.
  static absl::StatusOr<uint64_t> Add(Transaction& transaction, const record::RecordId& grant, uint64_t deliveries);
  // Of all grants by which something was delivered.
  absl::StatusOr<std::vector<GrantUse>> All() const;

 private:
  const StoreReader& store_;
};

}  // namespace meguri::storage
