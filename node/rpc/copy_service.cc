// SPDX-License-Identifier: Apache-2.0
#include "node/rpc/copy_service.h"

#include <utility>

#include "absl/strings/match.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "node/query/carried_envelope.h"
#include "node/query/copies.h"
#include "record/header.h"

namespace meguri::node {

CopyServiceEdge::CopyServiceEdge(RpcContext rpc, const Query& query, const Prover& prover, const FeedSource& source,
                                 const Clock& clock)
    : rpc_(rpc), query_(query), prover_(prover), source_(source), clock_(clock) {}

grpc::ServerUnaryReactor* CopyServiceEdge::FindCopies(grpc::CallbackServerContext* context,
                                                      const record::v1::FindCopiesRequest* request,
                                                      record::v1::FindCopiesResponse* response) {
  static const Method method("meguri.record.v1.CopyService.FindCopies");
  return AnswerAudited(rpc_, context, method, response,
                       [this, request](const Caller&, record::v1::FindCopiesResponse& out,
                                       std::vector<Disclosure>& disclosed) { return Find(*request, out, disclosed); });
}

// Whoever asks sees what a stranger would see: who it is plays no part.
absl::Status CopyServiceEdge::Find(const record::v1::FindCopiesRequest& request, record::v1::FindCopiesResponse& out,
                                   std::vector<Disclosure>& disclosed) const {
  QueryReader reader;
  reader.sees_public_copies = source_.HandsOn(record::FeedName::Public());
  MEGURI_ASSIGN_OR_RETURN(std::vector<RecordView> views, query_.Resolve(reader, request.identifier()));
  for (RecordView& view : views) {
    MEGURI_ASSIGN_OR_RETURN(const record::Header header, record::Header::Parse(view.envelope.header()));
    if (request.publisher().empty() || header.publisher().text() == request.publisher()) {
      MEGURI_RETURN_IF_ERROR(AddCopy(reader, std::move(view), out, disclosed));
    }
  }
  return absl::OkStatus();
}

absl::Status CopyServiceEdge::AddCopy(const QueryReader& reader, RecordView view, record::v1::FindCopiesResponse& out,
                                      std::vector<Disclosure>& disclosed) const {
  MEGURI_ASSIGN_OR_RETURN(const record::Header header, record::Header::Parse(view.envelope.header()));
  const record::FeedKey feed{header.publisher(), record::FeedName::Public(), 1};
  const absl::StatusOr<FeedSource::Head> head = source_.ReadHead(feed);
  if (!head.ok() || static_cast<size_t>(out.copies_size()) >= kAskRecordsMax) {
    return absl::OkStatus();
  }
  const absl::StatusOr<ProvenRecord> proven =
      prover_.Prove(reader, header.record_id(), header.publisher().text(), header.version(), 0, ProofHead::kNewest);
  if (!proven.ok() || proven->proofs.size() != 1) {
    return absl::OkStatus();  // what is not proven yet is not here yet
  }
  record::v1::RecordCopy copy;
  MEGURI_ASSIGN_OR_RETURN(*copy.mutable_envelope(), ToEnvelope(view.envelope));
  *copy.mutable_proof() = proven->proofs.front();
  absl::Time last = absl::InfinitePast();
  MEGURI_ASSIGN_OR_RETURN(auto heartbeat, source_.NextHeartbeat(feed, *head, clock_.Now(), last));
  // The feed may have grown in between; and the head may have lines of witnesses, which no proof carries.
  if (heartbeat.has_value() && absl::StartsWith(head->checkpoint, copy.proof().checkpoint())) {
    *copy.mutable_heartbeat() = std::move(*heartbeat->mutable_heartbeat());
  }
  if (out.ByteSizeLong() + copy.ByteSizeLong() > kCopyBytesMax) {
    return absl::OkStatus();
  }
  *out.add_copies() = std::move(copy);
  disclosed.insert(disclosed.end(), view.disclosed.begin(), view.disclosed.end());
  disclosed.insert(disclosed.end(), proven->disclosed.begin(), proven->disclosed.end());
  return absl::OkStatus();
}

}  // namespace meguri::node
