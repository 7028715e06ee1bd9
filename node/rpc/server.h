// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "grpcpp/server.h"
#include "grpcpp/server_builder.h"

namespace meguri::node {

// The files that make up this end of a connection. They are watched: what replaces them is used for new connections.
struct TlsFiles {
  std::string key;          // PEM
  std::string certificate;  // PEM, leaf first
  std::string peer_roots;   // PEM: the federation's roots and the client authorities of those that are hosted here
};

// What answers calls that are for one member.
struct HostedServices {
  // The :authority of those calls. "": calls of any other, so of all that name nobody in particular.
  std::string authority;
  std::vector<grpc::Service*> services;
};

// Refuses TLS below 1.3 for all gRPC of this program. Call it before the first use of gRPC and before any thread
// starts: it sets an environment variable, as gRPC 1.51 has no setter for the version.
void RequireTls13();

// A gRPC server that is listening: mutual TLS 1.3, with the limits of limits.h, health and reflection. This is the one
// place where connections are accepted and terminated.
class GrpcServer {
 public:
  // UNAVAILABLE with reason LISTEN if the address cannot be bound. Port 0 picks one.
  static absl::StatusOr<std::unique_ptr<GrpcServer>> Start(const std::string& address, const TlsFiles& tls,
                                                           const std::vector<HostedServices>& members);
  ~GrpcServer();
  // Takes no more calls, and ends what is open within kShutdownGrace. Only SetHealthy may be called afterwards.
  void Stop();

  int port() const { return port_; }
  // What the health service answers, for all services alike.
  void SetHealthy(bool is_healthy);

 private:
  GrpcServer(std::unique_ptr<grpc::Server> server, int port) : server_(std::move(server)), port_(port) {}
  std::unique_ptr<grpc::Server> server_;
  int port_;
};

}  // namespace meguri::node
