// SPDX-License-Identifier: Apache-2.0
#include "node/rpc/witness_service.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "node/witness/limits.h"
#include "record/limits.h"

namespace meguri::node {
namespace {

absl::StatusOr<record::FeedKey> ParseFeed(const feed::v1::FeedName& message) {
  MEGURI_ASSIGN_OR_RETURN(record::ParticipantId publisher, record::ParticipantId::Parse(message.publisher()));
  MEGURI_ASSIGN_OR_RETURN(record::FeedName name, record::FeedName::Parse(message.name()));
  if (message.epoch() == 0) {
    return InvalidInput(
        {{"feed.epoch", "EPOCH", "0", "1 or more", "name the epoch of the feed, 1 today", "エポックは1以上です。"}});
  }
  return record::FeedKey{std::move(publisher), std::move(name), message.epoch()};
}

absl::StatusOr<Submission> ParseSubmission(const witness::v1::AddCheckpointRequest& request) {
  MEGURI_ASSIGN_OR_RETURN(record::FeedKey feed, ParseFeed(request.feed()));
  Submission submission{std::move(feed), request.old_size(), {}, request.checkpoint()};
  if (static_cast<size_t>(request.consistency_path_size()) > record::kProofHashesMax) {
    return Error(
        absl::StatusCode::kInvalidArgument, "CONSISTENCY_PROOF",
        absl::StrCat("A proof of ", request.consistency_path_size(), " hashes is longer than any tree needs."));
  }
  for (const std::string& bytes : request.consistency_path()) {
    MEGURI_ASSIGN_OR_RETURN(const record::Hash hash, record::Hash::Parse(bytes));
    submission.path.push_back(hash);
  }
  return submission;
}

}  // namespace

grpc::ServerUnaryReactor* WitnessServiceEdge::AddCheckpoint(grpc::CallbackServerContext* context,
                                                            const witness::v1::AddCheckpointRequest* request,
                                                            witness::v1::AddCheckpointResponse* response) {
  static const Method method("meguri.witness.v1.WitnessService.AddCheckpoint");
  return AnswerUnary(rpc_, context, method, response,
                     [this, request](const Caller&, witness::v1::AddCheckpointResponse& out) -> absl::Status {
                       MEGURI_ASSIGN_OR_RETURN(const Submission submission, ParseSubmission(*request));
                       MEGURI_ASSIGN_OR_RETURN(Verdict verdict, witness_.Add(submission));
                       out.set_cosignature(std::move(verdict.cosignature));
                       out.set_known_checkpoint(std::move(verdict.known));
                       return absl::OkStatus();
                     });
}

grpc::ServerUnaryReactor* WitnessServiceEdge::GetCheckpoint(grpc::CallbackServerContext* context,
                                                            const witness::v1::GetCheckpointRequest* request,
                                                            witness::v1::GetCheckpointResponse* response) {
  static const Method method("meguri.witness.v1.WitnessService.GetCheckpoint");
  return AnswerUnary(rpc_, context, method, response,
                     [this, request](const Caller&, witness::v1::GetCheckpointResponse& out) -> absl::Status {
                       MEGURI_ASSIGN_OR_RETURN(const record::FeedKey feed, ParseFeed(request->feed()));
                       MEGURI_ASSIGN_OR_RETURN(*out.mutable_checkpoint(), witness_.Newest(feed));
                       return absl::OkStatus();
                     });
}

grpc::ServerUnaryReactor* WitnessServiceEdge::ListContradictions(grpc::CallbackServerContext* context,
                                                                 const witness::v1::ListContradictionsRequest* request,
                                                                 witness::v1::ListContradictionsResponse* response) {
  static const Method method("meguri.witness.v1.WitnessService.ListContradictions");
  return AnswerAdministrator(
      rpc_, context, method, request, response,
      [this, request](const Caller&, witness::v1::ListContradictionsResponse& out) -> absl::Status {
        if (!request->publisher().empty()) {
          MEGURI_RETURN_IF_ERROR(record::ParticipantId::Parse(request->publisher()).status());
        }
        MEGURI_ASSIGN_OR_RETURN(std::vector<witness::v1::Contradiction> found,
                                witness_.Contradictions(request->publisher(), kContradictionsListedMax + 1));
        out.set_has_more(found.size() > kContradictionsListedMax);
        found.resize(std::min(found.size(), kContradictionsListedMax));
        for (witness::v1::Contradiction& one : found) {
          *out.add_contradictions() = std::move(one);
        }
        return absl::OkStatus();
      });
}

}  // namespace meguri::node
