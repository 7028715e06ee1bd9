// SPDX-License-Identifier: Apache-2.0
#include "node/access/onward_copy.h"

#include <algorithm>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "meguri/record/v1/record.pb.h"
#include "node/access/access_record.h"
#include "storage/feeds.h"
#include "storage/membership.h"
#include "storage/records.h"
#include "storage/settings.h"

namespace meguri::node {
namespace {

constexpr uint64_t kSeenByEveryMember =
    uint64_t{1} << record::v1::AUDIENCE_PUBLIC | uint64_t{1} << record::v1::AUDIENCE_MEMBERS;

// The replicas of the owner's feeds that name the newest version of a record.
absl::StatusOr<std::vector<record::FeedName>> FeedsNaming(const storage::StoreReader& store,
                                                          const record::ParticipantId& member,
                                                          const AccessRecord& record) {
  std::vector<record::FeedName> names;
  const storage::Feeds feeds(store);
  MEGURI_ASSIGN_OR_RETURN(const std::vector<storage::FeedMembership> memberships,
                          storage::Records(store).FeedsOf(record.arrival));
  for (const storage::FeedMembership& membership : memberships) {
    MEGURI_ASSIGN_OR_RETURN(storage::HeldFeed feed, feeds.Describe(membership.feed));
    if (feed.holder == member && feed.key.publisher == record.publisher) {
      names.push_back(std::move(feed.key.name));
    }
  }
  return names;
}

void TakeOffer(const AccessRecord& record, const passport::v1::Offer& offer, OnwardTerms& terms) {
  terms.rule = offer.onward();
  terms.listed.assign(offer.onward_member_ids().begin(), offer.onward_member_ids().end());
  for (const int purpose : offer.purposes()) {
    terms.purposes.push_back(static_cast<passport::v1::AccessPurpose>(purpose));
  }
  terms.every_member_sees_it = (record.audiences & kSeenByEveryMember) != 0;
}

// An agreement as its member signed it, and what it names.
struct Agreed {
  passport::v1::Agreement agreement;
  AccessRecord grant;
  passport::v1::Grant message;
};

// The grant that one agreement accepts, if it is of this offer and for this member, as the owner's node would judge.
absl::StatusOr<absl::optional<Agreed>> ReadAgreed(const storage::StoreReader& store,
                                                  const record::ParticipantId& member,
                                                  const record::ParticipantId& owner, const std::string& offer,
                                                  const std::string& agreement_id) {
  MEGURI_ASSIGN_OR_RETURN(const record::RecordId id, record::RecordId::ParseHex(agreement_id));
  MEGURI_ASSIGN_OR_RETURN(const absl::optional<AccessRecord> own, ReadAccessRecord(store, member, id));
  const auto agreement = own.has_value() ? PayloadOf<passport::v1::Agreement>(*own, record::v1::SECTION_TYPE_AGREEMENT)
                                         : absl::optional<passport::v1::Agreement>();
  if (!agreement.has_value() || agreement->owner_id() != owner.text() || agreement->offer().record_id() != offer) {
    return absl::optional<Agreed>();
  }
  MEGURI_ASSIGN_OR_RETURN(const absl::optional<SignedRecord> named,
                          FindSigned(store, agreement->grant().header_hash()));
  if (!named.has_value() || named->publisher != owner || named->id.ToHex() != agreement->grant().record_id() ||
      named->type != record::v1::RECORD_TYPE_GRANT) {
    return absl::optional<Agreed>();
  }
  MEGURI_ASSIGN_OR_RETURN(absl::optional<AccessRecord> record, ReadAccessRecord(store, owner, named->id));
  auto grant = record.has_value() ? PayloadOf<passport::v1::Grant>(*record, record::v1::SECTION_TYPE_GRANT)
                                  : absl::optional<passport::v1::Grant>();
  const bool is_its = grant.has_value() && grant->offer().record_id() == offer &&
                      grant->offer().header_hash() == agreement->offer().header_hash() &&
                      (grant->has_grantee_role() || grant->grantee_id() == member.text());
  return is_its ? absl::make_optional(Agreed{*agreement, *std::move(record), *std::move(grant)}) : absl::nullopt;
}

GrantTerms TermsOf(const Agreed& agreed, const passport::v1::Offer& offer, const record::ParticipantId& owner) {
  const passport::v1::Grant& grant = agreed.message;
  GrantTerms terms{agreed.grant.id.ToHex(), grant.offer().record_id(), owner};
  if (grant.has_grantee_role()) {
    terms.role = RoleInScope{grant.grantee_role().kind(), grant.grantee_role().scope()};
  }
  terms.purpose = grant.purpose();
  terms.state = grant.state();
  terms.agreed = true;
  terms.not_before = std::max(TimeOf(grant.not_before()), TimeOf(offer.not_before()));
  terms.expires = std::min(TimeOf(grant.expires()), TimeOf(offer.expires()));
  terms.deliveries_max = grant.deliveries_max();
  return terms;
}

absl::Status Refused(absl::string_view reason, absl::string_view message) {
  return Error(absl::StatusCode::kFailedPrecondition, reason, message);
}

}  // namespace

absl::StatusOr<absl::optional<OnwardCopy>> ReadOnwardCopy(const storage::StoreReader& store,
                                                          const record::ParticipantId& member,
                                                          const record::ParticipantId& owner,
                                                          const record::RecordId& offer,
                                                          const std::vector<std::string>& agreements) {
  MEGURI_ASSIGN_OR_RETURN(const absl::optional<AccessRecord> record, ReadAccessRecord(store, owner, offer));
  const auto message = record.has_value() ? PayloadOf<passport::v1::Offer>(*record, record::v1::SECTION_TYPE_OFFER)
                                          : absl::optional<passport::v1::Offer>();
  if (!message.has_value()) {
    return absl::optional<OnwardCopy>();
  }
  OnwardCopy copy{{owner}, {}};
  TakeOffer(*record, *message, copy.terms);
  MEGURI_ASSIGN_OR_RETURN(copy.named_by.emplace_back(), FeedsNaming(store, member, *record));
  for (const std::string& id : agreements) {
    MEGURI_ASSIGN_OR_RETURN(const absl::optional<Agreed> agreed, ReadAgreed(store, member, owner, offer.ToHex(), id));
    if (agreed.has_value()) {
      copy.terms.grants.push_back(TermsOf(*agreed, *message, owner));
      MEGURI_ASSIGN_OR_RETURN(copy.named_by.emplace_back(), FeedsNaming(store, member, agreed->grant));
    }
  }
  return absl::make_optional(std::move(copy));
}

absl::StatusOr<bool> HearsOfIt(const storage::StoreReader& store, const record::ParticipantId& member,
                               const OnwardCopy& copy) {
  const storage::Settings settings(store);
  for (const std::vector<record::FeedName>& names : copy.named_by) {
    bool is_heard = false;
    for (const record::FeedName& name : names) {
      MEGURI_ASSIGN_OR_RETURN(const absl::optional<storage::FollowSetting> follow,
                              settings.FindFollow(member, {copy.terms.owner, name, 1}));
      is_heard = is_heard || (follow.has_value() && follow->quarantine_reason.empty());
    }
    if (!is_heard) {
      return false;
    }
  }
  return true;
}

absl::Status CheckMayBeHandedOn(const storage::StoreReader& store, const record::ParticipantId& member,
                                const record::FeedKey& feed, passport::v1::AccessPurpose purpose) {
  const absl::StatusOr<record::RecordId> offer = record::RecordId::ParseHex(feed.name.scope());
  absl::optional<AccessRecord> record;
  if (offer.ok()) {
    MEGURI_ASSIGN_OR_RETURN(record, ReadAccessRecord(store, feed.publisher, *offer));
  }
  if (!record.has_value() || record->type != record::v1::RECORD_TYPE_OFFER) {
    return Refused("OFFER_UNKNOWN",
                   absl::StrCat("The offer ", feed.name.scope(), " of ", feed.publisher.text(),
                                " is not here, so nobody has seen its terms: follow its owner's feed members first, or "
                                "ask the owner to address the offer to you."));
  }
  const auto message = PayloadOf<passport::v1::Offer>(*record, record::v1::SECTION_TYPE_OFFER);
  if (!message.has_value()) {
    return Refused("OFFER_ENDED", "The offer has ended, or says what this version does not know.");
  }
  OnwardTerms terms{feed.publisher};
  TakeOffer(*record, *message, terms);
  switch (terms.rule) {
    case passport::v1::ONWARD_RULE_LISTED_MEMBERS:
      return absl::c_linear_search(terms.listed, member.text())
                 ? absl::OkStatus()
                 : Refused("ONWARD_REFUSED",
                           absl::StrCat("The offer lets its readers hand on to those that it lists, and "
                                        "does not list ",
                                        member.text(), "."));
    case passport::v1::ONWARD_RULE_SAME_PURPOSE:
      return absl::c_linear_search(terms.purposes, purpose)
                 ? absl::OkStatus()
                 : Refused("ONWARD_REFUSED",
                           "The offer lets its readers hand on to whoever states one of its purposes: state it.");
    default:
      return Refused("ONWARD_REFUSED", "The offer lets its readers hand on to nobody: ask its owner for a grant.");
  }
}

}  // namespace meguri::node
