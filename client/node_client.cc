// SPDX-License-Identifier: Apache-2.0
#include "client/node_client.h"

#include <deque>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "certs/addressed_member.h"
#include "client/channel.h"
#include "client/rpc_error.h"
#include "grpcpp/channel.h"
#include "grpcpp/client_context.h"
#include "grpcpp/completion_queue.h"
#include "meguri/access/v1/access_service.grpc.pb.h"
#include "meguri/admin/v1/admin_service.grpc.pb.h"
#include "meguri/audit/v1/audit_service.grpc.pb.h"
#include "meguri/erasure/v1/erasure_service.grpc.pb.h"
#include "meguri/feed/v1/feed_service.grpc.pb.h"
#include "meguri/record/v1/record_service.grpc.pb.h"
#include "meguri/registry/v1/registry_service.grpc.pb.h"
#include "meguri/witness/v1/witness_service.grpc.pb.h"

namespace meguri::client {
namespace {

constexpr char kActingMember[] = "meguri-acting-member";
constexpr char kPurpose[] = "meguri-purpose";

// A client belongs to one member: it calls for that member, and it calls that member, of all that the node may host.
void AddCallMetadata(const record::ParticipantId& member, grpc::ClientContext& context) {
  context.AddMetadata(kActingMember, member.text());
  context.set_authority(certs::AuthorityOf(member));
  context.AddMetadata(kErrorBytesKey, absl::StrCat(kErrorBytesMax));
}

// One operation at a time on a completion queue of its own, so that every step has its own time limit: a long import
// has no sensible deadline as a whole.
class GrpcPublishSession final : public PublishSession {
 public:
  GrpcPublishSession(record::v1::RecordService::Stub& stub, std::string address,
                     const record::ParticipantId& acting_member, absl::Duration timeout)
      : stub_(stub), address_(std::move(address)), timeout_(timeout) {
    AddCallMetadata(acting_member, context_);
  }

  ~GrpcPublishSession() override {
    if (stream_ != nullptr && !finished_) {
      context_.TryCancel();
      stream_->Finish(&status_, this);
    }
    queue_.Shutdown();
    void* tag = nullptr;
    bool ok = false;
    while (queue_.Next(&tag, &ok)) {
    }
  }

  absl::Status Send(const record::v1::PublishRequest& request) override {
    if (finished_) {
      return FromRpc(status_, address_);
    }
    if (stream_ == nullptr) {
      stream_ = stub_.PrepareAsyncPublishStream(&context_, &queue_);
      stream_->StartCall(this);
      if (!Await()) {
        return Fail();
      }
    }
    record::v1::PublishStreamRequest message;
    *message.mutable_publish() = request;
    stream_->Write(message, this);
    return Await() ? absl::OkStatus() : Fail();
  }

  absl::StatusOr<record::v1::PublishResponse> Receive() override {
    Invariant(stream_ != nullptr, "an answer was asked for before anything was sent");
    if (finished_ && !left_.empty()) {
      record::v1::PublishResponse answer = std::move(left_.front());
      left_.pop_front();
      return answer;
    }
    if (finished_) {
      return FromRpc(status_, address_);
    }
    stream_->Read(&response_, this);
    if (!Await()) {
      return Fail();
    }
    return std::move(*response_.mutable_published());
  }

  absl::Status Finish() override {
    if (stream_ == nullptr || finished_) {
      return FromRpc(status_, address_);
    }
    stream_->WritesDone(this);
    if (Await()) {
      stream_->Finish(&status_, this);
      finished_ = Await();
    }
    return finished_ ? FromRpc(status_, address_) : Fail();
  }

 private:
  // Whether the operation under way succeeded in time. After a timeout it is cancelled, and has ended when this
  // returns.
  bool Await() {
    void* tag = nullptr;
    bool ok = false;
    const auto event = queue_.AsyncNext(&tag, &ok, absl::ToChronoTime(absl::Now() + timeout_));
    if (event == grpc::CompletionQueue::TIMEOUT) {
      timed_out_ = true;
      context_.TryCancel();
      queue_.Next(&tag, &ok);
      return false;
    }
    return ok;
  }

