// SPDX-License-Identifier: Apache-2.0
#include "node/rpc/resolver.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/types/optional.h"
#include "base/error.h"
#include "base/mutex.h"
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
  absl::optional<record::ParticipantId> publisher;  // whose identifier it is, as far as the registry tells
  std::vector<Disclosure> disclosed;
};

Resolver::Resolver(const Authenticator& authenticator, const Query& query, const Prover& prover,
                   const RegistryState& registry, PublisherNode& publishers, CopyPeer& copies,
                   const KnownRelays& relays, const AuditEdge& audit, Executor& executor, const Clock& clock)
    : authenticator_(authenticator),
      query_(query),
      prover_(prover),
      registry_(registry),
      publishers_(publishers),
      copies_(copies),
      relays_(relays),
      audit_(audit),
      executor_(executor),
      clock_(clock) {}

void Resolver::Resolve(Caller caller, const record::v1::ResolveRequest& request, record::v1::ResolveResponse& response,
                       Done done) {
  const auto call = std::make_shared<Call>(Call{std::move(caller), request, response, std::move(done), {}, {}, {}, {}});
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
  switch (looked.ok() ? PrepareQuestion(*call) : Next::kFinish) {
    case Next::kAskPublisher:
      Ask(call);
      return;
    case Next::kAskRelays:
      AskRelays(call);
      return;
    case Next::kFinish:
      Finish(call, looked);
  }
}

