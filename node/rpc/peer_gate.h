// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "base/mutex.h"

namespace meguri::node {

// Who is connected, and who is kept out. Thread-safe.
class PeerGate {
 public:
  // Lets another connection of `peer` in; then Leave is called once. RESOURCE_EXHAUSTED with reason PEER_BARRED after
  // Bar, or CONNECTIONS_MAX.
  absl::Status Enter(const std::string& peer, absl::Time now);
  void Leave(const std::string& peer);
  // Lets nobody of this name in for kBarredFor. Who is in already stays.
  void Bar(const std::string& peer, absl::Time now);

 private:
  struct Peer {
    int connections = 0;
    absl::Time barred_until = absl::InfinitePast();
  };

  Mutex mutex_;
  int connections_ ABSL_GUARDED_BY(mutex_) = 0;
  // Names that the authorities of the federation and the node have given, so there are not many.
  absl::flat_hash_map<std::string, Peer> peers_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace meguri::node
