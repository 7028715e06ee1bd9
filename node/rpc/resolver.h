// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <memory>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "base/clock.h"
#include "base/executor.h"
#include "meguri/record/v1/record_service.pb.h"
#include "node/follow/known_relays.h"
#include "node/membership/registry_state.h"
#include "node/query/copies.h"
#include "node/query/prove.h"
#include "node/query/publisher_node.h"
#include "node/query/query.h"
#include "node/rpc/audit_edge.h"
#include "node/rpc/authenticator.h"

namespace meguri::node {

// Finds what a scanned identifier names: here, else at the node of its publisher if a client wishes that, else in
// copies that others hand on. Thread-safe.
class Resolver {
 public:
  using Done = absl::AnyInvocable<void(const absl::Status&)>;

  Resolver(const Authenticator& authenticator, const Query& query, const Prover& prover, const RegistryState& registry,
           PublisherNode& publishers, CopyPeer& copies, const KnownRelays& relays, const AuditEdge& audit,
           Executor& executor, const Clock& clock);

  // Never blocks. `request` and `response` live until `done` is called, on any thread. That the publisher's node, or
  // those of relays, could not be asked, or answered wrongly, is no error: response.publisher_answer and copy_answer
  // say so.
  void Resolve(Caller caller, const record::v1::ResolveRequest& request, record::v1::ResolveResponse& response,
               Done done);

 private:
  struct Call;
  absl::Status AddRecords(const std::vector<RecordView>& views, Call& call) const;
  // Answers once it is written down what the answer holds that is not public.
  void Finish(const std::shared_ptr<Call>& call, const absl::Status& status) const;
  void LookHere(const std::shared_ptr<Call>& call);
  enum class Next { kFinish, kAskPublisher, kAskRelays };
  // Whom to ask now that nothing was found here; publisher_answer says why it is not the publisher.
  Next PrepareQuestion(Call& call) const;
  void Ask(const std::shared_ptr<Call>& call);
  void TakeAnswer(const std::shared_ptr<Call>& call, absl::StatusOr<PublisherNode::Answer> answer);
  struct Gathering;
  // Asks a few relays at once, and takes the newest answer that verifies.
  void AskRelays(const std::shared_ptr<Call>& call);
  std::vector<CopyQuestion> QuestionsFor(const Call& call, std::vector<record::ParticipantId>& relays) const;
  void TakeCopies(const std::shared_ptr<Gathering>& gathering);

  const Authenticator& authenticator_;
  const Query& query_;
  const Prover& prover_;
  const RegistryState& registry_;
  PublisherNode& publishers_;
  CopyPeer& copies_;
  const KnownRelays& relays_;
  const AuditEdge& audit_;
  Executor& executor_;
  const Clock& clock_;
  std::atomic<size_t> asks_{0};
  std::atomic<size_t> copy_questions_{0};
};

}  // namespace meguri::node
