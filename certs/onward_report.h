// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "certs/registry.h"
#include "meguri/audit/v1/onward.pb.h"
#include "meguri/record/v1/record.pb.h"
#include "record/participant_id.h"
#include "record/public_key.h"

// Who says what it handed on of another member's offers (docs/format/onward.md).
namespace meguri::certs {

absl::StatusOr<record::v1::SignedBody> SignOnwardReport(const audit::v1::OnwardReport& report,
                                                        const record::Signer& feed_signer);

// Checks that `holder` reports to `owner`. INVALID_ARGUMENT with the reasons of ParseOnwardReport and CheckStatement,
// ONWARD_FEDERATION, ONWARD_OTHER if it is another's report or for somebody else, or ONWARD_TIME; FAILED_PRECONDITION
// with those of RegisteredKey::CheckUsable.
absl::StatusOr<audit::v1::OnwardReport> OpenOnwardReport(const record::v1::SignedBody& report,
                                                         const record::ParticipantId& holder,
                                                         const record::ParticipantId& owner, const Registry& registry,
                                                         absl::Time now);

}  // namespace meguri::certs
