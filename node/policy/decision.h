// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "absl/types/span.h"
#include "certs/registry.h"
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
};

// The reader that `participant` is in `registry`. If `registry_is_stale`, only PUBLIC stays open.
Reader ReaderOf(const certs::Registry& registry, const record::ParticipantId& participant, bool registry_is_stale);

// What the scoped audiences of a record mean.
struct RecordScope {
  record::ParticipantId publisher;
  std::string product_group;
  std::vector<std::string> jurisdictions;
  std::vector<std::string> addressees;
  std::vector<std::string> subjects;
};

struct SectionFacts {
  uint32_t slot = 0;
  uint32_t type = 0;
  record::AudienceSet audiences;
};

struct Decision {
  uint32_t slot = 0;
  bool allowed = false;
  absl::string_view rule;  // stable name
  absl::string_view why;   // one sentence for the owner
};

// Decides for every section, in the order of `sections`.
std::vector<Decision> Decide(const Reader& reader, const RecordScope& record, absl::Span<const SectionFacts> sections);
// The slots that Decide allows, as bits.
uint64_t AllowedSlots(const Reader& reader, const RecordScope& record, absl::Span<const SectionFacts> sections);

// Whether `reader` may follow the feed `name` of `publisher`.
bool MayFollow(const Reader& reader, const record::ParticipantId& publisher, const record::FeedName& name);

// The rule by which whoever may follow the feed `name` of another member may; "" if anybody may.
absl::string_view RuleToFollow(const record::FeedName& name);

// A feed that a record enters, and the slots that its readers may read.
struct FeedSlots {
  record::FeedName feed;
  uint64_t slots = 0;

  friend bool operator==(const FeedSlots&, const FeedSlots&) = default;
};

// The feeds that a record enters (docs/format/feed.md): one per audience bit that occurs, scoped ones per scope, less
// those whose readers get the same slots from a wider feed. Ordered by name.
std::vector<FeedSlots> FeedsFor(const RecordScope& record, absl::Span<const SectionFacts> sections);

// The feeds among FeedsFor to which the index entries of a section of these audiences belong: the widest that opens it.
std::vector<record::FeedName> IndexFeedsFor(const RecordScope& record, record::AudienceSet audiences);

}  // namespace meguri::node