  absl::Status Fail() {
    if (!finished_) {
      // The status stands behind answers that were not read: they tell which batches hold.
      stream_->Read(&response_, this);
      while (Await()) {
        left_.push_back(std::move(*response_.mutable_published()));
        stream_->Read(&response_, this);
      }
      stream_->Finish(&status_, this);
      Await();
      finished_ = true;
    }
    if (timed_out_) {
      status_ = grpc::Status(grpc::StatusCode::DEADLINE_EXCEEDED, "no progress");
    } else if (status_.ok()) {
      status_ = grpc::Status(grpc::StatusCode::UNAVAILABLE, "the stream ended before every batch was answered");
    }
    return FromRpc(status_, address_);
  }

  record::v1::RecordService::Stub& stub_;
  const std::string address_;
  const absl::Duration timeout_;
  grpc::ClientContext context_;
  grpc::CompletionQueue queue_;
  std::unique_ptr<grpc::ClientAsyncReaderWriter<record::v1::PublishStreamRequest, record::v1::PublishStreamResponse>>
      stream_;
  record::v1::PublishStreamResponse response_;
  std::deque<record::v1::PublishResponse> left_;  // answers that came before the end and were not asked for yet
  grpc::Status status_;
  bool finished_ = false;
  bool timed_out_ = false;
};

}  // namespace

struct NodeClient::Edge {
  Edge(const std::shared_ptr<grpc::Channel>& channel, std::string address_in, record::ParticipantId acting_member_in,
       passport::v1::AccessPurpose purpose_in, absl::Duration timeout_in)
      : address(std::move(address_in)),
        acting_member(std::move(acting_member_in)),
        purpose(purpose_in),
        timeout(timeout_in),
        record(record::v1::RecordService::NewStub(channel)),
        feed(feed::v1::FeedService::NewStub(channel)),
        access(access::v1::AccessService::NewStub(channel)),
        audit(audit::v1::AuditService::NewStub(channel)),
        erasure(erasure::v1::ErasureService::NewStub(channel)),
        registry(registry::v1::RegistryService::NewStub(channel)),
        admin(admin::v1::AdminService::NewStub(channel)),
        witness(witness::v1::WitnessService::NewStub(channel)) {}

  template <typename Stub, typename Request, typename Response>
  absl::StatusOr<Response> Call(Stub& stub,
                                grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*),
                                const Request& request) const {
    grpc::ClientContext context;
    context.set_deadline(absl::ToChronoTime(absl::Now() + timeout));
    AddCallMetadata(acting_member, context);
    if (purpose != passport::v1::ACCESS_PURPOSE_UNSPECIFIED) {
      context.AddMetadata(kPurpose, absl::StrCat(static_cast<int>(purpose)));
    }
    Response response;
    const grpc::Status status = (stub.*method)(&context, request, &response);
    if (!status.ok()) {
      return FromRpc(status, address);
    }
    return response;
  }

  const std::string address;
  const record::ParticipantId acting_member;
  const passport::v1::AccessPurpose purpose;
  const absl::Duration timeout;
  const std::unique_ptr<record::v1::RecordService::Stub> record;
  const std::unique_ptr<feed::v1::FeedService::Stub> feed;
  const std::unique_ptr<access::v1::AccessService::Stub> access;
  const std::unique_ptr<audit::v1::AuditService::Stub> audit;
  const std::unique_ptr<erasure::v1::ErasureService::Stub> erasure;
  const std::unique_ptr<registry::v1::RegistryService::Stub> registry;
  const std::unique_ptr<admin::v1::AdminService::Stub> admin;
  const std::unique_ptr<witness::v1::WitnessService::Stub> witness;
};

