// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/time/clock.h"
#include "base/mutex.h"
#include "certs/certificate.h"
#include "certs/files.h"
#include "certs/signing_key.h"
#include "client/channel.h"
#include "client/context.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "grpcpp/security/server_credentials.h"
#include "grpcpp/server.h"
#include "grpcpp/server_builder.h"
#include "grpcpp/server_context.h"
#include "meguri/admin/v1/admin_service.grpc.pb.h"
#include "meguri/erasure/v1/erasure_service.grpc.pb.h"
#include "meguri/record/v1/record_service.grpc.pb.h"
#include "meguri/registry/v1/registry_service.grpc.pb.h"
#include "tests/unit/client/record_files.h"

// A node of a few lines behind real mutual TLS on loopback, for tests of this folder.
namespace meguri::client::testing {

// A TLS key with its certificate, both PEM.
struct TlsParty {
  std::string key;
  std::string certificate;
};

// An authority whose certificates are valid now: TLS asks the clock of the machine.
class TlsAuthority {
 public:
  TlsAuthority()
      : authority_(ValueOf(certs::CertificateAuthority::Create("test", random_, absl::Now() - absl::Hours(24)))) {}

  TlsParty Issue(const certs::Identity& identity, absl::Time now = absl::Now()) {
    const auto key = certs::testing::NewKey(record::KeyAlgorithm::kEcdsaP256);
    const certs::testing::TemporaryFolder folder;
    Invariant(key->SaveTo(folder.Path("key")).ok(), "a key can be saved");
    const std::string request = ValueOf(certs::MakeCertificateRequest(*key, identity.ToUri()));
    const api::v1::ClientRole role = identity.certificate_class == certs::Identity::Class::kClient
                                         ? api::v1::CLIENT_ROLE_ADMIN
                                         : api::v1::CLIENT_ROLE_UNSPECIFIED;
    const certs::Certificate certificate =
        ValueOf(authority_.Issue(request, identity, role, absl::Hours(1), random_, now));
    return {ValueOf(certs::ReadFile(folder.Path("key"), 1 << 16)), certificate.ToPem()};
  }
  std::string RootPem() const { return authority_.certificate().ToPem(); }

 private:
  meguri::testing::SeededRandom random_;
  certs::CertificateAuthority authority_;
};

inline certs::Identity IdentityOf(absl::string_view participant, certs::Identity::Class certificate_class,
                                  const std::string& name) {
  return {certs::testing::kFederation, Participant(participant), certificate_class, name};
}

inline grpc::Status NotFound() {
  google::rpc::ErrorInfo error_info;
  error_info.set_reason("NOT_FOUND");
  google::rpc::Status status;
  status.add_details()->PackFrom(error_info);
  return grpc::Status(grpc::StatusCode::NOT_FOUND, "there is no such thing", status.SerializeAsString());
}

// Keeps what is published, refuses what the test tells it to, and notes for whom each call acts.
class FakeNode final : public record::v1::RecordService::Service {
 public:
  using Publications = google::protobuf::RepeatedPtrField<record::v1::Publication>;

  grpc::Status Publish(grpc::ServerContext* context, const record::v1::PublishRequest* request,
                       record::v1::PublishResponse* response) override {
    MutexLock lock(mutex_);
    Note(*context);
    const grpc::Status status = Take(*request, *response);
    ++calls_;
    return calls_ >= silent_from_ && calls_ < silent_to_
               ? grpc::Status(grpc::StatusCode::UNAVAILABLE, "the connection broke")
               : status;
  }

  grpc::Status PublishStream(
      grpc::ServerContext* context,
      grpc::ServerReaderWriter<record::v1::PublishStreamResponse, record::v1::PublishStreamRequest>* stream) override {
    record::v1::PublishStreamRequest request;
    while (stream->Read(&request)) {
      record::v1::PublishStreamResponse response;
      {
        MutexLock lock(mutex_);
        Note(*context);
        lose_ -= lose_ > 0 ? 1 : 0;
        if (is_losing_ && lose_ == 0) {
          is_losing_ = false;
          return grpc::Status(grpc::StatusCode::UNAVAILABLE, "the connection broke");
        }
        const grpc::Status status = Take(request.publish(), *response.mutable_published());
        if (!status.ok()) {
          return status;
        }
      }
      stream->Write(response);
    }
    return grpc::Status::OK;
  }

  grpc::Status Get(grpc::ServerContext* context, const record::v1::GetRequest* request,
                   record::v1::GetResponse* response) override {
    MutexLock lock(mutex_);
    Note(*context);
    const auto found = records_.find(request->record_id());
    if (found == records_.end()) {
      return NotFound();
    }
    View(found->second.back().envelope(), *response->mutable_record());
    return grpc::Status::OK;
  }

