// SPDX-License-Identifier: Apache-2.0
#include "tests/hostile/evil_client.h"

#include <chrono>
#include <cstdio>
#include <functional>
#include <future>
#include <iostream>
#include <map>
#include <memory>
#include <utility>

#include "base/status_macros.h"
#include "certs/certificate.h"
#include "certs/files.h"
#include "certs/limits.h"
#include "certs/signing_key.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "grpcpp/channel.h"
#include "grpcpp/client_context.h"
#include "grpcpp/create_channel.h"
#include "grpcpp/generic/generic_stub.h"
#include "grpcpp/security/credentials.h"
#include "grpcpp/security/tls_certificate_provider.h"
#include "grpcpp/security/tls_credentials_options.h"
#include "meguri/admin/v1/admin_service.grpc.pb.h"
#include "meguri/feed/v1/feed_service.grpc.pb.h"
#include "meguri/record/v1/record_service.grpc.pb.h"
#include "meguri/registry/v1/registry_service.grpc.pb.h"
#include "nlohmann/json.hpp"
#include "record/system_random.h"
#include "tests/hostile/feed_of_lies.h"

namespace meguri::hostile {
namespace {

constexpr std::chrono::seconds kDeadline(10);
constexpr absl::Duration kShortLife = absl::Minutes(1);

using ChannelPtr = std::shared_ptr<grpc::Channel>;

absl::StatusOr<ChannelPtr> Connect(const CallOptions& options) {
  namespace tls = grpc::experimental;
  MEGURI_ASSIGN_OR_RETURN(const std::string roots, certs::ReadFile(options.roots, certs::kPemBytesMax));
  std::vector<tls::IdentityKeyCertPair> pairs;
  if (!options.key.empty()) {
    MEGURI_ASSIGN_OR_RETURN(const std::string key, certs::ReadFile(options.key, certs::kKeyFileBytesMax));
    MEGURI_ASSIGN_OR_RETURN(const std::string chain, certs::ReadFile(options.certificate, certs::kPemBytesMax));
    pairs.push_back({key, chain});
  }
  tls::TlsChannelCredentialsOptions credentials;
  credentials.set_certificate_provider(pairs.empty()
                                           ? std::make_shared<tls::StaticDataCertificateProvider>(roots)
                                           : std::make_shared<tls::StaticDataCertificateProvider>(roots, pairs));
  credentials.watch_root_certs();
  if (!pairs.empty()) {
    credentials.watch_identity_key_cert_pairs();
  }
  // Whom it attacks is no question to an attacker.
  credentials.set_check_call_host(false);
  credentials.set_certificate_verifier(std::make_shared<tls::NoOpCertificateVerifier>());
  return grpc::CreateChannel(options.target, tls::TlsCredentials(credentials));
}

feed::v1::FollowRequest FollowRequestOf(const CallOptions& options) {
  feed::v1::FollowRequest request;
  request.set_publisher(options.publisher);
  for (const std::string& feed : options.feeds) {
    feed::v1::FeedPosition* position = request.add_feeds();
    position->set_feed(feed);
    position->set_epoch(options.epoch);
    position->set_size(options.position);
  }
  return request;
}

grpc::Status Follow(const CallOptions& options, const ChannelPtr& channel, grpc::ClientContext& context) {
  const auto stub = feed::v1::FeedService::NewStub(channel);
  const auto reader = stub->Follow(&context, FollowRequestOf(options));
  feed::v1::FollowResponse response;
  if (reader->Read(&response)) {
    context.TryCancel();
    reader->Finish();
    return grpc::Status::OK;
  }
  return reader->Finish();
}

// As Follow, and stays on the line until the other end hangs up. Says "open" once something came.
grpc::Status Hold(const CallOptions& options, const ChannelPtr& channel, grpc::ClientContext& context) {
  const auto stub = feed::v1::FeedService::NewStub(channel);
  const auto reader = stub->Follow(&context, FollowRequestOf(options));
  feed::v1::FollowResponse response;
  if (reader->Read(&response)) {
    std::puts("open");
    std::fflush(stdout);
  }
  while (reader->Read(&response)) {
  }
  return reader->Finish();
}

grpc::Status GetCheckpoint(const CallOptions& options, const ChannelPtr& channel, grpc::ClientContext& context) {
  feed::v1::GetCheckpointRequest request;
  request.mutable_feed()->set_publisher(options.publisher);
  request.mutable_feed()->set_name(options.feeds[0]);
  request.mutable_feed()->set_epoch(options.epoch);
  feed::v1::GetCheckpointResponse response;
  return feed::v1::FeedService::NewStub(channel)->GetCheckpoint(&context, request, &response);
}

grpc::Status Publish(const CallOptions&, const ChannelPtr& channel, grpc::ClientContext& context) {
  record::v1::PublishResponse response;
  return record::v1::RecordService::NewStub(channel)->Publish(&context, {}, &response);
}

// Sends a genuine record for every line that it is given, on one stream. Says "answered" for each answer.
grpc::Status PublishStream(const CallOptions& options, const ChannelPtr& channel, grpc::ClientContext& context) {
  record::v1::RecordFile file;
  if (!file.ParseFromString(Must(certs::ReadFile(options.record, certs::kPemBytesMax)))) {
    return {grpc::StatusCode::INVALID_ARGUMENT, "no record file"};
  }
  record::v1::PublishStreamRequest request;
  *request.mutable_publish()->add_publications()->mutable_envelope() = file.record();
  const auto stub = record::v1::RecordService::NewStub(channel);
  const auto stream = stub->PublishStream(&context);
  record::v1::PublishStreamResponse response;
  for (std::string line; std::getline(std::cin, line);) {
    if (!stream->Write(request) || !stream->Read(&response)) {
      break;
    }
    std::puts("answered");
    std::fflush(stdout);
  }
  stream->WritesDone();
  return stream->Finish();
}

grpc::Status AddFollow(const CallOptions& options, const ChannelPtr& channel, grpc::ClientContext& context) {
  admin::v1::AddFollowRequest request;
  request.mutable_follow()->set_publisher(options.publisher);
  request.mutable_follow()->add_feeds("public");
  admin::v1::AddFollowResponse response;
  return admin::v1::AdminService::NewStub(channel)->AddFollow(&context, request, &response);
}

grpc::Status NodeStatus(const CallOptions&, const ChannelPtr& channel, grpc::ClientContext& context) {
  admin::v1::GetNodeStatusResponse response;
  return admin::v1::AdminService::NewStub(channel)->GetNodeStatus(&context, {}, &response);
}

grpc::Status Renew(const CallOptions& options, const ChannelPtr& channel, grpc::ClientContext& context) {
  const auto key = Must(certs::SigningKey::Generate(record::KeyAlgorithm::kEcdsaP256));
  registry::v1::RenewCertificateRequest request;
  request.set_certificate_request(Must(certs::MakeCertificateRequest(*key, options.identity)));
  registry::v1::RenewCertificateResponse response;
  return registry::v1::RegistryService::NewStub(channel)->RenewCertificate(&context, request, &response);
}

// Calls a method with bytes that are no message of any type.
grpc::Status SendNonsense(const ChannelPtr& channel, grpc::ClientContext& context, const std::string& method) {
  const grpc::Slice nonsense(std::string(64, '\xff'));
  const grpc::ByteBuffer request(&nonsense, 1);
  grpc::ByteBuffer response;
  std::promise<grpc::Status> ended;
  grpc::GenericStub(channel).UnaryCall(&context, method, grpc::StubOptions(), &request, &response,
                                       [&ended](const grpc::Status& status) { ended.set_value(status); });
  return ended.get_future().get();
}

grpc::Status GetNonsense(const CallOptions&, const ChannelPtr& channel, grpc::ClientContext& context) {
  return SendNonsense(channel, context, "/meguri.record.v1.RecordService/Get");
}

grpc::Status FollowNonsense(const CallOptions&, const ChannelPtr& channel, grpc::ClientContext& context) {
  return SendNonsense(channel, context, "/meguri.feed.v1.FeedService/Follow");
}

std::string ReasonIn(const grpc::Status& status) {
  google::rpc::Status details;
  google::rpc::ErrorInfo told;
  if (details.ParseFromString(status.error_details())) {
    for (const google::protobuf::Any& detail : details.details()) {
      if (detail.UnpackTo(&told)) {
        return told.reason();
      }
    }
  }
  return "";
}

}  // namespace

absl::Status CallNode(const CallOptions& options) {
  const std::map<std::string, std::function<grpc::Status(const CallOptions&, const ChannelPtr&, grpc::ClientContext&)>>
      methods = {{"follow", &Follow},
                 {"checkpoint", &GetCheckpoint},
                 {"publish", &Publish},
                 {"add-follow", &AddFollow},
                 {"status", &NodeStatus},
                 {"renew", &Renew},
                 {"hold", &Hold},
                 {"publish-stream", &PublishStream},
                 {"get-nonsense", &GetNonsense},
                 {"follow-nonsense", &FollowNonsense}};
  const auto method = methods.find(options.method);
  if (method == methods.end()) {
    return absl::InvalidArgumentError(absl::StrCat("no such method: ", options.method));
  }
  MEGURI_ASSIGN_OR_RETURN(const ChannelPtr channel, Connect(options));
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + kDeadline);
  for (const std::string& member : options.acting_members) {
    context.AddMetadata("meguri-acting-member", member);
  }
  const grpc::Status status = method->second(options, channel, context);
  const nlohmann::json answer = {{"code", static_cast<int>(status.error_code())},
                                 {"reason", ReasonIn(status)},
                                 {"message", status.error_message()}};
  std::cout << answer.dump(-1, ' ', true, nlohmann::json::error_handler_t::replace) << std::endl;
  return absl::OkStatus();
}