NodeClient::NodeClient(const std::shared_ptr<grpc::Channel>& channel, std::string address,
                       const record::ParticipantId& acting_member, absl::Duration timeout,
                       passport::v1::AccessPurpose purpose)
    : edge_(std::make_unique<const Edge>(channel, std::move(address), acting_member, purpose, timeout)) {}

NodeClient::~NodeClient() = default;

std::unique_ptr<NodeClient> NodeClient::Connect(const Context& context, absl::Duration timeout,
                                                passport::v1::AccessPurpose purpose) {
  const ContextSettings& settings = context.settings;
  return std::make_unique<NodeClient>(
      OpenChannel(settings.address, MakeChannelCredentials(context.tls, settings.node_identity)), settings.address,
      settings.member, timeout, purpose);
}

absl::StatusOr<record::v1::PublishResponse> NodeClient::Publish(const record::v1::PublishRequest& request) const {
  return edge_->Call(*edge_->record, &record::v1::RecordService::Stub::Publish, request);
}

std::unique_ptr<PublishSession> NodeClient::PublishStream() const {
  return std::make_unique<GrpcPublishSession>(*edge_->record, edge_->address, edge_->acting_member, edge_->timeout);
}

absl::StatusOr<record::v1::GetResponse> NodeClient::Get(const record::v1::GetRequest& request) const {
  return edge_->Call(*edge_->record, &record::v1::RecordService::Stub::Get, request);
}

absl::StatusOr<record::v1::GetProofResponse> NodeClient::GetProof(const record::v1::GetProofRequest& request) const {
  return edge_->Call(*edge_->record, &record::v1::RecordService::Stub::GetProof, request);
}

absl::StatusOr<record::v1::ListResponse> NodeClient::List(const record::v1::ListRequest& request) const {
  return edge_->Call(*edge_->record, &record::v1::RecordService::Stub::List, request);
}

absl::StatusOr<record::v1::HistoryResponse> NodeClient::History(const record::v1::HistoryRequest& request) const {
  return edge_->Call(*edge_->record, &record::v1::RecordService::Stub::History, request);
}

absl::StatusOr<record::v1::ResolveResponse> NodeClient::Resolve(const record::v1::ResolveRequest& request) const {
  return edge_->Call(*edge_->record, &record::v1::RecordService::Stub::Resolve, request);
}

absl::StatusOr<record::v1::BatchResolveResponse> NodeClient::BatchResolve(
    const record::v1::BatchResolveRequest& request) const {
  return edge_->Call(*edge_->record, &record::v1::RecordService::Stub::BatchResolve, request);
}

absl::StatusOr<feed::v1::GetCheckpointResponse> NodeClient::GetCheckpoint(
    const feed::v1::GetCheckpointRequest& request) const {
  return edge_->Call(*edge_->feed, &feed::v1::FeedService::Stub::GetCheckpoint, request);
}

absl::StatusOr<access::v1::ExplainResponse> NodeClient::Explain(const access::v1::ExplainRequest& request) const {
  return edge_->Call(*edge_->access, &access::v1::AccessService::Stub::Explain, request);
}

absl::StatusOr<audit::v1::ListOnwardReportsResponse> NodeClient::ListOnwardReports(
    const audit::v1::ListOnwardReportsRequest& request) const {
  return edge_->Call(*edge_->audit, &audit::v1::AuditService::Stub::ListOnwardReports, request);
}

absl::StatusOr<audit::v1::ListRowsResponse> NodeClient::ListRows(const audit::v1::ListRowsRequest& request) const {
  return edge_->Call(*edge_->audit, &audit::v1::AuditService::Stub::ListRows, request);
}

absl::StatusOr<erasure::v1::RequestErasureResponse> NodeClient::RequestErasure(
    const erasure::v1::RequestErasureRequest& request) const {
  return edge_->Call(*edge_->erasure, &erasure::v1::ErasureService::Stub::RequestErasure, request);
}

