// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/cli/command.h"
#include "client/cli/session.h"
#include "meguri/erasure/v1/erasure.pb.h"
#include "meguri/erasure/v1/erasure_view.pb.h"
#include "record/header.h"

namespace meguri::client {

// What holders of an erased record are told: why, and by when.
struct ErasureFlags {
  erasure::v1::ErasureBasis basis = erasure::v1::ERASURE_BASIS_OWNER_DECISION;
  std::string deadline = "30d";
};
void AddErasureFlags(Command command, Session& session, ErasureFlags& flags);

// When the deadline is. INVALID_ARGUMENT (reason USAGE) if it is no time, or one that is over.
absl::StatusOr<uint64_t> DeadlineMs(const Session& session, const ErasureFlags& flags);
// Signs the request to erase what `tombstone` erases, and gives it to the node, which asks the holders.
absl::Status AskHolders(Session& session, const record::Header& tombstone, const ErasureFlags& flags,
                        uint64_t deadline_ms);

// In words of the language.
std::string BasisText(const Session& session, erasure::v1::ErasureBasis basis);
std::string StateText(const Session& session, erasure::v1::HolderState state);

}  // namespace meguri::client
