// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "certs/record_file.h"
#include "client/cli/publishing.h"
#include "client/cli/session.h"
#include "client/cli/table.h"
#include "meguri/registry/v1/member.pb.h"
#include "meguri/registry/v1/registry_service.pb.h"
#include "record/participant_id.h"

namespace meguri::client {

// INVALID_ARGUMENT with reason USAGE and a sentence that names the argument.
absl::StatusOr<record::ParticipantId> ParseParticipantArgument(absl::string_view text);

// The member's entry as the operator signed it, checked against the trust bundle. NOT_FOUND if there is no such member.
absl::StatusOr<certs::VerifiedMember> GetVerifiedMember(Session& session, const record::ParticipantId& participant);
// The same, and what the node makes of the member's keys.
absl::StatusOr<certs::VerifiedMember> GetVerifiedMember(Session& session, const record::ParticipantId& participant,
                                                        std::vector<registry::v1::KeyNotice>& notices);

// Every entry of the registry as the node has it.
absl::StatusOr<registry::v1::ListMembersResponse> ListAllMembers(Session& session);

// Publishes `entry` as the first Member record of a member, or as the version after `newest`. INVALID_ARGUMENT with
// reason KEY_NOT_ENDORSED if nodes would refuse a key of it.
PublishOutcome PublishMember(Session& session, const registry::v1::MemberEntry& entry,
                             const absl::optional<certs::VerifiedMember>& newest);

// What a value is called, and the value.
using EntryRow = std::pair<std::string, std::string>;

// Everything that an entry says.
std::vector<EntryRow> RowsOf(const registry::v1::MemberEntry& entry, absl::string_view federation,
                             const Session& session);
// The same as pairs.
Table TableOf(const registry::v1::MemberEntry& entry, absl::string_view federation, const Session& session);

}  // namespace meguri::client
