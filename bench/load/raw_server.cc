// SPDX-License-Identifier: Apache-2.0
#include <chrono>
#include <csignal>
#include <memory>
#include <string>

#include "CLI/App.hpp"
#include "base/error.h"
#include "base/status_macros.h"
#include "bench/load/figures.h"
#include "bench/load/unary_load.h"
#include "certs/files.h"
#include "grpcpp/security/server_credentials.h"
#include "grpcpp/server.h"
#include "grpcpp/server_builder.h"
#include "meguri/feed/v1/feed_service.grpc.pb.h"
#include "meguri/record/v1/record_service.grpc.pb.h"
#include "record/system_random.h"

namespace meguri::bench {
namespace {

constexpr size_t kMessageRecords = 64;
constexpr size_t kRecordBytes = 4096;
constexpr size_t kFileBytesMax = size_t{64} << 20;

// Answers every Get with the same bytes, unread.
class RawRecords final
    : public record::v1::RecordService::WithRawCallbackMethod_Get<record::v1::RecordService::Service> {
 public:
  explicit RawRecords(const std::string& answer) : answer_(ToBuffer(answer)) {}
  grpc::ServerUnaryReactor* Get(grpc::CallbackServerContext* context, const grpc::ByteBuffer*,
                                grpc::ByteBuffer* response) override {
    *response = answer_;
    grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
    reactor->Finish(grpc::Status::OK);
    return reactor;
  }

 private:
  const grpc::ByteBuffer answer_;
};

// Writes the same message again and again.
class RawStream final : public grpc::ServerWriteReactor<grpc::ByteBuffer> {
 public:
  RawStream(const grpc::ByteBuffer& message, size_t count) : message_(message), left_(count) { OnWriteDone(true); }

  void OnWriteDone(bool ok) override {
    if (!ok || left_ == 0) {
      Finish(grpc::Status::OK);
    } else {
      --left_;
      StartWrite(&message_);
    }
  }
  void OnDone() override { delete this; }

 private:
  const grpc::ByteBuffer& message_;
  size_t left_;
};

// Answers Follow with messages of 64 records of 4 KiB, as many in all as the server was told.
class RawFeeds final : public feed::v1::FeedService::WithRawCallbackMethod_Follow<feed::v1::FeedService::Service> {
 public:
  RawFeeds(const std::string& message, size_t count) : message_(ToBuffer(message)), count_(count) {}
  grpc::ServerWriteReactor<grpc::ByteBuffer>* Follow(grpc::CallbackServerContext*, const grpc::ByteBuffer*) override {
    return new RawStream(message_, count_);
  }

 private:
  const grpc::ByteBuffer message_;
  const size_t count_;
};

struct Arguments {
  std::string address;
  std::string key;
  std::string certificate;
  std::string roots;
  std::string answer;
  size_t records = 100'000;
};

absl::StatusOr<std::shared_ptr<grpc::ServerCredentials>> MakeCredentials(const Arguments& arguments) {
  MEGURI_ASSIGN_OR_RETURN(const std::string key, certs::ReadFile(arguments.key, kFileBytesMax));
  MEGURI_ASSIGN_OR_RETURN(const std::string certificate, certs::ReadFile(arguments.certificate, kFileBytesMax));
  grpc::SslServerCredentialsOptions options(GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
  MEGURI_ASSIGN_OR_RETURN(options.pem_root_certs, certs::ReadFile(arguments.roots, kFileBytesMax));
  options.pem_key_cert_pairs.push_back({key, certificate});
  return grpc::SslServerCredentials(options);
}

absl::StatusOr<Figures> Serve(const Arguments& arguments) {
  sigset_t signals;
  ::sigemptyset(&signals);
  ::sigaddset(&signals, SIGTERM);
  ::sigaddset(&signals, SIGINT);
  ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);  // before gRPC starts threads
  MEGURI_ASSIGN_OR_RETURN(const std::string answer, certs::ReadFile(arguments.answer, kFileBytesMax));
  record::SystemRandom random;
  std::string message(kMessageRecords * kRecordBytes, '\0');
  random.Fill({reinterpret_cast<uint8_t*>(message.data()), message.size()});
  RawRecords records(answer);
  RawFeeds feeds(message, arguments.records / kMessageRecords);
  MEGURI_ASSIGN_OR_RETURN(const std::shared_ptr<grpc::ServerCredentials> credentials, MakeCredentials(arguments));
  grpc::ServerBuilder builder;
  builder.AddListeningPort(arguments.address, credentials);
  builder.RegisterService(&records);
  builder.RegisterService(&feeds);
  const std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  if (server == nullptr) {
    return Error(absl::StatusCode::kUnavailable, "LISTEN", "The raw server cannot listen there.");
  }
  int signal = 0;
  ::sigwait(&signals, &signal);
  server->Shutdown(std::chrono::system_clock::now());
  return Figures{};
}

}  // namespace

void AddRawServer(CLI::App& app, Chosen& chosen) {
  CLI::App& command = *app.add_subcommand("raw-server", "Answers Get and Follow with fixed bytes, until SIGTERM");
  const auto arguments = std::make_shared<Arguments>();
  command.add_option("--listen", arguments->address, "host:port")->required();
  command.add_option("--key", arguments->key, "The node's key")->required();
  command.add_option("--certificate", arguments->certificate, "The node's certificate")->required();
  command.add_option("--roots", arguments->roots, "Who may have signed clients")->required();
  command.add_option("--answer", arguments->answer, "File with the answer to Get")->required();
  command.add_option("--records", arguments->records, "Records of a stream");
  command.callback([arguments, &chosen] { chosen = [arguments] { return Serve(*arguments); }; });
}

}  // namespace meguri::bench
