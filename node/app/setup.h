// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/random.h"
#include "meguri/api/v1/callers.pb.h"
#include "meguri/registry/v1/member.pb.h"
#include "node/app/folder.h"

// What is done to a node's folder while no node runs in it.
namespace meguri::node {

// What `meguri-node init` is told.
struct InitOptions {
  std::string data_folder;
  bool is_operator = false;
  std::string federation;         // operator: a domain name
  std::string trust_bundle_path;  // members: the operator's file
  std::string node_name = "main";
  std::string listen = "127.0.0.1:7443";
  std::string key_algorithm = "ed25519";  // of the record key: ed25519 or p256
  registry::v1::MemberEntry entry;        // participant, names, kind, roles, addresses, prefixes …
};

// Makes a node's folder: keys, its own client authority, node.toml, and the enrolment request for the operator; the
// operator's node also gets the federation's authority, the trust bundle and its own certificate. ALREADY_EXISTS with
// reason FOLDER_IN_USE if the folder holds a node; INVALID_ARGUMENT with every problem of the entry. Leaves nothing
// behind when it fails before writing.
absl::Status InitFolder(InitOptions options, const Clock& clock, Random& random);

// ALREADY_EXISTS with reason FOLDER_IN_USE if the folder holds a node, or the store of one.
absl::Status CheckFolderIsFree(const Folder& folder);
// What is wrong with where a node is to listen, and with how others are to reach it.
void CheckListening(absl::string_view listen, bool has_addresses, std::vector<Violation>& violations);
// Settings of a new node, as its node.toml says them.
std::string NodeConfigText(absl::string_view participant, absl::string_view node_name, absl::string_view listen);

// The registry will hold an entry as a record, which has rules of its own. INVALID_ARGUMENT with violations.
absl::Status CheckEntryAsRecord(const registry::v1::MemberEntry& entry);
// Makes the authority that issues the certificates of a member's clients.
absl::Status WriteClientAuthority(const Folder& folder, absl::string_view participant, const Clock& clock,
                                  Random& random);

// Puts the operator's answer in place: checks that the certificate is for this node's key and identity and is issued by
// the federation. INVALID_ARGUMENT with reason ENROLMENT.
absl::Status Join(const std::string& data_folder, const std::string& enrolment_path, const Clock& clock);

}  // namespace meguri::node