  grpc::Status GetProof(grpc::ServerContext*, const record::v1::GetProofRequest* request,
                        record::v1::GetProofResponse* response) override {
    MutexLock lock(mutex_);
    const auto known = proofs_.find(request->record_id());
    const auto found = records_.find(request->record_id());
    if (known != proofs_.end()) {
      *response->add_proofs() = known->second;
    } else if (found != records_.end() && feed_key_ != nullptr) {
      const record::Header header = ValueOf(record::Header::Parse(found->second.back().envelope().header()));
      *response->add_proofs() = ProofIn("owner", header, AllSlots(header), *feed_key_);
    } else {
      return NotFound();
    }
    return grpc::Status::OK;
  }

  grpc::Status List(grpc::ServerContext*, const record::v1::ListRequest* request,
                    record::v1::ListResponse* response) override {
    MutexLock lock(mutex_);
    if (!lists_.empty()) {
      for (const auto& [id, versions] : records_) {
        const record::Header header = ValueOf(record::Header::Parse(versions.back().envelope().header()));
        if (lists_[request->filter()] == header.record_id().ToHex()) {
          View(versions.back().envelope(), *response->add_records());
        }
      }
      return grpc::Status::OK;
    }
    size_t at = request->page_token().empty() ? 0 : std::stoul(request->page_token());
    auto record = std::next(records_.begin(), static_cast<std::ptrdiff_t>(at));
    for (; record != records_.end() && response->records_size() < request->page_size(); ++record, ++at) {
      View(record->second.back().envelope(), *response->add_records());
    }
    response->set_next_page_token(record == records_.end() ? "" : std::to_string(at));
    return grpc::Status::OK;
  }

  grpc::Status History(grpc::ServerContext*, const record::v1::HistoryRequest* request,
                       record::v1::HistoryResponse* response) override {
    MutexLock lock(mutex_);
    const std::vector<record::v1::Publication>& versions = records_[request->record_id()];
    size_t at = request->page_token().empty() ? 0 : std::stoul(request->page_token());
    for (; at < versions.size() && response->versions_size() < request->page_size(); ++at) {
      View(versions[at].envelope(), *response->add_versions());
    }
    response->set_next_page_token(at == versions.size() ? "" : std::to_string(at));
    return grpc::Status::OK;
  }

  grpc::Status Resolve(grpc::ServerContext*, const record::v1::ResolveRequest* request,
                       record::v1::ResolveResponse* response) override {
    MutexLock lock(mutex_);
    asked_ = *request;
    *response = resolved_;
    return grpc::Status::OK;
  }

  // The connection breaks once, when the `number`-th request of a stream has arrived and is not done.
  void LoseRequest(int number) {
    MutexLock lock(mutex_);
    lose_ = number;
    is_losing_ = true;
  }
  // The next `count` calls from the `number`-th one take effect, but nobody hears of it.
  void LoseAnswers(int number, int count) {
    MutexLock lock(mutex_);
    silent_from_ = calls_ + number;
    silent_to_ = silent_from_ + count;
  }
  // Of every record that is read from now on.
  void Doubt(const std::string& reason, uint64_t valid_at_ms, const std::string& source = "witnesses",
             const std::vector<std::string>& by = {}) {
    MutexLock lock(mutex_);
    doubt_ = reason;
    valid_at_ms_ = valid_at_ms;
    valid_source_ = source;
    valid_by_ = by;
  }
  // In the answer to every request from now on.
  void WarnOf(const google::rpc::BadRequest& warnings) {
    MutexLock lock(mutex_);
    warnings_ = warnings;
  }
  void Refuse(const grpc::Status& status) { RefuseAfter(0, status); }
  // Takes `count` more requests and refuses all after them.
  void RefuseAfter(int count, const grpc::Status& status) {
    MutexLock lock(mutex_);
    refusal_ = status;
    taken_before_refusal_ = count;
  }
  // Proves from now on what was published by a feed `owner` with this key, which outlives the node.
  void ProveWith(const certs::SigningKey& feed_key) {
    MutexLock lock(mutex_);
    feed_key_ = &feed_key;
  }
  // The proof of a record that was not published here.
  void SetProof(const record::RecordId& record_id, const record::v1::FeedProof& proof) {
    MutexLock lock(mutex_);
    proofs_[record_id.ToString()] = proof;
  }
  // What Resolve answers.
  void Resolved(const record::v1::ResolveResponse& response) {
    MutexLock lock(mutex_);
    resolved_ = response;
  }
  record::v1::ResolveRequest asked() {
    MutexLock lock(mutex_);
    return asked_;
  }
  // Answers `filter` with that record (hexadecimal) and, from now on, every other filter with none.
  void AnswerList(const std::string& filter, const std::string& record_id) {
    MutexLock lock(mutex_);
    lists_[filter] = record_id;
  }
  size_t record_count() {
    MutexLock lock(mutex_);
    return records_.size();
  }
  std::vector<std::string> acting_members() {
    MutexLock lock(mutex_);
    return acting_members_;
  }
  // The newest version of the only record.
  record::v1::Publication TheRecord() {
    MutexLock lock(mutex_);
    Invariant(records_.size() == 1, "the test published one record");
    return records_.begin()->second.back();
  }

