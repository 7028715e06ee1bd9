// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/types/optional.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "meguri/storage/v1/stored.pb.h"
#include "node/app/move_check.h"
#include "record/batch.h"
#include "record/feed.h"
#include "record/header.h"
#include "record/merkle.h"
#include "record/public_key.h"
#include "storage/feeds.h"
#include "storage/index.h"
#include "storage/records.h"

namespace meguri::node {
namespace {

constexpr size_t kEntriesAtOnce = 256;

absl::Status Refuse(absl::string_view why) {
  return Error(absl::StatusCode::kInvalidArgument, "MOVE_REGISTRY",
               absl::StrCat("the copy of the registry in what is handed over is refused: ", why));
}

class Checker {
 public:
  Checker(const storage::StoreReader& store, const certs::TrustBundle& bundle)
      : bundle_(bundle), feeds_(store), records_(store), index_(store) {}

  absl::Status Check(storage::FeedId id) {
    MEGURI_ASSIGN_OR_RETURN(const storage::FeedHead head, feeds_.ReadHead(id));
    MEGURI_RETURN_IF_ERROR(CheckSize(head, id));
    for (uint64_t start = 0; start < head.size();) {
      const size_t count = std::min<uint64_t>(kEntriesAtOnce, head.size() - start);
      MEGURI_ASSIGN_OR_RETURN(const std::vector<std::string> entries, feeds_.ReadEntries(id, start, count));
      for (const std::string& bytes : entries) {
        MEGURI_ASSIGN_OR_RETURN(const record::FeedEntry entry, record::FeedEntry::Parse(bytes));
        MEGURI_ASSIGN_OR_RETURN(const absl::optional<storage::Arrival> arrival, records_.FindByHash(entry.header_hash));
        if (arrival.has_value()) {  // else the second header of a version, whose record is frozen
          MEGURI_RETURN_IF_ERROR(CheckSigned(*arrival));
        }
      }
      start += entries.size();
    }
    storage::PostingCursor cursor = index_.Find(id, {"all", ""});
    for (; cursor.Valid(); cursor.Next()) {
      MEGURI_ASSIGN_OR_RETURN(const storage::Posting posting, cursor.Get());
      MEGURI_RETURN_IF_ERROR(CheckSigned(posting.arrival));
    }
    return cursor.status();
  }

 private:
  absl::Status CheckSize(const storage::FeedHead& head, storage::FeedId id) const {
    const uint64_t least = bundle_.message().registry_size_min();
    if (head.size() == 0 || head.size() < least) {
      return Refuse(absl::StrCat("it has ", head.size(), " entries, and the trust bundle asks for ", least,
                                 " at least: let whoever hands it over follow the registry first"));
    }
    if (least == 0) {
      return absl::OkStatus();
    }
    MEGURI_ASSIGN_OR_RETURN(
        const record::Frontier frontier,
        record::ReadFrontier(least, [&](uint32_t level, uint64_t index) { return feeds_.ReadNode(id, level, index); }));
    return frontier.Root().view() == bundle_.message().registry_root_min()
               ? absl::OkStatus()
               : Refuse("it is another registry than the one that the trust bundle pins");
  }

  absl::Status CheckSigned(storage::Arrival arrival) {
    MEGURI_ASSIGN_OR_RETURN(const storage::v1::StoredRecord stored, records_.Read(arrival));
    MEGURI_ASSIGN_OR_RETURN(const record::v1::BatchSignature signature, storage::ParseSignature(stored));
    for (const registry::v1::MemberKey& pinned : bundle_.message().registry_record_keys()) {
      MEGURI_ASSIGN_OR_RETURN(const record::PublicKey key, record::PublicKey::ParseSpki(pinned.public_key()));
      // Who may speak for the federation is not a matter of doubt.
      if (pinned.revoked_ms() == 0 &&
          record::KeyId(bundle_.federation(), bundle_.operator_id(), key.spki()).view() == signature.key_id()) {
        const absl::Status verified =
            record::VerifyBatchSignature(record::HeaderHash(stored.header()), signature, key, &verified_roots_);
        return verified.ok() ? verified : Refuse(verified.message());
      }
    }
    return Refuse("an entry of it is signed by no key that the trust bundle pins");
  }

  const certs::TrustBundle& bundle_;
  const storage::Feeds feeds_;
  const storage::Records records_;
  const storage::Index index_;
  record::VerifiedRoots verified_roots_;
};

}  // namespace

absl::Status CheckRegistryCopy(const storage::StoreReader& store, const certs::TrustBundle& bundle,
                               const record::ParticipantId& holder) {
  const storage::HeldFeed feed{holder, {bundle.operator_id(), record::FeedName::Registry(), 1}};
  MEGURI_ASSIGN_OR_RETURN(const absl::optional<storage::FeedId> id, storage::Feeds(store).Find(feed));
  if (!id.has_value()) {
    return Refuse("there is none: let whoever hands it over follow the registry first");
  }
  return Checker(store, bundle).Check(*id);
}

}  // namespace meguri::node
