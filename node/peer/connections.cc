// SPDX-License-Identifier: Apache-2.0
#include "node/peer/connections.h"

#include <utility>

#include "grpcpp/create_channel.h"
#include "grpcpp/support/channel_arguments.h"
#include "node/follow/limits.h"
#include "node/peer/credentials.h"

namespace meguri::node {
namespace {

constexpr int kKeepaliveTimeMs = 30'000;
constexpr int kKeepaliveTimeoutMs = 20'000;
constexpr int kReconnectMaxMs = 5'000;

grpc::ChannelArguments PeerArguments(const grpc::ResourceQuota& quota, const std::string& http_proxy) {
  grpc::ChannelArguments arguments;
  arguments.SetResourceQuota(quota);
  arguments.SetMaxReceiveMessageSize(static_cast<int>(kMessageBytesMax));
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, kKeepaliveTimeMs);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, kKeepaliveTimeoutMs);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, kReconnectMaxMs);
  arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);
  // Only the proxy of the configuration counts, none that the environment names for other programs.
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, http_proxy.empty() ? 0 : 1);
  if (!http_proxy.empty()) {
    arguments.SetString(GRPC_ARG_HTTP_PROXY, http_proxy);
  }
  return arguments;
}

}  // namespace

PeerConnections::PeerConnections(const PeerTlsFiles& tls, std::string http_proxy)
    : tls_(WatchPeerTls(tls)), http_proxy_(std::move(http_proxy)) {
  quota_.Resize(kPeerBufferBytesMax);
}

std::shared_ptr<grpc::Channel> PeerConnections::Open(const std::string& identity, const std::string& address) const {
  return grpc::CreateCustomChannel(address, MakePeerCredentials(tls_, identity), PeerArguments(quota_, http_proxy_));
}

}  // namespace meguri::node
