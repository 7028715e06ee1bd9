// SPDX-License-Identifier: Apache-2.0
#include "node/rpc/server.h"

#include <chrono>

#include <stdlib.h>

#include "absl/memory/memory.h"
#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "grpc/compression.h"
#include "grpcpp/ext/proto_server_reflection_plugin.h"
#include "grpcpp/health_check_service_interface.h"
#include "grpcpp/resource_quota.h"
#include "grpcpp/security/server_credentials.h"
#include "grpcpp/security/tls_certificate_provider.h"
#include "grpcpp/security/tls_credentials_options.h"
#include "node/rpc/connection_guard.h"
#include "node/rpc/limits.h"

namespace meguri::node {
namespace {

namespace tls = grpc::experimental;

constexpr unsigned kReloadIntervalSeconds = 1;

std::shared_ptr<grpc::ServerCredentials> MakeServerCredentials(const TlsFiles& files) {
  auto provider = std::make_shared<tls::FileWatcherCertificateProvider>(files.key, files.certificate, files.peer_roots,
                                                                        kReloadIntervalSeconds);
  tls::TlsServerCredentialsOptions options(std::move(provider));
  options.watch_root_certs();
  options.watch_identity_key_cert_pairs();
  options.set_cert_request_type(GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
  return tls::TlsServerCredentials(options);
}

void SetLimits(grpc::ServerBuilder& builder) {
  builder.SetMaxReceiveMessageSize(static_cast<int>(kMessageBytesMax));
  builder.SetMaxSendMessageSize(static_cast<int>(kMessageBytesMax));
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, kStreamsPerConnectionMax);
  builder.AddChannelArgument(GRPC_ARG_MAX_METADATA_SIZE, kMetadataBytesMax);
  builder.AddChannelArgument(GRPC_ARG_SERVER_HANDSHAKE_TIMEOUT_MS, kHandshakeTimeoutMs);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, kKeepaliveTimeMs);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, kKeepaliveTimeoutMs);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, kPingIntervalMinMs);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MAX_PING_STRIKES, kPingStrikesMax);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MAX_FRAME_SIZE, kFrameBytesMax);
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  builder.AddChannelArgument(GRPC_ARG_ENABLE_CHANNELZ, 0);
  builder.AddChannelArgument(GRPC_COMPRESSION_CHANNEL_ENABLED_ALGORITHMS_BITSET, 1 << GRPC_COMPRESS_NONE);
  grpc::ResourceQuota quota("meguri-node");
  quota.Resize(kServerMemoryBytes);
  quota.SetMaxThreads(kServerThreadsMax);
  builder.SetResourceQuota(quota);
}

}  // namespace

void RequireTls13() {
  // A TLS 1.2 suite that neither side can negotiate. The suites of TLS 1.3 are a list of their own.
  ::setenv("GRPC_SSL_CIPHER_SUITES", "PSK-AES256-GCM-SHA384", 1);
}

absl::StatusOr<std::unique_ptr<GrpcServer>> GrpcServer::Start(const std::string& address, const TlsFiles& tls,
                                                              const std::vector<HostedServices>& members) {
  GuardConnections();
  grpc::EnableDefaultHealthCheckService(true);
  grpc::reflection::InitProtoReflectionServerBuilderPlugin();
  grpc::ServerBuilder builder;
  int port = 0;
  builder.AddListeningPort(address, MakeServerCredentials(tls), &port);
  SetLimits(builder);
  for (const HostedServices& member : members) {
    for (grpc::Service* service : member.services) {
      if (member.authority.empty()) {
        builder.RegisterService(service);
      } else {
        builder.RegisterService(member.authority, service);
      }
    }
  }
  std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  if (server == nullptr || port == 0) {
    return Error(absl::StatusCode::kUnavailable, "LISTEN",
                 absl::StrCat("Cannot listen on ", address, ": is another program using it?"));
  }
  return absl::WrapUnique(new GrpcServer(std::move(server), port));
}

void GrpcServer::SetHealthy(bool is_healthy) { server_->GetHealthCheckService()->SetServingStatus(is_healthy); }

GrpcServer::~GrpcServer() { Stop(); }

void GrpcServer::Stop() {
  server_->Shutdown(std::chrono::system_clock::now() + absl::ToChronoMilliseconds(kShutdownGrace));
  server_->Wait();
}

}  // namespace meguri::node
