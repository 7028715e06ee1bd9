// SPDX-License-Identifier: Apache-2.0
#include "node/follow/opening_check.h"

#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/status_macros.h"
#include "meguri/record/v1/opening.pb.h"
#include "record/checkpoint.h"
#include "record/heads_feed.h"
#include "record/merkle.h"

namespace meguri::node {
namespace {

// A signed head all of whose entries are here.
struct SettledHead {
  record::Checkpoint checkpoint;
  std::string note;
};

absl::optional<SettledHead> SettledOf(const storage::FeedHead& head, absl::string_view origin) {
  absl::StatusOr<record::Checkpoint> checkpoint = record::ReadOpenedCheckpoint(head.settled, origin);
  if (!checkpoint.ok() || checkpoint->size > head.size()) {
    return absl::nullopt;
  }
  return SettledHead{*std::move(checkpoint), head.settled};
}

class Replica {
 public:
  Replica(const storage::Feeds& feeds, storage::FeedId id) : feeds_(feeds), id_(id) {}

  absl::StatusOr<record::Hash> RootAt(uint64_t size) const {
    MEGURI_ASSIGN_OR_RETURN(const record::Frontier frontier, record::ReadFrontier(size, Reader()));
    return frontier.Root();
  }
  absl::StatusOr<std::vector<record::Hash>> Consistency(uint64_t from, uint64_t size) const {
    return record::ConsistencyProof(from, size, Reader());
  }
  absl::StatusOr<std::vector<record::Hash>> Inclusion(uint64_t index, uint64_t size) const {
    return record::InclusionProof(index, size, Reader());
  }

 private:
  std::function<absl::StatusOr<record::Hash>(uint32_t, uint64_t)> Reader() const {
    return [this](uint32_t level, uint64_t index) { return feeds_.ReadNode(id_, level, index); };
  }

  const storage::Feeds& feeds_;
  const storage::FeedId id_;
};

absl::StatusOr<std::string> Prove(const Replica& heads, const SettledHead& settled, const record::Opening& opening) {
  record::v1::ProvenOpening proven;
  *proven.mutable_opening() = record::ToMessage(opening);
  proven.set_epoch(1);
  proven.set_checkpoint(settled.note);
  MEGURI_ASSIGN_OR_RETURN(const std::vector<record::Hash> path,
                          heads.Inclusion(opening.index, settled.checkpoint.size));
  for (const record::Hash& hash : path) {
    proven.add_entry_path(hash.ToString());
  }
  return record::WriteOpening(proven);
}

// That the feed which the publisher signed here is another one than it committed.
absl::StatusOr<storage::FeedEvidence> OtherFace(const Replica& feed, const SettledHead& settled,
                                                const record::Hash& root, const record::Opening& opening,
                                                const std::string& proven) {
  storage::FeedEvidence evidence{{proven, settled.note}, "", {}};  // the smaller size first
  if (opening.size < settled.checkpoint.size) {
    MEGURI_ASSIGN_OR_RETURN(const std::vector<record::Hash> path,
                            feed.Consistency(opening.size, settled.checkpoint.size));
    evidence.other_root = root.ToString();
    for (const record::Hash& hash : path) {
      evidence.consistency_path.emplace_back(hash.view().data(), hash.view().size());
    }
  }
  return evidence;
}

}  // namespace

absl::StatusOr<OpeningVerdict> CheckOpening(const storage::Feeds& feeds, absl::string_view federation,
                                            const OpenedReplicas& replicas, const record::Opening& opening,
                                            const absl::optional<record::Opening>& earlier) {
  const OpeningVerdict not_yet{OpeningVerdict::Kind::kNotYet, {}};
  const record::FeedKey& key = replicas.feed.key;
  const std::string origin = record::FeedOrigin(federation, key);
  MEGURI_ASSIGN_OR_RETURN(const storage::FeedHead heads_head, feeds.ReadHead(replicas.heads));
  MEGURI_ASSIGN_OR_RETURN(const storage::FeedHead head, feeds.ReadHead(replicas.id));
  const auto heads_settled =
      SettledOf(heads_head, record::FeedOrigin(federation, {key.publisher, record::HeadsFeed(), key.epoch}));
  if (!heads_settled.has_value() || heads_settled->checkpoint.size <= opening.index) {
    return not_yet;
  }
  MEGURI_ASSIGN_OR_RETURN(const std::vector<std::string> entries, feeds.ReadEntries(replicas.heads, opening.index, 1));
  if (entries.empty() || entries.front() != record::OpenedEntry(origin, opening).Encode()) {
    return Error(absl::StatusCode::kInvalidArgument, "HEADS_OPENING",
                 "What the publisher opens is not what its entry of the feed heads commits.");
  }
  const Replica heads(feeds, replicas.heads);
  const Replica feed(feeds, replicas.id);
  if (earlier.has_value() && opening.size < earlier->size) {
    OpeningVerdict shrunk{OpeningVerdict::Kind::kContradicts, {}};
    for (const record::Opening& one : {*earlier, opening}) {
      MEGURI_ASSIGN_OR_RETURN(shrunk.evidence.notes.emplace_back(), Prove(heads, *heads_settled, one));
    }
    return shrunk;
  }
  const auto settled = SettledOf(head, origin);
  if (opening.size > 0 && (!settled.has_value() || settled->checkpoint.size < opening.size)) {
    return not_yet;
  }
  MEGURI_ASSIGN_OR_RETURN(const record::Hash root, feed.RootAt(opening.size));
  if (root == opening.root) {
    return OpeningVerdict();
  }
  OpeningVerdict other{OpeningVerdict::Kind::kContradicts, {}};
  MEGURI_ASSIGN_OR_RETURN(const std::string proven, Prove(heads, *heads_settled, opening));
  MEGURI_ASSIGN_OR_RETURN(other.evidence, OtherFace(feed, *settled, root, opening, proven));
  return other;
}

}  // namespace meguri::node
