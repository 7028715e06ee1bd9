// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "meguri/api/v1/callers.pb.h"

namespace meguri::hostile {

struct CallOptions {
  std::string target;  // host:port
  std::string key;     // files; both empty: no certificate is shown
  std::string certificate;
  std::string roots;
  std::vector<std::string> acting_members;  // one metadata entry each
  std::string method;                       // follow, checkpoint, publish, publish-stream, add-follow, status, renew
  std::string publisher;                    // whose feed
  std::vector<std::string> feeds = {"public"};
  uint64_t epoch = 1;
  uint64_t position = 0;
  std::string identity;  // renew: for whom a certificate is asked
  std::string record;    // publish-stream: a record file, sent once for every line of standard input
};

// Calls a node and prints one JSON object: code, reason and message of its answer.
absl::Status CallNode(const CallOptions& options);

struct ForgeOptions {
  std::string ca_key;  // files; both empty: an authority that nobody knows
  std::string ca_certificate;
  std::string identity;  // URI
  api::v1::ClientRole role = api::v1::CLIENT_ROLE_UNSPECIFIED;
  bool expired = false;
  std::string out;  // OUT.key and OUT.crt are written
};

// Issues a certificate for any identity.
absl::Status Forge(const ForgeOptions& options);

}  // namespace meguri::hostile
