// SPDX-License-Identifier: Apache-2.0
#include "node/rpc/registry_service.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "node/query/carried_envelope.h"

namespace meguri::node {
namespace {

Method MethodOf(absl::string_view name) { return Method(absl::StrCat("meguri.registry.v1.RegistryService.", name)); }

// The notices about keys of the members on this page.
void AddNotices(const certs::Registry& registry, registry::v1::ListMembersResponse& out) {
  if (out.members().empty()) {
    return;
  }
  const std::string& first = out.members(0).participant_id();
  const std::string& last = out.members(out.members_size() - 1).participant_id();
  for (const registry::v1::KeyNotice& notice : registry.KeyNotices()) {
    if (notice.participant_id() >= first && notice.participant_id() <= last) {
      *out.add_key_notices() = notice;
    }
  }
}

}  // namespace

RegistryServiceEdge::RegistryServiceEdge(RpcContext rpc, const RegistryState& registry, const Query& query,
                                         const CertificateOffice* office)
    : rpc_(rpc), registry_(registry), query_(query), office_(office) {}

grpc::ServerUnaryReactor* RegistryServiceEdge::GetMember(grpc::CallbackServerContext* context,
                                                         const registry::v1::GetMemberRequest* request,
                                                         registry::v1::GetMemberResponse* response) {
  static const Method method = MethodOf("GetMember");
  return AnswerUnary(rpc_, context, method, response,
                     [this, request](const Caller&, registry::v1::GetMemberResponse& out) -> absl::Status {
                       MEGURI_ASSIGN_OR_RETURN(const record::ParticipantId participant,
                                               record::ParticipantId::Parse(request->participant_id()));
                       const std::shared_ptr<const certs::Registry> registry = registry_.Get();
                       const registry::v1::MemberEntry* entry = registry->Find(participant);
                       const absl::optional<MemberRecordRef> ref = registry_.FindRecord(participant);
                       if (entry == nullptr || !ref.has_value()) {
                         return Error(absl::StatusCode::kNotFound, "MEMBER_NOT_FOUND",
                                      absl::StrCat("The registry here does not know ", participant.text(), "."));
                       }
                       // The registry is open to everyone, so it is read as its holder.
                       QueryReader holder;
                       holder.reader.participant = registry_.feed().holder;
                       holder.is_client = true;
                       MEGURI_ASSIGN_OR_RETURN(
                           RecordView view, query_.Get(holder, ref->record_id, registry_.bundle().operator_id().text(),
                                                       ref->version, {}));
                       *out.mutable_member() = *entry;
                       for (const registry::v1::KeyNotice& notice : registry->KeyNotices()) {
                         if (notice.participant_id() == entry->participant_id()) {
                           *out.add_key_notices() = notice;
                         }
                       }
                       MEGURI_ASSIGN_OR_RETURN(*out.mutable_record(), ToEnvelope(view.envelope));
                       return absl::OkStatus();
                     });
}

grpc::ServerUnaryReactor* RegistryServiceEdge::ListMembers(grpc::CallbackServerContext* context,
                                                           const registry::v1::ListMembersRequest* request,
                                                           registry::v1::ListMembersResponse* response) {
  static const Method method = MethodOf("ListMembers");
  return AnswerUnary(rpc_, context, method, response,
                     [this, request](const Caller&, registry::v1::ListMembersResponse& out) -> absl::Status {
                       const int page_size =
                           request->page_size() <= 0 ? kPageSizeDefault : std::min(request->page_size(), kPageSizeMax);
                       // The registry hides nothing, so the token is simply the last participant ID.
                       const std::shared_ptr<const certs::Registry> registry = registry_.Get();
                       for (const registry::v1::MemberEntry* entry : registry->Members()) {
                         if (entry->participant_id() <= request->page_token()) {
                           continue;
                         }
                         if (out.members_size() == page_size) {
                           out.set_next_page_token(out.members(page_size - 1).participant_id());
                           break;
                         }
                         *out.add_members() = *entry;
                       }
                       AddNotices(*registry, out);
                       return absl::OkStatus();
                     });
}

grpc::ServerUnaryReactor* RegistryServiceEdge::GetHeartbeat(grpc::CallbackServerContext* context,
                                                            const registry::v1::GetHeartbeatRequest* /*request*/,
                                                            registry::v1::GetHeartbeatResponse* response) {
  static const Method method = MethodOf("GetHeartbeat");
  return AnswerUnary(rpc_, context, method, response,
                     [this](const Caller&, registry::v1::GetHeartbeatResponse& out) -> absl::Status {
                       absl::optional<record::v1::SignedBody> heartbeat = registry_.NewestHeartbeat();
                       if (!heartbeat.has_value()) {
                         return Error(absl::StatusCode::kNotFound, "NO_HEARTBEAT",
                                      "This node has not received a heartbeat of the registry yet.");
                       }
                       *out.mutable_heartbeat() = *std::move(heartbeat);
                       return absl::OkStatus();
                     });
}

grpc::ServerUnaryReactor* RegistryServiceEdge::RenewCertificate(grpc::CallbackServerContext* context,
                                                                const registry::v1::RenewCertificateRequest* request,
                                                                registry::v1::RenewCertificateResponse* response) {
  static const Method method = MethodOf("RenewCertificate");
  return AnswerUnary(
      rpc_, context, method, response,
      [this, request](const Caller& caller, registry::v1::RenewCertificateResponse& out) -> absl::Status {
        if (office_ == nullptr) {
          return Error(absl::StatusCode::kFailedPrecondition, "NOT_THE_OPERATOR",
                       "Only the operator's node issues certificates.");
        }
        MEGURI_ASSIGN_OR_RETURN(const certs::Certificate certificate,
                                office_->Issue(request->certificate_request(), caller.identity));
        out.add_certificate_chain(certificate.ToDer());
        return absl::OkStatus();
      });
}

}  // namespace meguri::node
