// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "absl/status/status.h"
#include "record/participant_id.h"

namespace meguri::node {

// Where a node keeps what, below its data folder. docs/operations.md shows the tree.
class Folder {
 public:
  explicit Folder(std::string root) : root_(std::move(root)) {}

  const std::string& root() const { return root_; }
  std::string config() const { return root_ + "/node.toml"; }
  std::string trust_bundle() const { return root_ + "/trust-bundle"; }
  std::string next_trust_bundle() const { return root_ + "/trust-bundle-next"; }  // operator: until it is signed
  std::string enrolment_request() const { return root_ + "/enrolment-request"; }
  std::string change_request() const { return root_ + "/change-request"; }
  std::string move_request() const { return root_ + "/move-request"; }  // of a member that is to move here
  std::string feed_base() const { return root_ + "/feed-base"; }        // of a member that has moved here
  std::string exported() const { return root_ + "/exported"; }          // since the member was exported, to move away
  std::string quota() const { return root_ + "/quota.toml"; }           // of a hosted member
  std::string registry_entry() const { return root_ + "/registry-entry"; }
  std::string keys() const { return root_ + "/keys"; }
  std::string node_key() const { return keys() + "/node.key"; }
  std::string next_node_key() const { return keys() + "/node-next.key"; }  // waits for its certificate
  std::string record_key() const { return keys() + "/record.key"; }
  std::string feed_key() const { return keys() + "/feed.key"; }
  std::string client_ca_key() const { return keys() + "/client-ca.key"; }
  std::string federation_ca_key() const { return keys() + "/federation-ca.key"; }
  std::string bundle_key() const { return keys() + "/bundle.key"; }
  std::string token_key() const { return keys() + "/page-token.key"; }
  std::string certs() const { return root_ + "/certs"; }
  std::string node_certificate() const { return certs() + "/node.crt"; }
  std::string next_node_certificate() const { return certs() + "/node-next.crt"; }
  std::string client_ca_certificate() const { return certs() + "/client-ca.crt"; }
  std::string federation_ca_certificate() const { return certs() + "/federation-ca.crt"; }
  std::string federation_roots() const { return certs() + "/federation-roots.crt"; }
  std::string peer_roots() const { return certs() + "/peer-roots.crt"; }  // federation roots and the client authority
  std::string clients() const { return root_ + "/clients"; }
  std::string client(const std::string& name) const { return clients() + "/" + name; }
  std::string issued_clients() const { return certs() + "/clients"; }  // certificates, so that they can be listed
  std::string issued_client(const std::string& name) const { return issued_clients() + "/" + name + ".crt"; }
  std::string revoked_clients() const { return root_ + "/revoked-clients"; }
  // The members that are hosted beside the node's own, a folder of this kind for each: keys, clients, store.
  std::string hosted() const { return root_ + "/hosted"; }
  Folder hosted(const record::ParticipantId& member) const { return Folder(hosted() + "/" + NameOf(member)); }
  std::string no_longer_hosted() const { return root_ + "/no-longer-hosted"; }
  // The name of the folder of a hosted member: 0188-7123456789012.
  static std::string NameOf(const record::ParticipantId& member);
  std::string store() const { return root_ + "/store"; }
  std::string anchor() const { return root_ + "/ANCHOR"; }
  // What a witness keeps lies apart from what the node keeps: it is never restored from a backup.
  std::string witness_key() const { return keys() + "/witness.key"; }
  std::string witness() const { return root_ + "/witness"; }
  std::string witness_store() const { return witness() + "/store"; }
  std::string witness_anchor() const { return witness() + "/ANCHOR"; }
  std::string section_keys() const { return root_ + "/DATA_KEYS"; }  // opens the sections in the store
  // The two files in which the key to that lies by turns.
  std::string epoch_key(int turn) const { return keys() + "/data-epoch-" + std::to_string(turn) + ".key"; }

 private:
  std::string root_;
};

// Makes the folder `path`, open to its owner alone, and those above it. UNAVAILABLE (reason FOLDER).
absl::Status MakeFolder(const std::string& path);

}  // namespace meguri::node
