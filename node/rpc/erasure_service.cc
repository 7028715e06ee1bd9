// SPDX-License-Identifier: Apache-2.0
#include "node/rpc/erasure_service.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "record/record_id.h"

namespace meguri::node {
namespace {

Method MethodOf(absl::string_view name) { return Method(absl::StrCat("meguri.erasure.v1.ErasureService.", name)); }

}  // namespace

grpc::ServerUnaryReactor* ErasureServiceEdge::RequestErasure(grpc::CallbackServerContext* context,
                                                             const erasure::v1::RequestErasureRequest* request,
                                                             erasure::v1::RequestErasureResponse* response) {
  static const Method method = MethodOf("RequestErasure");
  return AnswerAdministrator(rpc_, context, method, request, response,
                             [this, request](const Caller&, erasure::v1::RequestErasureResponse&) {
                               return outgoing_.Request(request->request());
                             });
}

grpc::ServerUnaryReactor* ErasureServiceEdge::EraseCopies(grpc::CallbackServerContext* context,
                                                          const erasure::v1::EraseCopiesRequest* request,
                                                          erasure::v1::EraseCopiesResponse* response) {
  static const Method method = MethodOf("EraseCopies");
  return AnswerUnary(
      rpc_, context, method, response,
      [this, request](const Caller& caller, erasure::v1::EraseCopiesResponse& out) -> absl::Status {
        MEGURI_ASSIGN_OR_RETURN(const record::ParticipantId holder, record::ParticipantId::Parse(request->holder()));
        MEGURI_ASSIGN_OR_RETURN(auto ack, incoming_.Take(caller.acting_member, holder, request->erasure()));
        if (ack.has_value()) {
          *out.mutable_acknowledgement() = *std::move(ack);
        }
        return absl::OkStatus();
      });
}

grpc::ServerUnaryReactor* ErasureServiceEdge::ListErasures(grpc::CallbackServerContext* context,
                                                           const erasure::v1::ListErasuresRequest* request,
                                                           erasure::v1::ListErasuresResponse* response) {
  static const Method method = MethodOf("ListErasures");
  return AnswerUnary(rpc_, context, method, response,
                     [this, request](const Caller&, erasure::v1::ListErasuresResponse& out) -> absl::Status {
                       MEGURI_ASSIGN_OR_RETURN(*out.mutable_page(), outgoing_.List(request->page_token()));
                       return absl::OkStatus();
                     });
}

grpc::ServerUnaryReactor* ErasureServiceEdge::GetErasure(grpc::CallbackServerContext* context,
                                                         const erasure::v1::GetErasureRequest* request,
                                                         erasure::v1::GetErasureResponse* response) {
  static const Method method = MethodOf("GetErasure");
  return AnswerUnary(rpc_, context, method, response,
                     [this, request](const Caller&, erasure::v1::GetErasureResponse& out) -> absl::Status {
                       MEGURI_ASSIGN_OR_RETURN(const record::RecordId record_id,
                                               record::RecordId::Parse(request->record_id()));
                       MEGURI_ASSIGN_OR_RETURN(*out.mutable_page(), outgoing_.Get(record_id, request->page_token()));
                       return absl::OkStatus();
                     });
}

grpc::ServerUnaryReactor* ErasureServiceEdge::ListIncomingErasures(
    grpc::CallbackServerContext* context, const erasure::v1::ListIncomingErasuresRequest* request,
    erasure::v1::ListIncomingErasuresResponse* response) {
  static const Method method = MethodOf("ListIncomingErasures");
  return AnswerUnary(
      rpc_, context, method, response,
      [this, request](const Caller& caller, erasure::v1::ListIncomingErasuresResponse& out) -> absl::Status {
        MEGURI_ASSIGN_OR_RETURN(*out.mutable_page(), incoming_.List(caller.acting_member, request->page_token()));
        return absl::OkStatus();
      });
}

}  // namespace meguri::node
