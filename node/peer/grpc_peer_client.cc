// SPDX-License-Identifier: Apache-2.0
#include "node/peer/grpc_peer_client.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/cut_text.h"
#include "base/error.h"
#include "certs/addressed_member.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "grpcpp/client_context.h"
#include "meguri/audit/v1/audit_service.grpc.pb.h"
#include "meguri/erasure/v1/erasure_service.grpc.pb.h"
#include "meguri/feed/v1/feed_service.grpc.pb.h"
#include "meguri/feed/v1/heads_service.grpc.pb.h"
#include "meguri/record/v1/copy_service.grpc.pb.h"
#include "meguri/record/v1/record_service.grpc.pb.h"
#include "meguri/registry/v1/registry_service.grpc.pb.h"
#include "meguri/witness/v1/witness_service.grpc.pb.h"
#include "node/erasure/limits.h"
#include "node/follow/limits.h"
#include "node/onward/limits.h"
#include "node/witness/limits.h"
#include "record/wire.h"

namespace meguri::node {
namespace {

constexpr char kActingMemberKey[] = "meguri-acting-member";
constexpr char kPurposeKey[] = "meguri-purpose";
constexpr size_t kPeerTextMax = 300;

constexpr size_t kReasonMax = 64;
constexpr char kIdentityRefused[] = "Custom verification check failed";
constexpr char kCertificateRefused[] = "certificate verify failed";

// A peer's words, fit for a message of ours and for a terminal: cut between characters, without control characters.
std::string Shown(absl::string_view text) {
  if (!record::IsUtf8(text)) {
    return absl::CHexEscape(text.substr(0, kPeerTextMax));
  }
  return absl::Utf8SafeCEscape(CutText(text, kPeerTextMax));
}

// A reason is for programs: what does not look like one is not passed on.
std::string ReasonFrom(absl::string_view told) {
  const bool fits = !told.empty() && told.size() <= kReasonMax && std::all_of(told.begin(), told.end(), [](char c) {
    return absl::ascii_isupper(static_cast<unsigned char>(c)) || absl::ascii_isdigit(static_cast<unsigned char>(c)) ||
           c == '_';
  });
  return fits ? std::string(told) : "PEER_REASON";
}

// An error without a reason of ours comes from the connection.
std::string TransportReason(const grpc::Status& status) {
  const std::string message = status.error_message();
  if (absl::StrContains(message, kIdentityRefused)) {
    return "NODE_IDENTITY";
  }
  if (absl::StrContains(message, kCertificateRefused)) {
    return "NODE_CERTIFICATE";
  }
  if (status.error_code() == grpc::StatusCode::UNAVAILABLE) {
    return "NODE_UNREACHABLE";
  }
  const std::string name = absl::StatusCodeToString(static_cast<absl::StatusCode>(status.error_code()));
  return name.empty() ? "UNKNOWN" : name;
}

// What a peer says of an error is shown; it is never acted on.
absl::Status FromGrpc(const grpc::Status& status) {
  if (status.ok()) {
    return absl::OkStatus();
  }
  const auto code = static_cast<absl::StatusCode>(status.error_code());
  google::rpc::Status details;
  if (details.ParseFromString(status.error_details())) {
    for (const google::protobuf::Any& detail : details.details()) {
      google::rpc::ErrorInfo info;
      if (detail.UnpackTo(&info)) {
        return Error(code, ReasonFrom(info.reason()), Shown(status.error_message()));
      }
    }
  }
  return Error(code, TransportReason(status), Shown(status.error_message()));
}

feed::v1::FeedName ToProto(const record::FeedKey& feed) {
  feed::v1::FeedName name;
  name.set_publisher(feed.publisher.text());
  name.set_name(feed.name.text());
  name.set_epoch(feed.epoch);
  return name;
}

// Who calls, and who is called.
void SetMembers(const record::ParticipantId& acting_member, const record::ParticipantId& addressed_member,
                grpc::ClientContext& context) {
  context.AddMetadata(kActingMemberKey, acting_member.text());
  context.set_authority(certs::AuthorityOf(addressed_member));
}

// One open stream. It keeps itself alive until gRPC is done with it.
class FollowReactor final : public grpc::ClientReadReactor<feed::v1::FollowResponse>,
                            public std::enable_shared_from_this<FollowReactor> {
 public:
  FollowReactor(std::shared_ptr<grpc::Channel> channel, const FollowCall& call, std::shared_ptr<FollowSink> sink)
      : stub_(feed::v1::FeedService::NewStub(std::move(channel))), sink_(std::move(sink)) {
    SetMembers(call.acting_member, call.peer.member, context_);
    request_.set_publisher(call.publisher.text());
    for (const FollowPosition& position : call.feeds) {
      feed::v1::FeedPosition* feed = request_.add_feeds();
      feed->set_feed(position.feed.text());
      feed->set_epoch(position.epoch);
      feed->set_size(position.size);
      feed->set_purpose(position.purpose);
    }
  }

  void Start() {
    self_ = shared_from_this();
    stub_->async()->Follow(&context_, &request_, this);
    // Held until the last read has failed: the end must not overtake an event that is still being worked on.
    AddHold();
    StartRead(&response_);
    StartCall();
  }

  void Cancel() { context_.TryCancel(); }

  void OnReadDone(bool ok) override {
    if (!ok) {
      RemoveHold();
      return;
    }
    FollowEvent event;
    event.bytes = response_.ByteSizeLong();
    if (response_.has_target()) {
      event.target = std::move(*response_.mutable_target());
    } else if (response_.has_batch()) {
      event.batch = std::move(*response_.mutable_batch());
    } else if (response_.has_denial()) {
      const feed::v1::FeedDenial& denial = response_.denial();
      event.denial = FeedDenied{denial.feed(), Error(absl::StatusCode::kPermissionDenied, ReasonFrom(denial.reason()),
                                                     Shown(denial.message()))};
    } else if (response_.heartbeat().has_registry_heartbeat()) {
      event.registry_heartbeat = std::move(*response_.mutable_heartbeat()->mutable_registry_heartbeat());
    } else if (response_.heartbeat().has_feed_heartbeat()) {
      event.feed_heartbeat = std::move(*response_.mutable_heartbeat()->mutable_feed_heartbeat());
    }
    sink_->OnEvent(std::move(event), [keep = shared_from_this()] { keep->StartRead(&keep->response_); });
  }

  void OnDone(const grpc::Status& status) override {
    const auto keep = std::move(self_);
    sink_->OnEnd(FromGrpc(status));
  }

 private:
  const std::unique_ptr<feed::v1::FeedService::Stub> stub_;
  const std::shared_ptr<FollowSink> sink_;
  grpc::ClientContext context_;
  feed::v1::FollowRequest request_;
  feed::v1::FollowResponse response_;
  std::shared_ptr<FollowReactor> self_;
};

class GrpcFollowStream final : public FollowStream {
 public:
  explicit GrpcFollowStream(std::weak_ptr<FollowReactor> reactor) : reactor_(std::move(reactor)) {}
  void Cancel() override {
    if (const std::shared_ptr<FollowReactor> reactor = reactor_.lock()) {
      reactor->Cancel();
    }
  }

