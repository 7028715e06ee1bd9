// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "node/policy/decision.h"
#include "node/policy/offer.h"
#include "node/policy/own_version.h"
#include "record/index_term.h"
#include "record/participant_id.h"
#include "storage/committer.h"
#include "storage/ordered_store.h"
#include "storage/records.h"

namespace meguri::node {

// Brings own versions into the feeds of offers, within one piece of work of the committer. Not thread-safe.
class OfferFeeds {
 public:
  OfferFeeds(const storage::StoreReader& store, storage::CommitScope& scope, const record::ParticipantId& member);

  // By what offers select the version. Ancestors are looked up if `with_ancestors`.
  absl::StatusOr<RecordKeys> KeysOf(const OwnVersion& version, bool with_ancestors) const;
  // Writes entry, membership and index terms of a version that is written, if `offer` names sections of it that its
  // feed alone opens, and unless they are there already.
  absl::Status Enter(const OwnVersion& version, const OfferTerms& offer);

 private:
  absl::StatusOr<std::string> ParentOf(storage::Arrival arrival) const;
  absl::StatusOr<std::vector<std::string>> AncestorsOf(storage::Arrival arrival) const;
  absl::StatusOr<std::vector<record::IndexTerm>> TermsOf(const OwnVersion& version, const OfferTerms& offer) const;

  const storage::Records records_;
  storage::CommitScope& scope_;
  const record::ParticipantId& member_;
  const storage::StoreReader& store_;
};

// Whether any section is for partners, so that an offer may open it.
bool HasPartnerSections(absl::Span<const SectionFacts> facts);

}  // namespace meguri::node
