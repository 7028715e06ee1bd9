// SPDX-License-Identifier: Apache-2.0
#include "node/rpc/record_service.h"

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "meguri/record/v1/carried.pb.h"
#include "node/query/carried_envelope.h"
#include "node/rpc/publish_convert.h"
#include "node/rpc/publish_stream.h"
#include "node/rpc/raw_message.h"
#include "node/rpc/record_convert.h"
#include "passport/section_table.h"

namespace meguri::node {
namespace {

using record::v1::RecordService;

Method MethodOf(absl::string_view name) { return Method(absl::StrCat("meguri.record.v1.RecordService.", name)); }

absl::StatusOr<record::RecordId> ParseRecordId(const std::string& bytes) {
  absl::StatusOr<record::RecordId> record_id = record::RecordId::Parse(bytes);
  if (!record_id.ok()) {
    return InvalidInput({{"record_id", "RECORD_ID", absl::StrCat(bytes.size(), " bytes"), "16 bytes",
                          "give the record ID of 32 hexadecimal digits", "記録IDは16バイトでなければなりません。"}});
  }
  return record_id;
}

absl::Status BadMask(absl::string_view path) {
  return InvalidInput(
      {{"read_mask", "READ_MASK", std::string(path), "header, signature, sections, or sections.<section name>",
        "name a part of a record", "read_mask の指定が正しくありません。"}});
}

absl::StatusOr<std::vector<ProductQuestion>> QuestionsOf(const record::v1::BatchResolveRequest& request) {
  if (request.plates_size() > request.identifiers_size()) {
    return InvalidInput({{"plates", "BATCH_COUNT", absl::StrCat(request.plates_size(), " plates"),
                          absl::StrCat("at most one for each of ", request.identifiers_size(), " identifiers"),
                          "give them in the order of the identifiers",
                          "銘板の情報は識別子の数を超えられません。識別子と同じ順に指定してください。"}});
  }
  std::vector<ProductQuestion> questions;
  for (int i = 0; i < request.identifiers_size(); ++i) {
    ProductQuestion& question = questions.emplace_back();
    question.identifier = request.identifiers(i);
    if (i < request.plates_size()) {
      const record::v1::Plate& plate = request.plates(i);
      question.is_model_number = plate.is_model_number();
      question.maker = plate.maker();
      question.serial = plate.serial();
    }
  }
  return questions;
}

void AddDisclosed(const RecordView& view, std::vector<Disclosure>& disclosed) {
  disclosed.insert(disclosed.end(), view.disclosed.begin(), view.disclosed.end());
}

// No path, or "*": everything.
absl::StatusOr<ReadMask> ParseMask(const google::protobuf::FieldMask& paths) {
  ReadMask mask;
  if (paths.paths_size() == 0) {
    return mask;
  }
  mask = ReadMask{false, false, false, {}};
  bool all_sections = false;
  for (const std::string& path : paths.paths()) {
    absl::string_view section = path;
    if (path == "*") {
      return ReadMask{};
    }
    if (path == "header") {
      mask.header = true;
    } else if (path == "signature") {
      mask.signature = true;
    } else if (path == "sections") {
      mask.sections = true;
      all_sections = true;
    } else if (absl::ConsumePrefix(&section, "sections.")) {
      const passport::SectionKind* kind = passport::FindSectionKind(section);
      if (kind == nullptr) {
        return BadMask(path);
      }
      mask.sections = true;
      mask.section_types.insert(kind->type);
    } else {
      return BadMask(path);
    }
  }
  if (all_sections) {
    mask.section_types.clear();
  }
  return mask;
}

}  // namespace

RecordServiceEdge::RecordServiceEdge(RpcContext rpc, Publisher& publisher, const Query& query, const Prover& prover,
                                     Resolver& resolver, const RegistryState& registry)
    : rpc_(rpc), publisher_(publisher), query_(query), prover_(prover), resolver_(resolver), registry_(registry) {}

grpc::ServerUnaryReactor* RecordServiceEdge::Publish(grpc::CallbackServerContext* context,
                                                     const record::v1::PublishRequest* request,
                                                     record::v1::PublishResponse* response) {
  static const Method method = MethodOf("Publish");
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  const CallEnd end(rpc_.log, *context, method.name);
  const absl::StatusOr<Caller> caller = rpc_.authenticator.Authenticate(*context, method.callers);
  if (!caller.ok()) {
    reactor->Finish(end(caller.status()));
    return reactor;
  }
  const bool queued = rpc_.executor.Submit([this, reactor, end, request, response, acting = caller->acting_member] {
    publisher_.Publish(ToPublishCall(acting, *request), [reactor, end, response](absl::StatusOr<Published> published) {
      if (published.ok()) {
        ToResponse(*published, *response);
      }
      reactor->Finish(end(published.status()));
    });
  });
  if (!queued) {
    reactor->Finish(end(BusyStatus()));
  }
  return reactor;
}

grpc::ServerBidiReactor<record::v1::PublishStreamRequest, record::v1::PublishStreamResponse>*
RecordServiceEdge::PublishStream(grpc::CallbackServerContext* context) {
  static const Method method = MethodOf("PublishStream");
  return StartPublishStream(
      rpc_.authenticator.Authenticate(*context, method.callers),
      [this](const Caller& caller) { return rpc_.authenticator.CheckRegistration(caller); }, publisher_, rpc_.executor,
      CallEnd(rpc_.log, *context, method.name));
}

grpc::ServerUnaryReactor* RecordServiceEdge::Get(grpc::CallbackServerContext* context, const grpc::ByteBuffer* bytes,
                                                 grpc::ByteBuffer* response) {
  static const Method method = MethodOf("Get");
  // Answered where it arrives: a handful of point reads costs less than a change of thread. And with the bytes that are
  // stored: taking a record apart and putting it together again costs as much as finding it. What is not public waits
  // for its row of the audit feed.
  const AnswerPace pace;
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  const CallEnd end(rpc_.log, *context, method.name);
  absl::StatusOr<Caller> caller = rpc_.authenticator.Authenticate(*context, method.callers);
  if (!caller.ok()) {
    reactor->Finish(end(caller.status()));
    return reactor;
  }
  const bool at_once = caller->is_client;
  record::v1::GetRequest request;
  std::vector<Disclosure> disclosed;
  const absl::Status answered = AnswerGet(*caller, *bytes, request, *response, disclosed);
  if (!answered.ok() || disclosed.empty()) {
    pace.Finish(reactor, end(answered, request.record_id()), at_once);
    return reactor;
  }
  rpc_.audit.Deliver(*caller, method.name, disclosed, [pace, at_once, reactor, end](const absl::Status& written) {
    pace.Finish(reactor, end(written), at_once);
  });
  return reactor;
}

absl::Status RecordServiceEdge::AnswerGet(const Caller& caller, const grpc::ByteBuffer& bytes,
                                          record::v1::GetRequest& request, grpc::ByteBuffer& response,
                                          std::vector<Disclosure>& disclosed) const {
  MEGURI_RETURN_IF_ERROR(FromBytes(bytes, request));
  MEGURI_ASSIGN_OR_RETURN(const record::RecordId record_id, ParseRecordId(request.record_id()));
  MEGURI_ASSIGN_OR_RETURN(const ReadMask mask, ParseMask(request.read_mask()));
  MEGURI_ASSIGN_OR_RETURN(RecordView view, query_.Get(rpc_.authenticator.QueryReaderFor(caller), record_id,
                                                      request.publisher(), request.version(), mask));
  disclosed = std::move(view.disclosed);
  record::v1::CarriedGetResponse carried;
  KeyStanding standing = StandingOf(view, caller, rpc_.authenticator, prover_);
  ToCarried(std::move(view), std::move(standing), *carried.mutable_record());
  MEGURI_ASSIGN_OR_RETURN(response, ToBytes(carried));
  return absl::OkStatus();
}

grpc::ServerUnaryReactor* RecordServiceEdge::GetProof(grpc::CallbackServerContext* context,
                                                      const record::v1::GetProofRequest* request,
                                                      record::v1::GetProofResponse* response) {
  static const Method method = MethodOf("GetProof");
  return AnswerAudited(
      rpc_, context, method, response,
      [this, request](const Caller& caller, record::v1::GetProofResponse& out,
                      std::vector<Disclosure>& disclosed) -> absl::Status {
        MEGURI_ASSIGN_OR_RETURN(const record::RecordId record_id, ParseRecordId(request->record_id()));
        MEGURI_ASSIGN_OR_RETURN(
            ProvenRecord proven,
            prover_.Prove(rpc_.authenticator.QueryReaderFor(caller), record_id, request->publisher(),
                          request->version(), request->slots(), ProofHead::kDated, request->receipts()));
        MEGURI_RETURN_IF_ERROR(AddGivers(proven));
        for (record::v1::FeedProof& proof : proven.proofs) {
          *out.add_proofs() = std::move(proof);
        }
        for (record::v1::ProofReceipts& receipts : proven.receipts) {
          *out.add_receipts() = std::move(receipts);
        }
        disclosed = std::move(proven.disclosed);
        return absl::OkStatus();
      });
}

// The operator's entry of each member whose receipt goes with a proof: whoever has the trust bundle alone knows its key
// by that.
absl::Status RecordServiceEdge::AddGivers(ProvenRecord& proven) const {
  QueryReader holder;  // the registry is open to everyone, so it is read as its holder
  holder.reader.participant = registry_.feed().holder;
  holder.is_client = true;
  const std::string& publisher = registry_.bundle().operator_id().text();
  auto giver = proven.givers.begin();
  for (record::v1::ProofReceipts& receipts : proven.receipts) {
    for (record::v1::ReceiptProof& receipt : *receipts.mutable_receipts()) {
      const absl::optional<MemberRecordRef> ref = registry_.FindRecord(*giver++);
      if (!ref.has_value()) {
        return Error(absl::StatusCode::kUnavailable, "COPY_BEHIND",
                     "The registry has changed while the proof was made. Try again.");
      }
      MEGURI_ASSIGN_OR_RETURN(const RecordView view, query_.Get(holder, ref->record_id, publisher, ref->version, {}));
      MEGURI_ASSIGN_OR_RETURN(*receipt.mutable_giver_entry(), ToEnvelope(view.envelope));
      MEGURI_ASSIGN_OR_RETURN(ProvenRecord entry, prover_.Prove(holder, ref->record_id, publisher, ref->version, 0));
      *receipt.mutable_giver_entry_proof() = std::move(entry.proofs.front());
    }
  }
  return absl::OkStatus();
}

grpc::ServerUnaryReactor* RecordServiceEdge::List(grpc::CallbackServerContext* context,
                                                  const record::v1::ListRequest* request,
                                                  record::v1::ListResponse* response) {
  static const Method method = MethodOf("List");
  return AnswerAudited(
      rpc_, context, method, response,
      [this, request](const Caller& caller, record::v1::ListResponse& out,
                      std::vector<Disclosure>& disclosed) -> absl::Status {
        ListQuery query{request->filter(), request->publisher(), request->page_size(), request->page_token(), {}};
        MEGURI_ASSIGN_OR_RETURN(query.mask, ParseMask(request->read_mask()));
        MEGURI_ASSIGN_OR_RETURN(ListPage page, query_.List(rpc_.authenticator.QueryReaderFor(caller), query));
        for (const RecordView& view : page.records) {
          AddDisclosed(view, disclosed);
          MEGURI_RETURN_IF_ERROR(
              ToProto(view, StandingOf(view, caller, rpc_.authenticator, prover_), *out.add_records()));
        }
        out.set_next_page_token(page.next_page_token);
        return absl::OkStatus();
      });
}

grpc::ServerUnaryReactor* RecordServiceEdge::History(grpc::CallbackServerContext* context,
                                                     const record::v1::HistoryRequest* request,
                                                     record::v1::HistoryResponse* response) {
  static const Method method = MethodOf("History");
  return AnswerAudited(
      rpc_, context, method, response,
      [this, request](const Caller& caller, record::v1::HistoryResponse& out,
                      std::vector<Disclosure>& disclosed) -> absl::Status {
        MEGURI_ASSIGN_OR_RETURN(const record::RecordId record_id, ParseRecordId(request->record_id()));
        const HistoryQuery query{record_id, request->publisher(), request->page_size(), request->page_token()};
        MEGURI_ASSIGN_OR_RETURN(HistoryPage page, query_.History(rpc_.authenticator.QueryReaderFor(caller), query));
        for (const RecordView& view : page.versions) {
          AddDisclosed(view, disclosed);
          MEGURI_RETURN_IF_ERROR(
              ToProto(view, StandingOf(view, caller, rpc_.authenticator, prover_), *out.add_versions()));
        }
        out.set_next_page_token(page.next_page_token);
        return absl::OkStatus();
      });
}

grpc::ServerUnaryReactor* RecordServiceEdge::Resolve(grpc::CallbackServerContext* context,
                                                     const record::v1::ResolveRequest* request,
                                                     record::v1::ResolveResponse* response) {
  static const Method method = MethodOf("Resolve");
  const AnswerPace pace;
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  const CallEnd end(rpc_.log, *context, method.name);
  absl::StatusOr<Caller> caller = rpc_.authenticator.Authenticate(*context, method.callers);
  if (!caller.ok()) {
    reactor->Finish(end(caller.status()));
    return reactor;
  }
  const bool at_once = caller->is_client;
  resolver_.Resolve(*std::move(caller), *request, *response,
                    [pace, at_once, reactor, end, response](const absl::Status& status) {
                      if (status.ok() && response->records().empty()) {
                        end.Note(RecordNotFound());
                      }
                      pace.Finish(reactor, end(status), at_once);
                    });
  return reactor;
}

grpc::ServerUnaryReactor* RecordServiceEdge::BatchResolve(grpc::CallbackServerContext* context,
                                                          const record::v1::BatchResolveRequest* request,
                                                          record::v1::BatchResolveResponse* response) {
  static const Method method = MethodOf("BatchResolve");
  return AnswerAudited(rpc_, context, method, response,
                       [this, request](const Caller& caller, record::v1::BatchResolveResponse& out,
                                       std::vector<Disclosure>& disclosed) -> absl::Status {
                         MEGURI_ASSIGN_OR_RETURN(const std::vector<ProductQuestion> questions, QuestionsOf(*request));
                         MEGURI_ASSIGN_OR_RETURN(ReadMask mask, ParseMask(request->read_mask()));
                         MEGURI_ASSIGN_OR_RETURN(const ResolvedBatch batch,
                                                 query_.BatchResolve(rpc_.authenticator.QueryReaderFor(caller),
                                                                     questions, std::move(mask)));
                         for (const IdentifierAnswer& answer : batch.answers) {
                           if (absl::IsNotFound(answer.status)) {
                             rpc_.audit.NoteDenial({method.name, caller.identity.ToUri(), answer.status, ""});
                           }
                           record::v1::IdentifierAnswer& to = *out.add_answers();
                           to.mutable_records()->Add(answer.records.begin(), answer.records.end());
                           to.set_reason(ReasonOf(answer.status));
                           to.set_message(std::string(answer.status.message()));
                           to.set_missing_serial(answer.missing_serial);
                           to.set_missing_lot(answer.missing_lot);
                         }
                         for (const RecordView& view : batch.records) {
                           AddDisclosed(view, disclosed);
                           MEGURI_RETURN_IF_ERROR(ToProto(view, StandingOf(view, caller, rpc_.authenticator, prover_),
                                                          *out.add_records()));
                         }
                         return absl::OkStatus();
                       });
}

}  // namespace meguri::node
