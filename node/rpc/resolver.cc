// SPDX-License-Identifier: Apache-2.0
#include "node/rpc/resolver.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/types/optional.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "node/rpc/record_convert.h"
#include "node/rpc/unary.h"

namespace meguri::node {
namespace {

constexpr char kMethod[] = "meguri.record.v1.RecordService.Resolve";

void SetAnswer(const absl::Status& status, record::v1::ResolveResponse& response) {
  record::v1::PublisherAnswer* answer = response.mutable_publisher_answer();
  answer->set_reason(ReasonOf(status));
  answer->set_message(std::string(status.message()));
}

void SetPublisher(const registry::v1::MemberEntry& entry, record::v1::ResolveResponse& response) {
  record::v1::ResolvedPublisher* publisher = response.mutable_publisher();
  publisher->set_participant_id(entry.participant_id());
  publisher->set_name(entry.name().ja().empty() ? entry.name().en() : entry.name().ja());
  *publisher->mutable_addresses() = entry.hosting().addresses();
}

}  // namespace

struct Resolver::Call {
  Caller caller;
  const record::v1::ResolveRequest& request;
  record::v1::ResolveResponse& response;
  Done done;
  Identifier identifier;
  absl::optional<PublisherQuestion> question;
  std::vector<Disclosure> disclosed;
};

Resolver::Resolver(const Authenticator& authenticator, const Query& query, const RegistryState& registry,
                   PublisherNode& publishers, const AuditEdge& audit, Executor& executor, const Clock& clock)
    : authenticator_(authenticator),
      query_(query),
      registry_(registry),
      publishers_(publishers),
      audit_(audit),
      executor_(executor),
      clock_(clock) {}

void Resolver::Resolve(Caller caller, const record::v1::ResolveRequest& request, record::v1::ResolveResponse& response,
                       Done done) {
  const auto call = std::make_shared<Call>(Call{std::move(caller), request, response, std::move(done), {}, {}, {}});
  if (!executor_.Submit([this, call] { LookHere(call); })) {
    call->done(BusyStatus());
  }
}

void Resolver::LookHere(const std::shared_ptr<Call>& call) {
  const auto look = [&]() -> absl::Status {
    MEGURI_ASSIGN_OR_RETURN(call->identifier, ParseIdentifier(call->request.identifier()));
    MEGURI_ASSIGN_OR_RETURN(std::vector<RecordView> records,
                            query_.Resolve(authenticator_.QueryReaderFor(call->caller), call->request.identifier()));
    return AddRecords(records, *call);
  };
  const absl::Status looked = look();
  if (looked.ok() && PrepareQuestion(*call)) {
    Ask(call);
  } else {
    Finish(call, looked);
  }
}

absl::Status Resolver::AddRecords(const std::vector<RecordView>& views, Call& call) const {
  for (const RecordView& view : views) {
    MEGURI_RETURN_IF_ERROR(ToProto(view, authenticator_.DoubtAbout(view.key_id), *call.response.add_records()));
    call.disclosed.insert(call.disclosed.end(), view.disclosed.begin(), view.disclosed.end());
  }
  return absl::OkStatus();
}

void Resolver::Finish(const std::shared_ptr<Call>& call, const absl::Status& status) const {
  if (!status.ok()) {
    call->done(status);
    return;
  }
  audit_.Deliver(call->caller, kMethod, call->disclosed, [call](const absl::Status& written) { call->done(written); });
}

bool Resolver::PrepareQuestion(Call& call) const {
  const std::shared_ptr<const certs::Registry> registry = registry_.Get();
  const registry::v1::MemberEntry* issuer = FindIssuer(*registry, call.identifier);
  if (issuer == nullptr) {
    return false;
  }
  SetPublisher(*issuer, call.response);
  const absl::StatusOr<record::ParticipantId> publisher = record::ParticipantId::Parse(issuer->participant_id());
  const bool is_wished = call.request.ask_publisher() && call.caller.is_client && !call.identifier.gtin.empty();
  if (!is_wished || call.response.records_size() > 0 || !publisher.ok() || *publisher == call.caller.acting_member) {
    return false;
  }
  if (!registry->IsActive(*publisher)) {
    SetAnswer(Error(absl::StatusCode::kFailedPrecondition, "MEMBER_NOT_ACTIVE",
                    absl::StrCat(publisher->text(), " is suspended or has left: its node is not asked.")),
              call.response);
    return false;
  }
  if (issuer->hosting().addresses().empty()) {
    SetAnswer(Error(absl::StatusCode::kFailedPrecondition, "NO_ADDRESS",
                    absl::StrCat("The registry names no address of the node of ", publisher->text(), ".")),
              call.response);
    return false;
  }
  call.question = PublisherQuestion{*publisher,
                                    call.caller.acting_member,
                                    issuer->hosting().node_identity(),
                                    {issuer->hosting().addresses().begin(), issuer->hosting().addresses().end()},
                                    call.request.identifier()};
  return true;
}

void Resolver::Ask(const std::shared_ptr<Call>& call) {
  if (asks_.fetch_add(1) >= kAsksMax) {
    --asks_;
    SetAnswer(BusyStatus(), call->response);
    Finish(call, absl::OkStatus());
    return;
  }
  publishers_.Resolve(*call->question, [this, call](absl::StatusOr<PublisherNode::Answer> answer) {
    // Verifying takes milliseconds, so it is not done on the thread of the connection.
    auto shared = std::make_shared<absl::StatusOr<PublisherNode::Answer>>(std::move(answer));
    const bool queued = executor_.Submit([this, call, shared] { TakeAnswer(call, std::move(*shared)); });
    if (!queued) {
      TakeAnswer(call, BusyStatus());
    }
  });
}

void Resolver::TakeAnswer(const std::shared_ptr<Call>& call, absl::StatusOr<PublisherNode::Answer> answer) {
  absl::StatusOr<std::vector<RecordView>> views = std::vector<RecordView>();
  if (answer.ok()) {
    views = VerifyAnswer(*call->question, call->identifier, *std::move(answer), *registry_.Get(), clock_.Now());
  } else {
    views = answer.status();
  }
  --asks_;
  SetAnswer(views.status(), call->response);
  Finish(call, views.ok() ? AddRecords(*views, *call) : absl::OkStatus());
}

}  // namespace meguri::node