 private:
  void Note(const grpc::ServerContext& context) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    const auto range = context.client_metadata().equal_range("meguri-acting-member");
    for (auto entry = range.first; entry != range.second; ++entry) {
      acting_members_.emplace_back(entry->second.data(), entry->second.size());
    }
  }

  grpc::Status Take(const record::v1::PublishRequest& request, record::v1::PublishResponse& response)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (!refusal_.ok()) {
      if (taken_before_refusal_ == 0) {
        return refusal_;
      }
      --taken_before_refusal_;
    }
    for (const record::v1::Publication& publication : request.publications()) {
      const record::Header header = ValueOf(record::Header::Parse(publication.envelope().header()));
      record::v1::PublishedRecord& published = *response.add_records();
      published.set_record_id(header.record_id().ToString());
      published.set_version(header.version());
      published.set_header_hash(header.hash().ToString());
      if (!request.validate_only() && !request_ids_.contains(request.request_id())) {
        records_[header.record_id().ToString()].push_back(publication);
      }
    }
    request_ids_.insert({request.request_id(), true});
    *response.mutable_warnings() = warnings_.field_violations();
    return grpc::Status::OK;
  }

  void View(const record::v1::Envelope& envelope, record::v1::RecordView& view) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    const record::Header header = ValueOf(record::Header::Parse(envelope.header()));
    *view.mutable_envelope() = envelope;
    view.set_header_hash(header.hash().ToString());
    view.set_latest_version(header.version());
    view.set_source("own");
    view.set_doubt(doubt_);
    view.set_valid_at_ms(valid_at_ms_);
    view.set_valid_source(valid_at_ms_ == 0 ? "" : valid_source_);
    view.mutable_valid_by()->Assign(valid_by_.begin(), valid_by_.end());
  }

  Mutex mutex_;
  std::map<std::string, std::vector<record::v1::Publication>> records_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, bool> request_ids_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::string> acting_members_ ABSL_GUARDED_BY(mutex_);
  grpc::Status refusal_ ABSL_GUARDED_BY(mutex_);
  std::string doubt_ ABSL_GUARDED_BY(mutex_);
  uint64_t valid_at_ms_ ABSL_GUARDED_BY(mutex_) = 0;
  std::string valid_source_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::string> valid_by_ ABSL_GUARDED_BY(mutex_);
  google::rpc::BadRequest warnings_ ABSL_GUARDED_BY(mutex_);
  int taken_before_refusal_ ABSL_GUARDED_BY(mutex_) = 0;
  record::v1::ResolveRequest asked_ ABSL_GUARDED_BY(mutex_);
  record::v1::ResolveResponse resolved_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, std::string> lists_ ABSL_GUARDED_BY(mutex_);  // record IDs by filter
  std::map<std::string, record::v1::FeedProof> proofs_ ABSL_GUARDED_BY(mutex_);
  const certs::SigningKey* feed_key_ ABSL_GUARDED_BY(mutex_) = nullptr;
  int lose_ ABSL_GUARDED_BY(mutex_) = 0;
  bool is_losing_ ABSL_GUARDED_BY(mutex_) = false;
  int calls_ ABSL_GUARDED_BY(mutex_) = 0;  // of Publish
  int silent_from_ ABSL_GUARDED_BY(mutex_) = 0;
  int silent_to_ ABSL_GUARDED_BY(mutex_) = 0;
};

// Answers with the Member records that the test gives it.
class FakeRegistry final : public registry::v1::RegistryService::Service {
 public:
  grpc::Status GetMember(grpc::ServerContext*, const registry::v1::GetMemberRequest* request,
                         registry::v1::GetMemberResponse* response) override {
    MutexLock lock(mutex_);
    const auto found = members_.find(request->participant_id());
    if (found == members_.end()) {
      return NotFound();
    }
    *response->mutable_record() = found->second;
    return grpc::Status::OK;
  }
  void Set(const std::string& participant, const record::v1::Envelope& record) {
    MutexLock lock(mutex_);
    members_[participant] = record;
  }

