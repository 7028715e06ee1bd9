// SPDX-License-Identifier: Apache-2.0
#include "node/follow/follower.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "absl/memory/memory.h"
#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "meguri/storage/v1/stored.pb.h"
#include "node/follow/limits.h"
#include "passport/index_terms.h"
#include "passport/record_terms.h"
#include "record/section.h"
#include "storage/index.h"
#include "storage/records.h"

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

// The sections must be those that the entry names: none more, none less.
absl::Status CheckSlots(uint64_t slots, const google::protobuf::RepeatedPtrField<record::v1::Section>& sections) {
  uint64_t delivered = 0;
  for (const record::v1::Section& section : sections) {
    delivered |= uint64_t{1} << section.slot();
  }
  if ((delivered & ~slots) != 0) {
    return Refused("SLOT_NOT_IN_ENTRY", "A section came that the feed entry does not open.");
  }
  if (delivered != slots) {
    return Refused("SECTION_MISSING", "A section that the feed entry opens did not come.");
  }
  return absl::OkStatus();
}

absl::Status CheckKey(const record::Header& header, const certs::RegisteredKey* key, absl::Time now) {
  if (key == nullptr || key->purpose != registry::v1::KEY_PURPOSE_RECORD) {
    return Refused("UNKNOWN_KEY", "The record is signed by a key that no member has registered for records.");
  }
  if (key->owner != header.publisher()) {
    return Refused("UNKNOWN_KEY", absl::StrCat("The record of ", header.publisher().text(), " is signed by a key of ",
                                               key->owner.text(), "."));
  }
  // A key that has ended or was revoked still stands for what is in the feed: the publisher vouches for its whole feed
  // with the feed key that it has now, took the record in while the key was good, and cannot take it out again.
  const absl::Status usable = key->CheckUsable(now);
  return ReasonOf(usable) == "KEY_NOT_YET_VALID" ? usable : absl::OkStatus();
}

}  // namespace

Follower::Follower(storage::HeldFeed feed, std::string origin, absl::optional<record::PublicKey> pinned_feed_key,
                   record::VerifiedRoots& verified_roots)
    : feed_(std::move(feed)),
      origin_(std::move(origin)),
      pinned_feed_key_(std::move(pinned_feed_key)),
      verified_roots_(verified_roots) {}

absl::StatusOr<std::unique_ptr<Follower>> Follower::Make(const storage::HeldFeed& feed, const std::string& federation,
                                                         absl::optional<record::PublicKey> pinned_feed_key,
                                                         const storage::StoreReader& store,
                                                         record::VerifiedRoots& verified_roots) {
  auto follower = absl::WrapUnique(
      new Follower(feed, record::FeedOrigin(federation, feed.key), std::move(pinned_feed_key), verified_roots));
  const storage::Feeds feeds(store);
  MEGURI_ASSIGN_OR_RETURN(const absl::optional<storage::FeedId> id, feeds.Find(feed));
  if (id.has_value()) {
    MEGURI_ASSIGN_OR_RETURN(storage::FeedHead head, feeds.ReadHead(*id));
    follower->frontier_ = std::move(head.frontier);
    follower->note_ = std::move(head.checkpoint);
  }
  return follower;
}

void Follower::RememberPromise(const Follower& before) {
  promised_ = before.target_.has_value() ? before.target_ : before.promised_;
  if (promised_.has_value()) {
    note_ = before.note_;
  }
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
                                                      absl::Time now) const {
  if (pinned_feed_key_.has_value()) {
    return record::OpenCheckpoint(note, origin_, *pinned_feed_key_);
  }
  MEGURI_ASSIGN_OR_RETURN(const certs::RegisteredKey* key, registry.FeedKeyOf(feed_.key.publisher, now));
  return record::OpenCheckpoint(note, origin_, key->key);
}

absl::Status Follower::TakeTarget(absl::string_view note, const certs::Registry& registry, absl::Time now) {
  MEGURI_RETURN_IF_ERROR(CheckPublisher(registry));
  MEGURI_ASSIGN_OR_RETURN(const record::Checkpoint checkpoint, OpenNote(note, registry, now));
  absl::optional<record::Checkpoint> known = target_.has_value() ? target_ : promised_;
  if (!known.has_value() && !note_.empty()) {
    // After a restart the stored note is the last word that we have of the publisher.
    const absl::StatusOr<record::Checkpoint> stored = OpenNote(note_, registry, now);
    if (stored.ok()) {
      known = *stored;
    }
  }
  const uint64_t known_size = std::max(size(), known.has_value() ? known->size : 0);
  if (checkpoint.size < known_size) {
    evidence_ = absl::StrCat(note_, "\n", note);
    return Error(
        absl::StatusCode::kDataLoss, "ROLLBACK",
        absl::StrCat("The publisher signed ", known_size, " entries before and says ", checkpoint.size, " now."));
  }
  const bool other_root = (known.has_value() && known->size == checkpoint.size && known->root != checkpoint.root) ||
                          (checkpoint.size == size() && checkpoint.root != frontier_.Root());
  if (other_root) {
    evidence_ = absl::StrCat(note_, "\n", note);
    return Error(absl::StatusCode::kDataLoss, "FORK",
                 absl::StrCat("The publisher signed two different feeds of size ", checkpoint.size, "."));
  }
  target_ = checkpoint;
  note_ = std::string(note);
  return absl::OkStatus();
}

