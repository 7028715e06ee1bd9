// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "certs/registry.h"
#include "meguri/passport/v1/access.pb.h"
#include "node/policy/decision.h"
#include "node/policy/grant.h"
#include "record/feed.h"
#include "record/participant_id.h"

// Who may be handed on the feed of another member's offer. Pure functions. Default deny.
namespace meguri::node {

// What a member that has a copy of the feed of an offer knows of that offer, by its owner's signed records.
struct OnwardTerms {
  record::ParticipantId owner;
  passport::v1::OnwardRule rule = passport::v1::ONWARD_RULE_UNSPECIFIED;
  std::vector<std::string> listed = {};                    // participant IDs, of ONWARD_RULE_LISTED_MEMBERS
  std::vector<passport::v1::AccessPurpose> purposes = {};  // of the offer
  bool every_member_sees_it = false;                       // so that whoever is handed the feed can know the terms
  std::vector<GrantTerms> grants = {};                     // of the offer, to the member itself
};

// The member that would hand it on, as it stands now.
struct OnwardHolder {
  record::ParticipantId participant;
  bool is_active = false;        // by a registry that is fresh enough; without it nobody asks as an active reader
  bool is_owner_active = false;  // the owner of the offer
  std::vector<RoleInScope> roles = {};  // of the holder
  absl::Time now = absl::InfinitePast();
};

struct OnwardVerdict {
  bool allowed = false;
  absl::string_view rule;             // stable name
  const GrantTerms* grant = nullptr;  // of the holder, by which it has what it hands on; null unless it is allowed
};

// Whether the feed of the offer may be handed on to `reader`: an active member that is neither the holder nor the
// owner, as far as the offer lists it, or states one of the offer's purposes, and only while a grant of the holder for
// that purpose is open. A grant whose deliveries are counted opens nothing: their owner could not count on.
OnwardVerdict JudgeOnward(const OnwardTerms& terms, const OnwardHolder& holder, const Reader& reader);

// The holder `participant` as `registry` has it now.
OnwardHolder OnwardHolderOf(const certs::Registry& registry, const record::ParticipantId& participant,
                            const record::ParticipantId& owner, absl::Time now);

// Whether a copy of the feed `name` is handed on by the rule of an offer, or not at all; never by an audience alone.
bool IsHandedOnByOffer(const record::FeedName& name);

}  // namespace meguri::node
