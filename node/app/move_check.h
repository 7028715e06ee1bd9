// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "certs/registry.h"
#include "certs/trust_bundle.h"
#include "meguri/storage/v1/moved.pb.h"
#include "record/participant_id.h"
#include "storage/ordered_store.h"

namespace meguri::node {

// What a store that came from another host must bear out, beside what storage::Fsck finds: every record, own and of
// others, is signed by a record key that the registry has of its publisher; every own feed stands as its head in
// `feeds` says, which the member's feed key in force has signed, and no other is there; every note that is kept of
// another's feed is signed by a feed key of its publisher, and is of the entries that are here; evidence is signed as
// it says.
struct MovedStoreCheck {
  const storage::StoreReader& store;
  const certs::Registry& registry;
  const certs::TrustBundle& bundle;
  const record::ParticipantId& member;
  absl::Span<const storage::v1::MovedFeed> feeds;
  absl::Time now;
  std::function<void(uint64_t done)> progress;  // with records
};

// INVALID_ARGUMENT with reason MOVE_RECORD, MOVE_FEED or MOVE_COPY, and what is wrong with which.
absl::Status CheckMovedStore(const MovedStoreCheck& check);

// Whether the copy of the registry that `store` keeps for `holder` is the operator's, so that members can be judged by
// it where there is no other: each of its entries, and each record that is found in it, is signed by a record key that
// the bundle pins, and it is as long as the bundle asks for. Nothing tells how old it is. After storage::Fsck.
// INVALID_ARGUMENT with reason MOVE_REGISTRY.
absl::Status CheckRegistryCopy(const storage::StoreReader& store, const certs::TrustBundle& bundle,
                               const record::ParticipantId& holder);

}  // namespace meguri::node