 private:
  const std::weak_ptr<FollowReactor> reactor_;
};

}  // namespace

// One question that is not answered yet.
struct GrpcPeerClient::Asking {
  grpc::ClientContext context;
};

GrpcPeerClient::~GrpcPeerClient() {
  StopAsking();
  MutexLock lock(mutex_);
  while (!asking_.empty()) {
    asking_ended_.Wait(mutex_);
  }
}

std::shared_ptr<grpc::Channel> GrpcPeerClient::ChannelTo(const PeerAddress& peer) {
  Invariant(!peer.addresses.empty(), "a peer has an address");
  MutexLock lock(mutex_);
  const std::string end = absl::StrCat(peer.member.text(), " ", peer.node_identity);
  const size_t attempt = attempts_[end]++;
  const std::string& address = peer.addresses[attempt % peer.addresses.size()];
  std::shared_ptr<grpc::Channel>& channel = channels_[absl::StrCat(end, " ", address)];
  if (channel == nullptr) {
    channel = connections_.Open(peer.node_identity, address);
  }
  return channel;
}

std::unique_ptr<FollowStream> GrpcPeerClient::Follow(const FollowCall& call, std::shared_ptr<FollowSink> sink) {
  const auto reactor = std::make_shared<FollowReactor>(ChannelTo(call.peer), call, std::move(sink));
  reactor->Start();
  return std::make_unique<GrpcFollowStream>(reactor);
}

void GrpcPeerClient::BeginAsking(Asking* asking, const record::ParticipantId& acting_member,
                                 const record::ParticipantId& addressed_member, absl::Duration timeout) {
  SetMembers(acting_member, addressed_member, asking->context);
  asking->context.set_deadline(std::chrono::system_clock::now() + absl::ToChronoMilliseconds(timeout));
  MutexLock lock(mutex_);
  if (may_ask_) {
    asking_.insert(asking);
  } else {
    asking->context.TryCancel();
  }
}

template <typename Service, typename Request, typename Response, typename Answered, typename Take>
void GrpcPeerClient::Ask(const PeerAddress& peer, const record::ParticipantId& acting_member, absl::Duration timeout,
                         void (Service::StubInterface::async_interface::*method)(grpc::ClientContext*, const Request*,
                                                                                 Response*,
                                                                                 std::function<void(grpc::Status)>),
                         Request request, Answered done, Take take, uint32_t purpose) {
  struct Call : Asking {
    std::unique_ptr<typename Service::Stub> stub;
    Request request;
    Response response;
    Answered done;
  };
  const auto call = std::make_shared<Call>();
  call->stub = Service::NewStub(ChannelTo(peer));
  call->request = std::move(request);
  call->done = std::move(done);
  if (purpose != 0) {
    call->context.AddMetadata(kPurposeKey, absl::StrCat(purpose));
  }
  BeginAsking(call.get(), acting_member, peer.member, timeout);
  (call->stub->async()->*method)(&call->context, &call->request, &call->response,
                                 [this, call, take = std::move(take)](const grpc::Status& status) {
                                   if (status.ok()) {
                                     call->done(take(call->response));
                                   } else {
                                     call->done(FromGrpc(status));
                                   }
                                   EndAsking(call.get());
                                 });
}

void GrpcPeerClient::Resolve(const PublisherQuestion& question, PublisherNode::Done done) {
  record::v1::ResolveRequest request;
  request.set_identifier(question.identifier);
  const auto take = [](record::v1::ResolveResponse& response) -> absl::StatusOr<PublisherNode::Answer> {
    PublisherNode::Answer answer;
    for (record::v1::RecordView& view : *response.mutable_records()) {
      answer.push_back(std::move(*view.mutable_envelope()));
    }
    return answer;
  };
  Ask<record::v1::RecordService, record::v1::ResolveRequest, record::v1::ResolveResponse>(
      {question.publisher, question.node_identity, question.addresses}, question.acting_member, kAskTimeout,
      &record::v1::RecordService::StubInterface::async_interface::Resolve, std::move(request), std::move(done), take,
      question.purpose);
}

void GrpcPeerClient::FindCopies(const CopyQuestion& question, CopyPeer::Done done) {
  record::v1::FindCopiesRequest request;
  request.set_identifier(question.identifier);
  request.set_publisher(question.publisher.has_value() ? question.publisher->text() : "");
  const auto take = [](record::v1::FindCopiesResponse& response) -> absl::StatusOr<CopyPeer::Answer> {
    if (response.ByteSizeLong() > kCopyBytesMax) {
      return Error(absl::StatusCode::kInvalidArgument, "ANSWER_SIZE", "The answer is larger than any copy.");
    }
    CopyPeer::Answer answer;
    for (record::v1::RecordCopy& copy : *response.mutable_copies()) {
      RecordCopy& taken = answer.emplace_back();
      taken.envelope = std::move(*copy.mutable_envelope());
      taken.proof = std::move(*copy.mutable_proof());
      if (copy.has_heartbeat()) {
        taken.heartbeat = std::move(*copy.mutable_heartbeat());
      }
    }
    return answer;
  };
  Ask<record::v1::CopyService, record::v1::FindCopiesRequest, record::v1::FindCopiesResponse>(
      {question.relay, question.node_identity, question.addresses}, question.acting_member, kAskTimeout,
      &record::v1::CopyService::StubInterface::async_interface::FindCopies, std::move(request), std::move(done), take);
}

void GrpcPeerClient::ExchangeCheckpoints(const ExchangeCall& call, ExchangePeer::Done done) {
  feed::v1::ExchangeCheckpointsRequest request;
  *request.mutable_known() = call.known;
  const auto take = [](feed::v1::ExchangeCheckpointsResponse& response) {
    return std::move(*response.mutable_known());
  };
  Ask<feed::v1::FeedService, feed::v1::ExchangeCheckpointsRequest, feed::v1::ExchangeCheckpointsResponse>(
      call.peer, call.acting_member, kExchangeTimeout,
      &feed::v1::FeedService::StubInterface::async_interface::ExchangeCheckpoints, std::move(request), std::move(done),
      take);
}

void GrpcPeerClient::GetOpenings(const OpeningCall& call, OpeningPeer::Done done) {
  feed::v1::GetOpeningsRequest request;
  request.set_publisher(call.publisher.text());
  request.mutable_feeds()->Assign(call.feeds.begin(), call.feeds.end());
  const auto take = [](feed::v1::GetOpeningsResponse& response) {
    return std::vector<feed::v1::FeedOpenings>(response.feeds().begin(), response.feeds().end());
  };
  Ask<feed::v1::HeadsService, feed::v1::GetOpeningsRequest, feed::v1::GetOpeningsResponse>(
      call.peer, call.acting_member, kOpeningTimeout,
      &feed::v1::HeadsService::StubInterface::async_interface::GetOpenings, std::move(request), std::move(done), take);
}

void GrpcPeerClient::ListRows(const AuditQuestion& question, AuditPeer::Done done) {
  audit::v1::ListRowsRequest request;
  *request.mutable_query() = question.query;
  const auto take = [](audit::v1::ListRowsResponse& response) { return std::move(*response.mutable_page()); };
  Ask<audit::v1::AuditService, audit::v1::ListRowsRequest, audit::v1::ListRowsResponse>(
      {question.member, question.node_identity, question.addresses}, question.acting_member, kAuditAskTimeout,
      &audit::v1::AuditService::StubInterface::async_interface::ListRows, std::move(request), std::move(done), take);
}

void GrpcPeerClient::EraseCopies(const ErasureCall& call, ErasurePeer::Done done) {
  erasure::v1::EraseCopiesRequest request;
  request.set_holder(call.holder.text());
  *request.mutable_erasure() = call.erasure;
  const auto take = [](erasure::v1::EraseCopiesResponse& response) {
    return response.has_acknowledgement() ? absl::make_optional(std::move(*response.mutable_acknowledgement()))
                                          : absl::optional<record::v1::SignedBody>();
  };
  Ask<erasure::v1::ErasureService, erasure::v1::EraseCopiesRequest, erasure::v1::EraseCopiesResponse>(
      {call.holder, call.node_identity, call.addresses}, call.acting_member, kErasureAskTimeout,
      &erasure::v1::ErasureService::StubInterface::async_interface::EraseCopies, std::move(request), std::move(done),
      take);
}

void GrpcPeerClient::ReportOnward(const OnwardCall& call, OnwardPeer::Done done) {
  audit::v1::ReportOnwardRequest request;
  request.set_owner(call.owner.text());
  *request.mutable_report() = call.report;
  const auto take = [](audit::v1::ReportOnwardResponse&) { return absl::OkStatus(); };
  Ask<audit::v1::AuditService, audit::v1::ReportOnwardRequest, audit::v1::ReportOnwardResponse>(
      {call.owner, call.node_identity, call.addresses}, call.acting_member, kOnwardSendTimeout,
      &audit::v1::AuditService::StubInterface::async_interface::ReportOnward, std::move(request), std::move(done),
      take);
}

void GrpcPeerClient::AddCheckpoint(const WitnessNode& node, const record::ParticipantId& acting_member,
                                   const Submission& submission, WitnessPeer::AddDone done) {
  witness::v1::AddCheckpointRequest request;
  *request.mutable_feed() = ToProto(submission.feed);
  request.set_old_size(submission.old_size);
  for (const record::Hash& hash : submission.path) {
    request.add_consistency_path(hash.ToString());
  }
  request.set_checkpoint(submission.note);
  const auto take = [](witness::v1::AddCheckpointResponse& response) {
    return Verdict{response.cosignature(), response.known_checkpoint()};
  };
  Ask<witness::v1::WitnessService, witness::v1::AddCheckpointRequest, witness::v1::AddCheckpointResponse>(
      {node.witness, node.identity, node.addresses}, acting_member, kWitnessTimeout,
      &witness::v1::WitnessService::StubInterface::async_interface::AddCheckpoint, std::move(request), std::move(done),
      take);
}

void GrpcPeerClient::GetWitnessed(const WitnessNode& node, const record::ParticipantId& acting_member,
                                  const record::FeedKey& feed, WitnessPeer::GetDone done) {
  witness::v1::GetCheckpointRequest request;
  *request.mutable_feed() = ToProto(feed);
  const auto take = [](witness::v1::GetCheckpointResponse& response) {
    return std::move(*response.mutable_checkpoint());
  };
  Ask<witness::v1::WitnessService, witness::v1::GetCheckpointRequest, witness::v1::GetCheckpointResponse>(
      {node.witness, node.identity, node.addresses}, acting_member, kWitnessTimeout,
      &witness::v1::WitnessService::StubInterface::async_interface::GetCheckpoint, std::move(request), std::move(done),
      take);
}

void GrpcPeerClient::EndAsking(Asking* asking) {
  MutexLock lock(mutex_);
  asking_.erase(asking);
  asking_ended_.NotifyAll();
}

void GrpcPeerClient::StopAsking() {
  MutexLock lock(mutex_);
  may_ask_ = false;
  for (Asking* asking : asking_) {
    asking->context.TryCancel();
  }
}

absl::StatusOr<std::string> GrpcPeerClient::RenewCertificate(const PeerAddress& peer,
                                                             const record::ParticipantId& acting_member,
                                                             const std::string& request_der, absl::Duration timeout) {
  const auto stub = registry::v1::RegistryService::NewStub(ChannelTo(peer));
  grpc::ClientContext context;
  SetMembers(acting_member, peer.member, context);
  context.set_deadline(std::chrono::system_clock::now() + absl::ToChronoMilliseconds(timeout));
  registry::v1::RenewCertificateRequest request;
  request.set_certificate_request(request_der);
  registry::v1::RenewCertificateResponse response;
  absl::Status status = FromGrpc(stub->RenewCertificate(&context, request, &response));
  if (!status.ok()) {
    return status;
  }
  if (response.certificate_chain_size() != 1) {
    return Error(absl::StatusCode::kInvalidArgument, "CERTIFICATE_CHAIN", "The operator sent no single certificate.");
  }
  return response.certificate_chain(0);
}

}  // namespace meguri::node
