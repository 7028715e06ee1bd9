// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "absl/types/span.h"
#include "meguri/record/v1/opening.pb.h"
#include "record/checkpoint.h"
#include "record/feed.h"
#include "record/hash.h"
#include "record/heads_feed.h"
#include "record/public_key.h"

// The feed `heads`, in which a member commits the heads of its narrower feeds without showing which there are:
// docs/format/heads.md.
namespace meguri::record {

// The depth of the tree of an entry. Part of the format: changing it needs an ADR.
inline constexpr size_t kHeadsDepth = 40;

// Where a feed stands in the tree of every entry: SHA-256("meguri/heads-label/v1" 00 | origin). Everybody who knows the
// name of the feed knows it, so the publisher cannot tell two readers of one feed two places.
Hash HeadsLabel(absl::string_view origin);

// What was committed of one feed in an entry, and the way from there to the root.
struct Opening {
  uint64_t index = 0;  // of the entry in `heads`
  Hash salt;
  uint64_t size = 0;
  Hash root;
  std::vector<Hash> path;  // kHeadsDepth hashes, from the leaf up

  friend bool operator==(const Opening&, const Opening&) = default;
};

// INVALID_ARGUMENT with reason HEADS_OPENING.
absl::StatusOr<Opening> ParseOpening(const v1::Opening& message);
v1::Opening ToMessage(const Opening& opening);

// The entry that commits what `opening` says of the feed with this origin. It names no record and opens no slots.
FeedEntry OpenedEntry(absl::string_view origin, const Opening& opening);

// Where a signed note of a feed is carried as a proof, a head that was committed in `heads` may stand in its place: a
// ProvenOpening. Its first byte is 0a, with which no note begins.
bool IsOpening(absl::string_view head);
// INVALID_ARGUMENT with reason HEADS_OPENING, also if it is not in its one encoding.
absl::StatusOr<v1::ProvenOpening> ReadOpening(absl::string_view head);
std::string WriteOpening(const v1::ProvenOpening& proven);

// A head of a feed that was committed in an entry of `heads`, by a head of that which a feed key signed.
struct CommittedHead {
  Checkpoint head;     // of the narrower feed
  uint64_t index = 0;  // of the entry
  Checkpoint heads;    // of the feed `heads`
  size_t key = 0;      // which of the feed keys signed that
};

// Checks an opening with its proof, for a feed of `feed.publisher`. The checkpoint carries one signature, by one of
// `feed_keys`. INVALID_ARGUMENT with reason HEADS_OPENING, INCLUSION_PROOF or those of OpenSoleSigned.
absl::StatusOr<CommittedHead> VerifyOpening(const v1::ProvenOpening& proven, absl::string_view federation,
                                            const FeedKey& feed, absl::Span<const PublicKey> feed_keys);

// The tree of one entry. Every place without a feed looks like one with a feed.
class HeadsTree {
 public:
  // `heads` have different origins. `key` is secret, random, and of this entry alone. Should two labels begin with the
  // same kHeadsDepth bits, one of the two is left out.
  HeadsTree(const Hash& key, absl::Span<const Checkpoint> heads);

  FeedEntry entry() const { return {root_, 0}; }
  // Opens the feed with this origin in the entry `index`; nullopt if it is not in it.
  absl::optional<Opening> Open(absl::string_view origin, uint64_t index) const;

 private:
  struct Leaf {
    Hash label;
    uint64_t size;
    Hash root;
  };
  using Position = std::pair<size_t, uint64_t>;  // depth, and the first bits of the label

  Hash SaltOf(const Hash& label) const;
  Hash BlindAt(const Position& position) const;
  Hash LeafAt(size_t index) const;
  // The node at `depth` above the leaves begin … end - 1, at least one.
  Hash Build(size_t depth, size_t begin, size_t end);
  Hash BuildChild(const Position& position, size_t begin, size_t end, bool is_kept);

  const Hash key_;
  std::vector<Leaf> leaves_;                   // by label
  absl::flat_hash_map<Position, Hash> nodes_;  // both children of every node above more than one leaf
  Hash root_;
};

}  // namespace meguri::record
