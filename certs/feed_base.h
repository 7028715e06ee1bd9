// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/optional.h"
#include "absl/types/span.h"
#include "base/random.h"
#include "meguri/registry/v1/feed_base.pb.h"
#include "record/feed.h"
#include "record/hash.h"

// Where the feeds of a member stood when it moved to another host: docs/format/trust.md §3.4. What its former host
// signs beyond that counts for nothing, and its new host has to go on from there.
namespace meguri::certs {

inline constexpr size_t kBaseFeedsMax = size_t{1} << 20;  // of one member
inline constexpr size_t kBaseLeavesMin = 16;              // so that few feeds look like none

// Where one feed stood.
struct BaseHead {
  record::FeedName feed;
  uint64_t epoch = 1;
  uint64_t size = 0;
  record::Hash root;

  friend bool operator==(const BaseHead&, const BaseHead&) = default;
};

// What a new host keeps: the base that everybody sees, not signed yet, and for each feed that not every member may read
// what shows it to those who may.
struct MadeFeedBase {
  registry::v1::FeedBase base;
  std::vector<registry::v1::FeedBaseProof> proofs;
};
// RESOURCE_EXHAUSTED with reason FEED_COUNT if there are more than kBaseFeedsMax.
absl::StatusOr<MadeFeedBase> MakeFeedBase(absl::Span<const BaseHead> heads, Random& random);

// Whether a base shows `feed` to everybody.
bool IsShownToAll(const record::FeedName& feed);

// OK if `base` has the form that a member entry asks for. INVALID_ARGUMENT with reason FEED_BASE.
absl::Status CheckFeedBase(const registry::v1::FeedBase& base);

// Of a base without its signature: what is signed of it.
record::Hash BaseDigest(const registry::v1::FeedBase& base);

// Where `feed`, which is shown to all, stood. A feed that is not named had no entries.
absl::StatusOr<BaseHead> BaseHeadOf(const registry::v1::FeedBase& base, const record::FeedKey& feed);
// Where any other feed stood, as `proof` shows. INVALID_ARGUMENT with reason FEED_BASE_PROOF.
absl::StatusOr<BaseHead> OpenBaseProof(const registry::v1::FeedBase& base, const record::FeedKey& feed,
                                       const registry::v1::FeedBaseProof& proof);

// Why a head of `size` entries by the key of the host that `member` has left counts for nothing. INVALID_ARGUMENT with
// reason HEAD_BEYOND_MOVE.
absl::Status BeyondMove(const record::ParticipantId& member, const BaseHead& base, uint64_t size);

}  // namespace meguri::certs
