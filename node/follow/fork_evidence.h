// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "absl/types/span.h"
#include "record/checkpoint.h"
#include "record/hash.h"
#include "record/merkle.h"
#include "storage/feeds.h"
#include "storage/settings.h"

namespace meguri::node {

// A head that the publisher signed.
struct SignedHead {
  record::Checkpoint checkpoint;
  std::string note;
};

// What shows that `newer` does not begin as `older` says. `frontier` is what was stored, and `leaves` follow it; the
// older head speaks of a size among these. There is a path only if they reach up to the newer head.
storage::FeedEvidence ForkEvidence(const SignedHead& older, const SignedHead& newer, record::Frontier frontier,
                                   absl::Span<const record::Hash> leaves);

// What shows that `theirs`, which the publisher signed, contradicts the replica `id`; nullopt if it does not, or if
// nothing here can show it.
absl::StatusOr<absl::optional<storage::FeedEvidence>> FindContradiction(const storage::Feeds& feeds, storage::FeedId id,
                                                                        absl::string_view origin,
                                                                        const SignedHead& theirs);

}  // namespace meguri::node
