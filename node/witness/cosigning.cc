// SPDX-License-Identifier: Apache-2.0
#include "node/witness/cosigning.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "certs/witnesses.h"
#include "node/witness/limits.h"
#include "record/cosignature.h"
#include "record/heads_feed.h"
#include "storage/cosigned_order.h"

namespace meguri::node {
namespace {

constexpr int kConflictsMax = 2;  // in one round: a witness that names another head each time is left alone

absl::Status RolledBack(const record::FeedKey& feed, const std::string& witness, uint64_t size) {
  return Error(
      absl::StatusCode::kDataLoss, "OWN_FEED_ROLLED_BACK",
      absl::StrCat("The witness ", witness, " has cosigned a head of ", size, " entries of the feed ", feed.name.text(),
                   ", signed with this member's feed key, that the store here does not bear "
                   "out: the store was restored from an old copy, or somebody else has the feed key. "
                   "Whatever is signed now would be a fork. See docs/operations.md."));
}

}  // namespace

Cosigning::Cosigning(const WitnessRegistry& registry, WitnessPeer& peers, record::ParticipantId member,
                     const storage::SnapshotReader& store, storage::Committer& committer, Executor& executor,
                     const Clock& clock, CosigningHooks hooks)
    : registry_(registry),
      peers_(peers),
      member_(std::move(member)),
      store_(store),
      committer_(committer),
      executor_(executor),
      clock_(clock),
      hooks_(std::move(hooks)) {}

void Cosigning::Tick() {
  if (registry_.bundle().message().witness_keys().empty()) {
    return;
  }
  {
    MutexLock lock(mutex_);
    if (is_running_) {
      return;
    }
    is_running_ = true;
  }
  const auto run = [this] {
    Run();
    MutexLock lock(mutex_);
    is_running_ = false;
  };
  if (!executor_.Submit(run)) {
    MutexLock lock(mutex_);
    is_running_ = false;
  }
}

void Cosigning::Run() {
  const std::vector<WitnessNode> nodes = WitnessNodes(registry_, clock_.Now());
  const auto held = storage::Feeds(store_).HeldBy(member_);
  if (nodes.empty() || !held.ok()) {
    return;
  }
  for (const auto& [feed, id] : *held) {
    if (feed.is_own() && IsWitnessed(feed.key.name)) {
      RunFeed(feed.key, id, nodes);
    }
  }
}

void Cosigning::RunFeed(const record::FeedKey& feed, storage::FeedId id, const std::vector<WitnessNode>& nodes) {
  const absl::StatusOr<std::string> note = hooks_.sign_head(feed);
  if (!note.ok()) {
    return;  // who asks for the head is told why
  }
  const absl::StatusOr<record::Checkpoint> head = OpenHead(*note, feed, registry_, clock_.Now());
  if (!head.ok()) {
    return;  // not enrolled yet, or the key in force is not here: the log says so
  }
  std::vector<const WitnessNode*> due;
  record::Checkpoint asked_head;
  std::string asked_note;
  {
    MutexLock lock(mutex_);
    Round& round = rounds_[feed];
    BeginRoundIfDueLocked(round, id, *note, *head, nodes);
    asked_head = round.head;
    asked_note = round.note;
    for (const WitnessNode& node : nodes) {
      Asked& asked = round.asked[node.witness.text()];
      if (!asked.is_asking && asked.line.empty() && asked.conflicts <= kConflictsMax && clock_.Now() >= asked.next) {
        asked.is_asking = true;
        due.push_back(&node);
      }
    }
  }
  for (const WitnessNode* node : due) {
    Ask(feed, *node, asked_head, id, asked_note);
  }
}

// A new head waits for its turn; one that stays is cosigned anew now and then. What a slow witness was not asked in
// time is asked of it with the next head.
void Cosigning::BeginRoundIfDueLocked(Round& round, storage::FeedId id, const std::string& note,
                                      const record::Checkpoint& head, const std::vector<WitnessNode>& nodes) {
  const absl::Duration age = clock_.Now() - round.started;
  const bool is_whole = std::all_of(nodes.begin(), nodes.end(), [&](const WitnessNode& node) {
    const auto asked = round.asked.find(node.witness.text());
    return asked != round.asked.end() && !asked->second.line.empty();
  });
  if (round.note != note ? age >= kCosignInterval : is_whole && age >= kCosignAgain) {
    round = Round{id, note, head, clock_.Now(), 0, {}};
  }
}

void Cosigning::Ask(const record::FeedKey& feed, const WitnessNode& node, const record::Checkpoint& head,
                    storage::FeedId id, const std::string& note) {
  Submission submission{feed, 0, {}, note};
  {
    MutexLock lock(mutex_);
    const auto known = known_sizes_.find({feed, node.witness.text()});
    submission.old_size = known == known_sizes_.end() ? 0 : known->second;
  }
  const storage::Feeds feeds(store_);
  auto path = submission.old_size == 0
                  ? std::vector<record::Hash>()
                  : record::ConsistencyProof(submission.old_size, head.size, [&](uint32_t level, uint64_t index) {
                      return feeds.ReadNode(id, level, index);
                    });
  if (!path.ok()) {
    Take(feed, node.witness.text(), note, path.status());
    return;
  }
  submission.path = *std::move(path);
  peers_.AddCheckpoint(node, member_, submission,
                       [this, feed, witness = node.witness.text(), note](absl::StatusOr<Verdict> verdict) {
                         auto take = [this, feed, witness, note, verdict = std::move(verdict)]() mutable {
                           Take(feed, witness, note, std::move(verdict));
                         };
                         if (!executor_.Submit(std::move(take))) {
                           MutexLock lock(mutex_);
                           rounds_[feed].asked[witness].is_asking = false;  // busy: it is asked once more
                         }
                       });
}

void Cosigning::Take(const record::FeedKey& feed, const std::string& witness, const std::string& note,
                     absl::StatusOr<Verdict> verdict) {
  const absl::Status taken = verdict.ok() ? TakeVerdict(feed, witness, note, *verdict) : verdict.status();
  {
    MutexLock lock(mutex_);
    Round& round = rounds_[feed];
    if (round.note != note) {
      return;  // the feed has gone on; what the witness knows was noted all the same
    }
    Asked& asked = round.asked[witness];
    asked.is_asking = false;
    asked.has_answered = asked.has_answered || !taken.ok() || !asked.line.empty();
    if (!taken.ok()) {
      asked.backoff = std::clamp(asked.backoff * 2, kWitnessBackoff, kWitnessBackoffMax);
      asked.next = clock_.Now() + asked.backoff;
    }
  }
  KeepIfComplete(feed);
}

absl::Status Cosigning::TakeVerdict(const record::FeedKey& feed, const std::string& witness, const std::string& note,
                                    const Verdict& verdict) {
  if (verdict.cosignature.empty()) {
    return TakeKnown(feed, witness, verdict.known);
  }
  MEGURI_ASSIGN_OR_RETURN(std::string line, CheckLine(witness, note, verdict.cosignature));
  MutexLock lock(mutex_);
  Round& round = rounds_[feed];
  if (round.note == note) {
    round.asked[witness].line = std::move(line);
    known_sizes_[{feed, witness}] = round.head.size;
  }
  return absl::OkStatus();
}

// A line counts if it is this witness's, whose key is in force at the time that it names.
absl::StatusOr<std::string> Cosigning::CheckLine(const std::string& witness, const std::string& note,
                                                 const std::string& line) const {
  MEGURI_ASSIGN_OR_RETURN(const std::string cosigned, record::AddSignatureLine(note, line));
  MEGURI_ASSIGN_OR_RETURN(const certs::Cosigners cosigners, certs::CosignersOf(cosigned, registry_.bundle()));
  if (cosigners.cosigned.size() != 1 || cosigners.cosigned.front().witness.text() != witness) {
    return Error(absl::StatusCode::kInvalidArgument, "COSIGNATURE",
                 absl::StrCat("The witness ", witness, " answered with a line that is not its cosignature."));
  }
  return line;
}

absl::StatusOr<absl::optional<uint64_t>> Cosigning::SizeIfStored(const record::FeedKey& feed,
                                                                 const std::string& note) const {
  MEGURI_ASSIGN_OR_RETURN(const record::Checkpoint known, OpenHead(note, feed, registry_, clock_.Now()));
  const std::unique_ptr<storage::StoreReader> snapshot = store_.Snapshot();
  const storage::Feeds feeds(*snapshot);
  MEGURI_ASSIGN_OR_RETURN(const absl::optional<storage::FeedId> id, feeds.Find({member_, feed}));
  uint64_t size = 0;
  record::Hash root = record::EmptyRoot();
  if (id.has_value()) {
    MEGURI_ASSIGN_OR_RETURN(const storage::FeedHead head, feeds.ReadHead(*id));
    size = head.size();
    if (known.size > 0 && known.size <= size) {
      MEGURI_ASSIGN_OR_RETURN(root, RootAt(feeds, *id, known.size));
    }
  }
  return known.size <= size && known.root == root ? absl::make_optional(known.size) : absl::nullopt;
}

absl::Status Cosigning::TakeKnown(const record::FeedKey& feed, const std::string& witness, const std::string& known) {
  absl::optional<uint64_t> size = 0;
  if (!known.empty()) {
    MEGURI_ASSIGN_OR_RETURN(size, SizeIfStored(feed, known));
  }
  if (!size.has_value()) {
    hooks_.on_contradiction(feed, known);
  }
  MutexLock lock(mutex_);
  Asked& asked = rounds_[feed].asked[witness];
  if (!size.has_value()) {
    asked.conflicts = kConflictsMax + 1;
    return Error(absl::StatusCode::kDataLoss, "OWN_FEED", "A witness holds another head of this feed.");
  }
  known_sizes_[{feed, witness}] = *size;
  if (++asked.conflicts > kConflictsMax) {
    return Error(absl::StatusCode::kAborted, "WITNESS_CONFLICT",
                 "The witness names another head each time that it is asked.");
  }
  return absl::OkStatus();
}

// Writes once what a round has brought, when all witnesses have said something; later whatever the slow ones add.
void Cosigning::KeepIfComplete(const record::FeedKey& feed) {
  std::string note;
  record::Checkpoint head;
  storage::FeedId id = 0;
  {
    MutexLock lock(mutex_);
    Round& round = rounds_[feed];
    size_t lines = 0;
    note = round.note;
    for (const auto& [witness, asked] : round.asked) {
      if (!asked.has_answered && asked.conflicts <= kConflictsMax) {
        return;
      }
      if (!asked.line.empty()) {
        note += asked.line;
        ++lines;
      }
    }
    if (lines <= round.kept) {
      return;
    }
    round.kept = lines;
    head = round.head;
    id = round.id;
  }
  committer_.Submit(
      [this, id, origin = head.origin, note](storage::CommitScope& scope) {
        return storage::KeepCosigned(id, note, origin, registry_.bundle(), store_, scope);
      },
      [this, id](const absl::Status& status) {
        if (status.ok()) {
          hooks_.on_cosigned(id);
        }
      });
}

absl::Status Cosigning::CheckNothingLost() {
  struct Answers {
    Mutex mutex;
    CondVar changed;
    size_t missing ABSL_GUARDED_BY(mutex) = 0;
    std::vector<std::pair<std::pair<record::FeedKey, std::string>, std::string>> notes ABSL_GUARDED_BY(mutex);
  };
  const auto answers = std::make_shared<Answers>();
  std::vector<record::FeedName> names = {record::FeedName::Public(), record::FeedName::Members(), record::HeadsFeed()};
  if (member_ == registry_.bundle().operator_id()) {
    names.push_back(record::FeedName::Registry());
  }
  for (const WitnessNode& node : WitnessNodes(registry_, clock_.Now())) {
    if (node.witness == member_) {
      continue;  // this node, which does not serve yet
    }
    for (const record::FeedName& name : names) {
      const record::FeedKey feed{member_, name, 1};
      {
        MutexLock lock(answers->mutex);
        ++answers->missing;
      }
      peers_.GetWitnessed(node, member_, feed,
                          [answers, feed, witness = node.witness.text()](absl::StatusOr<std::string> note) {
                            MutexLock lock(answers->mutex);
                            --answers->missing;
                            if (note.ok()) {
                              answers->notes.push_back({{feed, witness}, *std::move(note)});
                            }
                            answers->changed.NotifyAll();
                          });
    }
  }
  decltype(answers->notes) notes;
  {
    MutexLock lock(answers->mutex);
    while (answers->missing > 0) {
      answers->changed.Wait(answers->mutex);
    }
    notes = answers->notes;
  }
  for (const auto& [of, note] : notes) {
    const auto size = SizeIfStored(of.first, note);
    if (!size.ok()) {
      continue;  // not signed by this member's key: it proves nothing
    }
    if (!size->has_value() && of.first.name == record::HeadsFeed()) {
      hooks_.on_contradiction(of.first, note);
      continue;
    }
    if (!size->has_value()) {
      const auto head = OpenHead(note, of.first, registry_, clock_.Now());
      return RolledBack(of.first, of.second, head.ok() ? head->size : 0);
    }
    MutexLock lock(mutex_);
    known_sizes_[of] = **size;
  }
  return absl::OkStatus();
}

}  // namespace meguri::node
