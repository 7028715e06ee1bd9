// SPDX-License-Identifier: Apache-2.0
#include "node/witness/witness_watch.h"

#include <algorithm>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/types/optional.h"
#include "base/status_macros.h"
#include "certs/witnesses.h"
#include "node/witness/limits.h"
#include "record/cosignature.h"
#include "record/heads_feed.h"
#include "storage/cosigned.h"
#include "storage/cosigned_order.h"

namespace meguri::node {
namespace {

// The first of `notes`, which are of one head, with the lines of the witnesses of all of them, each once.
absl::StatusOr<std::string> MergeLines(const std::string& origin, const std::vector<std::string>& notes,
                                       const std::vector<certs::Witness>& witnesses) {
  MEGURI_ASSIGN_OR_RETURN(std::string merged, record::KeepSignaturesOf(notes.front(), origin));
  absl::flat_hash_set<std::string> added;
  for (const std::string& note : notes) {
    for (const certs::Witness& witness : witnesses) {
      const absl::StatusOr<std::string> of_witness = record::KeepSignaturesOf(note, witness.key.name);
      if (!of_witness.ok() || added.contains(witness.key.name)) {
        continue;
      }
      // Two lines under one name, by an old and a new key, do not go in: another note will have one.
      const absl::StatusOr<std::string> longer =
          record::AddSignatureLine(merged, of_witness->substr(of_witness->find("\n\n") + 2));
      if (longer.ok()) {
        merged = *longer;
        added.insert(witness.key.name);
      }
    }
  }
  return merged;
}

}  // namespace

// What the witnesses said of one feed.
struct WitnessWatch::Answers {
  Mutex mutex;
  size_t missing ABSL_GUARDED_BY(mutex) = 0;
  std::vector<std::string> notes ABSL_GUARDED_BY(mutex);
};

WitnessWatch::WitnessWatch(const WitnessRegistry& registry, WitnessPeer& peers, record::ParticipantId member,
                           const storage::SnapshotReader& store, storage::Committer& committer, Executor& executor,
                           const Clock& clock, Compare compare, Liar liar)
    : registry_(registry),
      peers_(peers),
      member_(std::move(member)),
      store_(store),
      committer_(committer),
      executor_(executor),
      clock_(clock),
      compare_(std::move(compare)),
      liar_(std::move(liar)) {}

void WitnessWatch::Step() {
  const std::vector<WitnessNode> nodes = WitnessNodes(registry_, clock_.Now());
  if (nodes.empty()) {
    return;
  }
  for (const storage::HeldFeed& feed : NextFeeds()) {
    Ask(feed, nodes);
  }
}

std::vector<storage::HeldFeed> WitnessWatch::NextFeeds() {
  std::vector<storage::HeldFeed> feeds;
  const auto held = storage::Feeds(store_).HeldBy(member_);
  if (!held.ok()) {
    return feeds;
  }
  for (const auto& [feed, id] : *held) {
    // Who asks for `heads` says that it has a narrower feed of that publisher: what witnesses signed comes with the
    // publisher's own notes.
    if (!feed.is_own() && IsWitnessed(feed.key.name) && feed.key.name != record::HeadsFeed()) {
      feeds.push_back(feed);
    }
  }
  MutexLock lock(mutex_);
  const size_t begin = feeds.empty() ? 0 : next_ % feeds.size();
  std::rotate(feeds.begin(), feeds.begin() + static_cast<std::ptrdiff_t>(begin), feeds.end());
  if (feeds.size() > kWatchedFeedsPerStep) {
    feeds.erase(feeds.begin() + kWatchedFeedsPerStep, feeds.end());
  }
  next_ = begin + feeds.size();
  return feeds;
}

void WitnessWatch::Ask(const storage::HeldFeed& feed, const std::vector<WitnessNode>& nodes) {
  const auto answers = std::make_shared<Answers>();
  {
    MutexLock lock(answers->mutex);
    answers->missing = nodes.size();
  }
  for (const WitnessNode& node : nodes) {
    peers_.GetWitnessed(node, member_, feed.key, [this, feed, answers](absl::StatusOr<std::string> note) {
      std::vector<std::string> notes;
      {
        MutexLock lock(answers->mutex);
        if (note.ok()) {
          answers->notes.push_back(*std::move(note));
        }
        if (--answers->missing > 0) {
          return;
        }
        notes = std::move(answers->notes);
      }
      if (!notes.empty() && !executor_.Submit([this, feed, notes = std::move(notes)] { TakeAll(feed, notes); })) {
        return;  // busy: the next step comes
      }
    });
  }
}

void WitnessWatch::TakeAll(const storage::HeldFeed& feed, const std::vector<std::string>& notes) {
  // Heads that witnesses named may contradict what is stored: each is compared.
  for (const std::string& note : notes) {
    compare_(feed.key, note);
  }
  const absl::StatusOr<std::string> merged = Merge(feed, notes);
  if (!merged.ok() || merged->empty()) {
    return;  // nobody has cosigned what is here, or the store tells of its own failure
  }
  committer_.Submit(
      [this, feed, note = *merged](storage::CommitScope& scope) -> absl::Status {
        MEGURI_ASSIGN_OR_RETURN(const storage::FeedId id, scope.feeds.FindOrCreate(scope.transaction, feed));
        const std::string origin = record::FeedOrigin(registry_.bundle().federation(), feed.key);
        return storage::KeepCosigned(id, note, origin, registry_.bundle(), store_, scope);
      },
      [](const absl::Status&) {});
}

// Of `note`, which is not of the entries that are here, and of `cosigned`, which is.
void WitnessWatch::NameLiars(const record::FeedKey& feed, const std::string& note, const std::string& cosigned) const {
  const std::string origin = record::FeedOrigin(registry_.bundle().federation(), feed);
  const absl::StatusOr<record::Checkpoint> other = record::ReadOpenedCheckpoint(note, origin);
  const absl::StatusOr<record::Checkpoint> ours = record::ReadOpenedCheckpoint(cosigned, origin);
  if (!other.ok() || !ours.ok() || other->size > ours->size) {
    return;
  }
  for (const record::ParticipantId& witness : certs::CosignersOfBoth(note, cosigned, registry_.bundle())) {
    liar_(feed, witness);
  }
}

absl::StatusOr<std::string> WitnessWatch::Merge(const storage::HeldFeed& feed,
                                                const std::vector<std::string>& notes) const {
  const std::unique_ptr<storage::StoreReader> snapshot = store_.Snapshot();
  const storage::Feeds feeds(*snapshot);
  MEGURI_ASSIGN_OR_RETURN(const absl::optional<storage::FeedId> id, feeds.Find(feed));
  if (!id.has_value()) {
    return std::string();
  }
  MEGURI_ASSIGN_OR_RETURN(const storage::FeedHead stored, feeds.ReadHead(*id));
  // What is new first: of a witness that signed twice the newer line is kept.
  std::vector<std::string> known = notes;
  MEGURI_ASSIGN_OR_RETURN(const std::string cosigned, storage::CosignedNotes(*snapshot).Find(*id));
  known.push_back(stored.settled);
  known.push_back(cosigned);
  absl::optional<record::Checkpoint> newest;
  std::vector<std::string> of_newest;
  for (const std::string& note : known) {
    const absl::StatusOr<record::Checkpoint> head = OpenHead(note, feed.key, registry_, clock_.Now());
    const absl::StatusOr<certs::Cosigners> cosigners = certs::CosignersOf(note, registry_.bundle());
    if (!head.ok() || !cosigners.ok() || cosigners->cosigned.empty() || head->size > stored.size() ||
        (newest.has_value() && head->size < newest->size)) {
      continue;
    }
    MEGURI_ASSIGN_OR_RETURN(const record::Hash root, RootAt(feeds, *id, head->size));
    if (root != head->root) {
      NameLiars(feed.key, note, cosigned);
      continue;
    }
    if (!newest.has_value() || head->size > newest->size) {
      newest = *head;
      of_newest.clear();
    }
    of_newest.push_back(note);
  }
  if (!newest.has_value()) {
    return std::string();
  }
  MEGURI_ASSIGN_OR_RETURN(std::string merged,
                          MergeLines(newest->origin, of_newest, certs::WitnessesOf(registry_.bundle())));
  return storage::IsWorthKeeping(merged, cosigned, newest->origin, registry_.bundle()) ? merged : std::string();
}

}  // namespace meguri::node
