// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/clock.h"
#include "base/random.h"
#include "meguri/registry/v1/member.pb.h"
#include "node/app/folder.h"

// How a member moves from one host to another: docs/operations.md. Both nodes are stopped, as with every command on a
// folder.
namespace meguri::node {

// How far a command has come: what it does, and how much of how much is done.
using MoveProgress = std::function<void(const char* what, uint64_t done, uint64_t total)>;

struct ExportedMember {
  std::string digest;  // hexadecimal, of the file
  uint64_t entries = 0;
  uint64_t feeds = 0;
};

// Writes all that the folder has of a member, hosted or the node's own, but its keys, its clients and what is for this
// node alone, into a new file `out`; its sections lie there in the clear. From then on this node does not serve the
// member: what it took in would be lost. FAILED_PRECONDITION with reason EXPORTED_ALREADY, HOSTS_OTHERS,
// STORE_FORMAT_OLDER or NO_REGISTRY_ENTRY; UNAVAILABLE with reason STORE_LOCKED while the node runs.
absl::StatusOr<ExportedMember> ExportMember(const std::string& data_folder, const std::string& member,
                                            const std::string& out, const MoveProgress& progress, const Clock& clock,
                                            Random& random);

// Serves a member again that was exported and has not moved. NOT_FOUND with reason NOT_EXPORTED.
absl::Status ResumeMember(const std::string& data_folder, const std::string& member);

// OK, or FAILED_PRECONDITION with reason MEMBER_EXPORTED if the member whose folder it is was exported.
absl::Status CheckNotExported(const Folder& folder);

struct ImportOptions {
  std::string data_folder;
  std::string file;
  registry::v1::Hosting hosting;  // addresses, if others than those of the node
};

struct ImportedMember {
  std::string member;
  std::string request;  // the file that the member signs next
  uint64_t records = 0;
  uint64_t feeds = 0;
};

// Takes a member in that moves to this node, all of it or nothing: what the file holds is checked as if it came from a
// peer that nobody trusts (storage::Fsck, CheckMovedStore). Makes a new feed key and a client authority, and the
// request that the member signs. INVALID_ARGUMENT with reason MOVE_FILE, MOVE_OTHER_FEDERATION, MOVE_STORE_FORMAT,
// MOVE_DAMAGED, MOVE_RECORD, MOVE_FEED or MOVE_COPY; FAILED_PRECONDITION with reason MOVE_NOT_MEMBER if the registry
// here has no such active member; the errors of CheckFree.
absl::StatusOr<ImportedMember> ImportMember(const ImportOptions& options, const MoveProgress& progress,
                                            const Clock& clock, Random& random);

// What `meguri-node init --from` is told.
struct OwnNodeOptions {
  std::string data_folder;
  std::string file;               // of the move
  std::string trust_bundle_path;  // the operator's file
  std::string record_key;         // file of the key that signs the member's records; "" if it stays with the clients
  std::string node_name = "main";
  std::string listen = "127.0.0.1:7443";
  registry::v1::Hosting hosting;  // addresses, if others than where the node listens
};

// Makes the folder of a node of the member's own from the file with which it leaves its host: its keys, its client
// authority, its settings, all that the file holds, checked as ImportMember does, and the request that the member
// signs, by which the node is certified too. Members are judged by the copy of the registry in the file
// (CheckRegistryCopy); if that is older than the member's entry the operator refuses the request. ALREADY_EXISTS with
// reason FOLDER_IN_USE; INVALID_ARGUMENT with reason FLAG, KEY_NOT_NAMED, MOVE_REGISTRY and those of ImportMember.
// Leaves nothing behind when it fails.
absl::StatusOr<ImportedMember> InitFromMove(const OwnNodeOptions& options, const MoveProgress& progress,
                                            const Clock& clock, Random& random);

}  // namespace meguri::node