 private:
  Mutex mutex_;
  std::map<std::string, record::v1::Envelope> members_ ABSL_GUARDED_BY(mutex_);
};

class FakeAdmin final : public admin::v1::AdminService::Service {
 public:
  grpc::Status IssueNodeCertificate(grpc::ServerContext*, const admin::v1::IssueNodeCertificateRequest* request,
                                    admin::v1::IssueNodeCertificateResponse* response) override {
    response->add_certificate_chain("certificate for " + request->certificate_request());
    node_identity = request->node_identity();
    return grpc::Status::OK;
  }
  grpc::Status ListFollows(grpc::ServerContext*, const admin::v1::ListFollowsRequest*,
                           admin::v1::ListFollowsResponse* response) override {
    admin::v1::FollowStatus& follow = *response->add_follows();
    follow.set_publisher("0199:member");
    follow.set_feed("public");
    follow.set_state(admin::v1::FOLLOW_STATE_CATCHING_UP);
    follow.set_size(7);
    follow.set_target_size(1024);
    follow.set_heard_ms(1'790'000'000'000);
    follow.set_is_overdue(true);
    admin::v1::FollowStatus& stopped = *response->add_follows();
    stopped.set_publisher("0199:mill");
    stopped.set_feed("members");
    stopped.set_state(admin::v1::FOLLOW_STATE_OVER_QUOTA);
    stopped.set_size(3);
    stopped.set_target_size(5);
    stopped.set_last_error("No room.");
    stopped.set_last_error_reason("QUOTA_EXCEEDED");
    admin::v1::ReplicaUsage& replica = *response->add_replicas();
    replica.set_publisher("0199:mill");
    replica.set_entries(3);
    replica.set_bytes(5 << 20);
    replica.set_entries_max(10'000'000);
    replica.set_bytes_max(uint64_t{16} << 30);
    return grpc::Status::OK;
  }

  std::string node_identity;  // that a certificate was asked for last
};

// Takes what it is asked for, and shows what a test has put in.
class FakeErasures final : public erasure::v1::ErasureService::Service {
 public:
  grpc::Status RequestErasure(grpc::ServerContext*, const erasure::v1::RequestErasureRequest* request,
                              erasure::v1::RequestErasureResponse*) override {
    requests.push_back(request->request());
    return status;
  }
  grpc::Status ListErasures(grpc::ServerContext*, const erasure::v1::ListErasuresRequest* request,
                            erasure::v1::ListErasuresResponse* response) override {
    // Each on a page of its own.
    const auto index = request->page_token().empty() ? size_t{0} : request->page_token().size();
    if (index < pages.size()) {
      *response->mutable_page()->add_erasures() = pages[index].erasure();
      response->mutable_page()->set_next_page_token(index + 1 < pages.size() ? std::string(index + 1, 'x') : "");
    }
    return grpc::Status::OK;
  }
  grpc::Status GetErasure(grpc::ServerContext*, const erasure::v1::GetErasureRequest*,
                          erasure::v1::GetErasureResponse* response) override {
    *response->mutable_page() = pages.at(0);
    return grpc::Status::OK;
  }
  grpc::Status ListIncomingErasures(grpc::ServerContext*, const erasure::v1::ListIncomingErasuresRequest*,
                                    erasure::v1::ListIncomingErasuresResponse* response) override {
    *response->mutable_page() = incoming;
    return grpc::Status::OK;
  }

  std::vector<record::v1::SignedBody> requests;
  std::vector<erasure::v1::ErasureHolderPage> pages;
  erasure::v1::IncomingErasurePage incoming;
  grpc::Status status;
};

// The services on a port of their own.
class FakeServer {
 public:
  FakeServer(const TlsParty& party, const std::string& client_roots) {
    grpc::SslServerCredentialsOptions options(GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
    options.pem_root_certs = client_roots;
    options.pem_key_cert_pairs.push_back({party.key, party.certificate});
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0", grpc::SslServerCredentials(options), &port_);
    builder.RegisterService(&node);
    builder.RegisterService(&registry);
    builder.RegisterService(&admin);
    builder.RegisterService(&erasures);
    server_ = builder.BuildAndStart();
    Invariant(server_ != nullptr && port_ != 0, "the test server listens");
  }
  ~FakeServer() { server_->Shutdown(absl::ToChronoTime(absl::Now())); }
  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }

  FakeNode node;
  FakeRegistry registry;
  FakeAdmin admin;
  FakeErasures erasures;

 private:
  int port_ = 0;
  std::unique_ptr<grpc::Server> server_;
};

}  // namespace meguri::client::testing
