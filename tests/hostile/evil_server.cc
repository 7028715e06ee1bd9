// SPDX-License-Identifier: Apache-2.0
#include "tests/hostile/evil_server.h"

#include <atomic>
#include <iostream>
#include <memory>
#include <utility>

#include "base/mutex.h"
#include "base/status_macros.h"
#include "certs/files.h"
#include "certs/limits.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "grpcpp/security/server_credentials.h"
#include "grpcpp/security/tls_certificate_provider.h"
#include "grpcpp/security/tls_credentials_options.h"
#include "grpcpp/server.h"
#include "grpcpp/server_builder.h"
#include "meguri/feed/v1/feed_service.grpc.pb.h"
#include "nlohmann/json.hpp"

namespace meguri::hostile {
namespace {

using feed::v1::FollowResponse;

void Say(const nlohmann::json& event) { std::cout << event.dump() << std::endl; }

grpc::Status ToGrpc(const StreamEnd& end) {
  google::rpc::ErrorInfo told;
  told.set_reason(end.reason);
  told.set_domain("meguri");
  google::rpc::Status details;
  details.set_code(end.code);
  details.add_details()->PackFrom(told);
  return {static_cast<grpc::StatusCode>(end.code), end.message, details.SerializeAsString()};
}

// Tells a script, message by message, and then stays silent or ends.
class Telling final : public grpc::ServerWriteReactor<FollowResponse> {
 public:
  explicit Telling(Script script) : script_(std::move(script)) { Next(); }

  void OnWriteDone(bool ok) override {
    if (ok) {
      Next();
    } else {
      End(grpc::Status::CANCELLED);
    }
  }
  void OnCancel() override { End(grpc::Status::CANCELLED); }
  void OnDone() override { delete this; }

 private:
  void Next() {
    const FollowResponse* response = nullptr;
    {
      MutexLock lock(mutex_);
      if (!ended_ && told_ < script_.responses.size()) {
        response = &script_.responses[told_++];
        // Under the lock: nothing may be written once the stream has ended.
        StartWrite(response);
      }
    }
    if (response == nullptr && script_.end.has_value()) {
      End(ToGrpc(*script_.end));
    }
  }

  void End(const grpc::Status& status) {
    {
      MutexLock lock(mutex_);
      if (ended_) {
        return;
      }
      ended_ = true;
    }
    Finish(status);
  }

  const Script script_;
  Mutex mutex_;
  size_t told_ ABSL_GUARDED_BY(mutex_) = 0;
  bool ended_ ABSL_GUARDED_BY(mutex_) = false;
};

class EvilFeedService final : public feed::v1::FeedService::CallbackService {
 public:
  EvilFeedService(const Publisher& publisher, const Attack& attack, const record::v1::RecordFile& foreign)
      : publisher_(publisher), attack_(attack), foreign_(foreign) {}

  grpc::ServerWriteReactor<FollowResponse>* Follow(grpc::CallbackServerContext*,
                                                   const feed::v1::FollowRequest* request) override {
    const int connection = ++connections_;
    Script script;
    for (const feed::v1::FeedPosition& position : request->feeds()) {
      Say({{"event", "asked"}, {"feed", position.feed()}, {"position", position.size()}, {"connection", connection}});
      Script told = attack_.play({publisher_, position.feed(), position.size(), connection, foreign_});
      script.end = told.end;
      for (FollowResponse& response : told.responses) {
        script.responses.push_back(std::move(response));
      }
    }
    return new Telling(std::move(script));
  }

 private:
  const Publisher& publisher_;
  const Attack& attack_;
  const record::v1::RecordFile& foreign_;
  std::atomic<int> connections_ = 0;
};

absl::StatusOr<std::shared_ptr<grpc::ServerCredentials>> Credentials(const Publisher& publisher,
                                                                     const std::string& folder) {
  namespace tls = grpc::experimental;
  MEGURI_ASSIGN_OR_RETURN(const std::string key, certs::ReadFile(folder + "/keys/node.key", certs::kKeyFileBytesMax));
  MEGURI_ASSIGN_OR_RETURN(const std::string chain, certs::ReadFile(folder + "/certs/node.crt", certs::kPemBytesMax));
  std::string roots;
  for (const certs::Certificate& root : publisher.bundle().tls_roots()) {
    roots += root.ToPem();
  }
  tls::TlsServerCredentialsOptions options(
      std::make_shared<tls::StaticDataCertificateProvider>(roots, std::vector<tls::IdentityKeyCertPair>{{key, chain}}));
  options.watch_root_certs();
  options.watch_identity_key_cert_pairs();
  options.set_cert_request_type(GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
  return tls::TlsServerCredentials(options);
}

}  // namespace

absl::Status ServeAttack(const Publisher& publisher, const Attack& attack, const record::v1::RecordFile& foreign,
                         const ServerOptions& options) {
  MEGURI_ASSIGN_OR_RETURN(const auto credentials, Credentials(publisher, options.tls_folder));
  EvilFeedService service(publisher, attack, foreign);
  grpc::ServerBuilder builder;
  int port = 0;
  builder.AddListeningPort(options.listen, credentials, &port);
  builder.RegisterService(&service);
  const std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  if (server == nullptr || port == 0) {
    return absl::UnavailableError(absl::StrCat("cannot listen on ", options.listen));
  }
  Say({{"event", "listening"}, {"port", port}, {"attack", attack.name}});
  server->Wait();
  return absl::OkStatus();
}

}  // namespace meguri::hostile
