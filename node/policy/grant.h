// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/optional.h"
#include "meguri/passport/v1/access.pb.h"
#include "meguri/registry/v1/member.pb.h"
#include "record/participant_id.h"

namespace meguri::node {

// A role of the registry, in one scope. In what a grant asks for, an empty scope is any.
struct RoleInScope {
  registry::v1::RoleKind kind = registry::v1::ROLE_KIND_UNSPECIFIED;
  std::string scope;

  friend bool operator==(const RoleInScope&, const RoleInScope&) = default;
};

// What one grant says of one reader.
struct GrantTerms {
  std::string id;     // of its record, 32 hexadecimal digits
  std::string offer;  // likewise; the feed of the offer is offer/<it>
  record::ParticipantId owner;
  absl::optional<RoleInScope> role = absl::nullopt;  // that the reader has to have; nullopt: the grant names the reader
  passport::v1::AccessPurpose purpose = passport::v1::ACCESS_PURPOSE_UNSPECIFIED;
  passport::v1::GrantState state = passport::v1::GRANT_STATE_UNSPECIFIED;
  bool agreed = false;                             // the reader has accepted these very terms
  bool offer_ended = false;                        // the owner has ended the offer
  absl::Time not_before = absl::InfiniteFuture();  // the later of grant and offer
  absl::Time expires = absl::InfinitePast();       // the earlier of grant and offer
  uint64_t deliveries_max = 0;                     // 0: no limit
  uint64_t deliveries = 0;                         // made already

  // How many more may be made; nullopt: no limit.
  absl::optional<uint64_t> deliveries_left() const;
};

// All grants that say something of one reader, by offer. Immutable once made.
struct ReaderGrants {
  absl::flat_hash_map<std::string, std::vector<GrantTerms>> by_offer;
  bool has_roles = false;  // one of them asks for a role
};

// Who asks, as far as grants ask for it.
struct GrantAsker {
  std::vector<RoleInScope> roles = {};
  absl::Time now = absl::InfinitePast();
  // What it says that it wants to read for; unspecified: whatever its grants are for.
  passport::v1::AccessPurpose purpose = passport::v1::ACCESS_PURPOSE_UNSPECIFIED;
};

// By which rule a grant opens its offer to `asker`, or does not: "allow-grant", or "deny-grant-…". The same name always
// for the same reason.
absl::string_view JudgeGrant(const GrantTerms& grant, const GrantAsker& asker);

// One sentence for the owner.
absl::string_view GrantExplanation(absl::string_view rule);

// What decides about an offer of `owner`: the grant that opens it, or, if none does, the one that comes closest. Null
// if there is none.
struct GrantVerdict {
  const GrantTerms* grant = nullptr;
  absl::string_view rule;
  bool allowed = false;
};
GrantVerdict JudgeOffer(const ReaderGrants& grants, const record::ParticipantId& owner, absl::string_view offer,
                        const GrantAsker& asker);

// Whether `a` comes closer to opening than `b`.
bool IsCloser(const GrantVerdict& a, const GrantVerdict& b);

}  // namespace meguri::node
