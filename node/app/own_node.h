// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "base/clock.h"
#include "base/random.h"
#include "certs/feed_base.h"
#include "certs/trust_bundle.h"
#include "node/app/folder.h"
#include "node/app/move.h"
#include "node/app/move_intake.h"
#include "record/participant_id.h"

namespace meguri::node {

// What the draft of a member's folder holds, and was checked.
struct TakenIn {
  PresentMember present;
  std::vector<certs::BaseHead> heads;
  uint64_t records = 0;
};

// Makes the folder of a node of a member's own, of whatever `take_in` puts into its draft; `find_member` says whose it
// is, before anything is made. Errors as of InitFromMove.
absl::StatusOr<ImportedMember> MakeOwnNode(
    const OwnNodeOptions& options,
    absl::FunctionRef<absl::StatusOr<record::ParticipantId>(const certs::TrustBundle&)> find_member,
    absl::FunctionRef<absl::StatusOr<TakenIn>(const Folder& draft, const certs::TrustBundle&)> take_in,
    const Clock& clock, Random& random);

}  // namespace meguri::node
