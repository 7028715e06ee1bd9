// SPDX-License-Identifier: Apache-2.0
#include "client/cli/member_record.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "certs/grammar.h"
#include "certs/key_history.h"
#include "certs/strict_parse.h"
#include "client/cli/words.h"
#include "client/sign.h"
#include "record/audience.h"
#include "record/public_key.h"

namespace meguri::client {
namespace {

constexpr int kMembersPageSize = 1000;

passport::RecordDraft DraftOf(const registry::v1::MemberEntry& entry) {
  passport::RecordDraft draft;
  draft.record_type = record::v1::RECORD_TYPE_MEMBER;
  draft.sections.push_back({record::v1::SECTION_TYPE_MEMBER, record::AudienceSet::Of({record::v1::AUDIENCE_PUBLIC}),
                            certs::SerializeForSigning(entry)});
  return draft;
}

// Who the operator is, the trust bundle says and no entry.
absl::Status CheckOperatorRole(Session& session, const registry::v1::MemberEntry& entry) {
  MEGURI_ASSIGN_OR_RETURN(const certs::TrustBundle* bundle, session.trust_bundle());
  const bool claims_it = std::any_of(entry.roles().begin(), entry.roles().end(), [](const registry::v1::Role& role) {
    return role.kind() == registry::v1::ROLE_KIND_OPERATOR;
  });
  if (claims_it && entry.status() == registry::v1::MEMBER_STATUS_ACTIVE &&
      entry.participant_id() != bundle->operator_id().text()) {
    return InvalidInput(
        {{"roles", "ROLE_OPERATOR", "operator", absl::StrCat("that role for ", bundle->operator_id().text(), " alone"),
          "let the member ask again without it", "運営者の役割は、トラストバンドルが定める会員だけのものです。"}});
  }
  return absl::OkStatus();
}

absl::StatusOr<record::v1::Publication> SealMember(Session& session, const registry::v1::MemberEntry& entry,
                                                   const absl::optional<certs::VerifiedMember>& newest) {
  MEGURI_RETURN_IF_ERROR(CheckOperatorRole(session, entry));
  MEGURI_ASSIGN_OR_RETURN(const Context* context, session.context());
  MEGURI_RETURN_IF_ERROR(
      certs::CheckNewKeys(context->settings.federation, newest.has_value() ? &newest->entry : nullptr, entry).status());
  MEGURI_ASSIGN_OR_RETURN(const VersionDraft version, newest.has_value()
                                                          ? NextVersion(DraftOf(entry), newest->header)
                                                          : FirstVersion(DraftOf(entry), session.random()));
  return Seal(version, context->settings.member, session.clock().Now(), session.random());
}

std::string OriginText(const Session& session, registry::v1::KeyOrigin origin) {
  switch (origin) {
    case registry::v1::KEY_ORIGIN_FIRST:
      return session.Say(Message::kKeyFirst);
    case registry::v1::KEY_ORIGIN_ENDORSED:
      return session.Say(Message::kKeyEndorsed);
    case registry::v1::KEY_ORIGIN_RECOVERY:
      return session.Say(Message::kKeyByRecovery);
    default:
      return "";
  }
}

// With how much the member moved to the host that holds the key.
std::string BaseText(const Session& session, const registry::v1::MemberKey& key) {
  if (!key.has_base()) {
    return "";
  }
  std::vector<std::string> heads;
  for (const registry::v1::FeedBaseHead& head : key.base().heads()) {
    heads.push_back(absl::StrCat(head.feed(), " ", head.size()));
  }
  return session.Say(Message::kKeyMovedAt, {heads.empty() ? "0" : absl::StrJoin(heads, ", ")});
}

std::string KeyText(const registry::v1::MemberKey& key, const registry::v1::MemberEntry& entry,
                    absl::string_view federation, const Session& session) {
  const absl::StatusOr<record::ParticipantId> participant = record::ParticipantId::Parse(entry.participant_id());
  const std::string id =
      participant.ok() ? record::KeyId(federation, *participant, key.public_key()).ToHex() : std::string();
  const auto at = [&](Message message, uint64_t ms) {
    return ms == 0 ? std::string() : session.Say(message, {TimeOf(ms)});
  };
  const bool is_record_key = key.purpose() == registry::v1::KEY_PURPOSE_RECORD;
  std::vector<std::string> parts = {session.Say(is_record_key ? Message::kKeyOfRecords : Message::kKeyOfFeeds, {id}),
                                    at(Message::kFromTime, key.not_before_ms()),
                                    at(Message::kUntilTime, key.not_after_ms()),
                                    at(Message::kKeyRevoked, key.revoked_ms()),
                                    OriginText(session, key.origin()),
                                    BaseText(session, key)};
  parts.erase(std::remove(parts.begin(), parts.end(), ""), parts.end());
  return absl::StrJoin(parts, " ");
}

std::string PermitText(const Session& session, const registry::v1::Role& role) {
  const registry::v1::Permit& permit = role.permit();
  const std::string until = permit.not_after_ms() == 0
                                ? ""
                                : absl::StrCat(" ", session.Say(Message::kUntilTime, {TimeOf(permit.not_after_ms())}));
  return absl::StrCat(RoleName(session.language(), role), ": ", permit.type(), " ", permit.number(), " (",
                      permit.issuer(), ")", until);
}

}  // namespace

absl::StatusOr<record::ParticipantId> ParseParticipantArgument(absl::string_view text) {
  absl::StatusOr<record::ParticipantId> participant = record::ParticipantId::Parse(text);
  if (!participant.ok()) {
    return Error(absl::StatusCode::kInvalidArgument, "USAGE",
                 absl::StrCat(certs::Quoted(text), ": ", participant.status().message()));
  }
  return participant;
}

absl::StatusOr<certs::VerifiedMember> GetVerifiedMember(Session& session, const record::ParticipantId& participant) {
  std::vector<registry::v1::KeyNotice> notices;
  return GetVerifiedMember(session, participant, notices);
}

absl::StatusOr<certs::VerifiedMember> GetVerifiedMember(Session& session, const record::ParticipantId& participant,
                                                        std::vector<registry::v1::KeyNotice>& notices) {
  MEGURI_ASSIGN_OR_RETURN(const NodeClient* node, session.node());
  MEGURI_ASSIGN_OR_RETURN(const certs::TrustBundle* bundle, session.trust_bundle());
  registry::v1::GetMemberRequest request;
  request.set_participant_id(participant.text());
  MEGURI_ASSIGN_OR_RETURN(const registry::v1::GetMemberResponse response, node->GetMember(request));
  notices.assign(response.key_notices().begin(), response.key_notices().end());
  MEGURI_ASSIGN_OR_RETURN(certs::VerifiedMember member,
                          certs::VerifyMemberRecord(response.record(), *bundle, session.clock().Now()));
  if (member.entry.participant_id() != participant.text()) {
    return Error(absl::StatusCode::kInvalidArgument, "MEMBER_RECORD",
                 session.Say(Message::kNotOneMember, {participant.text(), member.entry.participant_id()}));
  }
  return member;
}

absl::StatusOr<registry::v1::ListMembersResponse> ListAllMembers(Session& session) {
  MEGURI_ASSIGN_OR_RETURN(const NodeClient* node, session.node());
  registry::v1::ListMembersRequest request;
  request.set_page_size(kMembersPageSize);
  registry::v1::ListMembersResponse all;
  do {
    MEGURI_ASSIGN_OR_RETURN(const registry::v1::ListMembersResponse page, node->ListMembers(request));
    all.mutable_members()->MergeFrom(page.members());
    all.mutable_key_notices()->MergeFrom(page.key_notices());
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty());
  return all;
}

PublishOutcome PublishMember(Session& session, const registry::v1::MemberEntry& entry,
                             const absl::optional<certs::VerifiedMember>& newest) {
  absl::StatusOr<record::v1::Publication> publication = SealMember(session, entry, newest);
  if (!publication.ok()) {
    return {{}, publication.status()};
  }
  std::vector<NamedPublication> publications;
  publications.push_back({entry.participant_id(), *std::move(publication)});
  return SignAndPublish(session, std::move(publications), /*validate_only=*/false);
}

std::vector<EntryRow> RowsOf(const registry::v1::MemberEntry& entry, absl::string_view federation,
                             const Session& session) {
  std::vector<std::string> roles;
  for (const registry::v1::Role& role : entry.roles()) {
    roles.push_back(RoleName(session.language(), role));
  }
  std::vector<EntryRow> rows;
  const auto add = [&](Message name, std::string value) { rows.emplace_back(session.Say(name), std::move(value)); };
  add(Message::kMember, entry.participant_id());
  add(Message::kName, absl::StrCat(entry.name().ja(), " / ", entry.name().en(),
                                   entry.name().kana().empty() ? "" : absl::StrCat(" / ", entry.name().kana())));
  add(Message::kKind, KindName(session.language(), entry.kind()));
  add(Message::kStatus, StatusName(session.language(), entry.status()));
  add(Message::kRoles, absl::StrJoin(roles, " "));
  for (const registry::v1::Role& role : entry.roles()) {
    if (role.has_permit()) {
      add(Message::kPermit, PermitText(session, role));
    }
  }
  add(Message::kNode, entry.hosting().node_identity());
  add(Message::kAddresses, absl::StrJoin(entry.hosting().addresses(), " "));
  add(Message::kPrefixes, absl::StrJoin(entry.gs1_company_prefixes(), " "));
  add(Message::kLinkDomains, absl::StrJoin(entry.link_domains(), " "));
  add(Message::kNameSpaces, absl::StrJoin(entry.id_name_spaces(), " "));
  for (const registry::v1::MemberKey& key : entry.keys()) {
    add(Message::kKeys, KeyText(key, entry, federation, session));
  }
  return rows;
}

Table TableOf(const registry::v1::MemberEntry& entry, absl::string_view federation, const Session& session) {
  Table table = Table::OfPairs();
  for (EntryRow& row : RowsOf(entry, federation, session)) {
    table.Add({std::move(row.first), std::move(row.second)});
  }
  return table;
}

}  // namespace meguri::client
