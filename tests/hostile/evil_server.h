// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "absl/status/status.h"
#include "tests/hostile/attack.h"

namespace meguri::hostile {

struct ServerOptions {
  std::string listen;      // host:port
  std::string tls_folder;  // the node's folder whose key and certificate are shown
};

// Serves the publisher's feeds until it is killed, and commits `attack` on every stream. Prints one JSON object a line:
// that it listens, and what it is asked for.
absl::Status ServeAttack(const Publisher& publisher, const Attack& attack, const record::v1::RecordFile& foreign,
                         const ServerOptions& options);

}  // namespace meguri::hostile
