// SPDX-License-Identifier: Apache-2.0
#include "node/follow/checkpoint_exchange.h"

#include <algorithm>
#include <set>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "node/follow/fork_evidence.h"
#include "node/follow/limits.h"
#include "record/cosignature.h"
#include "record/heads.h"
#include "record/limits.h"
#include "record/merkle.h"
#include "storage/settings.h"

namespace meguri::node {
namespace {

constexpr char kFork[] = "FORK";

absl::StatusOr<record::FeedKey> ParseFeed(const std::string& publisher, const std::string& name, uint64_t epoch) {
  MEGURI_ASSIGN_OR_RETURN(record::ParticipantId id, record::ParticipantId::Parse(publisher));
  MEGURI_ASSIGN_OR_RETURN(record::FeedName feed, record::FeedName::Parse(name));
  return record::FeedKey{std::move(id), std::move(feed), epoch};
}

absl::StatusOr<record::Hash> RootAt(const storage::Feeds& feeds, storage::FeedId id, uint64_t size) {
  MEGURI_ASSIGN_OR_RETURN(
      const record::Frontier frontier,
      record::ReadFrontier(size, [&](uint32_t level, uint64_t index) { return feeds.ReadNode(id, level, index); }));
  return frontier.Root();
}

record::v1::FeedFork ToFork(const record::FeedKey& feed, const storage::FeedEvidence& evidence) {
  record::v1::FeedFork fork;
  fork.set_feed(feed.name.text());
  fork.set_epoch(feed.epoch);
  fork.mutable_checkpoints()->Assign(evidence.notes.begin(), evidence.notes.end());
  fork.set_other_root(evidence.other_root);
  fork.mutable_consistency_path()->Assign(evidence.consistency_path.begin(), evidence.consistency_path.end());
  return fork;
}

storage::FeedEvidence ToEvidence(const record::v1::FeedFork& fork) {
  return {{fork.checkpoints().begin(), fork.checkpoints().end()},
          fork.other_root(),
          {fork.consistency_path().begin(), fork.consistency_path().end()}};
}

// Publishers of whom we hold a narrower feed that the other may follow as well.
std::set<record::ParticipantId> PublishersSharedWith(
    const Reader& reader, const std::vector<std::pair<storage::HeldFeed, storage::FeedId>>& held) {
  std::set<record::ParticipantId> publishers;
  for (const auto& [feed, id] : held) {
    if (!feed.is_own() && record::IsCommittedInHeads(feed.key.name) &&
        MayFollow(reader, feed.key.publisher, feed.key.name)) {
      publishers.insert(feed.key.publisher);
    }
  }
  return publishers;
}

// Whoever follows `heads` has a narrower feed of that publisher. That is said to nobody who does not hear it anyway.
bool MayBeTold(const Reader& reader, const record::FeedKey& feed, const std::set<record::ParticipantId>& shared) {
  return MayFollow(reader, feed.publisher, feed.name) &&
         (feed.name != record::HeadsFeed() || shared.contains(feed.publisher));
}

void AddHead(const storage::HeldFeed& feed, const std::string& note, feed::v1::KnownCheckpoints& known) {
  if (note.empty() || known.heads_size() >= kExchangedHeadsMax) {
    return;
  }
  feed::v1::KnownHead& told = *known.add_heads();
  told.mutable_feed()->set_publisher(feed.key.publisher.text());
  told.mutable_feed()->set_name(feed.key.name.text());
  told.mutable_feed()->set_epoch(feed.key.epoch);
  told.set_checkpoint(note);
}

absl::Status CheckCount(const feed::v1::KnownCheckpoints& told) {
  if (told.heads_size() > kExchangedHeadsMax || told.forks_size() > kExchangedForksMax ||
      told.receipts_size() > kExchangedReceiptsMax) {
    return Error(absl::StatusCode::kInvalidArgument, "EXCHANGE_COUNT",
                 absl::StrCat("An exchange holds at most ", kExchangedHeadsMax, " heads, ", kExchangedForksMax,
                              " forks and ", kExchangedReceiptsMax, " receipts, not ", told.heads_size(), ", ",
                              told.forks_size(), " and ", told.receipts_size(), "."));
  }
  return absl::OkStatus();
}

}  // namespace

CheckpointExchange::CheckpointExchange(FollowRegistry& registry, ReaderOfMember reader_of, FollowRunner& follows,
                                       FollowReporter& reporter, const storage::SnapshotReader& store,
                                       record::ParticipantId member, const Clock& clock, Random& random,
                                       ReceiptBook& receipts, bool hands_on)
    : registry_(registry),
      reader_of_(std::move(reader_of)),
      follows_(follows),
      reporter_(reporter),
      store_(store),
      member_(std::move(member)),
      clock_(clock),
      random_(random),
      receipts_(receipts),
      hands_on_(hands_on) {}

// The heads that are known of a replica, or why its publisher is not followed any more. A promise alone is not enough:
// who has shown us one face could promise the head of the other face, and everybody we ask would find it borne out.
absl::Status CheckpointExchange::AddKnown(const storage::StoreReader& store, const storage::HeldFeed& feed,
                                          storage::FeedId id, feed::v1::KnownCheckpoints& known) {
  MEGURI_ASSIGN_OR_RETURN(const absl::optional<storage::FollowSetting> follow,
                          storage::Settings(store).FindFollow(feed.holder, feed.key));
  if (follow.has_value() && follow->quarantine_reason == kFork && known.forks_size() < kExchangedForksMax) {
    feed::v1::KnownFork& fork = *known.add_forks();
    fork.set_publisher(feed.key.publisher.text());
    *fork.mutable_fork() = ToFork(feed.key, follow->evidence);
  }
  MEGURI_ASSIGN_OR_RETURN(const storage::FeedHead head, storage::Feeds(store).ReadHead(id));
  AddHead(feed, head.settled, known);
  if (head.checkpoint != head.settled) {
    AddHead(feed, head.checkpoint, known);
  }
  receipts_.Tell(store, feed, id, known);
  return absl::OkStatus();
}

feed::v1::KnownCheckpoints CheckpointExchange::Tell(const record::ParticipantId& other) {
  feed::v1::KnownCheckpoints known;
  known.set_hands_on(hands_on_);
  const std::unique_ptr<storage::StoreReader> snapshot = store_.Snapshot();
  const Reader reader = reader_of_(other);
  auto held = storage::Feeds(*snapshot).HeldBy(member_);
  if (!held.ok()) {
    return known;
  }
  const std::set<record::ParticipantId> shared = PublishersSharedWith(reader, *held);
  held->erase(std::remove_if(
                  held->begin(), held->end(),
                  [&](const auto& feed) { return feed.first.is_own() || !MayBeTold(reader, feed.first.key, shared); }),
              held->end());
  const size_t begin = held->empty() ? 0 : static_cast<size_t>(random_.Below(held->size()));
  for (size_t i = 0; i < held->size() && known.heads_size() < kExchangedHeadsMax; ++i) {
    const auto& [feed, id] = (*held)[(begin + i) % held->size()];
    AddKnown(*snapshot, feed, id, known).IgnoreError();  // what cannot be read is told by nobody
  }
  return known;
}

absl::StatusOr<feed::v1::KnownCheckpoints> CheckpointExchange::Answer(const record::ParticipantId& other,
                                                                      const feed::v1::KnownCheckpoints& told) {
  // What was found just now is told at once: it need not be stored yet.
  feed::v1::KnownCheckpoints found;
  MEGURI_RETURN_IF_ERROR(Take(told, found));
  receipts_.Take(other, told);
  NoteRelay(other, told);
  feed::v1::KnownCheckpoints known;
  known.set_hands_on(hands_on_);
  const std::unique_ptr<storage::StoreReader> snapshot = store_.Snapshot();
  const Reader reader = reader_of_(other);
  MEGURI_ASSIGN_OR_RETURN(const auto held, storage::Feeds(*snapshot).HeldBy(member_));
  const std::set<record::ParticipantId> shared = PublishersSharedWith(reader, held);
  for (feed::v1::KnownFork& fork : *found.mutable_forks()) {
    const absl::StatusOr<record::FeedKey> key = ParseFeed(fork.publisher(), fork.fork().feed(), fork.fork().epoch());
    if (key.ok() && MayFollow(reader, key->publisher, key->name)) {
      *known.add_forks() = std::move(fork);
    }
  }
  std::set<record::FeedKey> answered;
  for (const feed::v1::KnownHead& head : told.heads()) {
    absl::StatusOr<record::FeedKey> key = ParseFeed(head.feed().publisher(), head.feed().name(), head.feed().epoch());
    if (!key.ok() || !MayBeTold(reader, *key, shared) || !answered.insert(*key).second) {
      continue;
    }
    const storage::HeldFeed feed{member_, *std::move(key)};
    MEGURI_ASSIGN_OR_RETURN(const absl::optional<storage::FeedId> id, storage::Feeds(*snapshot).Find(feed));
    if (id.has_value() && !feed.is_own()) {
      MEGURI_RETURN_IF_ERROR(AddKnown(*snapshot, feed, *id, known));
    }
  }
  return known;
}

absl::Status CheckpointExchange::Take(const feed::v1::KnownCheckpoints& told) {
  feed::v1::KnownCheckpoints found;
  return Take(told, found);
}

// Adds to `found` what proves a fork by what is told now.
absl::Status CheckpointExchange::Take(const feed::v1::KnownCheckpoints& told, feed::v1::KnownCheckpoints& found) {
  MEGURI_RETURN_IF_ERROR(CheckCount(told));
  for (const feed::v1::KnownHead& head : told.heads()) {
    TakeHead(head, found).IgnoreError();  // a peer may say what it likes: only what proves something counts
  }
  for (const feed::v1::KnownFork& fork : told.forks()) {
    TakeFork(fork).IgnoreError();
  }
  return absl::OkStatus();
}

absl::StatusOr<record::Checkpoint> CheckpointExchange::OpenHead(absl::string_view note,
                                                                const record::FeedKey& feed) const {
  const certs::TrustBundle& bundle = registry_.bundle();
  const std::string origin = record::FeedOrigin(bundle.federation(), feed);
  if (feed.publisher == bundle.operator_id() && feed.name == record::FeedName::Registry()) {
    return record::OpenCheckpoint(note, origin, bundle.registry_feed_key());
  }
  const std::shared_ptr<const certs::Registry> registry = registry_.Get();
  MEGURI_ASSIGN_OR_RETURN(const certs::RegisteredKey* key, registry->FeedKeyOf(feed.publisher, clock_.Now()));
  return record::OpenCheckpoint(note, origin, key->key);
}

absl::StatusOr<certs::ForkHead> CheckpointExchange::OpenForkHead(const std::string& head,
                                                                 const record::FeedKey& feed) const {
  if (!record::IsOpening(head)) {
    MEGURI_ASSIGN_OR_RETURN(record::Checkpoint checkpoint, OpenHead(head, feed));
    return certs::ForkHead{std::move(checkpoint), absl::nullopt};
  }
  const std::string& federation = registry_.bundle().federation();
  MEGURI_ASSIGN_OR_RETURN(record::v1::ProvenOpening alone, record::ReadOpening(head));
  const record::FeedKey heads{feed.publisher, record::HeadsFeed(), alone.epoch()};
  MEGURI_ASSIGN_OR_RETURN(*alone.mutable_checkpoint(),
                          record::KeepSignaturesOf(alone.checkpoint(), record::FeedOrigin(federation, heads)));
  const std::shared_ptr<const certs::Registry> registry = registry_.Get();
  MEGURI_ASSIGN_OR_RETURN(const certs::RegisteredKey* key, registry->FeedKeyOf(feed.publisher, clock_.Now()));
  MEGURI_ASSIGN_OR_RETURN(record::CommittedHead committed, record::VerifyOpening(alone, federation, feed, {key->key}));
  return certs::ForkHead{std::move(committed.head), committed.index};
}

absl::Status CheckpointExchange::TakeHead(const feed::v1::KnownHead& told, feed::v1::KnownCheckpoints& found) {
  MEGURI_ASSIGN_OR_RETURN(record::FeedKey key,
                          ParseFeed(told.feed().publisher(), told.feed().name(), told.feed().epoch()));
  const storage::HeldFeed feed{member_, std::move(key)};
  const std::unique_ptr<storage::StoreReader> snapshot = store_.Snapshot();
  const storage::Feeds feeds(*snapshot);
  MEGURI_ASSIGN_OR_RETURN(const absl::optional<storage::FeedId> id, feeds.Find(feed));
  if (!id.has_value() && !feed.is_own()) {
    return absl::OkStatus();
  }
  MEGURI_ASSIGN_OR_RETURN(const record::Checkpoint theirs, OpenHead(told.checkpoint(), feed.key));
  if (feed.is_own()) {
    return TakeHeadOfOwnFeed(*snapshot, feed, theirs);
  }
  const std::string origin = record::FeedOrigin(registry_.bundle().federation(), feed.key);
  MEGURI_ASSIGN_OR_RETURN(const absl::optional<storage::FeedEvidence> evidence,
                          FindContradiction(feeds, *id, origin, {theirs, told.checkpoint()}));
  if (evidence.has_value()) {
    Accuse(feed, *evidence, found);
  }
  return absl::OkStatus();
}

void CheckpointExchange::Accuse(const storage::HeldFeed& feed, const storage::FeedEvidence& evidence,
                                feed::v1::KnownCheckpoints& found) {
  follows_.Accuse(feed, evidence);
  if (found.forks_size() < kExchangedForksMax) {
    feed::v1::KnownFork& fork = *found.add_forks();
    fork.set_publisher(feed.key.publisher.text());
    *fork.mutable_fork() = ToFork(feed.key, evidence);
  }
}

// What a peer holds of a feed that is published here: if the store does not bear it out, the store has lost something,
// or somebody else has the feed key.
absl::Status CheckpointExchange::TakeHeadOfOwnFeed(const storage::StoreReader& store, const storage::HeldFeed& feed,
                                                   const record::Checkpoint& told) {
  const storage::Feeds feeds(store);
  MEGURI_ASSIGN_OR_RETURN(const absl::optional<storage::FeedId> id, feeds.Find(feed));
  uint64_t size = 0;
  absl::optional<record::Hash> root;
  if (id.has_value()) {
    MEGURI_ASSIGN_OR_RETURN(const storage::FeedHead head, feeds.ReadHead(*id));
    size = head.size();
    if (told.size > 0 && told.size <= size) {
      MEGURI_ASSIGN_OR_RETURN(root, RootAt(feeds, *id, told.size));
    }
  }
  if (told.size <= size && (!root.has_value() || *root == told.root)) {
    return absl::OkStatus();
  }
  {
    MutexLock lock(mutex_);
    if (!contradicted_.insert(feed.key).second) {
      return absl::OkStatus();
    }
  }
  reporter_.Report(
      {FollowReport::Kind::kContradicted, feed, size, "OWN_FEED",
       absl::StrCat("A member holds a head of ", told.size,
                    " entries of this feed, signed with its key, that the store here does not bear out: the "
                    "store was restored from an old copy, or somebody else has the feed key.")});
  return absl::OkStatus();
}

absl::Status CheckpointExchange::TakeFork(const feed::v1::KnownFork& told) {
  const record::v1::FeedFork& fork = told.fork();
  MEGURI_ASSIGN_OR_RETURN(record::FeedKey key, ParseFeed(told.publisher(), fork.feed(), fork.epoch()));
  const storage::HeldFeed feed{member_, std::move(key)};
  MEGURI_ASSIGN_OR_RETURN(const absl::optional<storage::FollowSetting> follow,
                          storage::Settings(store_).FindFollow(feed.holder, feed.key));
  if (!follow.has_value() || !follow->quarantine_reason.empty() || fork.checkpoints_size() != 2) {
    return absl::OkStatus();
  }
  MEGURI_ASSIGN_OR_RETURN(const certs::ForkHead first, OpenForkHead(fork.checkpoints(0), feed.key));
  MEGURI_ASSIGN_OR_RETURN(const certs::ForkHead second, OpenForkHead(fork.checkpoints(1), feed.key));
  MEGURI_RETURN_IF_ERROR(certs::CheckForkHeads(fork, first, second).status());
  follows_.Accuse(feed, ToEvidence(fork));
  return absl::OkStatus();
}

void CheckpointExchange::TakeAnswer(const record::ParticipantId& other, const feed::v1::KnownCheckpoints& answer) {
  if (Take(answer).ok()) {
    receipts_.Take(other, answer);
    NoteRelay(other, answer);
  }
}

void CheckpointExchange::NoteRelay(const record::ParticipantId& other, const feed::v1::KnownCheckpoints& told) {
  if (!told.hands_on()) {
    follows_.relays().Forget(other);
    return;
  }
  std::vector<record::ParticipantId> publishers;
  for (const feed::v1::KnownHead& head : told.heads()) {
    absl::StatusOr<record::ParticipantId> publisher = record::ParticipantId::Parse(head.feed().publisher());
    if (publisher.ok()) {
      publishers.push_back(*std::move(publisher));
    }
  }
  follows_.relays().Note(other, publishers);
}

// The next active member after the last one, in the order of participant IDs, that has a node of its own.
absl::optional<CheckpointExchange::NextPeer> CheckpointExchange::NextCall() {
  const std::shared_ptr<const certs::Registry> registry = registry_.Get();
  const registry::v1::MemberEntry* next = nullptr;
  const registry::v1::MemberEntry* first = nullptr;
  MutexLock lock(mutex_);
  for (const registry::v1::MemberEntry* entry : registry->Members()) {
    if (entry->status() != registry::v1::MEMBER_STATUS_ACTIVE || entry->participant_id() == member_.text() ||
        entry->hosting().addresses().empty()) {
      continue;
    }
    first = first == nullptr ? entry : first;
    if (next == nullptr && entry->participant_id() > last_asked_) {
      next = entry;
    }
  }
  next = next == nullptr ? first : next;
  if (next == nullptr) {
    return absl::nullopt;
  }
  last_asked_ = next->participant_id();
  const absl::StatusOr<record::ParticipantId> other = record::ParticipantId::Parse(next->participant_id());
  if (!other.ok()) {
    return absl::nullopt;
  }
  const auto& addresses = next->hosting().addresses();
  return NextPeer{
      *other, {{*other, next->hosting().node_identity(), {addresses.begin(), addresses.end()}}, member_, Tell(*other)}};
}

void CheckpointExchange::ExchangeWithNext(ExchangePeer& peers, Executor& executor) {
  const absl::optional<NextPeer> next = NextCall();
  if (!next.has_value() || (next->call.known.heads_size() == 0 && next->call.known.forks_size() == 0)) {
    return;
  }
  // That a peer does not answer is nothing to report: the next one may.
  peers.ExchangeCheckpoints(
      next->call, [this, &executor, member = next->member](absl::StatusOr<feed::v1::KnownCheckpoints> answer) {
        const auto take = [this, member](const feed::v1::KnownCheckpoints& known) { TakeAnswer(member, known); };
        if (answer.ok() && !executor.Submit([take, known = *std::move(answer)] { take(known); })) {
          return;  // busy: the next exchange comes
        }
      });
}

}  // namespace meguri::node
