// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/optional.h"
#include "absl/types/span.h"
#include "certs/registry.h"
#include "node/policy/grant.h"
#include "node/policy/offer.h"
#include "record/audience.h"
#include "record/feed.h"
#include "record/participant_id.h"

// Who may read what. Pure functions: the same question always gets the same answer. Default deny.
namespace meguri::node {

// A reader whose identity was verified, with the scopes that the registry gives.
struct Reader {
  absl::optional<record::ParticipantId> participant;  // nullopt: not a member
  bool registered = false;                            // the registry names the participant
  bool active = false;                                // an active member, by a registry that is fresh enough
  std::vector<std::string> recycler_groups;
  std::vector<std::string> jurisdictions;
  std::shared_ptr<const ReaderGrants> grants;  // what it was granted; null: nothing
  GrantAsker asker;                            // its roles are complete only if a grant asks for a role
};

// The reader that `participant` is in `registry`. If `registry_is_stale`, only PUBLIC stays open.
Reader ReaderOf(const certs::Registry& registry, const record::ParticipantId& participant, bool registry_is_stale);

// Gives `reader`, as ReaderOf made it, what it was granted, and the roles that grants ask for. `purpose`: for which it
// asks; unspecified: whatever its grants are for.
void AddGrants(std::shared_ptr<const ReaderGrants> grants, const certs::Registry& registry, absl::Time now,
               passport::v1::AccessPurpose purpose, Reader& reader);

// The roles that the registry gives a member, each once for itself and once for each of its scopes.
std::vector<RoleInScope> RolesOf(const certs::Registry& registry, const record::ParticipantId& participant);

// An offer into whose feed a record was entered, and the slots that the entry names.
struct OfferedSlots {
  std::string offer;  // 32 hexadecimal digits
  uint64_t slots = 0;
};

// What the scoped audiences of a record mean.
struct RecordScope {
  record::ParticipantId publisher;
  std::string product_group;
  std::vector<std::string> jurisdictions;
  std::vector<std::string> addressees;
  std::vector<std::string> subjects;
  std::vector<OfferedSlots> offers = {};  // what PARTNERS means; of no concern to readers without grants
};

struct SectionFacts {
  uint32_t slot = 0;
  uint32_t type = 0;
  record::AudienceSet audiences;
};

struct Decision {
  uint32_t slot = 0;
  bool allowed = false;
  absl::string_view rule;       // stable name
  absl::string_view why;        // one sentence for the owner
  std::string grant;            // the record of the grant that decided, 32 hexadecimal digits; empty: none did
  uint32_t purpose = 0;         // for which it was given, a passport::v1::AccessPurpose
  uint64_t deliveries = 0;      // that it has made
  uint64_t deliveries_max = 0;  // that it allows; 0: no limit
};

// Decides for every section, in the order of `sections`.
std::vector<Decision> Decide(const Reader& reader, const RecordScope& record, absl::Span<const SectionFacts> sections);
// The slots that Decide allows, as bits.
uint64_t AllowedSlots(const Reader& reader, const RecordScope& record, absl::Span<const SectionFacts> sections);

// Whether `reader` may follow the feed `name` of `publisher`.
bool MayFollow(const Reader& reader, const record::ParticipantId& publisher, const record::FeedName& name);

// What decides whether `reader` may follow the feed of an offer; no grant for a feed of another kind.
GrantVerdict GrantToFollow(const Reader& reader, const record::ParticipantId& publisher, const record::FeedName& name);

// The rule by which whoever may follow the feed `name` of another member may; "" if anybody may.
absl::string_view RuleToFollow(const record::FeedName& name);

// A feed that a record enters, and the slots that its readers may read.
struct FeedSlots {
  record::FeedName feed;
  uint64_t slots = 0;

  friend bool operator==(const FeedSlots&, const FeedSlots&) = default;
};

// The feeds that a record enters (docs/format/feed.md): one per audience bit that occurs, scoped ones per scope and,
// for PARTNERS, per offer of `offers`, which select the record, less those whose readers get the same slots from a
// wider feed. Ordered by name.
std::vector<FeedSlots> FeedsFor(const RecordScope& record, absl::Span<const SectionFacts> sections,
                                const OfferRefs& offers = {});
// The same for one offer. Slots 0: it does not enter the feed of the offer.
FeedSlots OfferFeedFor(absl::Span<const SectionFacts> sections, const OfferTerms& offer);

// The feeds among FeedsFor to which the index entries of a section of these audiences belong: the widest that opens it,
// but for those of offers.
std::vector<record::FeedName> IndexFeedsFor(const RecordScope& record, record::AudienceSet audiences);
// Whether they belong to the feed of `offer` too.
bool IsIndexedIn(const OfferTerms& offer, const SectionFacts& section);

}  // namespace meguri::node
