// SPDX-License-Identifier: Apache-2.0
#include "node/follow/follower.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <utility>

#include "absl/memory/memory.h"
#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "google/protobuf/message.h"
#include "meguri/storage/v1/stored.pb.h"
#include "node/follow/limits.h"
#include "passport/index_terms.h"
#include "passport/record_terms.h"
#include "record/heads_feed.h"
#include "record/section.h"
#include "storage/erasures.h"
#include "storage/first_seen.h"
#include "storage/index.h"
#include "storage/records.h"
#include "storage/usage.h"

namespace meguri::node {
namespace {

absl::Status Refused(absl::string_view reason, const std::string& message) {
  return Error(absl::StatusCode::kInvalidArgument, reason, message);
}

absl::StatusOr<std::vector<record::Hash>> ParsePath(const google::protobuf::RepeatedPtrField<std::string>& path) {
  if (static_cast<size_t>(path.size()) > record::kProofHashesMax) {
    return Refused("CONSISTENCY_PROOF",
                   absl::StrCat("A proof of ", path.size(), " hashes is longer than any tree needs."));
  }
  std::vector<record::Hash> hashes;
  for (const std::string& bytes : path) {
    MEGURI_ASSIGN_OR_RETURN(const record::Hash hash, record::Hash::Parse(bytes));
    hashes.push_back(hash);
  }
  return hashes;
}

// The sections must be those that the entry names: none more, none less, or none at all of what is erased.
absl::Status CheckSlots(uint64_t slots, const google::protobuf::RepeatedPtrField<record::v1::Section>& sections,
                        bool is_erased) {
  uint64_t delivered = 0;
  for (const record::v1::Section& section : sections) {
    delivered |= uint64_t{1} << section.slot();
  }
  if ((delivered & ~slots) != 0) {
    return Refused("SLOT_NOT_IN_ENTRY", "A section came that the feed entry does not open.");
  }
  if (delivered != slots && !(is_erased && delivered == 0)) {
    return Refused("SECTION_MISSING", "A section that the feed entry opens did not come.");
  }
  return absl::OkStatus();
}

// Fields that this program does not know are covered by no signature or digest: they are not kept.
void DiscardUnknown(google::protobuf::Message& message) {
  if (!message.GetReflection()->GetUnknownFields(message).empty()) {
    message.DiscardUnknownFields();
  }
}

// A tombstone opens nothing.
absl::Status CheckTombstone(const record::Header& header, const record::FeedEntry& entry) {
  if (header.is_tombstone() && entry.slots != 0) {
    return Refused("TOMBSTONE_SECTIONS", "The feed entry of a tombstone opens slots; a tombstone has no sections.");
  }
  return absl::OkStatus();
}

std::vector<record::Hash> LeavesOf(const std::vector<VerifiedItem>& items) {
  std::vector<record::Hash> leaves;
  leaves.reserve(items.size());
  for (const VerifiedItem& item : items) {
    leaves.push_back(record::LeafHash(item.entry));
  }
  return leaves;
}

}  // namespace

namespace {

absl::Status MoveContradicted(const certs::BaseHead& base, absl::string_view how) {
  return Error(absl::StatusCode::kDataLoss, "MOVE_CONTRADICTED",
               absl::StrCat("The publisher has moved to another host and signed that its feed ", base.feed.text(),
                            " had ", base.size, " entries then, and ", how,
                            ". Either its former host kept entries back, or it moved with an old copy: it must ask its "
                            "former host for what is missing, and publish it anew."));
}

}  // namespace

Follower::Follower(storage::HeldFeed feed, std::string origin, absl::optional<record::PublicKey> pinned_feed_key,
                   const storage::StoreReader& store, record::VerifiedRoots& verified_roots)
    : feed_(std::move(feed)),
      origin_(std::move(origin)),
      pinned_feed_key_(std::move(pinned_feed_key)),
      store_(store),
      verified_roots_(verified_roots) {}

absl::StatusOr<std::unique_ptr<Follower>> Follower::Make(const storage::HeldFeed& feed, const std::string& federation,
                                                         absl::optional<record::PublicKey> pinned_feed_key,
                                                         const storage::StoreReader& store,
                                                         record::VerifiedRoots& verified_roots) {
  auto follower = absl::WrapUnique(
      new Follower(feed, record::FeedOrigin(federation, feed.key), std::move(pinned_feed_key), store, verified_roots));
  const storage::Feeds feeds(store);
  MEGURI_ASSIGN_OR_RETURN(const absl::optional<storage::FeedId> id, feeds.Find(feed));
  if (id.has_value()) {
    MEGURI_ASSIGN_OR_RETURN(storage::FeedHead head, feeds.ReadHead(*id));
    follower->frontier_ = std::move(head.frontier);
    if (!head.checkpoint.empty()) {
      MEGURI_ASSIGN_OR_RETURN(follower->newest_, follower->ReadPromise(head.checkpoint));
    }
    for (const std::string& note : head.promises) {
      MEGURI_ASSIGN_OR_RETURN(SignedHead promise, follower->ReadPromise(note));
      if (promise.checkpoint.size > follower->size()) {
        follower->promises_.push_back(std::move(promise));
      }
    }
  }
  return follower;
}

absl::StatusOr<SignedHead> Follower::ReadPromise(const std::string& note) const {
  MEGURI_ASSIGN_OR_RETURN(record::Checkpoint checkpoint, record::ReadOpenedCheckpoint(note, origin_));
  return SignedHead{std::move(checkpoint), note};
}

void Follower::RememberPromises(const Follower& before) {
  std::map<uint64_t, SignedHead> promises;
  for (const Follower* known : {static_cast<const Follower*>(this), &before}) {
    for (const SignedHead& promise : known->promises_) {
      promises.emplace(promise.checkpoint.size, promise);
    }
    if (!known->newest_.note.empty()) {
      promises.emplace(known->newest_.checkpoint.size, known->newest_);
    }
  }
  if (promises.empty()) {
    return;
  }
  newest_ = std::move(promises.rbegin()->second);
  promises.erase(std::prev(promises.end()));
  promises_.clear();
  for (auto& [promised_size, promise] : promises) {
    if (promised_size > size()) {
      promises_.push_back(std::move(promise));
    }
  }
}

uint64_t Follower::target_size() const { return std::max({size(), newest_.checkpoint.size, shown_size()}); }

std::vector<std::string> Follower::promised_notes() const {
  std::vector<std::string> notes;
  notes.reserve(promises_.size());
  for (const SignedHead& promise : promises_) {
    notes.push_back(promise.note);
  }
  return notes;
}

// What a suspended member says counts for nothing until it is active again. The registry itself never stands still.
absl::Status Follower::CheckPublisher(const certs::Registry& registry) const {
  const registry::v1::MemberEntry* entry = registry.Find(feed_.key.publisher);
  if (!pinned_feed_key_.has_value() && entry != nullptr && entry->status() == registry::v1::MEMBER_STATUS_SUSPENDED) {
    return Error(absl::StatusCode::kPermissionDenied, "PUBLISHER_SUSPENDED",
                 absl::StrCat(feed_.key.publisher.text(), " is suspended: nothing new of it is taken."));
  }
  return absl::OkStatus();
}

absl::StatusOr<record::Checkpoint> Follower::OpenNote(absl::string_view note, const certs::Registry& registry,
                                                      absl::Time now, ShownBy shown_by, const Moved& moved) const {
  if (pinned_feed_key_.has_value()) {
    return record::OpenCheckpoint(note, origin_, *pinned_feed_key_);
  }
  MEGURI_ASSIGN_OR_RETURN(const certs::RegisteredKey* key, registry.FeedKeyOf(feed_.key.publisher, now));
  absl::StatusOr<record::Checkpoint> opened = record::OpenCheckpoint(note, origin_, key->key);
  return opened.ok() || !moved.has_moved() ? std::move(opened) : OpenFormerNote(note, shown_by, moved);
}

// What a host signed that the publisher has left counts up to where the feed stood. It comes from those who hold a
// copy; the publisher's own node signs anew.
absl::StatusOr<record::Checkpoint> Follower::OpenFormerNote(absl::string_view note, ShownBy shown_by,
                                                            const Moved& moved) const {
  for (size_t i = 0; i < moved.line.moved; ++i) {
    absl::StatusOr<record::Checkpoint> opened = record::OpenCheckpoint(note, origin_, moved.line.keys[i]->key);
    if (!opened.ok()) {
      continue;
    }
    if (moved.base.has_value() && opened->size > moved.base->size) {
      return certs::BeyondMove(feed_.key.publisher, *moved.base, opened->size);
    }
    if (moved.base.has_value() && shown_by == ShownBy::kRelay) {
      return opened;
    }
    return Refused("HEAD_OF_FORMER_HOST",
                   absl::StrCat(feed_.key.publisher.text(),
                                " has moved to another host, and this head is signed by the one that it has left."));
  }
  return record::OpenCheckpoint(note, origin_, moved.line.keys.back()->key);  // says what is wrong with it
}

absl::StatusOr<Follower::Moved> Follower::FindMove(const certs::Registry& registry, absl::Time now,
                                                   const registry::v1::FeedBaseProof* proof) const {
  Moved moved;
  if (pinned_feed_key_.has_value()) {
    return moved;
  }
  moved.line = registry.FeedKeyLineOf(feed_.key.publisher, now);
  if (!moved.has_moved()) {
    return moved;
  }
  if (certs::IsShownToAll(feed_.key.name)) {
    MEGURI_ASSIGN_OR_RETURN(moved.base, certs::BaseHeadOf(*moved.line.base(), feed_.key));
  } else if (proof != nullptr) {
    MEGURI_ASSIGN_OR_RETURN(moved.base, certs::OpenBaseProof(*moved.line.base(), feed_.key, *proof));
  }
  return moved;
}

bool Follower::IsByPresentHost(const std::string& note, const Moved& moved) const {
  return std::any_of(
      moved.line.keys.begin() + static_cast<std::ptrdiff_t>(moved.line.moved), moved.line.keys.end(),
      [&](const certs::RegisteredKey* key) { return record::OpenCheckpoint(note, origin_, key->key).ok(); });
}

// That the new host goes on where the former one left off, and that this is where the feed stands here.
absl::Status Follower::CheckMove(const SignedHead& head, const Moved& moved) {
  const bool is_present = IsByPresentHost(head.note, moved);
  std::vector<const SignedHead*> former;  // what is known by the former hosts alone; no entries are nothing
  for (const SignedHead& known : promises_) {
    former.push_back(&known);
  }
  former.push_back(&newest_);
  former.erase(std::remove_if(former.begin(), former.end(),
                              [&](const SignedHead* known) {
                                return known->checkpoint.size == 0 || IsByPresentHost(known->note, moved);
                              }),
               former.end());
  if (!moved.base.has_value()) {
    // A feed that began after the move stood nowhere, and needs no proof.
    return former.empty()
               ? absl::OkStatus()
               : Refused("FEED_BASE_PROOF",
                         absl::StrCat("The new host of ", feed_.key.publisher.text(), " does not show where the feed ",
                                      feed_.key.name.text(), " stood when the member moved."));
  }
  const certs::BaseHead& base = *moved.base;
  if (is_present && head.checkpoint.size < base.size) {
    return Refused(
        "HEAD_BELOW_BASE",
        absl::StrCat("The new host of ", feed_.key.publisher.text(), " says that the feed ", feed_.key.name.text(),
                     " has ", head.checkpoint.size, " entries; when the member moved it had ", base.size, "."));
  }
  for (const SignedHead* known : former) {
    if (known->checkpoint.size > base.size) {
      evidence_ = {{known->note, head.note}, "", {}};
      return MoveContradicted(base, absl::StrCat("its former host had signed ", known->checkpoint.size, " before"));
    }
  }
  return CheckBaseRoot(base);
}

absl::Status Follower::CheckBaseRoot(const certs::BaseHead& base) {
  if (size() < base.size) {
    base_ = base;
    return absl::OkStatus();
  }
  const storage::Feeds feeds(store_);
  MEGURI_ASSIGN_OR_RETURN(const absl::optional<storage::FeedId> id, feeds.Find(feed_));
  record::Frontier frontier;
  // What is being written is not in the store yet; it came by the base on its way.
  if (id.has_value() && base.size > 0) {
    MEGURI_ASSIGN_OR_RETURN(const storage::FeedHead stored, feeds.ReadHead(*id));
    if (stored.size() < base.size) {
      return absl::OkStatus();
    }
    MEGURI_ASSIGN_OR_RETURN(frontier, record::ReadFrontier(base.size, [&](uint32_t level, uint64_t index) {
                              return feeds.ReadNode(*id, level, index);
                            }));
  }
  if (frontier.Root() == base.root) {
    return absl::OkStatus();
  }
  evidence_ = {{newest_.note}, "", {}};
  return MoveContradicted(base, "the feed that is here, which its former host has signed, does not begin so");
}

absl::StatusOr<absl::Time> Follower::TakeHeartbeat(const record::v1::SignedBody& heartbeat,
                                                   const certs::Registry& registry, absl::Time now) const {
  MEGURI_RETURN_IF_ERROR(CheckPublisher(registry));
  if (!target_.has_value()) {
    return Error(absl::StatusCode::kInvalidArgument, "NO_TARGET",
                 "A heartbeat came before the head that it speaks of.");
  }
  MEGURI_ASSIGN_OR_RETURN(const Moved moved, FindMove(registry, now, nullptr));
  if (moved.has_moved() && !IsByPresentHost(target_->note, moved)) {
    return absl::InfinitePast();  // a relay has it of a host that the publisher has left: it says nothing of today
  }
  MEGURI_ASSIGN_OR_RETURN(const certs::RegisteredKey* key, registry.FeedKeyOf(feed_.key.publisher, now));
  MEGURI_ASSIGN_OR_RETURN(
      const registry::v1::Heartbeat body,
      certs::OpenFeedHeartbeat(heartbeat, registry.federation(), feed_.key.publisher, origin_, key->key));
  if (body.size() != shown_size() || body.root() != target_->checkpoint.root.view()) {
    return Error(absl::StatusCode::kInvalidArgument, "HEARTBEAT_MISMATCH",
                 absl::StrCat("The publisher's heartbeat speaks of ", body.size(),
                              " entries and is not of the head of ", shown_size(), " that it sent."));
  }
  return absl::FromUnixMillis(static_cast<int64_t>(body.time_ms()));
}

absl::Status Follower::TakeTarget(absl::string_view note, const certs::Registry& registry, absl::Time now,
                                  ShownBy shown_by, const registry::v1::FeedBaseProof* base) {
  MEGURI_RETURN_IF_ERROR(CheckPublisher(registry));
  MEGURI_ASSIGN_OR_RETURN(const Moved moved, FindMove(registry, now, base));
  MEGURI_ASSIGN_OR_RETURN(record::Checkpoint checkpoint, OpenNote(note, registry, now, shown_by, moved));
  SignedHead head{std::move(checkpoint), std::string(note)};
  if (moved.has_moved()) {
    MEGURI_RETURN_IF_ERROR(CheckMove(head, moved));
  }
  const uint64_t known_size = std::max(size(), newest_.checkpoint.size);
  if (head.checkpoint.size < known_size && shown_by == ShownBy::kPublisher) {
    evidence_ = {{newest_.note, head.note}, "", {}};
    return Error(
        absl::StatusCode::kDataLoss, "ROLLBACK",
        absl::StrCat("The publisher signed ", known_size, " entries before and says ", head.checkpoint.size, " now."));
  }
  MEGURI_RETURN_IF_ERROR(CheckContradiction(head));
  if (head.checkpoint.size < known_size) {
    return TakeOlderTarget(std::move(head));
  }
  if (newest_.checkpoint.size > size() && head.checkpoint.size > newest_.checkpoint.size) {
    MEGURI_RETURN_IF_ERROR(CheckPromiseCount());
    promises_.push_back(std::move(newest_));
  }
  newest_ = head;
  target_ = std::move(head);
  return absl::OkStatus();
}

absl::Status Follower::CheckContradiction(const SignedHead& head) {
  const record::Checkpoint& checkpoint = head.checkpoint;
  const auto contradicts = [&](const SignedHead& known) {
    return !known.note.empty() && known.checkpoint.size == checkpoint.size && known.checkpoint.root != checkpoint.root;
  };
  const auto promise = std::find_if(promises_.begin(), promises_.end(), contradicts);
  if (promise != promises_.end()) {
    evidence_ = {{promise->note, head.note}, "", {}};
  } else if (contradicts(newest_) || (checkpoint.size == size() && checkpoint.root != frontier_.Root())) {
    evidence_ = {{newest_.note, head.note}, "", {}};
  } else {
    return absl::OkStatus();
  }
  return Error(absl::StatusCode::kDataLoss, "FORK",
               absl::StrCat("The publisher signed two different feeds of size ", checkpoint.size, "."));
}

absl::Status Follower::TakeOlderTarget(SignedHead head) {
  const storage::Feeds feeds(store_);
  MEGURI_ASSIGN_OR_RETURN(const absl::optional<storage::FeedId> id, feeds.Find(feed_));
  if (id.has_value()) {
    MEGURI_ASSIGN_OR_RETURN(const absl::optional<storage::FeedEvidence> evidence,
                            FindContradiction(feeds, *id, origin_, head));
    if (evidence.has_value()) {
      evidence_ = *evidence;
      return Error(absl::StatusCode::kDataLoss, "FORK",
                   absl::StrCat("The publisher signed a feed of ", head.checkpoint.size,
                                " entries with which the feed that is here does not begin."));
    }
  }
  const auto later = std::find_if(promises_.begin(), promises_.end(), [&](const SignedHead& promise) {
    return promise.checkpoint.size >= head.checkpoint.size;
  });
  const bool is_known = later != promises_.end() && later->checkpoint.size == head.checkpoint.size;
  if (head.checkpoint.size > size() && !is_known) {
    MEGURI_RETURN_IF_ERROR(CheckPromiseCount());
    promises_.insert(later, head);
  }
  target_ = std::move(head);
  return absl::OkStatus();
}

absl::Status Follower::CheckPromiseCount() const {
  return promises_.size() < kPromisesMax ? absl::OkStatus()
                                         : Error(absl::StatusCode::kResourceExhausted, "PROMISES_OPEN",
                                                 absl::StrCat("The publisher signed ", kPromisesMax + 1,
                                                              " heads and has not come up to the first."));
}

absl::StatusOr<const certs::RegisteredKey*> Follower::FindKey(const record::v1::BatchSignature& signature,
                                                              const certs::Registry& registry) const {
  MEGURI_ASSIGN_OR_RETURN(const record::Hash key_id, record::Hash::Parse(signature.key_id()));
  const certs::RegisteredKey* key = registry.FindKey(key_id);
  if (key == nullptr && registry.WhyUnknown(key_id) == "KEY_NOT_ENDORSED") {
    return Refused("KEY_NOT_ENDORSED",
                   "The record is signed by a key that came into the registry without the signature of the key before "
                   "it, and is not marked as a recovery.");
  }
  if (key == nullptr || key->purpose != registry::v1::KEY_PURPOSE_RECORD) {
    return Refused("UNKNOWN_KEY", "The record is signed by a key that no member has registered for records.");
  }
  if (key->owner != feed_.key.publisher) {
    return Refused("UNKNOWN_KEY", absl::StrCat("The record of ", feed_.key.publisher.text(), " is signed by a key of ",
                                               key->owner.text(), "."));
  }
  return key;
}

// What was signed before its key ended must stay available, or nobody could follow an old feed from its beginning; its
// readers are told that nothing proves when it was signed. What says itself that it is younger than the end of its key,
// no honest node has let in. A revocation may be dated back beyond records that were let in, so it refuses none.
absl::Status Follower::CheckKeyInTime(const certs::RegisteredKey& key, const record::Header& header,
                                      absl::Time now) const {
  const absl::Status usable = key.CheckUsable(now);
  const absl::Time issued = absl::FromUnixMillis(static_cast<int64_t>(header.message().issue_time_ms()));
  const bool is_too_late = now >= key.not_after && issued > key.not_after + kKeyEndSkewMax;
  // Who may speak for the federation is not a matter of doubt.
  const bool is_revoked_operator = is_registry() && key.revoked <= now;
  return now < key.not_before || is_too_late || is_revoked_operator ? usable : absl::OkStatus();
}

// Of a header that is too new to be read, its hash and its signature can be judged, and that whoever signed it is the
// publisher of this feed. Its sections cannot: they are not taken.
absl::StatusOr<VerifiedItem> Follower::VerifyNewerItem(feed::v1::FeedItem item, const record::FeedEntry& entry,
                                                       const certs::Registry& registry, absl::Time now) {
  record::v1::Envelope& envelope = *item.mutable_envelope();
  if (is_registry()) {
    return Error(absl::StatusCode::kUnimplemented, "NEWER_FORMAT",
                 "The registry has an entry of a format that this program does not know; it may take a right away. "
                 "Update the program.");
  }
  if (record::HeaderHash(envelope.header()) != entry.header_hash) {
    return Refused("HEADER_HASH", "The header that came is not the one that the feed entry names.");
  }
  MEGURI_ASSIGN_OR_RETURN(const certs::RegisteredKey* key, FindKey(envelope.signature(), registry));
  if (now < key->not_before) {
    return key->CheckUsable(now);
  }
  MEGURI_RETURN_IF_ERROR(
      record::VerifyBatchSignature(entry.header_hash, envelope.signature(), key->key, &verified_roots_));
  VerifiedItem verified;
  verified.entry = std::move(*item.mutable_entry());
  verified.slots = entry.slots;
  verified.newer_header = std::move(*envelope.mutable_header());
  verified.signature = std::move(*envelope.mutable_signature());
  return verified;
}

// Nobody but the publisher itself can say that its record is erased. Whether what says so is in the feed too does not
// matter: it is signed.
absl::StatusOr<Follower::ErasedRecords> Follower::VerifyErasures(const feed::v1::FeedBatch& batch,
                                                                 const certs::Registry& registry, absl::Time now) {
  if (batch.erasures_size() > batch.items_size()) {
    return Refused("ERASURE_COUNT", absl::StrCat(batch.erasures_size(), " erasures came with a batch of ",
                                                 batch.items_size(), " entries."));
  }
  ErasedRecords erased;
  for (const record::v1::Envelope& envelope : batch.erasures()) {
    MEGURI_ASSIGN_OR_RETURN(record::Header header, record::Header::Parse(envelope.header()));
    if (!storage::IsErasure(header) || header.publisher() != feed_.key.publisher || is_registry()) {
      return Refused("ERASURE_FORM",
                     "What came as an erasure is no tombstone by which this publisher erases a record.");
    }
    MEGURI_ASSIGN_OR_RETURN(const certs::RegisteredKey* key, FindKey(envelope.signature(), registry));
    MEGURI_RETURN_IF_ERROR(CheckKeyInTime(*key, header, now));
    MEGURI_RETURN_IF_ERROR(
        record::VerifyBatchSignature(header.hash(), envelope.signature(), key->key, &verified_roots_));
    const record::RecordId record_id = header.record_id();
    erased.emplace(record_id, std::move(header));
  }
  return erased;
}

// It commits what the publisher opens to whom it concerns; there is nothing to check in it by itself.
absl::StatusOr<VerifiedItem> Follower::VerifyHeadsItem(feed::v1::FeedItem item, const record::FeedEntry& entry) const {
  if (entry.slots != 0 || item.has_envelope()) {
    return Refused("HEADS_ENTRY", "An entry of the feed heads came with a record, or opens slots; it names none.");
  }
  VerifiedItem verified;
  verified.entry = std::move(*item.mutable_entry());
  verified.names_record = false;
  return verified;
}

absl::StatusOr<VerifiedItem> Follower::VerifyItem(feed::v1::FeedItem item, const ErasedRecords& erased,
                                                  const certs::Registry& registry, absl::Time now) {
  MEGURI_ASSIGN_OR_RETURN(const record::FeedEntry entry, record::FeedEntry::Parse(item.entry()));
  if (feed_.key.name == record::HeadsFeed()) {
    return VerifyHeadsItem(std::move(item), entry);
  }
  record::v1::Envelope& envelope = *item.mutable_envelope();
  DiscardUnknown(*envelope.mutable_signature());
  for (record::v1::Section& section : *envelope.mutable_sections()) {
    DiscardUnknown(section);
  }
  if (record::IsNewerFormat(envelope.header())) {
    return VerifyNewerItem(std::move(item), entry, registry, now);
  }
  MEGURI_ASSIGN_OR_RETURN(record::Header header, record::Header::Parse(envelope.header()));
  if (header.hash() != entry.header_hash) {
    return Refused("HEADER_HASH", "The header that came is not the one that the feed entry names.");
  }
  if (header.publisher() != feed_.key.publisher) {
    return Refused("PUBLISHER_MISMATCH", absl::StrCat("A record of ", header.publisher().text(), " is in a feed of ",
                                                      feed_.key.publisher.text(), "."));
  }
  MEGURI_ASSIGN_OR_RETURN(const certs::RegisteredKey* key, FindKey(envelope.signature(), registry));
  MEGURI_RETURN_IF_ERROR(CheckKeyInTime(*key, header, now));
  MEGURI_RETURN_IF_ERROR(record::VerifyBatchSignature(header.hash(), envelope.signature(), key->key, &verified_roots_));
  MEGURI_RETURN_IF_ERROR(CheckTombstone(header, entry));
  MEGURI_RETURN_IF_ERROR(record::VerifySections(header, envelope.sections()));
  const auto erasure = erased.find(header.record_id());
  const bool is_erased = erasure != erased.end() && header.version() < erasure->second.version();
  MEGURI_RETURN_IF_ERROR(CheckSlots(entry.slots, envelope.sections(), is_erased));
  VerifiedItem verified;
  if (is_erased) {
    verified.erased_by = erasure->second.hash();
    envelope.clear_sections();
  }
  verified.entry = std::move(*item.mutable_entry());
  verified.slots = entry.slots;
  verified.signature = std::move(*envelope.mutable_signature());
  verified.sections = {std::make_move_iterator(envelope.mutable_sections()->begin()),
                       std::make_move_iterator(envelope.mutable_sections()->end())};
  verified.terms = TermsOf(header, verified.sections);
  verified.header = std::move(header);
  return verified;
}

absl::StatusOr<VerifiedBatch> Follower::TakeBatch(feed::v1::FeedBatch batch, const certs::Registry& registry,
                                                  absl::Time now) {
  MEGURI_RETURN_IF_ERROR(CheckPublisher(registry));
  if (!target_.has_value()) {
    return Refused("NO_TARGET", "A batch came before any checkpoint.");
  }
  if (batch.start() != size()) {
    return Refused("BATCH_POSITION", absl::StrCat("The batch begins at ", batch.start(), ", not at ", size(), "."));
  }
  const auto count = static_cast<uint64_t>(batch.items_size());
  const uint64_t owed = shown_size() - std::min(shown_size(), size());
  if (count == 0 || count > kBatchEntriesMax || count > owed) {
    return Refused("BATCH_COUNT", absl::StrCat("The batch has ", count, " entries; 1 to ", kBatchEntriesMax,
                                               " and no more than up to ", shown_size(), " are right."));
  }
  MEGURI_ASSIGN_OR_RETURN(const ErasedRecords erased, VerifyErasures(batch, registry, now));
  VerifiedBatch verified;
  verified.start = size();
  verified.bytes = batch.ByteSizeLong();
  verified.items.reserve(count);
  record::Frontier frontier = frontier_;
  auto promise = promises_.begin();  // the next one to be made good
  auto broken = promises_.end();
  bool is_moved_whole = true;
  for (feed::v1::FeedItem& item : *batch.mutable_items()) {
    MEGURI_ASSIGN_OR_RETURN(VerifiedItem checked, VerifyItem(std::move(item), erased, registry, now));
    frontier.Append(record::LeafHash(checked.entry));
    is_moved_whole =
        is_moved_whole && (!base_.has_value() || base_->size != frontier.size() || base_->root == frontier.Root());
    verified.unread += checked.names_record && !checked.header.has_value() ? 1 : 0;
    verified.items.push_back(std::move(checked));
    if (promise != promises_.end() && promise->checkpoint.size == frontier.size()) {
      broken = broken == promises_.end() && promise->checkpoint.root != frontier.Root() ? promise : broken;
      ++promise;
    }
  }
  MEGURI_ASSIGN_OR_RETURN(const std::vector<record::Hash> path, ParsePath(batch.consistency_path()));
  MEGURI_RETURN_IF_ERROR(
      record::VerifyConsistency(frontier.size(), frontier.Root(), shown_size(), target_->checkpoint.root, path));
  // Only now it is the publisher's own word that these are its entries.
  if (broken != promises_.end()) {
    evidence_ = ForkEvidence(*broken, *target_, frontier_, LeavesOf(verified.items));
    return Error(absl::StatusCode::kDataLoss, "FORK",
                 absl::StrCat("The publisher signed a feed of ", broken->checkpoint.size,
                              " entries before, and one of ", shown_size(), " that does not begin so."));
  }
  if (!is_moved_whole) {
    evidence_ = {{target_->note}, "", {}};
    return MoveContradicted(*base_, "the feed that its new host serves does not begin so");
  }
  promises_.erase(promises_.begin(), promise);
  frontier_ = std::move(frontier);
  verified.size_after = size();
  verified.target_note = target_->note;
  return verified;
}

std::vector<record::IndexTerm> TermsOf(const record::Header& header, absl::Span<const record::v1::Section> sections) {
  std::vector<record::IndexTerm> terms = passport::RecordTerms(header);
  for (const record::v1::Section& section : sections) {
    std::vector<record::IndexTerm> found = passport::TermsOf(section.type(), section.payload());
    terms.insert(terms.end(), std::make_move_iterator(found.begin()), std::make_move_iterator(found.end()));
  }
  return terms;
}

namespace {

// What became of one entry, and by how many bytes the account of its feed grew.
struct WrittenItem {
  FrozenRecords frozen;
  int64_t grown = 0;
};

// Sections that come later are charged to whoever brought the record, as if they had come with it.
absl::StatusOr<int64_t> ChargeSections(const storage::PutVersion& version, int64_t grown,
                                       const absl::optional<storage::UsageAccount>& account,
                                       const storage::StoreReader& store, storage::Transaction& transaction) {
  if (version.is_new || grown == 0) {
    return grown;
  }
  const storage::Usages usages(store);
  MEGURI_ASSIGN_OR_RETURN(const storage::v1::StoredRecord record,
                          storage::Records(store).Read(transaction, version.arrival));
  MEGURI_ASSIGN_OR_RETURN(const absl::optional<storage::UsageAccount> payer,
                          usages.PayerOf(transaction, record, version.arrival));
  if (payer == account) {
    return grown;
  }
  if (payer.has_value()) {
    MEGURI_RETURN_IF_ERROR(usages.Add(transaction, *payer, 0, grown).status());
  }
  return 0;
}

// What is erased stays so, whatever an older batch brings: takes the sections out of `item`, and out of the store what
// was there. A tombstone that erases does the same to the versions before it. Returns the bytes by which `account`
// grew.
absl::StatusOr<int64_t> Erase(VerifiedItem& item, const storage::PutVersion& version,
                              const absl::optional<storage::UsageAccount>& account, const storage::StoreReader& store,
                              storage::Transaction& transaction) {
  const storage::Erasures erasures(store);
  if (storage::IsErasure(*item.header)) {
    return erasures.EraseRecord(transaction, *item.header, account);
  }
  absl::optional<record::Hash> erased_by = item.erased_by;
  if (!erased_by.has_value() && !version.is_first) {
    MEGURI_ASSIGN_OR_RETURN(erased_by, erasures.FindTombstone(transaction, version.arrival, *item.header));
  }
  if (!erased_by.has_value()) {
    return 0;
  }
  item.sections.clear();
  item.terms.clear();
  return erasures.EraseVersion(transaction, version.arrival, *erased_by, account);
}

// Whether a section is here of the type of one that comes, in another slot: the publisher has opened one header in two
// ways. What is damaged here proves nothing.
absl::StatusOr<bool> IsOpenedOtherwise(const VerifiedItem& item, const storage::PutVersion& version,
                                       const storage::Records& records, const storage::Transaction& transaction) {
  if (version.is_new || item.sections.empty()) {
    return false;
  }
  const auto known = records.ReadSections(transaction, version.arrival, ~uint64_t{0});
  if (!known.ok()) {
    return absl::IsDataLoss(known.status()) ? absl::StatusOr<bool>(false) : known.status();
  }
  return std::any_of(item.sections.begin(), item.sections.end(), [&known](const record::v1::Section& section) {
    return std::any_of(known->begin(), known->end(), [&section](const record::v1::Section& other) {
      return other.type() == section.type() && other.slot() != section.slot();
    });
  });
}

// Stores the record of the entry at `index` of the feed `id`, which is counted in `account`.
absl::StatusOr<WrittenItem> WriteItem(VerifiedItem& item, storage::FeedId id, uint64_t index,
                                      const absl::optional<storage::UsageAccount>& account, absl::Time now,
                                      const storage::StoreReader& store, storage::Transaction& transaction) {
  if (!item.names_record) {
    return WrittenItem();
  }
  const storage::Records records(store);
  storage::v1::StoredRecord stored;
  stored.set_brought_by(id);
  stored.set_header(item.header.has_value() ? item.header->bytes() : item.newer_header);
  stored.set_signature(item.signature.SerializeAsString());
  stored.set_first_seen_ms(static_cast<uint64_t>(absl::ToUnixMillis(now)));
  if (!item.header.has_value()) {
    MEGURI_ASSIGN_OR_RETURN(const storage::PutVersion unread, records.PutUnread(transaction, id, stored));
    MEGURI_RETURN_IF_ERROR(records.PutMembership(transaction, unread, {id, item.slots, index}));
    return WrittenItem{{}, unread.grown};
  }
  const absl::StatusOr<storage::PutVersion> version = records.Put(transaction, *item.header, stored);
  if (!version.ok() && ReasonOf(version.status()) == "TWO_HEADERS") {
    MEGURI_ASSIGN_OR_RETURN(const int64_t evidence, records.PutEvidence(transaction, *item.header, item.signature, id));
    return WrittenItem{{1, 0}, evidence};
  }
  MEGURI_RETURN_IF_ERROR(version.status());
  MEGURI_ASSIGN_OR_RETURN(const int64_t erased, Erase(item, *version, account, store, transaction));
  MEGURI_ASSIGN_OR_RETURN(const bool is_opened_otherwise, IsOpenedOtherwise(item, *version, records, transaction));
  int64_t openings = 0;
  if (is_opened_otherwise) {
    MEGURI_ASSIGN_OR_RETURN(openings, records.PutOpenings(transaction, *version, *item.header, id));
  }
  int64_t added = 0;
  for (const record::v1::Section& section : item.sections) {
    MEGURI_ASSIGN_OR_RETURN(const int64_t grown, records.PutSection(transaction, *version, section));
    added += grown;
  }
  MEGURI_ASSIGN_OR_RETURN(added, ChargeSections(*version, added, account, store, transaction));
  MEGURI_RETURN_IF_ERROR(records.PutMembership(transaction, *version, {id, item.slots, index}));
  int64_t terms = 0;
  if (version->is_first) {
    terms = storage::Index::Add(transaction, id, *item.header, version->arrival, item.terms);
  } else {
    MEGURI_ASSIGN_OR_RETURN(terms,
                            storage::Index(store).Replace(transaction, id, *item.header, version->arrival, item.terms));
  }
  item.sections.clear();
  return WrittenItem{{0, is_opened_otherwise ? 1 : 0}, version->grown + erased + openings + added + terms};
}

// The size that a note speaks of, which was opened when it came; nullopt of none.
absl::optional<uint64_t> SizeOf(const std::string& note) {
  const absl::StatusOr<record::Checkpoint> checkpoint =
      record::ReadOpenedCheckpoint(note, absl::string_view(note).substr(0, note.find('\n')));
  return checkpoint.ok() ? absl::make_optional(checkpoint->size) : absl::nullopt;
}

// Keeps the publisher's newest note, and of all that are known the newest one whose entries are here: it proves them to
// others also while the newest is still ahead. That head was here `now` at the latest. `target` is the one that they
// came with.
absl::Status KeepNote(const storage::HeldFeed& feed, storage::FeedId id, absl::string_view target,
                      absl::string_view newest, absl::Time now, storage::CommitScope& scope) {
  MEGURI_ASSIGN_OR_RETURN(const storage::FeedHead head, scope.feeds.ReadHead(scope.transaction, id));
  std::vector<std::string> notes = {head.settled};
  notes.insert(notes.end(), head.promises.begin(), head.promises.end());
  notes.push_back(head.checkpoint);
  notes.emplace_back(target.data(), target.size());
  notes.emplace_back(newest.data(), newest.size());
  const std::string* settled = nullptr;
  uint64_t settled_size = 0;
  for (const std::string& note : notes) {  // the older first: of one size the later note counts, by a newer key
    const absl::optional<uint64_t> size = SizeOf(note);
    if (size.has_value() && *size <= head.size() && *size >= settled_size) {
      settled = &note;
      settled_size = *size;
    }
  }
  if (settled != nullptr) {
    MEGURI_RETURN_IF_ERROR(scope.feeds.SetSettled(scope.transaction, id, *settled));
    if (feed.key.name != record::HeadsFeed()) {  // it names no record whose age anybody would ask for
      MEGURI_RETURN_IF_ERROR(storage::FirstSeen::Note(scope.transaction, id, settled_size, now));
    }
  }
  return scope.feeds.SetCheckpoint(scope.transaction, id, newest);
}

}  // namespace

absl::Status WriteBatchOf(const storage::HeldFeed& feed, VerifiedBatch& batch, absl::string_view checkpoint_note,
                          const FollowQuota& quota, absl::Time now, const storage::StoreReader& store,
                          storage::CommitScope& scope, FrozenRecords& frozen) {
  MEGURI_ASSIGN_OR_RETURN(const storage::FeedId id, scope.feeds.FindOrCreate(scope.transaction, feed));
  MEGURI_ASSIGN_OR_RETURN(const storage::FeedHead head, scope.feeds.ReadHead(scope.transaction, id));
  if (head.size() != batch.start) {
    return Error(absl::StatusCode::kAborted, "FOLLOW_POSITION",
                 absl::StrCat("The stored feed has ", head.size(), " entries; the batch begins at ", batch.start, "."));
  }
  const absl::optional<storage::UsageAccount> account = storage::AccountOf(feed);
  std::vector<std::string> entries;
  entries.reserve(batch.items.size());
  int64_t grown = 0;
  for (VerifiedItem& item : batch.items) {
    MEGURI_ASSIGN_OR_RETURN(const WrittenItem written,
                            WriteItem(item, id, batch.start + entries.size(), account, now, store, scope.transaction));
    frozen.by_headers += written.frozen.by_headers;
    frozen.by_openings += written.frozen.by_openings;
    grown += written.grown + storage::kEntryBytes;
    entries.push_back(std::move(item.entry));
  }
  if (account.has_value()) {
    MEGURI_ASSIGN_OR_RETURN(const storage::Usage usage,
                            storage::Usages(store).Add(scope.transaction, *account, entries.size(), grown));
    MEGURI_RETURN_IF_ERROR(CheckQuota(quota, *account, usage));
  }
  MEGURI_RETURN_IF_ERROR(scope.feeds.AppendMany(scope.transaction, id, entries).status());
  return KeepNote(feed, id, batch.target_note, checkpoint_note, now, scope);
}

absl::Status KeepPromises(const storage::HeldFeed& feed, absl::string_view checkpoint_note,
                          const std::vector<std::string>& promised_notes, absl::Time now, storage::CommitScope& scope) {
  MEGURI_ASSIGN_OR_RETURN(const storage::FeedId id, scope.feeds.FindOrCreate(scope.transaction, feed));
  MEGURI_RETURN_IF_ERROR(KeepNote(feed, id, "", checkpoint_note, now, scope));
  return scope.feeds.SetPromises(scope.transaction, id, promised_notes);
}

absl::Status ForgetPromises(const storage::HeldFeed& feed, absl::string_view federation, storage::CommitScope& scope) {
  MEGURI_ASSIGN_OR_RETURN(const storage::FeedId id, scope.feeds.FindOrCreate(scope.transaction, feed));
  MEGURI_ASSIGN_OR_RETURN(const storage::FeedHead head, scope.feeds.ReadHead(scope.transaction, id));
  const absl::StatusOr<record::Checkpoint> newest =
      record::ReadOpenedCheckpoint(head.checkpoint, record::FeedOrigin(federation, feed.key));
  if (!newest.ok() || newest->size > head.size()) {
    MEGURI_RETURN_IF_ERROR(scope.feeds.SetCheckpoint(scope.transaction, id, ""));
  }
  return scope.feeds.SetPromises(scope.transaction, id, {});
}

}  // namespace meguri::node
