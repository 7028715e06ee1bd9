// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "bench/load/surroundings.h"
#include "bench/record_set.h"
#include "client/node_client.h"
#include "meguri/passport/v1/access.pb.h"
#include "meguri/record/v1/record_service.pb.h"
#include "passport/formats/canonical_json.h"

namespace meguri::bench {

// One side of offers and grants: publishes, and remembers what the other side has to name.
class Side {
 public:
  static absl::StatusOr<std::unique_ptr<Side>> Make(const std::string& home);

  // First versions, in order.
  absl::StatusOr<std::vector<record::v1::Publication>> Publish(std::vector<passport::RecordDraft> contents) const;

  const std::string& member() const { return records_->publisher().text(); }
  const client::NodeClient& node() const { return *node_; }
  RecordSet& records() const { return *records_; }

 private:
  std::unique_ptr<Caller> caller_;
  std::unique_ptr<RecordSet> records_;
  std::unique_ptr<client::NodeClient> node_;
};

// What `selector` selects, for recycling, for years.
passport::RecordDraft OfferOf(const passport::v1::Selector& selector);
// Grants each offer `each` times to the reader, lets the reader agree to all of it, and waits until the owner's node
// has the agreements. The grants, in the order of the offers.
absl::StatusOr<std::vector<record::v1::Publication>> GrantAndAgree(const Side& owner, const Side& reader,
                                                                   const std::vector<record::v1::Publication>& offers,
                                                                   size_t each);

}  // namespace meguri::bench
