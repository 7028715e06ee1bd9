// SPDX-License-Identifier: Apache-2.0
#include "node/rpc/peer_gate.h"

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "node/rpc/limits.h"

namespace meguri::node {

absl::Status PeerGate::Enter(const std::string& peer, absl::Time now) {
  MutexLock lock(mutex_);
  Peer& known = peers_[peer];
  if (now < known.barred_until) {
    return Error(
        absl::StatusCode::kResourceExhausted, "PEER_BARRED",
        absl::StrCat(peer, " has flooded this node and is kept out for ", absl::FormatDuration(kBarredFor), "."));
  }
  if (known.connections >= kConnectionsPerPeerMax || connections_ >= kConnectionsMax) {
    return Error(absl::StatusCode::kResourceExhausted, "CONNECTIONS_MAX",
                 absl::StrCat(peer, " has ", known.connections, " connections, of ", connections_,
                              "; one peer may have ", kConnectionsPerPeerMax, ", all together ", kConnectionsMax, "."));
  }
  ++known.connections;
  ++connections_;
  return absl::OkStatus();
}

void PeerGate::Leave(const std::string& peer) {
  MutexLock lock(mutex_);
  const auto known = peers_.find(peer);
  Invariant(known != peers_.end() && known->second.connections > 0, "who leaves has entered");
  --connections_;
  if (--known->second.connections == 0 && known->second.barred_until == absl::InfinitePast()) {
    peers_.erase(known);
  }
}

void PeerGate::Bar(const std::string& peer, absl::Time now) {
  MutexLock lock(mutex_);
  peers_[peer].barred_until = now + kBarredFor;
}

}  // namespace meguri::node
