// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <set>

#include "absl/status/statusor.h"
#include "record/header.h"
#include "record/participant_id.h"
#include "storage/ordered_store.h"

namespace meguri::node {

// To whom `holder` handed on versions of another member's record that `tombstone` erases, by the rule of an offer, as
// its audit feed tells.
absl::StatusOr<std::set<record::ParticipantId>> OnwardRecipients(const storage::StoreReader& store,
                                                                 const record::ParticipantId& holder,
                                                                 const record::Header& tombstone);

}  // namespace meguri::node
