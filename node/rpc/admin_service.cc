// SPDX-License-Identifier: Apache-2.0
#include "node/rpc/admin_service.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "node/access/onward_copy.h"
#include "node/follow/limits.h"
#include "node/policy/onward.h"
#include "node/rpc/cosigned_view.h"
#include "storage/cosigned.h"
#include "storage/feeds.h"
#include "storage/records.h"
#include "storage/settings.h"
#include "storage/usage.h"

namespace meguri::node {
namespace {

Method MethodOf(absl::string_view name) { return Method(absl::StrCat("meguri.admin.v1.AdminService.", name)); }

struct ParsedFollow {
  record::ParticipantId publisher;
  std::vector<record::FeedName> feeds;
  absl::optional<record::ParticipantId> relay;
};

absl::StatusOr<ParsedFollow> ParseFollow(const admin::v1::Follow& follow) {
  MEGURI_ASSIGN_OR_RETURN(record::ParticipantId publisher, record::ParticipantId::Parse(follow.publisher()));
  ParsedFollow parsed{std::move(publisher), {}, absl::nullopt};
  if (!follow.relay().empty()) {
    MEGURI_ASSIGN_OR_RETURN(parsed.relay, record::ParticipantId::Parse(follow.relay()));
  }
  if (static_cast<size_t>(follow.feeds_size()) > kFollowFeedsMax) {
    return InvalidInput({{"follow.feeds", "FOLLOW_REQUEST", absl::StrCat(follow.feeds_size(), " feeds"),
                          absl::StrCat("at most ", kFollowFeedsMax), "name fewer feeds", "フィードが多すぎます。"}});
  }
  for (const std::string& feed : follow.feeds()) {
    MEGURI_ASSIGN_OR_RETURN(record::FeedName name, record::FeedName::Parse(feed));
    parsed.feeds.push_back(std::move(name));
  }
  return parsed;
}

absl::Status CheckRelay(const record::ParticipantId& member, const ParsedFollow& follow,
                        const certs::Registry& registry) {
  const bool is_known = !follow.relay.has_value() || registry.Find(*follow.relay) != nullptr;
  if (is_known && follow.relay != member) {
    return absl::OkStatus();
  }
  return InvalidInput({{"follow.relay", "FOLLOW_REQUEST", follow.relay->text(), "another member of the registry",
                        "name a member that follows the publisher; `member list` shows who there is",
                        "中継する会員として、レジストリに登録された他の会員を指定してください。"}});
}

// Who has the feed of an offer handed on knows the terms, and does not ask in vain.
absl::Status CheckHandedOn(const Caller& caller, const ParsedFollow& follow, const storage::StoreReader& store) {
  for (const record::FeedName& name : follow.feeds) {
    if (follow.relay.has_value() && follow.relay != follow.publisher && IsHandedOnByOffer(name)) {
      MEGURI_RETURN_IF_ERROR(
          CheckMayBeHandedOn(store, caller.acting_member, {follow.publisher, name, 1}, caller.purpose));
    }
  }
  return absl::OkStatus();
}

admin::v1::FollowState ToProto(FollowState state) {
  switch (state) {
    case FollowState::kConnecting:
      return admin::v1::FOLLOW_STATE_CONNECTING;
    case FollowState::kCatchingUp:
      return admin::v1::FOLLOW_STATE_CATCHING_UP;
    case FollowState::kLive:
      return admin::v1::FOLLOW_STATE_LIVE;
    case FollowState::kWaiting:
      return admin::v1::FOLLOW_STATE_WAITING;
    case FollowState::kQuarantined:
      return admin::v1::FOLLOW_STATE_QUARANTINED;
    case FollowState::kOverQuota:
      return admin::v1::FOLLOW_STATE_OVER_QUOTA;
  }
  return admin::v1::FOLLOW_STATE_UNSPECIFIED;
}

}  // namespace

AdminServiceEdge::AdminServiceEdge(RpcContext rpc, NodeFacts facts, const RegistryState& registry,
                                   FollowRunner& follows, const OpeningWatch& openings,
                                   const storage::StoreReader& store, const CertificateOffice* office)
    : rpc_(rpc),
      facts_(std::move(facts)),
      registry_(registry),
      follows_(follows),
      openings_(openings),
      store_(store),
      office_(office) {}

absl::Status AdminServiceEdge::FillCosigned(const storage::HeldFeed& feed, admin::v1::FollowStatus& out) const {
  const storage::Feeds feeds(store_);
  MEGURI_ASSIGN_OR_RETURN(const absl::optional<storage::FeedId> id, feeds.Find(feed));
  std::vector<std::string> notes;
  if (id.has_value()) {
    MEGURI_ASSIGN_OR_RETURN(storage::FeedHead head, feeds.ReadHead(*id));
    MEGURI_ASSIGN_OR_RETURN(std::string note, storage::CosignedNotes(store_).Find(*id));
    notes = {std::move(note), std::move(head.settled)};
  }
  feed::v1::CosignedHead cosigned;
  if (DescribeCosigned(feed.key, notes, registry_.bundle(), cosigned)) {
    *out.mutable_cosigned() = std::move(cosigned);
  }
  return absl::OkStatus();
}

absl::Status AdminServiceEdge::FillReplicas(const Caller& caller, admin::v1::ListFollowsResponse& out) const {
  MEGURI_ASSIGN_OR_RETURN(const auto usages, storage::Usages(store_).HeldBy(caller.acting_member));
  for (const auto& [account, usage] : usages) {
    admin::v1::ReplicaUsage* row = out.add_replicas();
    row->set_publisher(account.publisher.text());
    row->set_entries(usage.entries);
    row->set_bytes(usage.bytes);
    row->set_entries_max(follows_.quota().entries_max);
    row->set_bytes_max(follows_.quota().bytes_max);
  }
  return absl::OkStatus();
}

absl::Status AdminServiceEdge::FillStatus(const Caller& caller, admin::v1::GetNodeStatusResponse& out) const {
  out.set_node_identity(facts_.node_identity);
  out.add_hosted_members(caller.acting_member.text());
  out.set_version(facts_.version);
  out.set_certificate_expires_ms(static_cast<uint64_t>(absl::ToUnixMillis(facts_.certificate_expires())));
  const absl::Duration age = registry_.Age();
  out.set_registry_age_ms(age == absl::InfiniteDuration() ? UINT64_MAX
                                                          : static_cast<uint64_t>(absl::ToInt64Milliseconds(age)));
  const absl::Status health = facts_.store_health();
  out.set_state(absl::IsDataLoss(health) ? "store-damaged"
                : !health.ok()           ? "store-failed"
                : registry_.IsStale()    ? "registry-stale"
                                         : "serving");
  out.set_problem(std::string(health.message()));
  const storage::Feeds feeds(store_);
  MEGURI_ASSIGN_OR_RETURN(const auto held, feeds.HeldBy(caller.acting_member));
  for (const auto& [feed, id] : held) {
    MEGURI_ASSIGN_OR_RETURN(const storage::FeedHead head, feeds.ReadHead(id));
    if (feed.key == registry_.feed().key) {
      out.set_registry_size(head.size());
    }
    if (feed.is_own()) {
      admin::v1::FeedStatus* status = out.add_own_feeds();
      status->set_publisher(feed.key.publisher.text());
      status->set_feed(feed.key.name.text());
      status->set_size(head.size());
      status->set_root(head.frontier.Root().ToString());
      MEGURI_ASSIGN_OR_RETURN(const std::string note, storage::CosignedNotes(store_).Find(id));
      feed::v1::CosignedHead cosigned;
      if (DescribeCosigned(feed.key, {note}, registry_.bundle(), cosigned)) {
        *status->mutable_cosigned() = std::move(cosigned);
      }
    }
  }
  MEGURI_ASSIGN_OR_RETURN(const uint64_t count, storage::Records(store_).Count());
  out.set_record_count(count);
  if (facts_.guest_usage) {
    *out.mutable_guest() = facts_.guest_usage();
  }
  return absl::OkStatus();
}

grpc::ServerUnaryReactor* AdminServiceEdge::GetNodeStatus(grpc::CallbackServerContext* context,
                                                          const admin::v1::GetNodeStatusRequest* /*request*/,
                                                          admin::v1::GetNodeStatusResponse* response) {
  static const Method method = MethodOf("GetNodeStatus");
  return AnswerUnary(
      rpc_, context, method, response,
      [this](const Caller& caller, admin::v1::GetNodeStatusResponse& out) { return FillStatus(caller, out); });
}

grpc::ServerUnaryReactor* AdminServiceEdge::AddFollow(grpc::CallbackServerContext* context,
                                                      const admin::v1::AddFollowRequest* request,
                                                      admin::v1::AddFollowResponse* response) {
  static const Method method = MethodOf("AddFollow");
  return AnswerAdministrator(
      rpc_, context, method, request, response,
      [this, request](const Caller& caller, admin::v1::AddFollowResponse&) -> absl::Status {
        MEGURI_ASSIGN_OR_RETURN(const ParsedFollow follow, ParseFollow(request->follow()));
        if (follow.feeds.empty()) {
          return InvalidInput({{"follow.feeds", "FOLLOW_REQUEST", "no feed", "at least one",
                                "name a feed, for example public", "フィードを指定してください。"}});
        }
        if (follow.publisher == caller.acting_member) {
          return InvalidInput(
              {{"follow.publisher", "FOLLOW_REQUEST", "the member itself", "another member",
                "a member's own records are here already", "自分自身をフォローする必要はありません。"}});
        }
        MEGURI_RETURN_IF_ERROR(CheckRelay(caller.acting_member, follow, *registry_.Get()));
        MEGURI_RETURN_IF_ERROR(CheckHandedOn(caller, follow, store_));
        return follows_.Add(caller.acting_member, follow.publisher, follow.feeds, follow.relay,
                            static_cast<uint32_t>(caller.purpose));
      });
}

grpc::ServerUnaryReactor* AdminServiceEdge::RemoveFollow(grpc::CallbackServerContext* context,
                                                         const admin::v1::RemoveFollowRequest* request,
                                                         admin::v1::RemoveFollowResponse* response) {
  static const Method method = MethodOf("RemoveFollow");
  return AnswerAdministrator(
      rpc_, context, method, request, response,
      [this, request](const Caller& caller, admin::v1::RemoveFollowResponse& out) -> absl::Status {
        MEGURI_ASSIGN_OR_RETURN(const ParsedFollow follow, ParseFollow(request->follow()));
        MEGURI_ASSIGN_OR_RETURN(const std::vector<record::FeedName> removed,
                                follows_.Remove(caller.acting_member, follow.publisher, follow.feeds));
        for (const record::FeedName& feed : removed) {
          out.add_feeds(feed.text());
        }
        out.set_registry_stays(follow.feeds.empty() && follow.publisher == registry_.bundle().operator_id());
        return absl::OkStatus();
      });
}

grpc::ServerUnaryReactor* AdminServiceEdge::ListFollows(grpc::CallbackServerContext* context,
                                                        const admin::v1::ListFollowsRequest* /*request*/,
                                                        admin::v1::ListFollowsResponse* response) {
  static const Method method = MethodOf("ListFollows");
  return AnswerUnary(rpc_, context, method, response,
                     [this](const Caller& caller, admin::v1::ListFollowsResponse& out) -> absl::Status {
                       for (const FollowStatus& status : follows_.Status(caller.acting_member)) {
                         admin::v1::FollowStatus* row = out.add_follows();
                         row->set_publisher(status.feed.key.publisher.text());
                         row->set_feed(status.feed.key.name.text());
                         row->set_state(ToProto(status.state));
                         row->set_size(status.size);
                         row->set_target_size(status.target_size);
                         row->set_newer_format_records(status.unread);
                         row->set_last_error(status.last_error);
                         row->set_last_error_reason(status.last_error_reason);
                         // All is well but for this.
                         if (status.last_error.empty() && openings_.StatusOf(status.feed.key).is_unopened) {
                           row->set_last_error(kUnopened);
                           row->set_last_error_reason(kFeedUnopened);
                         }
                         if (status.heard != absl::InfinitePast()) {
                           row->set_heard_ms(static_cast<uint64_t>(absl::ToUnixMillis(status.heard)));
                         }
                         row->set_is_overdue(status.is_overdue);
                         MEGURI_RETURN_IF_ERROR(FillCosigned(status.feed, *row));
                         row->set_relay(status.relay.has_value() ? status.relay->text() : "");
                       }
                       return FillReplicas(caller, out);
                     });
}

grpc::ServerUnaryReactor* AdminServiceEdge::GetFeedEvidence(grpc::CallbackServerContext* context,
                                                            const admin::v1::GetFeedEvidenceRequest* request,
                                                            admin::v1::GetFeedEvidenceResponse* response) {
  static const Method method = MethodOf("GetFeedEvidence");
  return AnswerAdministrator(
      rpc_, context, method, request, response,
      [this, request](const Caller& caller, admin::v1::GetFeedEvidenceResponse& out) -> absl::Status {
        MEGURI_ASSIGN_OR_RETURN(const record::ParticipantId publisher,
                                record::ParticipantId::Parse(request->publisher()));
        MEGURI_ASSIGN_OR_RETURN(const record::FeedName feed, record::FeedName::Parse(request->feed()));
        MEGURI_ASSIGN_OR_RETURN(const absl::optional<storage::FollowSetting> follow,
                                storage::Settings(store_).FindFollow(caller.acting_member, {publisher, feed, 1}));
        if (!follow.has_value() || follow->quarantine_reason.empty()) {
          return Error(absl::StatusCode::kNotFound, "NO_EVIDENCE",
                       absl::StrCat("The feed ", feed.text(), " of ", publisher.text(),
                                    " is not quarantined here; `feed list` shows which are."));
        }
        out.set_reason(follow->quarantine_reason);
        const storage::FeedEvidence& evidence = follow->evidence;
        out.mutable_checkpoints()->Assign(evidence.notes.begin(), evidence.notes.end());
        out.set_other_root(evidence.other_root);
        out.mutable_consistency_path()->Assign(evidence.consistency_path.begin(), evidence.consistency_path.end());
        return absl::OkStatus();
      });
}

namespace {

// The two sections of one type that open the header of `envelope`.
absl::Status AddOpenings(const storage::Records& records, record::v1::Envelope& envelope) {
  MEGURI_ASSIGN_OR_RETURN(const auto arrival, records.FindByHash(record::HeaderHash(envelope.header())));
  std::vector<record::v1::Section> sections;
  if (arrival.has_value()) {
    MEGURI_ASSIGN_OR_RETURN(sections, records.FindOpenings(*arrival));
  }
  if (sections.empty()) {
    return Error(absl::StatusCode::kFailedPrecondition, "EVIDENCE_ERASED",
                 "The record was frozen for two sections of one type, and these were erased since.");
  }
  envelope.mutable_sections()->Assign(sections.begin(), sections.end());
  return absl::OkStatus();
}

}  // namespace

grpc::ServerUnaryReactor* AdminServiceEdge::GetRecordEvidence(grpc::CallbackServerContext* context,
                                                              const admin::v1::GetRecordEvidenceRequest* request,
                                                              admin::v1::GetRecordEvidenceResponse* response) {
  static const Method method = MethodOf("GetRecordEvidence");
  return AnswerAdministrator(
      rpc_, context, method, request, response,
      [this, request](const Caller&, admin::v1::GetRecordEvidenceResponse& out) -> absl::Status {
        MEGURI_ASSIGN_OR_RETURN(const record::RecordId record_id, record::RecordId::Parse(request->record_id()));
        MEGURI_ASSIGN_OR_RETURN(const auto found, storage::Records(store_).FindEvidence(record_id));
        for (const auto& [publisher, evidence] : found) {
          if (!request->publisher().empty() && publisher.text() != request->publisher()) {
            continue;
          }
          if (out.headers_size() > 0) {
            return Error(absl::StatusCode::kFailedPrecondition, "RECORD_ID_AMBIGUOUS",
                         "Records of several members under this ID are frozen; say whose you mean.");
          }
          for (const storage::v1::StoredEvidence::SignedHeader& header : evidence.headers()) {
            record::v1::Envelope* envelope = out.add_headers();
            envelope->set_header(header.header());
            *envelope->mutable_signature() = header.signature();
          }
          if (evidence.headers_size() == 1) {
            MEGURI_RETURN_IF_ERROR(AddOpenings(storage::Records(store_), *out.mutable_headers(0)));
          }
        }
        return out.headers_size() > 0
                   ? absl::OkStatus()
                   : Error(absl::StatusCode::kNotFound, "NO_EVIDENCE", "No record under this ID is frozen here.");
      });
}

grpc::ServerUnaryReactor* AdminServiceEdge::IssueNodeCertificate(grpc::CallbackServerContext* context,
                                                                 const admin::v1::IssueNodeCertificateRequest* request,
                                                                 admin::v1::IssueNodeCertificateResponse* response) {
  static const Method method = MethodOf("IssueNodeCertificate");
  return AnswerAdministrator(
      rpc_, context, method, request, response,
      [this, request](const Caller&, admin::v1::IssueNodeCertificateResponse& out) -> absl::Status {
        if (office_ == nullptr) {
          return Error(absl::StatusCode::kFailedPrecondition, "NOT_THE_OPERATOR",
                       "Only the operator's node issues certificates.");
        }
        MEGURI_ASSIGN_OR_RETURN(const record::ParticipantId participant,
                                record::ParticipantId::Parse(request->participant_id()));
        certs::Identity identity{registry_.bundle().federation(), participant, certs::Identity::Class::kNode, "main"};
        if (!request->node_identity().empty()) {
          MEGURI_ASSIGN_OR_RETURN(identity, certs::Identity::Parse(request->node_identity()));
        }
        if (identity.participant != participant || identity.certificate_class != certs::Identity::Class::kNode ||
            identity.federation != registry_.bundle().federation()) {
          return InvalidInput({{"node_identity", "CERTIFICATE_IDENTITY", request->node_identity(),
                                "a node of the member in this federation", "ask for a node of that member",
                                "ノードの識別子が会員と一致しません。"}});
        }
        MEGURI_ASSIGN_OR_RETURN(const certs::Certificate certificate,
                                office_->Issue(request->certificate_request(), identity));
        out.add_certificate_chain(certificate.ToDer());
        return absl::OkStatus();
      });
}

}  // namespace meguri::node
