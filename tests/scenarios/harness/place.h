// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "meguri/record/v1/evidence.pb.h"
#include "storage/anchor.h"
#include "storage/ordered_store.h"
#include "tests/scenarios/harness/loopback_node.h"

namespace meguri::scenarios {

// The disk of a node, which outlives it.
struct Place {
  Place();
  LoopbackNode::Disk disk() const { return {*store, *anchor}; }

  const std::unique_ptr<storage::OrderedStore> store;
  const std::unique_ptr<storage::Anchor> anchor;
};

// What `holder` keeps there against a feed that it has quarantined because it forked, as evidence files have it.
record::v1::FeedFork KeptFork(const Place& place, const record::ParticipantId& holder, const record::FeedKey& feed);

}  // namespace meguri::scenarios