absl::StatusOr<erasure::v1::ListErasuresResponse> NodeClient::ListErasures(
    const erasure::v1::ListErasuresRequest& request) const {
  return edge_->Call(*edge_->erasure, &erasure::v1::ErasureService::Stub::ListErasures, request);
}

absl::StatusOr<erasure::v1::GetErasureResponse> NodeClient::GetErasure(
    const erasure::v1::GetErasureRequest& request) const {
  return edge_->Call(*edge_->erasure, &erasure::v1::ErasureService::Stub::GetErasure, request);
}

absl::StatusOr<erasure::v1::ListIncomingErasuresResponse> NodeClient::ListIncomingErasures(
    const erasure::v1::ListIncomingErasuresRequest& request) const {
  return edge_->Call(*edge_->erasure, &erasure::v1::ErasureService::Stub::ListIncomingErasures, request);
}

absl::StatusOr<registry::v1::GetMemberResponse> NodeClient::GetMember(
    const registry::v1::GetMemberRequest& request) const {
  return edge_->Call(*edge_->registry, &registry::v1::RegistryService::Stub::GetMember, request);
}

absl::StatusOr<registry::v1::ListMembersResponse> NodeClient::ListMembers(
    const registry::v1::ListMembersRequest& request) const {
  return edge_->Call(*edge_->registry, &registry::v1::RegistryService::Stub::ListMembers, request);
}

absl::StatusOr<registry::v1::GetHeartbeatResponse> NodeClient::GetHeartbeat(
    const registry::v1::GetHeartbeatRequest& request) const {
  return edge_->Call(*edge_->registry, &registry::v1::RegistryService::Stub::GetHeartbeat, request);
}

absl::StatusOr<admin::v1::GetNodeStatusResponse> NodeClient::GetNodeStatus(
    const admin::v1::GetNodeStatusRequest& request) const {
  return edge_->Call(*edge_->admin, &admin::v1::AdminService::Stub::GetNodeStatus, request);
}

absl::StatusOr<admin::v1::AddFollowResponse> NodeClient::AddFollow(const admin::v1::AddFollowRequest& request) const {
  return edge_->Call(*edge_->admin, &admin::v1::AdminService::Stub::AddFollow, request);
}

absl::StatusOr<admin::v1::RemoveFollowResponse> NodeClient::RemoveFollow(
    const admin::v1::RemoveFollowRequest& request) const {
  return edge_->Call(*edge_->admin, &admin::v1::AdminService::Stub::RemoveFollow, request);
}

absl::StatusOr<admin::v1::ListFollowsResponse> NodeClient::ListFollows(
    const admin::v1::ListFollowsRequest& request) const {
  return edge_->Call(*edge_->admin, &admin::v1::AdminService::Stub::ListFollows, request);
}

absl::StatusOr<admin::v1::GetFeedEvidenceResponse> NodeClient::GetFeedEvidence(
    const admin::v1::GetFeedEvidenceRequest& request) const {
  return edge_->Call(*edge_->admin, &admin::v1::AdminService::Stub::GetFeedEvidence, request);
}

absl::StatusOr<admin::v1::GetRecordEvidenceResponse> NodeClient::GetRecordEvidence(
    const admin::v1::GetRecordEvidenceRequest& request) const {
  return edge_->Call(*edge_->admin, &admin::v1::AdminService::Stub::GetRecordEvidence, request);
}

absl::StatusOr<admin::v1::IssueNodeCertificateResponse> NodeClient::IssueNodeCertificate(
    const admin::v1::IssueNodeCertificateRequest& request) const {
  return edge_->Call(*edge_->admin, &admin::v1::AdminService::Stub::IssueNodeCertificate, request);
}

absl::StatusOr<witness::v1::ListContradictionsResponse> NodeClient::ListContradictions(
    const witness::v1::ListContradictionsRequest& request) const {
  return edge_->Call(*edge_->witness, &witness::v1::WitnessService::Stub::ListContradictions, request);
}

}  // namespace meguri::client
