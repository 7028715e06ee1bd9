// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "record/heads.h"
#include "storage/feeds.h"
#include "storage/settings.h"

namespace meguri::node {

// The replicas that an opening is checked against: of a narrower feed, and of `heads` of its publisher.
struct OpenedReplicas {
  storage::HeldFeed feed;
  storage::FeedId id = 0;
  storage::FeedId heads = 0;
};

struct OpeningVerdict {
  enum class Kind {
    kHolds,
    kNotYet,       // entries that it speaks of are not here, or no signed head proves those that are
    kContradicts,  // `evidence` proves it to others
  };
  Kind kind = Kind::kHolds;
  storage::FeedEvidence evidence;
};

// Compares what the publisher opens with its entry of `heads`, with the feed as it is here, and with the opening of an
// earlier entry if there is one. INVALID_ARGUMENT with reason HEADS_OPENING if the entry here does not commit it: then
// it says nothing.
absl::StatusOr<OpeningVerdict> CheckOpening(const storage::Feeds& feeds, absl::string_view federation,
                                            const OpenedReplicas& replicas, const record::Opening& opening,
                                            const absl::optional<record::Opening>& earlier);

}  // namespace meguri::node
