// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "grpcpp/channel.h"
#include "grpcpp/resource_quota.h"
#include "grpcpp/security/tls_certificate_provider.h"

namespace meguri::node {

// What gRPC may hold for all peers together of messages that have not come whole yet.
inline constexpr size_t kPeerBufferBytesMax = size_t{256} << 20;

// The files of this node's end of a connection. They are watched: what replaces them is used for new connections.
struct PeerTlsFiles {
  std::string key;          // PEM
  std::string certificate;  // PEM, leaf first
  std::string roots;        // PEM: the federation's
};

// Opens this node's connections to others, for all members that it hosts: mutual TLS 1.3. The other end is known by the
// one URI in its certificate; host names play no part. Thread-safe.
class PeerConnections {
 public:
  // All go through `http_proxy`, as http://[user:password@]host:port, by CONNECT: what it sees is TLS from end to end.
  // "": directly.
  PeerConnections(const PeerTlsFiles& tls, std::string http_proxy);

  // A channel that connects when it is first used. `identity` as of PeerAddress.
  std::shared_ptr<grpc::Channel> Open(const std::string& identity, const std::string& address) const;

 private:
  const std::shared_ptr<grpc::experimental::CertificateProviderInterface> tls_;  // one watcher for all channels
  const std::string http_proxy_;
  grpc::ResourceQuota quota_{"peers"};
};

}  // namespace meguri::node
