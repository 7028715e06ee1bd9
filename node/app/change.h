// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/optional.h"
#include "base/clock.h"
#include "certs/entry_text.h"
#include "meguri/registry/v1/member.pb.h"

// What a member asks of the operator once it is enrolled. All start from what the node saw of the registry last
// (entry_file.h: NO_REGISTRY_ENTRY), and sign with the record key in force (KEY_NOT_HERE if it is not in the folder).
// Of a guest, whose record key is never here, what they write is a draft that the guest signs with `meguri member
// sign`.
namespace meguri::node {

struct ChangeOptions {
  std::string data_folder;
  std::string member;  // of RequestChange: a member that is hosted here; the node's own if left out
  certs::EntryText text;
  std::string record_key;  // file, if not in the folder
  std::string out;         // "": change-request in the folder
  std::string node_name;   // of RequestCertificate: a new name for the node; "": as it is
};

// Writes a change request and returns its path. INVALID_ARGUMENT with reason NOTHING_CHANGES, or as CheckMemberEntry.
absl::StatusOr<std::string> RequestChange(const ChangeOptions& options, const Clock& clock);

// Writes the enrolment request anew, from the entry, the keys that are in force and the present TLS key: for a node
// whose certificate has run out. Under a new name the node gets a new TLS key too: whoever has the former key and
// certificate speaks for nobody once the registry names the new one. Returns its path.
absl::StatusOr<std::string> RequestCertificate(const ChangeOptions& options, const Clock& clock);

struct RotateOptions {
  std::string data_folder;
  std::string member;                  // a member that is hosted here, of whom only the feed key is; the node's own
  registry::v1::KeyPurpose purpose;    // of a record key or a feed key
  std::string algorithm = "ed25519";   // of a record key: ed25519 or p256
  std::string record_key;              // file, if not in the folder
  std::string out;                     // "": change-request-record-key or -feed-key in the folder
  absl::optional<absl::Time> begin;    // when the new key is in force; as soon as it is registered if absent
  absl::optional<absl::Time> old_end;  // when the old one is not usable any more; never if absent
  bool is_recovery = false;            // of a feed key: the old one is lost, and everybody will see that
};

struct RotatedKey {
  std::string key_file;
  std::string request;
};

// As certs::RequestSuccessor, on the folder of a node. FAILED_PRECONDITION with reason PINNED_KEY at the operator,
// whose keys the trust bundle pins.
absl::StatusOr<RotatedKey> RotateKey(const RotateOptions& options, const Clock& clock);

// Makes a new TLS key, for which the running node gets a certificate from the operator within half a minute. Returns
// its path. A key that waits already is left as it is.
absl::StatusOr<std::string> RotateNodeKey(const std::string& data_folder);

}  // namespace meguri::node
