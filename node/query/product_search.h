// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "meguri/passport/v1/identity.pb.h"
#include "node/query/identifier.h"
#include "node/query/query.h"
#include "passport/filter.h"

// Which records an identifier means. What may not be seen is not found by `find`, so nothing here can tell of it.
namespace meguri::node {

// The first records under a word of each of `terms`, with their header and identity at least.
using FindRecords = absl::FunctionRef<absl::StatusOr<std::vector<RecordView>>(std::vector<passport::AnyOf> terms)>;

struct FoundRecords {
  absl::Status doubt;  // reason AMBIGUOUS_MODEL: `records` are candidates
  std::vector<RecordView> records;
  std::string missing_serial;  // as IdentifierAnswer
  std::string missing_lot;
};

// The identity that `record` shows; empty if it shows none.
absl::StatusOr<passport::v1::Identity> IdentityOf(const RecordView& record);

// From the narrowest to the widest: an item is also one of its batch and of its model.
absl::StatusOr<FoundRecords> FindByGtin(const Identifier& identifier, FindRecords find);

// The item with that serial number, else the passport of the model. Several of one kind are candidates, and so are lots
// and items that bear the number of a model that has no passport of its own: which one it is would be a guess.
absl::StatusOr<FoundRecords> FindByModel(const Identifier& identifier, FindRecords find);

}  // namespace meguri::node
