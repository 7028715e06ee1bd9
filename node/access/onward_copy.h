// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "meguri/passport/v1/access.pb.h"
#include "node/policy/onward.h"
#include "record/feed.h"
#include "record/participant_id.h"
#include "record/record_id.h"
#include "storage/ordered_store.h"

namespace meguri::node {

// The offer of another member whose feed a member has agreed to, as the store has it.
struct OnwardCopy {
  OnwardTerms terms;
  // Of the offer, and of each grant: feeds of the owner that name it. What the owner takes back is heard of by these.
  std::vector<std::vector<record::FeedName>> named_by;
};

// `agreements` are records of `member` that name the offer. nullopt if the offer is not here, or is none of the
// owner's.
absl::StatusOr<absl::optional<OnwardCopy>> ReadOnwardCopy(const storage::StoreReader& store,
                                                          const record::ParticipantId& member,
                                                          const record::ParticipantId& owner,
                                                          const record::RecordId& offer,
                                                          const std::vector<std::string>& agreements);

// Whether `member` follows, of what names the offer and each grant, at least one feed that is not in quarantine: else
// it would not hear that they have ended.
absl::StatusOr<bool> HearsOfIt(const storage::StoreReader& store, const record::ParticipantId& member,
                               const OnwardCopy& copy);

// Whether `member` may be handed on the feed of the offer by somebody who was granted it, and asks for it for
// `purpose`, as far as the offer tells. FAILED_PRECONDITION with reason OFFER_UNKNOWN if it is not here, so that nobody
// has seen its terms; OFFER_ENDED, or ONWARD_REFUSED.
absl::Status CheckMayBeHandedOn(const storage::StoreReader& store, const record::ParticipantId& member,
                                const record::FeedKey& feed, passport::v1::AccessPurpose purpose);

}  // namespace meguri::node
