// SPDX-License-Identifier: Apache-2.0
#include "node/rpc/access_service.h"

#include "absl/strings/escaping.h"
#include "base/status_macros.h"
#include "node/policy/decision.h"

namespace meguri::node {

AccessServiceEdge::AccessServiceEdge(RpcContext rpc, const Query& query, const RegistryState& registry,
                                     const AccessState& access, const Clock& clock)
    : rpc_(rpc), query_(query), registry_(registry), access_(access), clock_(clock) {}

grpc::ServerUnaryReactor* AccessServiceEdge::Explain(grpc::CallbackServerContext* context,
                                                     const access::v1::ExplainRequest* request,
                                                     access::v1::ExplainResponse* response) {
  static const Method method("meguri.access.v1.AccessService.Explain");
  return AnswerUnary(
      rpc_, context, method, response,
      [this, request](const Caller& caller, access::v1::ExplainResponse& out) -> absl::Status {
        MEGURI_ASSIGN_OR_RETURN(const record::RecordId record_id, record::RecordId::Parse(request->record_id()));
        MEGURI_ASSIGN_OR_RETURN(const Query::OwnRecord own,
                                query_.FindOwn(caller.acting_member, record_id, request->version()));
        Reader reader;
        if (!request->reader().empty()) {
          MEGURI_ASSIGN_OR_RETURN(const record::ParticipantId participant,
                                  record::ParticipantId::Parse(request->reader()));
          const std::shared_ptr<const certs::Registry> registry = registry_.Get();
          reader = ReaderOf(*registry, participant, registry_.IsStale());
          AddGrants(access_.ExplainedGrantsOf(participant), *registry, clock_.Now(), request->purpose(), reader);
        }
        const std::vector<Decision> decisions = Decide(reader, own.scope, own.facts);
        for (size_t i = 0; i < decisions.size(); ++i) {
          access::v1::SectionDecision* row = out.add_sections();
          row->set_section_type(own.facts[i].type);
          row->set_audiences(own.facts[i].audiences.bits());
          row->set_allowed(decisions[i].allowed);
          row->set_rule(std::string(decisions[i].rule));
          row->set_explanation(std::string(decisions[i].why));
          row->set_grant_record_id(absl::HexStringToBytes(decisions[i].grant));
          row->set_deliveries(decisions[i].deliveries);
          row->set_deliveries_max(decisions[i].deliveries_max);
        }
        out.set_ended(own.has_ended);
        for (const record::FeedName& feed : own.feeds) {
          if (MayFollow(reader, own.scope.publisher, feed)) {
            out.add_feeds(feed.text());
          }
        }
        return absl::OkStatus();
      });
}

}  // namespace meguri::node
