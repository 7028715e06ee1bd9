// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "absl/status/status.h"
#include "client/cli/session.h"
#include "meguri/record/v1/evidence.pb.h"
#include "record/participant_id.h"

namespace meguri::client {

// Writes `evidence`, in which one of the forks is set, as a file that anybody can check, if it proves something: with
// the publisher's entry as the node has it. FAILED_PRECONDITION (reason EVIDENCE_NOT_PORTABLE) if it does not.
absl::Status SaveEvidence(Session& session, const record::ParticipantId& publisher, record::v1::EvidenceFile evidence,
                          const std::string& path);

}  // namespace meguri::client
