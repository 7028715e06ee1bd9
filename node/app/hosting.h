// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/clock.h"
#include "base/random.h"
#include "meguri/registry/v1/member.pb.h"
#include "node/app/folder.h"
#include "node/app/guest_quota.h"
#include "record/participant_id.h"

// The members that a node hosts beside its own, in its folder: DIR/hosted/ICD-IDENTIFIER. What is done here counts from
// the node's next start.
namespace meguri::node {

inline constexpr size_t kHostedMembersMax = 64;  // with the node's own member

// What `meguri-node host add` is told.
struct HostOptions {
  std::string data_folder;
  std::string record_public_key;    // of the member, in hexadecimal; its private half never comes here
  registry::v1::MemberEntry entry;  // participant, names, kind, roles, addresses, prefixes …
};

// Makes the folder of a hosted member: a feed key, a client authority of its own, and the enrolment request, which the
// member signs next. ALREADY_EXISTS with reason HOSTED_ALREADY; RESOURCE_EXHAUSTED with reason HOSTED_MEMBERS;
// INVALID_ARGUMENT with every problem of the entry. Leaves nothing behind when it fails. Returns the request's path.
absl::StatusOr<std::string> AddHostedMember(HostOptions options, const Clock& clock, Random& random);

// Where a hosted member stands, as the running node saw it last.
enum class HostedState { kNotEnrolled, kHostedHere, kHostedElsewhere, kExported, kSuspended, kLeft };
struct HostedRow {
  record::ParticipantId member;
  std::string name;  // "" while it is not enrolled
  HostedState state;
  GuestQuota quota;
  uint64_t store_bytes = 0;  // of its store on the disk
};
// By participant ID.
absl::StatusOr<std::vector<HostedRow>> ListHostedMembers(const std::string& data_folder);

// What `meguri-node host quota` is told; what it leaves out stays. A running node goes by it within a second.
struct QuotaOptions {
  std::string data_folder;
  std::string member;
  absl::optional<uint64_t> store_mib;
  absl::optional<uint64_t> records;
  absl::optional<uint64_t> calls_per_second;
};
// Sets the quota of a guest, and returns it. NOT_FOUND with reason MEMBER_NOT_HOSTED; INVALID_ARGUMENT with reason FLAG
// of the node's own member, which has none, or CONFIG.
absl::StatusOr<GuestQuota> SetGuestQuota(const QuotaOptions& options);

// Whom the folder hosts beside its own member, by participant ID. UNAVAILABLE with reason FOLDER if it cannot be read.
absl::StatusOr<std::vector<record::ParticipantId>> HostedMembersIn(const Folder& folder);

// The folder that holds a member's keys, clients and store: the node's own for its own member, or for "". NOT_FOUND
// with reason MEMBER_NOT_HOSTED.
absl::StatusOr<Folder> FolderOf(const std::string& data_folder, const std::string& member);

// Puts the folder of a hosted member aside. FAILED_PRECONDITION with reason HOSTED_STILL while the registry names this
// node for it, unless it is abandoned; UNAVAILABLE with reason STORE_LOCKED while the node runs. Returns where it lies.
absl::StatusOr<std::string> RemoveHostedMember(const std::string& data_folder, const std::string& member, bool abandon,
                                               const Clock& clock);

}  // namespace meguri::node
