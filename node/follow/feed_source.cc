// SPDX-License-Identifier: Apache-2.0
#include "node/follow/feed_source.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "certs/registry.h"
#include "meguri/registry/v1/member.pb.h"
#include "node/follow/limits.h"
#include "node/policy/onward.h"
#include "record/heads_feed.h"
#include "record/merkle.h"
#include "storage/cosigned.h"
#include "storage/envelope_cursor.h"
#include "storage/erasures.h"
#include "storage/records.h"
#include "storage/settings.h"

namespace meguri::node {
namespace {

// Says in a batch why sections are not there: the publisher has erased them.
class ErasuresOf {
 public:
  explicit ErasuresOf(const storage::StoreReader& store) : records_(store), erasures_(store) {}

  // Adds the tombstone that erased this version to `batch`, once. Returns the bytes that it takes.
  absl::StatusOr<size_t> Explain(const record::Hash& header_hash, feed::v1::CarriedFeedBatch& batch) {
    MEGURI_ASSIGN_OR_RETURN(const absl::optional<storage::Arrival> arrival, records_.FindByHash(header_hash));
    if (!arrival.has_value()) {
      return 0;
    }
    MEGURI_ASSIGN_OR_RETURN(const absl::optional<record::Hash> tombstone, erasures_.Find(*arrival));
    if (!tombstone.has_value() || !added_.insert(*tombstone).second) {
      return 0;
    }
    MEGURI_ASSIGN_OR_RETURN(const absl::optional<storage::Arrival> place, records_.FindByHash(*tombstone));
    if (!place.has_value()) {
      return 0;
    }
    MEGURI_ASSIGN_OR_RETURN(storage::v1::StoredRecord stored, records_.Read(*place));
    record::v1::CarriedEnvelope& envelope = *batch.add_erasures();
    envelope.set_header(std::move(*stored.mutable_header()));
    envelope.set_signature(std::move(*stored.mutable_signature()));
    return envelope.ByteSizeLong();
  }

