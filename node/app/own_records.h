// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "absl/status/status.h"
#include "record/participant_id.h"
#include "storage/committer.h"
#include "storage/ordered_store.h"

namespace meguri::node {

// Makes what a store has of the records of `member` its own, after its feeds were put together from copies: each record
// gets the list of its slots and the meaning of its scoped audiences, as far as sections and feeds tell, and what is
// for others than every member enters the feed `owner`, which nobody but the member has ever had. What nobody had stays
// unknown, and so is open to nobody.
absl::Status MakeRecordsOwn(const storage::StoreReader& store, storage::Committer& committer,
                            const record::ParticipantId& member);

}  // namespace meguri::node
