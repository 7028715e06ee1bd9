// SPDX-License-Identifier: Apache-2.0
#include "node/rpc/audit_service.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"

namespace meguri::node {
namespace {

// What another node refused is no refusal of this one.
absl::Status AsAnswered(const absl::Status& status) {
  return absl::IsPermissionDenied(status) || absl::IsUnauthenticated(status)
             ? Error(absl::StatusCode::kFailedPrecondition, ReasonOf(status), status.message())
             : status;
}

}  // namespace

AuditServiceEdge::AuditServiceEdge(RpcContext rpc, const AuditList& list, const RegistryState& registry,
                                   AuditPeer& peers, OnwardReporting& onward)
    : rpc_(rpc), list_(list), registry_(registry), peers_(peers), onward_(onward) {}

grpc::ServerUnaryReactor* AuditServiceEdge::ReportOnward(grpc::CallbackServerContext* context,
                                                         const audit::v1::ReportOnwardRequest* request,
                                                         audit::v1::ReportOnwardResponse* response) {
  static const Method method("meguri.audit.v1.AuditService.ReportOnward");
  return AnswerUnary(rpc_, context, method, response,
                     [this, request](const Caller& caller, audit::v1::ReportOnwardResponse&) -> absl::Status {
                       MEGURI_ASSIGN_OR_RETURN(const record::ParticipantId owner,
                                               record::ParticipantId::Parse(request->owner()));
                       return onward_.Take(caller.acting_member, owner, request->report());
                     });
}

grpc::ServerUnaryReactor* AuditServiceEdge::ListOnwardReports(grpc::CallbackServerContext* context,
                                                              const audit::v1::ListOnwardReportsRequest* request,
                                                              audit::v1::ListOnwardReportsResponse* response) {
  static const Method method("meguri.audit.v1.AuditService.ListOnwardReports");
  return AnswerUnary(rpc_, context, method, response,
                     [this, request](const Caller&, audit::v1::ListOnwardReportsResponse& out) -> absl::Status {
                       MEGURI_ASSIGN_OR_RETURN(*out.mutable_page(),
                                               onward_.List(request->own(), request->page_token()));
                       return absl::OkStatus();
                     });
}

grpc::ServerUnaryReactor* AuditServiceEdge::ListRows(grpc::CallbackServerContext* context,
                                                     const audit::v1::ListRowsRequest* request,
                                                     audit::v1::ListRowsResponse* response) {
  static const Method method("meguri.audit.v1.AuditService.ListRows");
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  const CallEnd end(rpc_.log, *context, method.name);
  absl::StatusOr<Caller> caller = rpc_.authenticator.Authenticate(*context, method.callers);
  if (!caller.ok()) {
    reactor->Finish(end(caller.status()));
    return reactor;
  }
  const std::string& member = request->query().member();
  const bool is_here = member.empty() || member == list_.member().text();
  if (!is_here && caller->is_client) {
    AskPeer(*caller, request->query(), response, reactor, end);
    return reactor;
  }
  const bool queued = rpc_.executor.Submit([this, is_here, request, response, reactor, end, caller = *caller] {
    const auto answer = [&]() -> absl::Status {
      if (!is_here) {
        return Error(absl::StatusCode::kNotFound, "NOT_HOSTED",
                     absl::StrCat(request->query().member(),
                                  " is not published by this node, which keeps no audit "
                                  "feed for it: ask its own node."));
      }
      // Which rows an asker may see is decided before any is read.
      const auto party = caller.is_client ? absl::nullopt : absl::make_optional(caller.acting_member);
      MEGURI_ASSIGN_OR_RETURN(*response->mutable_page(), list_.List(party, request->query()));
      return absl::OkStatus();
    };
    reactor->Finish(end(answer()));
  });
  if (!queued) {
    reactor->Finish(end(BusyStatus()));
  }
  return reactor;
}

absl::StatusOr<AuditQuestion> AuditServiceEdge::QuestionOf(const Caller& caller,
                                                           const audit::v1::RowQuery& query) const {
  MEGURI_ASSIGN_OR_RETURN(const record::ParticipantId member, record::ParticipantId::Parse(query.member()));
  const std::shared_ptr<const certs::Registry> registry = registry_.Get();
  const registry::v1::MemberEntry* entry = registry->Find(member);
  if (entry == nullptr) {
    return Error(absl::StatusCode::kNotFound, "MEMBER_NOT_FOUND",
                 absl::StrCat("The registry here does not know ", member.text(), "."));
  }
  if (!registry->IsActive(member)) {
    return Error(absl::StatusCode::kFailedPrecondition, "MEMBER_NOT_ACTIVE",
                 absl::StrCat(member.text(), " is suspended or has left: its node is not asked."));
  }
  if (entry->hosting().addresses().empty()) {
    return Error(absl::StatusCode::kFailedPrecondition, "NO_ADDRESS",
                 absl::StrCat("The registry names no address of the node of ", member.text(), "."));
  }
  return AuditQuestion{caller.acting_member,
                       member,
                       entry->hosting().node_identity(),
                       {entry->hosting().addresses().begin(), entry->hosting().addresses().end()},
                       query};
}

void AuditServiceEdge::AskPeer(const Caller& caller, const audit::v1::RowQuery& query,
                               audit::v1::ListRowsResponse* response, grpc::ServerUnaryReactor* reactor, CallEnd end) {
  absl::StatusOr<AuditQuestion> question = QuestionOf(caller, query);
  if (!question.ok()) {
    reactor->Finish(end(question.status()));
    return;
  }
  if (asks_.fetch_add(1) >= kAuditAsksMax) {
    --asks_;
    reactor->Finish(end(BusyStatus()));
    return;
  }
  peers_.ListRows(*question, [this, response, reactor, end](absl::StatusOr<audit::v1::RowPage> page) {
    --asks_;
    const absl::Status status = AsAnswered(page.status());
    if (page.ok()) {
      *response->mutable_page() = *std::move(page);
    }
    reactor->Finish(end(status));
  });
}

}  // namespace meguri::node
