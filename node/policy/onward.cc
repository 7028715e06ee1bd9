// SPDX-License-Identifier: Apache-2.0
#include "node/policy/onward.h"

#include "absl/algorithm/container.h"

namespace meguri::node {
namespace {

constexpr absl::string_view kListed = "allow-onward-listed";
constexpr absl::string_view kSamePurpose = "allow-onward-purpose";

// By which rule of the offer the reader is let, or is not.
absl::string_view JudgeRule(const OnwardTerms& terms, const Reader& reader) {
  switch (terms.rule) {
    case passport::v1::ONWARD_RULE_LISTED_MEMBERS:
      return absl::c_linear_search(terms.listed, reader.participant->text()) ? kListed : "deny-onward-not-listed";
    case passport::v1::ONWARD_RULE_SAME_PURPOSE:
      if (!terms.every_member_sees_it) {
        return "deny-onward-terms-unknown";
      }
      return reader.asker.purpose != passport::v1::ACCESS_PURPOSE_UNSPECIFIED &&
                     absl::c_linear_search(terms.purposes, reader.asker.purpose)
                 ? kSamePurpose
                 : "deny-onward-purpose";
    default:
      return "deny-onward-none";
  }
}

}  // namespace

OnwardVerdict JudgeOnward(const OnwardTerms& terms, const OnwardHolder& holder, const Reader& reader) {
  if (!reader.active || !reader.participant.has_value()) {
    return {false, "deny-not-active", nullptr};
  }
  if (*reader.participant == terms.owner || *reader.participant == holder.participant) {
    return {false, "deny-onward-own", nullptr};
  }
  if (!holder.is_active || !holder.is_owner_active) {
    return {false, "deny-onward-standing", nullptr};
  }
  const absl::string_view rule = JudgeRule(terms, reader);
  if (rule != kListed && rule != kSamePurpose) {
    return {false, rule, nullptr};
  }
  // What the reader states is compared with what the holder was granted it for.
  const GrantAsker asker{holder.roles, holder.now, reader.asker.purpose};
  for (const GrantTerms& grant : terms.grants) {
    if (grant.owner == terms.owner && grant.deliveries_max == 0 && JudgeGrant(grant, asker) == "allow-grant") {
      return {true, rule, &grant};
    }
  }
  return {false, "deny-onward-grant", nullptr};
}

OnwardHolder OnwardHolderOf(const certs::Registry& registry, const record::ParticipantId& participant,
                            const record::ParticipantId& owner, absl::Time now) {
  return {participant, registry.IsActive(participant), registry.IsActive(owner), RolesOf(registry, participant), now};
}

bool IsHandedOnByOffer(const record::FeedName& name) { return name.kind() == "offer"; }

}  // namespace meguri::node
