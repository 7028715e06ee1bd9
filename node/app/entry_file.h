// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "certs/change_request.h"
#include "meguri/record/v1/record.pb.h"

// DIR/registry-entry: what the registry says of this member, as the running node saw it last. It lets commands on the
// folder start from it, whether the node runs or not.
namespace meguri::node {

// Writes the newest version of the member's record, unless the file says the same already.
absl::Status WriteEntryFile(const std::string& path, const record::v1::Envelope& record);

// FAILED_PRECONDITION with reason NO_REGISTRY_ENTRY if the node has not seen its entry yet.
absl::StatusOr<certs::CurrentEntry> ReadEntryFile(const std::string& path);

}  // namespace meguri::node
