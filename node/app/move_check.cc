// SPDX-License-Identifier: Apache-2.0
#include "node/app/move_check.h"

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "meguri/storage/v1/stored.pb.h"
#include "record/batch.h"
#include "record/checkpoint.h"
#include "record/feed.h"
#include "record/header.h"
#include "record/merkle.h"
#include "storage/feeds.h"
#include "storage/key_layout.h"
#include "storage/records.h"
#include "storage/value.h"

namespace meguri::node {
namespace {

absl::Status Refuse(absl::string_view reason, absl::string_view what, absl::string_view why) {
  return Error(absl::StatusCode::kInvalidArgument, reason,
               absl::StrCat("what the former host hands over is refused: ", what, ": ", why));
}

class Checker {
 public:
  explicit Checker(const MovedStoreCheck& check) : check_(check), feeds_(check.store) {}

  absl::Status CheckRecords() {
    const std::unique_ptr<storage::Cursor> cursor = check_.store.NewCursor(storage::Family::kArrival, "");
    uint64_t done = 0;
    for (; cursor->Valid(); cursor->Next()) {
      const absl::optional<storage::ArrivalKey> place = storage::ParseArrivalKey(cursor->key());
      if (!place.has_value()) {
        return Refuse("MOVE_RECORD", "a key of its store", "it is that of no record");
      }
      if (place->slot.has_value()) {
        continue;  // compared with its digest, which is signed, by fsck
      }
      storage::v1::StoredRecord stored;
      MEGURI_RETURN_IF_ERROR(storage::UnwrapMessage(cursor->value(), "record", stored));
      const absl::Status checked = CheckRecord(stored);
      if (!checked.ok()) {
        return Refuse("MOVE_RECORD", absl::StrCat("record number ", place->arrival), checked.message());
      }
      if (check_.progress != nullptr) {
        check_.progress(++done);
      }
    }
    return cursor->status();
  }

  absl::Status CheckEvidence() const {
    const std::unique_ptr<storage::Cursor> cursor =
        check_.store.NewCursor(storage::Family::kLookup, storage::KindPrefix(storage::KeyKind::kFrozen));
    for (; cursor->Valid(); cursor->Next()) {
      storage::v1::StoredEvidence evidence;
      MEGURI_RETURN_IF_ERROR(storage::UnwrapMessage(cursor->value(), "evidence", evidence));
      for (const storage::v1::StoredEvidence::SignedHeader& signed_header : evidence.headers()) {
        const absl::Status checked = CheckSignature(signed_header.header(), signed_header.signature());
        if (!checked.ok()) {
          return Refuse("MOVE_RECORD", "evidence against a publisher", checked.message());
        }
      }
    }
    return cursor->status();
  }

  absl::Status CheckFeeds() {
    MEGURI_RETURN_IF_ERROR(CheckHolders());
    std::map<record::FeedKey, std::string> notes;
    for (const storage::v1::MovedFeed& feed : check_.feeds) {
      MEGURI_ASSIGN_OR_RETURN(record::FeedName name, record::FeedName::Parse(feed.name()));
      notes.emplace(record::FeedKey{check_.member, std::move(name), feed.epoch()}, feed.checkpoint());
    }
    MEGURI_ASSIGN_OR_RETURN(const auto held, feeds_.HeldBy(check_.member));
    for (const auto& [feed, id] : held) {
      if (!feed.is_own()) {
        MEGURI_RETURN_IF_ERROR(CheckCopy(feed, id));
        continue;
      }
      const auto note = notes.find(feed.key);
      MEGURI_RETURN_IF_ERROR(CheckOwn(feed.key, id, note == notes.end() ? "" : note->second));
      notes.erase(feed.key);
    }
    return notes.empty() ? absl::OkStatus()
                         : Refuse("MOVE_FEED", notes.begin()->first.name.text(), "it is not among what came");
  }

 private:
  // What is another member's own must not become one of this member's feeds.
  absl::Status CheckHolders() const {
    const std::unique_ptr<storage::Cursor> cursor =
        check_.store.NewCursor(storage::Family::kLookup, storage::KindPrefix(storage::KeyKind::kFeed));
    for (; cursor->Valid(); cursor->Next()) {
      storage::v1::StoredFeed feed;
      MEGURI_RETURN_IF_ERROR(storage::UnwrapMessage(cursor->value(), "feed", feed));
      if (feed.holder() != check_.member.text()) {
        return Refuse("MOVE_FEED", feed.name(), absl::StrCat("it is kept for ", feed.holder()));
      }
    }
    return cursor->status();
  }

  absl::Status CheckRecord(const storage::v1::StoredRecord& stored) {
    MEGURI_ASSIGN_OR_RETURN(const record::v1::BatchSignature signature, storage::ParseSignature(stored));
    MEGURI_RETURN_IF_ERROR(CheckSignature(stored.header(), signature));
    if (record::IsNewerFormat(stored.header())) {
      return absl::OkStatus();
    }
    MEGURI_ASSIGN_OR_RETURN(const record::Header header, record::Header::Parse(stored.header()));
    if (stored.own() != (header.publisher() == check_.member)) {
      return Error(absl::StatusCode::kInvalidArgument, "MOVE_RECORD", "it is kept as that of another member");
    }
    return absl::OkStatus();
  }

