// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "certs/trust_bundle.h"
#include "meguri/registry/v1/member.pb.h"
#include "node/app/folder.h"
#include "record/participant_id.h"

namespace meguri::node {

// A node that hosts members, or is to, as its folder says.
struct HostNode {
  Folder folder;
  record::ParticipantId member;
  certs::TrustBundle bundle;
  std::string identity;
  std::string listen;
};

absl::StatusOr<HostNode> ReadHostNode(const std::string& data_folder, absl::Time now);

// Whether the node can take in `member`. INVALID_ARGUMENT with violations if it is the node's own, or the operator;
// ALREADY_EXISTS with reason HOSTED_ALREADY; RESOURCE_EXHAUSTED with reason HOSTED_MEMBERS.
absl::Status CheckFree(const HostNode& node, const record::ParticipantId& member);

// Where others reach the node: the addresses in `hosting` if there are some, else as the registry says, or where it
// listens.
void FillHosting(const HostNode& node, registry::v1::Hosting& hosting);

// UNAVAILABLE with reason FILE_IO.
absl::Status RenameFolder(const std::string& from, const std::string& to);

// Makes the folders of a member anew that are put in their place when they are whole.
absl::StatusOr<Folder> MakeDraftFolder(const HostNode& node, const record::ParticipantId& member);

}  // namespace meguri::node
