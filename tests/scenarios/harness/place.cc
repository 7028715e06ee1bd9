// SPDX-License-Identifier: Apache-2.0
#include "tests/scenarios/harness/place.h"

#include "gtest/gtest.h"
#include "storage/memory/memory_store.h"
#include "storage/settings.h"
#include "tests/testing/status.h"

namespace meguri::scenarios {

Place::Place() : store(storage::OpenMemoryStore(storage::MakeMemoryDisk())), anchor(storage::MakeMemoryAnchor()) {}

record::v1::FeedFork KeptFork(const Place& place, const record::ParticipantId& holder, const record::FeedKey& feed) {
  const auto follow = storage::Settings(*place.store).FindFollow(holder, feed);
  MEGURI_EXPECT_OK(follow.status());
  record::v1::FeedFork fork;
  if (!follow.ok() || !follow->has_value()) {
    ADD_FAILURE() << "the feed " << feed.name.text() << " is not followed";
    return fork;
  }
  EXPECT_EQ((*follow)->quarantine_reason, "FORK");
  const storage::FeedEvidence& evidence = (*follow)->evidence;
  fork.set_feed(feed.name.text());
  fork.set_epoch(feed.epoch);
  fork.mutable_checkpoints()->Assign(evidence.notes.begin(), evidence.notes.end());
  fork.set_other_root(evidence.other_root);
  fork.mutable_consistency_path()->Assign(evidence.consistency_path.begin(), evidence.consistency_path.end());
  return fork;
}

}  // namespace meguri::scenarios
