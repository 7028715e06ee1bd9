// SPDX-License-Identifier: Apache-2.0
#include "node/follow/fork_evidence.h"

#include <cstdint>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "base/error.h"
#include "base/status_macros.h"

namespace meguri::node {
namespace {

constexpr uint32_t kLevels = 64;

using Nodes = absl::flat_hash_map<std::pair<uint32_t, uint64_t>, record::Hash>;

// The perfect subtrees that make up `frontier`.
Nodes NodesOf(const record::Frontier& frontier) {
  Nodes nodes;
  uint64_t start = 0;
  size_t next = 0;
  for (uint32_t level = kLevels; level-- > 0;) {
    if ((frontier.size() >> level & 1) != 0) {
      nodes.emplace(std::make_pair(level, start >> level), frontier.hashes()[next++]);
      start += uint64_t{1} << level;
    }
  }
  return nodes;
}

void PutPath(const std::vector<record::Hash>& path, storage::FeedEvidence& evidence) {
  for (const record::Hash& hash : path) {
    evidence.consistency_path.emplace_back(hash.view().data(), hash.view().size());
  }
}

}  // namespace

storage::FeedEvidence ForkEvidence(const SignedHead& older, const SignedHead& newer, record::Frontier frontier,
                                   absl::Span<const record::Hash> leaves) {
  storage::FeedEvidence evidence{{older.note, newer.note}, "", {}};
  if (frontier.size() + leaves.size() != newer.checkpoint.size) {
    return evidence;
  }
  Nodes nodes = NodesOf(frontier);
  record::Hash other_root;
  for (const record::Hash& leaf : leaves) {
    frontier.Append(leaf, [&](uint32_t level, uint64_t index, const record::Hash& hash) {
      nodes.insert_or_assign({level, index}, hash);
    });
    if (frontier.size() == older.checkpoint.size) {
      other_root = frontier.Root();
    }
  }
  const auto path = record::ConsistencyProof(
      older.checkpoint.size, newer.checkpoint.size,
      [&](uint32_t level, uint64_t index) -> absl::StatusOr<record::Hash> {
        const auto found = nodes.find({level, index});
        return found != nodes.end() ? absl::StatusOr<record::Hash>(found->second)
                                    : Error(absl::StatusCode::kInternal, "NODE_MISSING", "a subtree is not known");
      });
  if (path.ok()) {
    evidence.other_root = other_root.ToString();
    PutPath(*path, evidence);
  }
  return evidence;
}

absl::StatusOr<absl::optional<storage::FeedEvidence>> FindContradiction(const storage::Feeds& feeds, storage::FeedId id,
                                                                        absl::string_view origin,
                                                                        const SignedHead& theirs) {
  absl::optional<storage::FeedEvidence> none;
  const record::Checkpoint& their_head = theirs.checkpoint;
  MEGURI_ASSIGN_OR_RETURN(const storage::FeedHead head, feeds.ReadHead(id));
  std::vector<std::string> notes = {head.checkpoint, head.settled};
  notes.insert(notes.end(), head.promises.begin(), head.promises.end());
  for (const std::string& note : notes) {
    const absl::StatusOr<record::Checkpoint> ours = record::ReadOpenedCheckpoint(note, origin);
    if (ours.ok() && their_head.size == ours->size && their_head.root != ours->root) {
      return absl::make_optional(storage::FeedEvidence{{note, theirs.note}, "", {}});
    }
  }
  // Who has all that a longer head stands for can show to others that it begins otherwise.
  const absl::StatusOr<record::Checkpoint> ours = record::ReadOpenedCheckpoint(head.settled, origin);
  if (!ours.ok() || their_head.size == 0 || their_head.size >= ours->size || ours->size > head.size()) {
    return none;
  }
  const auto read_node = [&](uint32_t level, uint64_t index) { return feeds.ReadNode(id, level, index); };
  MEGURI_ASSIGN_OR_RETURN(const record::Frontier frontier, record::ReadFrontier(their_head.size, read_node));
  if (frontier.Root() == their_head.root) {
    return none;
  }
  MEGURI_ASSIGN_OR_RETURN(const std::vector<record::Hash> path,
                          record::ConsistencyProof(their_head.size, ours->size, read_node));
  storage::FeedEvidence evidence{{theirs.note, head.settled}, frontier.Root().ToString(), {}};
  PutPath(path, evidence);
  return absl::make_optional(std::move(evidence));
}

}  // namespace meguri::node
