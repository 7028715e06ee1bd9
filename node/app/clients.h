// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/clock.h"
#include "base/random.h"
#include "meguri/api/v1/callers.pb.h"
#include "node/app/folder.h"

// The clients of a member, in the folder of the node: `member` is the one that it is a client of, "" the node's own.
// DIR/revoked-clients names those that may not call any more, a line each; a running node looks at it several times a
// second.
namespace meguri::node {

// Makes a client folder with a certificate of the member's client authority. ALREADY_EXISTS with reason CLIENT_EXISTS,
// also for a name that was revoked: a name is given once. Returns its path.
absl::StatusOr<std::string> AddClient(const std::string& data_folder, const std::string& member,
                                      const std::string& name, api::v1::ClientRole role, const Clock& clock,
                                      Random& random);

struct ClientRow {
  std::string name;
  api::v1::ClientRole role;
  absl::Time expires;
  bool revoked;
};
// Every client that was made here, by name.
absl::StatusOr<std::vector<ClientRow>> ListClients(const std::string& data_folder, const std::string& member);

// NOT_FOUND with reason CLIENT_UNKNOWN if no such client was made here. Revoking again changes nothing.
absl::Status RevokeClient(const std::string& data_folder, const std::string& member, const std::string& name,
                          const Clock& clock);

// The names in the file; none if there is no file.
absl::StatusOr<absl::flat_hash_set<std::string>> ReadRevokedClients(const Folder& folder);

}  // namespace meguri::node
