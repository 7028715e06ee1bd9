// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "meguri/storage/v1/stored.pb.h"
#include "node/policy/decision.h"
#include "record/header.h"
#include "storage/versions.h"

namespace meguri::node {

// One version that a member of this node has published, as those who decide about it see it.
struct OwnVersion {
  record::Header header;
  storage::Arrival arrival = 0;
  std::vector<SectionFacts> facts;
  std::string product_group;
};

// The facts about the sections of a stored record by which access is decided.
absl::StatusOr<std::vector<SectionFacts>> FactsOf(const storage::v1::StoredRecord& stored);

}  // namespace meguri::node
