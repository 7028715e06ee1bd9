// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <set>
#include <string>

#include "node/policy/decision.h"
#include "node/policy/onward.h"

// Who may read what, once more and as plainly as it can be said: written from docs and not from node/policy, without
// its tables and its order of rules, to be compared with it.
namespace meguri::node::testing {

inline bool IsAmong(const std::vector<std::string>& list, const std::string& word) {
  return std::set<std::string>(list.begin(), list.end()).count(word) == 1;
}

// `offers` are those that select the record.
inline bool IsNaivelyGranted(const Reader& reader, const RecordScope& record, const OfferRefs& offers,
                             const SectionFacts& section) {
  bool granted = false;
  for (const auto& offer : offers) {
    const bool names_section = offer->section_types.count(section.type) == 1;
    if (!names_section || reader.grants == nullptr || reader.grants->by_offer.count(offer->id) == 0) {
      continue;
    }
    for (const GrantTerms& grant : reader.grants->by_offer.at(offer->id)) {
      bool has_role = !grant.role.has_value();
      for (const RoleInScope& role : reader.asker.roles) {
        if (grant.role.has_value() && role.kind == grant.role->kind) {
          has_role = has_role || grant.role->scope.empty() || grant.role->scope == role.scope ||
                     (role.kind == registry::v1::ROLE_KIND_AUTHORITY && role.scope == "JP");
        }
      }
      const bool is_for_it = reader.asker.purpose == 0 || reader.asker.purpose == grant.purpose;
      const bool has_some_left = grant.deliveries_max == 0 || grant.deliveries < grant.deliveries_max;
      granted = granted || (grant.owner.text() == record.publisher.text() && grant.agreed && has_role &&
                            !grant.offer_ended && grant.state == 1 && is_for_it && has_some_left &&
                            reader.asker.now >= grant.not_before && reader.asker.now < grant.expires);
    }
  }
  return granted;
}

inline bool NaivelyMayRead(const Reader& reader, const RecordScope& record, const OfferRefs& offers,
                           const SectionFacts& section) {
  const std::string me = reader.participant.has_value() ? reader.participant->text() : "";
  const uint32_t audiences = section.audiences.bits();
  const auto is_for = [&](int audience) { return (audiences >> audience) % 2 == 1; };
  if (me == record.publisher.text()) {
    return true;  // whatever it is, and even if suspended
  }
  if (is_for(1)) {
    return true;  // everybody
  }
  if (!reader.active) {
    return false;  // for the rest one has to be a member in good standing
  }
  bool may_read = is_for(2);
  if (is_for(4) && !record.product_group.empty()) {
    may_read = may_read || IsAmong(reader.recycler_groups, record.product_group);
  }
  if (is_for(5)) {
    for (const std::string& jurisdiction : record.jurisdictions) {
      may_read = may_read || IsAmong(reader.jurisdictions, jurisdiction) || IsAmong(reader.jurisdictions, "JP");
    }
  }
  if (is_for(6)) {
    may_read = may_read || (!me.empty() && IsAmong(record.addressees, me));
  }
  if (is_for(7)) {
    may_read = may_read || (!me.empty() && IsAmong(record.subjects, me));
  }
  if (is_for(3)) {
    may_read = may_read || IsNaivelyGranted(reader, record, offers, section);
  }
  return may_read;  // what is for the owner (8) is for nobody else
}

// Of a record that no offer selects.
inline bool NaivelyMayRead(const Reader& reader, const RecordScope& record, const SectionFacts& section) {
  return NaivelyMayRead(reader, record, {}, section);
}

// Whether a copy of the feed of an offer may be handed on.
inline bool NaivelyMayBeHandedOn(const OnwardTerms& terms, const OnwardHolder& holder, const Reader& reader) {
  const std::string me = reader.participant.has_value() ? reader.participant->text() : "";
  if (me.empty() || me == terms.owner.text() || me == holder.participant.text()) {
    return false;
  }
  if (!reader.active || !holder.is_active || !holder.is_owner_active) {
    return false;  // three members in good standing
  }
  const int stated = reader.asker.purpose;
  bool is_one_of_the_offers = false;
  for (const int purpose : terms.purposes) {
    is_one_of_the_offers = is_one_of_the_offers || purpose == stated;
  }
  const bool by_list = terms.rule == 3 && IsAmong(terms.listed, me);
  const bool by_purpose = terms.rule == 2 && terms.every_member_sees_it && stated != 0 && is_one_of_the_offers;
  if (!by_list && !by_purpose) {
    return false;
  }
  bool holds_it = false;
  for (const GrantTerms& grant : terms.grants) {
    bool has_role = !grant.role.has_value();
    for (const RoleInScope& role : holder.roles) {
      has_role = has_role || (role.kind == grant.role->kind &&
                              (grant.role->scope.empty() || role.scope == grant.role->scope ||
                               (role.kind == registry::v1::ROLE_KIND_AUTHORITY && role.scope == "JP")));
    }
    holds_it =
        holds_it || (grant.owner.text() == terms.owner.text() && grant.agreed && !grant.offer_ended && has_role &&
                     grant.state == 1 && grant.deliveries_max == 0 && (stated == 0 || stated == grant.purpose) &&
                     holder.now >= grant.not_before && holder.now < grant.expires);
  }
  return holds_it;
}

}  // namespace meguri::node::testing
