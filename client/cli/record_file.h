// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "client/cli/session.h"
#include "meguri/record/v1/record.pb.h"
#include "record/header.h"

namespace meguri::client {

// The record file of what Get answered: asks the node for the publisher's entry and for the proofs, and checks the
// whole with the trust bundle, as a file is only worth keeping if it verifies. FAILED_PRECONDITION (reason COPY_BEHIND)
// while the node cannot prove it, or the reasons of certs::VerifyRecordFile.
absl::StatusOr<std::string> MakeVerifiedFile(Session& session, const record::v1::Envelope& envelope,
                                             const record::Header& header);

}  // namespace meguri::client
