// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/optional.h"
#include "certs/trust_bundle.h"
#include "meguri/record/v1/opening.pb.h"
#include "record/feed.h"
#include "storage/feeds.h"
#include "storage/ordered_store.h"

namespace meguri::node {

// What was committed of a narrower feed, and a cosigned head of the publisher's feed `heads` that includes the entry.
struct DatedOpening {
  record::v1::Opening opening;
  storage::FeedId heads = 0;
  std::string note;  // "": there is none with a quorum
};

// Openings of a stored feed that include an entry of it: what shows how early the entry was there, as DatedHeads does
// of feeds that witnesses see themselves.
struct DatedOpenings {
  DatedOpening earliest;
  DatedOpening newest;
  absl::optional<absl::Time> time;  // when `earliest` was there at the latest
};
absl::StatusOr<DatedOpenings> FindDatedOpenings(const storage::StoreReader& store, const storage::HeldFeed& feed,
                                                storage::FeedId id, uint64_t index, const certs::TrustBundle& bundle);

// The opening with the proof that its entry is in the tree of its note.
absl::StatusOr<record::v1::ProvenOpening> ProveOpening(const storage::StoreReader& store, const DatedOpening& dated,
                                                       const record::FeedKey& heads, absl::string_view federation);

}  // namespace meguri::node
