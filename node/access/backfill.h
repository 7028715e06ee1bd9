// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "absl/status/statusor.h"
#include "node/policy/offer.h"
#include "record/participant_id.h"
#include "storage/committer.h"
#include "storage/ordered_store.h"

namespace meguri::node {

inline constexpr size_t kBackfillAtOnce = 256;  // own records that are looked at in one piece of work

// Brings the newest versions that `member` had published before `offer` was there into its feed, up to kBackfillAtOnce
// of them, and notes in the same commit how far it came. True: that was the last of it. `store` is durable, and whoever
// publishes from now on knows of the offer.
absl::StatusOr<bool> FillPiece(const storage::StoreReader& store, const record::ParticipantId& member,
                               const OfferTerms& offer, storage::CommitScope& scope);

}  // namespace meguri::node