absl::StatusOr<VerifiedItem> Follower::VerifyItem(feed::v1::FeedItem item, const certs::Registry& registry,
                                                  absl::Time now) {
  MEGURI_ASSIGN_OR_RETURN(const record::FeedEntry entry, record::FeedEntry::Parse(item.entry()));
  record::v1::Envelope& envelope = *item.mutable_envelope();
  MEGURI_ASSIGN_OR_RETURN(record::Header header, record::Header::Parse(envelope.header()));
  if (header.hash() != entry.header_hash) {
    return Refused("HEADER_HASH", "The header that came is not the one that the feed entry names.");
  }
  if (header.publisher() != feed_.key.publisher) {
    return Refused("PUBLISHER_MISMATCH", absl::StrCat("A record of ", header.publisher().text(), " is in a feed of ",
                                                      feed_.key.publisher.text(), "."));
  }
  MEGURI_ASSIGN_OR_RETURN(const record::Hash key_id, record::Hash::Parse(envelope.signature().key_id()));
  const certs::RegisteredKey* key = registry.FindKey(key_id);
  MEGURI_RETURN_IF_ERROR(CheckKey(header, key, now));
  MEGURI_RETURN_IF_ERROR(record::VerifyBatchSignature(header.hash(), envelope.signature(), key->key, &verified_roots_));
  MEGURI_RETURN_IF_ERROR(record::VerifySections(header, envelope.sections()));
  MEGURI_RETURN_IF_ERROR(CheckSlots(entry.slots, envelope.sections()));
  std::vector<record::v1::Section> sections(std::make_move_iterator(envelope.mutable_sections()->begin()),
                                            std::make_move_iterator(envelope.mutable_sections()->end()));
  std::vector<record::IndexTerm> terms = TermsOf(header, sections);
  return VerifiedItem{std::move(*item.mutable_entry()),         entry.slots,         std::move(header),
                      std::move(*envelope.mutable_signature()), std::move(sections), std::move(terms)};
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
  if (count == 0 || count > kBatchEntriesMax || count > target_->size - size()) {
    return Refused("BATCH_COUNT", absl::StrCat("The batch has ", count, " entries; 1 to ", kBatchEntriesMax,
                                               " and no more than up to ", target_->size, " are right."));
  }
  VerifiedBatch verified;
  verified.start = size();
  verified.bytes = batch.ByteSizeLong();
  verified.items.reserve(count);
  record::Frontier frontier = frontier_;
  for (feed::v1::FeedItem& item : *batch.mutable_items()) {
    MEGURI_ASSIGN_OR_RETURN(VerifiedItem checked, VerifyItem(std::move(item), registry, now));
    frontier.Append(record::LeafHash(checked.entry));
    verified.items.push_back(std::move(checked));
  }
  MEGURI_ASSIGN_OR_RETURN(const std::vector<record::Hash> path, ParsePath(batch.consistency_path()));
  MEGURI_RETURN_IF_ERROR(
      record::VerifyConsistency(frontier.size(), frontier.Root(), target_->size, target_->root, path));
  frontier_ = std::move(frontier);
  verified.size_after = size();
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

// Stores the record of one entry. False: the version is here with another header.
absl::StatusOr<bool> WriteItem(VerifiedItem& item, storage::FeedId id, absl::Time now,
                               const storage::StoreReader& store, storage::Transaction& transaction) {
  const storage::Records records(store);
  storage::v1::StoredRecord stored;
  stored.set_header(item.header.bytes());
  *stored.mutable_signature() = std::move(item.signature);
  stored.set_first_seen_ms(static_cast<uint64_t>(absl::ToUnixMillis(now)));
  const absl::StatusOr<storage::PutVersion> version = records.Put(transaction, item.header, stored);
  if (!version.ok() && ReasonOf(version.status()) == "TWO_HEADERS") {
    MEGURI_RETURN_IF_ERROR(records.PutEvidence(transaction, item.header, stored.signature()));
    return false;
  }
  MEGURI_RETURN_IF_ERROR(version.status());
  for (const record::v1::Section& section : item.sections) {
    MEGURI_RETURN_IF_ERROR(records.PutSection(transaction, *version, section));
  }
  MEGURI_RETURN_IF_ERROR(records.PutMembership(transaction, *version, id, item.slots));
  MEGURI_RETURN_IF_ERROR(storage::Index(store).Replace(transaction, id, item.header, version->arrival, item.terms));
  item.sections.clear();
  return true;
}

}  // namespace

absl::Status WriteBatchOf(const storage::HeldFeed& feed, VerifiedBatch& batch, absl::string_view checkpoint_note,
                          absl::Time now, const storage::StoreReader& store, storage::CommitScope& scope, int& frozen) {
  MEGURI_ASSIGN_OR_RETURN(const storage::FeedId id, scope.feeds.FindOrCreate(scope.transaction, feed));
  MEGURI_ASSIGN_OR_RETURN(const storage::FeedHead head, scope.feeds.ReadHead(scope.transaction, id));
  if (head.size() != batch.start) {
    return Error(absl::StatusCode::kAborted, "FOLLOW_POSITION",
                 absl::StrCat("The stored feed has ", head.size(), " entries; the batch begins at ", batch.start, "."));
  }
  std::vector<std::string> entries;
  entries.reserve(batch.items.size());
  for (VerifiedItem& item : batch.items) {
    MEGURI_ASSIGN_OR_RETURN(const bool written, WriteItem(item, id, now, store, scope.transaction));
    frozen += written ? 0 : 1;
    entries.push_back(std::move(item.entry));
  }
  MEGURI_RETURN_IF_ERROR(scope.feeds.AppendMany(scope.transaction, id, entries).status());
  return scope.feeds.SetCheckpoint(scope.transaction, id, checkpoint_note);
}

}  // namespace meguri::node