 private:
  const storage::Records records_;
  const storage::Erasures erasures_;
  std::set<record::Hash> added_;
};

}  // namespace

FeedSource::FeedSource(std::string federation, const storage::StoreReader& store, const FeedSigners& feed_signers,
                       absl::optional<record::ParticipantId> relays_for)
    : federation_(std::move(federation)),
      store_(store),
      feed_signers_(feed_signers),
      relays_for_(std::move(relays_for)) {}

bool FeedSource::HandsOn(const record::FeedName& name) const {
  const absl::string_view kind = name.kind();
  const bool is_open = kind == "public" || kind == "members" || kind == "registry";
  return relays_for_.has_value() && (is_open || IsHandedOnByOffer(name));
}

absl::Status FeedSource::CheckServed(const record::FeedKey& feed) const {
  return Publishes(feed.publisher) ? CheckNotWithheld(feed) : ReadCopyHead(feed).status();
}

absl::Status FeedSource::CheckNotWithheld(const record::FeedKey& feed) const {
  return are_heads_withheld_ && feed.name == record::HeadsFeed()
             ? Error(absl::StatusCode::kFailedPrecondition, "HEADS_LOST",
                     absl::StrCat("The node of ", feed.publisher.text(),
                                  " has lost entries of the feed heads, and does not go on with it."))
             : absl::OkStatus();
}

absl::StatusOr<FeedSource::Head> FeedSource::ReadHead(const record::FeedKey& feed) const {
  std::shared_ptr<const record::Signer> signer = feed_signers_.Find(feed);
  if (signer == nullptr) {
    return ReadCopyHead(feed);
  }
  MEGURI_RETURN_IF_ERROR(CheckNotWithheld(feed));
  Head head;
  const storage::Feeds feeds(store_);
  MEGURI_ASSIGN_OR_RETURN(head.id, feeds.Find({feed.publisher, feed}));
  record::Frontier frontier;
  std::string cosigned;
  if (head.id.has_value()) {
    MEGURI_ASSIGN_OR_RETURN(storage::FeedHead stored, feeds.ReadHead(*head.id));
    frontier = std::move(stored.frontier);
    MEGURI_ASSIGN_OR_RETURN(cosigned, storage::CosignedNotes(store_).Find(*head.id));
  }
  head.size = frontier.size();
  head.root = frontier.Root();
  {
    MutexLock lock(mutex_);
    const auto note = notes_.find(feed);
    if (note != notes_.end() && note->second.size == head.size && note->second.signer == signer) {
      head.checkpoint = note->second.text;
    }
  }
  if (head.checkpoint.empty()) {
    const record::Checkpoint checkpoint{record::FeedOrigin(federation_, feed), head.size, head.root};
    MEGURI_ASSIGN_OR_RETURN(head.checkpoint, record::SignCheckpoint(checkpoint, *signer));
    // Empty feeds are not kept: anyone can ask for any name.
    if (head.id.has_value()) {
      MutexLock lock(mutex_);
      notes_.insert_or_assign(feed, SignedNote{head.size, head.checkpoint, std::move(signer)});
    }
  }
  head.base = feed_signers_.BaseOf(feed);
  // The same note, with lines of witnesses after it, says the same and more.
  if (absl::StartsWith(cosigned, head.checkpoint)) {
    head.checkpoint = std::move(cosigned);
  }
  return head;
}

absl::Status FeedSource::NotHandedOn(const record::FeedKey& feed) {
  return Error(absl::StatusCode::kNotFound, "NOT_HOSTED",
               absl::StrCat(feed.publisher.text(), " is not published by this node, which hands on no copy of ",
                            feed.name.text(), ": ask its own node. How far a copy here is, `feed list` shows."));
}

// What was unfollowed gets old without anybody noticing, so it is not handed on.
absl::Status FeedSource::CheckHandedOn(const record::FeedKey& feed) const {
  absl::optional<storage::FollowSetting> follow;
  if (HandsOn(feed.name)) {
    MEGURI_ASSIGN_OR_RETURN(follow, storage::Settings(store_).FindFollow(*relays_for_, feed));
  }
  if (!follow.has_value()) {
    return NotHandedOn(feed);
  }
  if (!follow->quarantine_reason.empty()) {
    return Error(absl::StatusCode::kFailedPrecondition, "COPY_QUARANTINED",
                 absl::StrCat(feed.publisher.text(), " contradicted itself in the feed ", feed.name.text(),
                              ": the copy here is not handed on."));
  }
  return absl::OkStatus();
}

// The newest head all of whose entries are here, as its publisher signed it.
absl::StatusOr<FeedSource::Head> FeedSource::ReadCopyHead(const record::FeedKey& feed) const {
  MEGURI_RETURN_IF_ERROR(CheckHandedOn(feed));
  Head head;
  const storage::Feeds feeds(store_);
  MEGURI_ASSIGN_OR_RETURN(head.id, feeds.Find({*relays_for_, feed}));
  if (head.id.has_value()) {
    MEGURI_ASSIGN_OR_RETURN(storage::FeedHead stored, feeds.ReadHead(*head.id));
    head.checkpoint = std::move(stored.settled);
  }
  if (head.checkpoint.empty()) {
    return Error(absl::StatusCode::kUnavailable, "COPY_BEHIND",
                 absl::StrCat("The copy of ", feed.name.text(), " of ", feed.publisher.text(),
                              " has not yet come up to a head that its publisher signed."));
  }
  MEGURI_ASSIGN_OR_RETURN(const record::Checkpoint checkpoint,
                          record::ReadOpenedCheckpoint(head.checkpoint, record::FeedOrigin(federation_, feed)));
  head.size = checkpoint.size;
  head.root = checkpoint.root;
  return head;
}

absl::StatusOr<absl::optional<feed::v1::FeedHeartbeat>> FeedSource::NextHeartbeat(const record::FeedKey& feed,
                                                                                  const Head& head, absl::Time now,
                                                                                  absl::Time& last) const {
  const std::shared_ptr<const record::Signer> signer = feed_signers_.Find(feed);
  if (signer == nullptr) {
    return CopiedHeartbeat(feed, head, last);
  }
  if (now - last < kFeedHeartbeat) {
    return absl::optional<feed::v1::FeedHeartbeat>();
  }
  last = now;
  MEGURI_ASSIGN_OR_RETURN(feed::v1::FeedHeartbeat heartbeat, SignHeartbeat(feed, head, now, *signer));
  return absl::make_optional(std::move(heartbeat));
}

absl::StatusOr<absl::optional<feed::v1::FeedHeartbeat>> FeedSource::CopiedHeartbeat(const record::FeedKey& feed,
                                                                                    const Head& head,
                                                                                    absl::Time& last) const {
  if (!head.id.has_value()) {
    return absl::optional<feed::v1::FeedHeartbeat>();
  }
  MEGURI_ASSIGN_OR_RETURN(const auto stored, storage::Settings(store_).FeedHeartbeat(*head.id));
  feed::v1::FeedHeartbeat heartbeat;
  registry::v1::Heartbeat body;
  if (!stored.has_value() || !heartbeat.mutable_heartbeat()->ParseFromString(*stored) ||
      !body.ParseFromString(heartbeat.heartbeat().body())) {
    return absl::optional<feed::v1::FeedHeartbeat>();
  }
  const absl::Time time = absl::FromUnixMillis(static_cast<int64_t>(body.time_ms()));
  // One that speaks of another head than was sent would be taken for a lie.
  if (time <= last || body.size() != head.size || body.root() != head.root.view()) {
    return absl::optional<feed::v1::FeedHeartbeat>();
  }
  last = time;
  heartbeat.set_feed(feed.name.text());
  return absl::make_optional(std::move(heartbeat));
}

absl::StatusOr<feed::v1::FeedHeartbeat> FeedSource::SignHeartbeat(const record::FeedKey& feed, const Head& head,
                                                                  absl::Time now, const record::Signer& signer) const {
  registry::v1::Heartbeat body;
  body.set_origin(record::FeedOrigin(federation_, feed));
  body.set_size(head.size);
  body.set_root(head.root.ToString());
  body.set_time_ms(static_cast<uint64_t>(absl::ToUnixMillis(now)));
  body.set_next_update_ms(static_cast<uint64_t>(absl::ToUnixMillis(now + kFeedHeartbeat)));
  feed::v1::FeedHeartbeat heartbeat;
  heartbeat.set_feed(feed.name.text());
  MEGURI_ASSIGN_OR_RETURN(*heartbeat.mutable_heartbeat(),
                          certs::SignFeedHeartbeat(body, federation_, feed.publisher, signer));
  return heartbeat;
}

absl::StatusOr<feed::v1::CarriedFeedBatch> FeedSource::ReadBatch(const record::FeedKey& feed, storage::FeedId id,
                                                                 uint64_t start, uint64_t target_size,
                                                                 uint64_t end_max) const {
  if (start > std::min(target_size, end_max)) {
    return Error(absl::StatusCode::kOutOfRange, "FEED_POSITION",
                 absl::StrCat("The follower asks from entry ", start, " on; the feed has ", target_size, "."));
  }
  const storage::Feeds feeds(store_);
  storage::EnvelopeCursor envelopes(store_);
  feed::v1::CarriedFeedBatch batch;
  batch.set_feed(feed.name.text());
  batch.set_start(start);
  const size_t count =
      static_cast<size_t>(std::min<uint64_t>(kBatchEntriesMax, std::min(target_size, end_max) - start));
  MEGURI_ASSIGN_OR_RETURN(std::vector<std::string> entries, feeds.ReadEntries(id, start, count));
  size_t bytes = 0;
  ErasuresOf erasures(store_);
  const bool names_records = feed.name != record::HeadsFeed();
  for (std::string& bytes_of_entry : entries) {
    MEGURI_ASSIGN_OR_RETURN(const record::FeedEntry entry, record::FeedEntry::Parse(bytes_of_entry));
    feed::v1::CarriedFeedItem* item = batch.add_items();
    if (names_records) {
      MEGURI_ASSIGN_OR_RETURN(*item->mutable_envelope(), envelopes.Read(entry.header_hash, entry.slots));
    }
    if (item->envelope().sections_size() == 0 && entry.slots != 0) {
      MEGURI_ASSIGN_OR_RETURN(const size_t added, erasures.Explain(entry.header_hash, batch));
      bytes += added;
    }
    item->set_entry(std::move(bytes_of_entry));
    bytes += item->ByteSizeLong();
    if (bytes >= kBatchBytesTarget) {
      break;
    }
  }
  const uint64_t end = start + static_cast<uint64_t>(batch.items_size());
  MEGURI_ASSIGN_OR_RETURN(const std::vector<record::Hash> path,
                          record::ConsistencyProof(end, target_size, [&](uint32_t level, uint64_t index) {
                            return feeds.ReadNode(id, level, index);
                          }));
  for (const record::Hash& hash : path) {
    batch.add_consistency_path(hash.ToString());
  }
  return batch;
}

}  // namespace meguri::node
