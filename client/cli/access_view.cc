// SPDX-License-Identifier: Apache-2.0
#include "client/cli/access_view.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/time.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "client/cli/record_view.h"
#include "client/cli/seen_records.h"
#include "client/cli/words.h"
#include "meguri/record/v1/record.pb.h"
#include "passport/rules/timestamp.h"
#include "record/hash.h"

namespace meguri::client {
namespace {

template <typename Seen, typename Payload>
absl::StatusOr<Seen> GetSeen(const NodeClient& node, const record::RecordId& id, const std::string& publisher,
                             uint64_t version, uint32_t section_type) {
  record::v1::GetRequest request;
  request.set_record_id(id.ToString());
  request.set_publisher(publisher);
  request.set_version(version);
  MEGURI_ASSIGN_OR_RETURN(const record::v1::GetResponse response, node.Get(request));
  MEGURI_ASSIGN_OR_RETURN(absl::optional<Seen> seen, (SeenIn<Seen, Payload>(response.record(), section_type)));
  if (!seen.has_value()) {
    return Error(
        absl::StatusCode::kInvalidArgument, "NOT_OF_THAT_KIND",
        absl::StrCat(id.ToHex(), " is no ", SectionTypeName(section_type),
                     ", or has ended; `meguri offer list`, `meguri access requests` and `meguri access grants` "
                     "show what there is."));
  }
  return *std::move(seen);
}

template <typename Name, typename Values>
std::string Joined(const Values& values, Name name) {
  std::vector<std::string> words;
  for (const auto& value : values) {
    words.push_back(name(value));
  }
  return absl::StrJoin(words, ", ");
}

}  // namespace

absl::StatusOr<SeenOffer> GetOffer(const NodeClient& node, const record::RecordId& id, const std::string& publisher) {
  return GetSeen<SeenOffer, passport::v1::Offer>(node, id, publisher, 0, record::v1::SECTION_TYPE_OFFER);
}

absl::StatusOr<SeenRequest> GetRequest(const NodeClient& node, const record::RecordId& id) {
  return GetSeen<SeenRequest, passport::v1::AccessRequest>(node, id, "", 0, record::v1::SECTION_TYPE_ACCESS_REQUEST);
}

absl::StatusOr<SeenGrant> GetGrant(const NodeClient& node, const record::RecordId& id, const std::string& publisher) {
  return GetSeen<SeenGrant, passport::v1::Grant>(node, id, publisher, 0, record::v1::SECTION_TYPE_GRANT);
}

absl::StatusOr<SeenOffer> GetNamedOffer(const Session& session, const NodeClient& node,
                                        const passport::v1::SignedVersion& named, const std::string& publisher) {
  const auto unknown = [&] {
    return Error(absl::StatusCode::kFailedPrecondition, "OFFER_UNKNOWN",
                 session.Say(Message::kOfferUnknown, {named.record_id(), publisher}));
  };
  MEGURI_ASSIGN_OR_RETURN(const record::RecordId id, ParseRecordIdArgument(named.record_id()));
  absl::StatusOr<SeenOffer> offer = GetOffer(node, id, publisher);
  // Its terms stay the same from version to version, and what is agreed to is the one that is named.
  while (offer.ok() && NameOf(offer->view, offer->header).header_hash() != named.header_hash()) {
    if (offer->header.version() == 1) {
      return unknown();
    }
    offer = GetSeen<SeenOffer, passport::v1::Offer>(node, id, publisher, offer->header.version() - 1,
                                                    record::v1::SECTION_TYPE_OFFER);
  }
  if (absl::IsNotFound(offer.status())) {
    return unknown();
  }
  return offer;
}

absl::StatusOr<std::vector<SeenOffer>> ListOffers(const NodeClient& node, absl::string_view filter) {
  return ListSeen<SeenOffer, passport::v1::Offer>(node, FilterFor("offer", filter), record::v1::SECTION_TYPE_OFFER);
}

absl::StatusOr<std::vector<SeenRequest>> ListRequests(const NodeClient& node, absl::string_view filter) {
  return ListSeen<SeenRequest, passport::v1::AccessRequest>(node, FilterFor("access_request", filter),
                                                            record::v1::SECTION_TYPE_ACCESS_REQUEST);
}

absl::StatusOr<std::vector<SeenGrant>> ListGrants(const NodeClient& node, absl::string_view filter) {
  return ListSeen<SeenGrant, passport::v1::Grant>(node, FilterFor("grant", filter), record::v1::SECTION_TYPE_GRANT);
}

absl::StatusOr<std::vector<SeenAgreement>> ListAgreements(const NodeClient& node, absl::string_view filter) {
  return ListSeen<SeenAgreement, passport::v1::Agreement>(node, FilterFor("agreement", filter),
                                                          record::v1::SECTION_TYPE_AGREEMENT);
}

absl::StatusOr<std::string> AboutOffer(const std::string& offer_id) {
  if (offer_id.empty()) {
    return std::string();
  }
  MEGURI_ASSIGN_OR_RETURN(const record::RecordId id, ParseRecordIdArgument(offer_id));
  return absl::StrCat("about = \"", id.ToHex(), "\"");
}

passport::v1::SignedVersion NameOf(const record::v1::RecordView& view, const record::Header& header) {
  passport::v1::SignedVersion name;
  name.set_record_id(header.record_id().ToHex());
  name.set_header_hash(record::HeaderHash(view.envelope().header()).ToHex());
  return name;
}

std::string GranteeName(Language language, const passport::v1::Grant& grant) {
  return grant.has_grantee_role() ? RoleScopeName(language, grant.grantee_role()) : grant.grantee_id();
}

bool IsOver(const passport::v1::Grant& grant, absl::Time now) {
  return grant.state() == passport::v1::GRANT_STATE_REVOKED ||
         now >= passport::ParseTimestamp(grant.expires()).value_or(absl::InfinitePast());
}

std::string StateInWords(Language language, const passport::v1::Grant& grant, absl::Time now) {
  const bool has_expired = IsOver(grant, now) && grant.state() != passport::v1::GRANT_STATE_REVOKED;
  return has_expired ? Text(language, Message::kHasExpired) : GrantStateName(language, grant.state());
}

bool Answers(const SeenGrant& grant, const SeenRequest& request) {
  return grant.header.publisher().text() == request.request.owner_id() &&
         grant.grant.grantee_id() == request.header.publisher().text() &&
         grant.grant.offer().record_id() == request.request.offer().record_id();
}

std::string SelectorInWords(const passport::v1::Selector& selector, const Session& session) {
  const auto text = [](const std::string& word) { return word; };
  if (selector.all()) {
    return session.Say(Message::kSelectsAll);
  }
  if (!selector.record_types().empty()) {
    return Joined(selector.record_types(), [](int type) { return RecordTypeName(static_cast<uint32_t>(type)); });
  }
  if (!selector.product_groups().empty()) {
    return Joined(selector.product_groups(), text);
  }
  if (!selector.product_lines().empty()) {
    return session.Say(Message::kSelectsLines, {Joined(selector.product_lines(), text)});
  }
  return Joined(selector.record_ids(), text);
}

Table TableOf(const SeenOffer& seen, const Session& session) {
  const passport::v1::Offer& offer = seen.offer;
  Table table = Table::OfPairs();
  const auto add = [&](Message name, std::string value) {
    if (!value.empty()) {
      table.Add({session.Say(name), std::move(value)});
    }
  };
  add(Message::kOffer, seen.header.record_id().ToHex());
  add(Message::kOwner, seen.header.publisher().text());
  add(Message::kTitle, TextIn(session.language(), offer.title()));
  add(Message::kSelects, SelectorInWords(offer.selector(), session));
  add(Message::kSections,
      Joined(offer.section_types(), [](int type) { return SectionTypeName(static_cast<uint32_t>(type)); }));
  add(Message::kPurpose, Joined(offer.purposes(), [&](int purpose) {
        return PurposeName(session.language(), static_cast<passport::v1::AccessPurpose>(purpose));
      }));
  add(Message::kNotBefore, offer.not_before());
  add(Message::kExpires, offer.expires());
  add(Message::kRetention, session.Say(Message::kDaysAfterTheEnd, {absl::StrCat(offer.retention_days())}));
  add(Message::kDeliveriesMax, offer.deliveries_max() == 0 ? "" : absl::StrCat(offer.deliveries_max()));
  add(Message::kOnward,
      absl::StrCat(OnwardRuleName(session.language(), offer.onward()), offer.onward_member_ids().empty() ? "" : ": ",
                   absl::StrJoin(offer.onward_member_ids(), ", ")));
  add(Message::kAutoApproval,
      absl::StrCat(AutoApprovalName(session.language(), offer.auto_approval()), offer.auto_roles().empty() ? "" : ": ",
                   Joined(offer.auto_roles(), [&](const passport::v1::RoleScope& role) {
                     return RoleScopeName(session.language(), role);
                   })));
  add(Message::kCaution, CautionOf(seen.view, session));
  return table;
}

}  // namespace meguri::client