absl::Status Forge(const ForgeOptions& options) {
  record::SystemRandom random;
  // An authority issues nothing that was valid before itself, so what has expired was short-lived.
  const absl::Time issued = SystemClock().Now() - (options.expired ? 2 * kShortLife : absl::ZeroDuration());
  const absl::Duration validity = options.expired ? kShortLife : certs::kNodeCertificateValidity;
  MEGURI_ASSIGN_OR_RETURN(const certs::CertificateAuthority authority,
                          options.ca_key.empty()
                              ? certs::CertificateAuthority::Create("Nobody's Authority", random, issued)
                              : certs::CertificateAuthority::Load(options.ca_key, options.ca_certificate));
  MEGURI_ASSIGN_OR_RETURN(const certs::Identity identity, certs::Identity::Parse(options.identity));
  MEGURI_ASSIGN_OR_RETURN(const auto key, certs::SigningKey::Generate(record::KeyAlgorithm::kEcdsaP256));
  MEGURI_ASSIGN_OR_RETURN(const std::string request, certs::MakeCertificateRequest(*key, options.identity));
  MEGURI_ASSIGN_OR_RETURN(const certs::Certificate certificate,
                          authority.Issue(request, identity, options.role, validity, random, issued));
  MEGURI_RETURN_IF_ERROR(key->SaveTo(options.out + ".key"));
  return certs::WriteNewFile(options.out + ".crt", certificate.ToPem(), 0644);
}

}  // namespace meguri::hostile
