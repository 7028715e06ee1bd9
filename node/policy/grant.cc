// SPDX-License-Identifier: Apache-2.0
#include "node/policy/grant.h"

#include <algorithm>
#include <iterator>

#include "absl/algorithm/container.h"

namespace meguri::node {
namespace {

constexpr char kNation[] = "JP";

struct GrantRule {
  absl::string_view name;
  absl::string_view why;
  bool (*holds)(const GrantTerms& grant, const GrantAsker& asker);
};

bool HasRole(const RoleInScope& wanted, const std::vector<RoleInScope>& roles) {
  return absl::c_any_of(roles, [&wanted](const RoleInScope& role) {
    // An authority of the nation is one of each prefecture too.
    const bool covers = wanted.kind == registry::v1::ROLE_KIND_AUTHORITY && role.scope == kNation;
    return role.kind == wanted.kind && (wanted.scope.empty() || role.scope == wanted.scope || covers);
  });
}

// The first that holds is the reason, so those that say more come first; and what ended for good stands before what may
// yet come.
constexpr GrantRule kDenials[] = {
    {"deny-offer-ended", "The offer that the grant opened has ended.",
     [](const GrantTerms& grant, const GrantAsker&) { return grant.offer_ended; }},
    {"deny-grant-revoked", "The grant was revoked.",
     [](const GrantTerms& grant, const GrantAsker&) { return grant.state == passport::v1::GRANT_STATE_REVOKED; }},
    {"deny-grant-expired", "The grant, or its offer, has expired.",
     [](const GrantTerms& grant, const GrantAsker& asker) { return asker.now >= grant.expires; }},
    {"deny-grant-spent", "As much was delivered by the grant as it allows.",
     [](const GrantTerms& grant, const GrantAsker&) { return grant.deliveries_left() == uint64_t{0}; }},
    {"deny-grant-role", "The registry does not give the reader the role that the grant is for.",
     [](const GrantTerms& grant, const GrantAsker& asker) {
       return grant.role.has_value() && !HasRole(*grant.role, asker.roles);
     }},
    {"deny-grant-not-agreed", "The reader has not agreed to the terms of the grant.",
     [](const GrantTerms& grant, const GrantAsker&) { return !grant.agreed; }},
    {"deny-grant-not-yet", "The grant, or its offer, is not in force yet.",
     [](const GrantTerms& grant, const GrantAsker& asker) { return asker.now < grant.not_before; }},
    // Whatever is not said to be active is not: a state that this version does not know opens nothing.
    {"deny-grant-suspended", "The grant is suspended.",
     [](const GrantTerms& grant, const GrantAsker&) { return grant.state != passport::v1::GRANT_STATE_ACTIVE; }},
    {"deny-grant-purpose", "The grant is for another purpose than the one that the reader states.",
     [](const GrantTerms& grant, const GrantAsker& asker) {
       return asker.purpose != passport::v1::ACCESS_PURPOSE_UNSPECIFIED && asker.purpose != grant.purpose;
     }},
};

constexpr GrantRule kAllow = {"allow-grant", "A grant opens an offer to the reader that names the section.", nullptr};

// The later the reason stands in the list, the less is missing.
size_t ClosenessOf(absl::string_view rule) {
  return static_cast<size_t>(std::find_if(std::begin(kDenials), std::end(kDenials),
                                          [rule](const GrantRule& row) { return row.name == rule; }) -
                             std::begin(kDenials));
}

}  // namespace

absl::optional<uint64_t> GrantTerms::deliveries_left() const {
  if (deliveries_max == 0) {
    return absl::nullopt;
  }
  return deliveries_max - std::min(deliveries, deliveries_max);
}

absl::string_view JudgeGrant(const GrantTerms& grant, const GrantAsker& asker) {
  for (const GrantRule& denial : kDenials) {
    if (denial.holds(grant, asker)) {
      return denial.name;
    }
  }
  return kAllow.name;
}

absl::string_view GrantExplanation(absl::string_view rule) {
  const size_t place = ClosenessOf(rule);
  return place < std::size(kDenials) ? kDenials[place].why : kAllow.why;
}

bool IsCloser(const GrantVerdict& a, const GrantVerdict& b) {
  return a.grant != nullptr && (b.grant == nullptr || ClosenessOf(a.rule) > ClosenessOf(b.rule));
}

GrantVerdict JudgeOffer(const ReaderGrants& grants, const record::ParticipantId& owner, absl::string_view offer,
                        const GrantAsker& asker) {
  GrantVerdict closest;
  const auto found = grants.by_offer.find(offer);
  if (found == grants.by_offer.end()) {
    return closest;
  }
  for (const GrantTerms& grant : found->second) {
    if (grant.owner != owner) {
      continue;
    }
    const absl::string_view rule = JudgeGrant(grant, asker);
    const GrantVerdict verdict{&grant, rule, rule == kAllow.name};
    if (IsCloser(verdict, closest)) {
      closest = verdict;
    }
  }
  return closest;
}

}  // namespace meguri::node