absl::Status Resolver::AddRecords(const std::vector<RecordView>& views, Call& call) const {
  for (const RecordView& view : views) {
    MEGURI_RETURN_IF_ERROR(
        ToProto(view, StandingOf(view, call.caller, authenticator_, prover_), *call.response.add_records()));
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

Resolver::Next Resolver::PrepareQuestion(Call& call) const {
  const std::shared_ptr<const certs::Registry> registry = registry_.Get();
  const registry::v1::MemberEntry* issuer = FindIssuer(*registry, call.identifier);
  const bool is_wished = call.request.ask_publisher() && call.caller.is_client && call.response.records_size() == 0;
  if (issuer == nullptr) {
    return is_wished && call.identifier.record_id.has_value() ? Next::kAskRelays : Next::kFinish;
  }
  SetPublisher(*issuer, call.response);
  const absl::StatusOr<record::ParticipantId> publisher = record::ParticipantId::Parse(issuer->participant_id());
  if (!is_wished || call.identifier.gtin.empty() || !publisher.ok() || *publisher == call.caller.acting_member) {
    return Next::kFinish;
  }
  call.publisher = *publisher;
  if (!registry->IsActive(*publisher)) {
    SetAnswer(Error(absl::StatusCode::kFailedPrecondition, "MEMBER_NOT_ACTIVE",
                    absl::StrCat(publisher->text(), " is suspended or has left: its node is not asked.")),
              call.response);
    return issuer->status() == registry::v1::MEMBER_STATUS_SUSPENDED ? Next::kFinish : Next::kAskRelays;
  }
  if (issuer->hosting().addresses().empty()) {
    SetAnswer(Error(absl::StatusCode::kFailedPrecondition, "NO_ADDRESS",
                    absl::StrCat("The registry names no address of the node of ", publisher->text(), ".")),
              call.response);
    return Next::kAskRelays;
  }
  call.question = PublisherQuestion{*publisher,
                                    call.caller.acting_member,
                                    issuer->hosting().node_identity(),
                                    {issuer->hosting().addresses().begin(), issuer->hosting().addresses().end()},
                                    call.request.identifier(),
                                    static_cast<uint32_t>(call.caller.purpose)};
  return Next::kAskPublisher;
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
  --asks_;
  if (!answer.ok()) {
    SetAnswer(answer.status(), call->response);
    AskRelays(call);
    return;
  }
  const absl::StatusOr<std::vector<RecordView>> views =
      VerifyAnswer(*call->question, call->identifier, *std::move(answer), *registry_.Get(), clock_.Now());
  SetAnswer(views.status(), call->response);
  Finish(call, views.ok() ? AddRecords(*views, *call) : absl::OkStatus());
}

// What the relays that were asked have answered so far.
struct Resolver::Gathering {
  std::shared_ptr<Call> call;
  std::vector<record::ParticipantId> relays;
  std::vector<CopyQuestion> questions;
  Mutex mutex;
  size_t waiting ABSL_GUARDED_BY(mutex) = 0;
  std::vector<absl::StatusOr<CopyPeer::Answer>> answers ABSL_GUARDED_BY(mutex);  // of the relays, in their order
};

std::vector<CopyQuestion> Resolver::QuestionsFor(const Call& call, std::vector<record::ParticipantId>& relays) const {
  const record::ParticipantId& member = call.caller.acting_member;
  const std::shared_ptr<const certs::Registry> registry = registry_.Get();
  std::vector<CopyQuestion> questions;
  for (record::ParticipantId& relay : relays_.For(call.publisher.value_or(member), kRelaysAskedMax)) {
    const registry::v1::MemberEntry* entry = registry->Find(relay);
    if (relay == member || entry == nullptr || !registry->IsActive(relay) || entry->hosting().addresses().empty()) {
      continue;
    }
    questions.push_back({member,
                         relay,
                         entry->hosting().node_identity(),
                         {entry->hosting().addresses().begin(), entry->hosting().addresses().end()},
                         call.request.identifier(),
                         call.publisher});
    relays.push_back(std::move(relay));
  }
  return questions;
}

void Resolver::AskRelays(const std::shared_ptr<Call>& call) {
  auto gathering = std::make_shared<Gathering>();
  gathering->call = call;
  gathering->questions = QuestionsFor(*call, gathering->relays);
  const size_t count = gathering->questions.size();
  if (count == 0) {
    Finish(call, absl::OkStatus());
    return;
  }
  record::v1::CopyAnswer& told = *call->response.mutable_copy_answer();
  if (copy_questions_.fetch_add(1) >= kCopyQuestionsMax) {
    --copy_questions_;
    told.set_reason(ReasonOf(BusyStatus()));
    told.set_message(std::string(BusyStatus().message()));
    Finish(call, absl::OkStatus());
    return;
  }
  told.set_asked(static_cast<uint32_t>(count));
  {
    MutexLock lock(gathering->mutex);
    gathering->waiting = count;
    gathering->answers.resize(count, CopyPeer::Answer());
  }
  for (size_t i = 0; i < count; ++i) {
    copies_.FindCopies(gathering->questions[i], [this, gathering, i](absl::StatusOr<CopyPeer::Answer> answer) {
      {
        MutexLock lock(gathering->mutex);
        gathering->answers[i] = std::move(answer);
        if (--gathering->waiting > 0) {
          return;
        }
      }
      // Verifying takes milliseconds, so it is not done on the thread of the connection.
      if (!executor_.Submit([this, gathering] { TakeCopies(gathering); })) {
        TakeCopies(gathering);
      }
    });
  }
}

void Resolver::TakeCopies(const std::shared_ptr<Gathering>& gathering) {
  --copy_questions_;
  Call& call = *gathering->call;
  record::v1::CopyAnswer& told = *call.response.mutable_copy_answer();
  VerifiedCopies best;
  MutexLock lock(gathering->mutex);
  for (size_t i = 0; i < gathering->answers.size(); ++i) {
    absl::StatusOr<CopyPeer::Answer>& answer = gathering->answers[i];
    const absl::StatusOr<VerifiedCopies> copies =
        answer.ok()
            ? VerifyCopies(gathering->questions[i], call.identifier, *std::move(answer), *registry_.Get(), clock_.Now())
            : answer.status();
    if (!copies.ok()) {
      told.set_reason(ReasonOf(copies.status()));
      told.set_message(absl::StrCat(gathering->relays[i].text(), ": ", copies.status().message()));
    } else if (!copies->records.empty() && (best.records.empty() || IsNewer(*copies, best))) {
      best = *copies;
      told.set_relay(gathering->relays[i].text());
      told.set_as_of_ms(best.as_of == absl::InfinitePast() ? 0 : static_cast<uint64_t>(absl::ToUnixMillis(best.as_of)));
    }
  }
  if (!best.records.empty()) {
    told.clear_reason();
    told.clear_message();
  }
  Finish(gathering->call, AddRecords(best.records, call));
}

}  // namespace meguri::node
