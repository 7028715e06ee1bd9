// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

namespace grpc {
class Channel;
class ChannelCredentials;
}  // namespace grpc

namespace meguri::client {

// What our end of a mutual TLS connection shows, and by what it checks the other end. All PEM.
struct TlsMaterial {
  std::string private_key;
  std::string certificate_chain;  // leaf first
  std::string roots;
};

// Refuses TLS below 1.3 for all gRPC of this program. Call it before the first use of gRPC and before any thread
// starts: it sets an environment variable, as gRPC 1.51 has no setter for the version.
void RequireTls13();

// Keeps gRPC in use and, when it goes, waits until its threads have let go of everything: a program that ends in the
// middle of a handshake would otherwise leave it half done. One in main, around all channels.
class GrpcInUse {
 public:
  GrpcInUse();
  ~GrpcInUse();
  GrpcInUse(const GrpcInUse&) = delete;
  GrpcInUse& operator=(const GrpcInUse&) = delete;
};

// Credentials that accept one server only: its certificate must be issued under `material.roots` for server use, lie
// within its validity, and carry `server_identity` as its one and only subject alternative name. The host name plays
// no part.
std::shared_ptr<grpc::ChannelCredentials> MakeChannelCredentials(const TlsMaterial& material,
                                                                 const std::string& server_identity);

inline constexpr int kReceiveBytesMax = 40 << 20;  // a record of 32 MiB and what travels around it
// What we take of the details of an error: some ten thousand problems. A node sends far less to who does not say so.
inline constexpr int kErrorBytesMax = 4 << 20;
inline constexpr char kErrorBytesKey[] = "meguri-error-bytes";

// A channel to `address` (host:port). It connects when it is first used.
std::shared_ptr<grpc::Channel> OpenChannel(const std::string& address,
                                           const std::shared_ptr<grpc::ChannelCredentials>& credentials);

}  // namespace meguri::client