  absl::Status CheckSignature(absl::string_view header_bytes, const record::v1::BatchSignature& signature) const {
    MEGURI_ASSIGN_OR_RETURN(const record::Hash key_id, record::Hash::Parse(signature.key_id()));
    const certs::RegisteredKey* key = check_.registry.FindKey(key_id);
    if (key == nullptr || key->purpose != registry::v1::KEY_PURPOSE_RECORD) {
      return Error(absl::StatusCode::kInvalidArgument, "UNKNOWN_KEY",
                   "it is signed by a key that no member has registered for records");
    }
    if (!record::IsNewerFormat(header_bytes)) {
      MEGURI_ASSIGN_OR_RETURN(const record::Header header, record::Header::Parse(header_bytes));
      if (key->owner != header.publisher()) {
        return Error(
            absl::StatusCode::kInvalidArgument, "UNKNOWN_KEY",
            absl::StrCat("it is signed by a key of ", key->owner.text(), ", not of ", header.publisher().text()));
      }
    }
    return record::VerifyBatchSignature(record::HeaderHash(header_bytes), signature, key->key, &verified_roots_);
  }

  absl::StatusOr<record::Hash> RootAt(storage::FeedId id, uint64_t size) const {
    MEGURI_ASSIGN_OR_RETURN(
        const record::Frontier frontier,
        record::ReadFrontier(size, [&](uint32_t level, uint64_t index) { return feeds_.ReadNode(id, level, index); }));
    return frontier.Root();
  }

  absl::Status CheckOwn(const record::FeedKey& feed, storage::FeedId id, const std::string& note) const {
    MEGURI_ASSIGN_OR_RETURN(const certs::RegisteredKey* key, KeyInForce(feed));
    const absl::StatusOr<record::Checkpoint> signed_head =
        record::OpenCheckpoint(note, record::FeedOrigin(check_.registry.federation(), feed), key->key);
    if (!signed_head.ok()) {
      return Refuse("MOVE_FEED", feed.name.text(), signed_head.status().message());
    }
    MEGURI_ASSIGN_OR_RETURN(const storage::FeedHead head, feeds_.ReadHead(id));
    if (head.size() != signed_head->size || head.frontier.Root() != signed_head->root) {
      return Refuse(
          "MOVE_FEED", feed.name.text(),
          absl::StrCat("it has ", head.size(), " entries, and its signed head is another one, of ", signed_head->size));
    }
    return absl::OkStatus();
  }

  absl::StatusOr<const certs::RegisteredKey*> KeyInForce(const record::FeedKey& feed) const {
    return check_.registry.FeedKeyOf(feed.publisher, check_.now);
  }

  std::vector<record::PublicKey> KeysOf(const record::FeedKey& feed) const {
    std::vector<record::PublicKey> keys;
    if (feed.name == record::FeedName::Registry()) {
      for (const registry::v1::MemberKey& pinned : check_.bundle.message().registry_feed_keys()) {
        const auto key = record::PublicKey::ParseSpki(pinned.public_key());
        if (key.ok()) {
          keys.push_back(*key);
        }
      }
      return keys;
    }
    for (const certs::RegisteredKey* key : check_.registry.FeedKeyLineOf(feed.publisher, check_.now).keys) {
      keys.push_back(key->key);
    }
    return keys;
  }

  absl::Status CheckCopy(const storage::HeldFeed& feed, storage::FeedId id) const {
    MEGURI_ASSIGN_OR_RETURN(const storage::FeedHead head, feeds_.ReadHead(id));
    const std::vector<record::PublicKey> keys = KeysOf(feed.key);
    std::vector<std::string> notes = head.promises;
    notes.push_back(head.checkpoint);
    notes.push_back(head.settled);
    for (const std::string& note : notes) {
      const absl::Status checked = note.empty() ? absl::OkStatus() : CheckNote(feed.key, id, head.size(), note, keys);
      if (!checked.ok()) {
        return Refuse("MOVE_COPY",
                      absl::StrCat("the copy of ", feed.key.name.text(), " of ", feed.key.publisher.text()),
                      checked.message());
      }
    }
    return absl::OkStatus();
  }

  absl::Status CheckNote(const record::FeedKey& feed, storage::FeedId id, uint64_t size, const std::string& note,
                         const std::vector<record::PublicKey>& keys) const {
    absl::StatusOr<record::Checkpoint> opened =
        Error(absl::StatusCode::kInvalidArgument, "NO_FEED_KEY", "the registry has no feed key of its publisher");
    for (const record::PublicKey& key : keys) {
      opened = record::OpenCheckpoint(note, record::FeedOrigin(check_.registry.federation(), feed), key);
      if (opened.ok()) {
        break;
      }
    }
    MEGURI_RETURN_IF_ERROR(opened.status());
    if (opened->size > size) {
      return absl::OkStatus();  // entries that have not come yet
    }
    MEGURI_ASSIGN_OR_RETURN(const record::Hash root, RootAt(id, opened->size));
    return root == opened->root ? absl::OkStatus()
                                : Error(absl::StatusCode::kInvalidArgument, "MOVE_COPY",
                                        "its publisher has signed a head of other entries than came");
  }

  const MovedStoreCheck& check_;
  const storage::Feeds feeds_;
  mutable record::VerifiedRoots verified_roots_;
};

}  // namespace

absl::Status CheckMovedStore(const MovedStoreCheck& check) {
  Checker checker(check);
  MEGURI_RETURN_IF_ERROR(checker.CheckRecords());
  MEGURI_RETURN_IF_ERROR(checker.CheckEvidence());
  return checker.CheckFeeds();
}

}  // namespace meguri::node
