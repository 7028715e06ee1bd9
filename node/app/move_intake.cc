// SPDX-License-Identifier: Apache-2.0
#include "node/app/move_intake.h"

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/memory/memory.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "certs/files.h"
#include "certs/key_change.h"
#include "certs/key_endorsement.h"
#include "certs/move_request.h"
#include "certs/signing_key.h"
#include "certs/strict_parse.h"
#include "node/app/entry_file.h"
#include "node/app/setup.h"
#include "node/app/store_check.h"
#include "node/membership/registry_state.h"
#include "storage/anchor.h"
#include "storage/committer.h"
#include "storage/format.h"
#include "storage/own_heads.h"
#include "storage/records.h"
#include "storage/rocksdb/rocksdb_store.h"
#include "storage/store_copy.h"

namespace meguri::node {
namespace {

using certs::SigningKey;

constexpr mode_t kPublicMode = 0644;
constexpr mode_t kPrivateMode = 0600;
constexpr size_t kProblemsShown = 5;

absl::Status Refuse(absl::string_view reason, absl::string_view why) {
  return Error(absl::StatusCode::kInvalidArgument, reason, why);
}

storage::Family FamilyOf(const storage::v1::MovedEntry& entry) {
  return entry.family() == 0 ? storage::Family::kArrival : storage::Family::kLookup;
}

// Puts what a frame of the file holds into the store of the draft.
absl::Status AddEntries(const storage::v1::MovedEntries& entries, DraftStore& store) {
  for (const storage::v1::MovedEntry& entry : entries.entries()) {
    const bool is_known = entry.family() <= 1 && !entry.key().empty();
    if (!is_known || !storage::IsCopied(FamilyOf(entry), entry.key())) {
      return Refuse("MOVE_FILE", "the file of the move holds what is no part of a member's store");
    }
  }
  return store.committer().SubmitAndWait([&entries](storage::CommitScope& scope) {
    for (const storage::v1::MovedEntry& entry : entries.entries()) {
      scope.transaction.Put(FamilyOf(entry), entry.key(), entry.value());
    }
    return absl::OkStatus();
  });
}

}  // namespace

absl::StatusOr<std::unique_ptr<DraftStore>> DraftStore::Open(const Folder& draft, Random& random) {
  auto store = absl::WrapUnique(new DraftStore());
  MEGURI_ASSIGN_OR_RETURN(std::unique_ptr<storage::OrderedStore> opened,
                          storage::OpenRocksdbStore(draft.store(), storage::RocksdbOptions()));
  MEGURI_ASSIGN_OR_RETURN(store->sealed_, storage::OpenSealed(std::move(opened), SectionKeysIn(draft), random));
  MEGURI_ASSIGN_OR_RETURN(store->anchor_, storage::OpenAnchorFile(draft.anchor()));
  MEGURI_ASSIGN_OR_RETURN(store->committer_, storage::Committer::Start(*store->sealed_.store, *store->anchor_));
  return store;
}

absl::Status DraftStore::DestroyErased() {
  MEGURI_ASSIGN_OR_RETURN(const std::vector<uint64_t> erased, storage::ErasedArrivals(*sealed_.store));
  return erased.empty() ? absl::OkStatus() : sealed_.keys->Erase(erased);
}

absl::StatusOr<OpenedStore> OpenToRead(const Folder& folder, Random& random) {
  MEGURI_ASSIGN_OR_RETURN(std::unique_ptr<storage::StoreReader> opened,
                          storage::OpenRocksdbStoreToRead(folder.store()));
  MEGURI_ASSIGN_OR_RETURN(storage::SealedReaderParts parts,
                          storage::OpenSealedToRead(std::move(opened), SectionKeysIn(folder), random));
  return OpenedStore{std::move(parts)};
}

absl::StatusOr<PresentMember> FindMember(const storage::StoreReader& store, const certs::TrustBundle& bundle,
                                         const record::ParticipantId& holder, const record::ParticipantId& member,
                                         absl::string_view cure, const Clock& clock) {
  RegistryState state(bundle, holder, absl::InfiniteDuration(), store, clock);
  MEGURI_RETURN_IF_ERROR(state.Reload());
  const absl::optional<MemberRecordRef> ref = state.FindRecord(member);
  PresentMember present{state.Get(), {}};
  if (!ref.has_value() || !present.registry->IsActive(member)) {
    return Error(absl::StatusCode::kFailedPrecondition, "MOVE_NOT_MEMBER",
                 absl::StrCat("The registry, as it is here, names no active member ", member.text(), ". ", cure));
  }
  const storage::Records records(store);
  MEGURI_ASSIGN_OR_RETURN(const absl::optional<storage::Arrival> arrival, records.FindByHash(ref->header_hash));
  Invariant(arrival.has_value(), "the registry was read from the records that are here");
  MEGURI_ASSIGN_OR_RETURN(const storage::v1::StoredRecord stored, records.Read(*arrival));
  MEGURI_ASSIGN_OR_RETURN(const std::vector<record::v1::Section> sections,
                          records.ReadSections(*arrival, ~uint64_t{0}));
  present.record.set_header(stored.header());
  MEGURI_ASSIGN_OR_RETURN(*present.record.mutable_signature(), storage::ParseSignature(stored));
  for (const record::v1::Section& section : sections) {
    *present.record.add_sections() = section;
  }
  return present;
}

absl::StatusOr<record::ParticipantId> CheckMoveHeader(const storage::v1::MoveFrame& frame,
                                                      const certs::TrustBundle& bundle) {
  const storage::v1::MoveHeader& header = frame.header();
  if (frame.has_copied()) {
    return Refuse("MOVE_FILE",
                  "the file is what a follower has given back, not what a host has exported: take it in with "
                  "`meguri-node host recover`, or `init --recover`");
  }
  if (!frame.has_header() || header.format_version() != kMoveFormatVersion) {
    return Refuse("MOVE_FILE", absl::StrCat("the file of the move has format version ", header.format_version(),
                                            ", expected ", kMoveFormatVersion,
                                            ": it needs another version of this "
                                            "program"));
  }
  if (header.federation() != bundle.federation()) {
    return Refuse("MOVE_OTHER_FEDERATION",
                  absl::StrCat("the file is of a member of another federation than ", bundle.federation()));
  }
  if (header.store_format() != storage::kStoreFormat) {
    return Refuse("MOVE_STORE_FORMAT",
                  absl::StrCat("the file holds a store of format ", header.store_format(), ", this program writes ",
                               storage::kStoreFormat, ": run the same version on both hosts, and export anew"));
  }
  return record::ParticipantId::Parse(header.participant_id());
}

absl::StatusOr<std::vector<storage::v1::MovedFeed>> Unpack(MoveFileReader& file, uint64_t expected, const Folder& draft,
                                                           const MoveProgress& progress, Random& random) {
  std::vector<storage::v1::MovedFeed> feeds;
  MEGURI_ASSIGN_OR_RETURN(const std::unique_ptr<DraftStore> store, DraftStore::Open(draft, random));
  uint64_t count = 0;
  for (;;) {
    MEGURI_ASSIGN_OR_RETURN(const storage::v1::MoveFrame frame, file.Next());
    if (frame.content_case() == storage::v1::MoveFrame::CONTENT_NOT_SET) {
      break;
    }
    if (frame.has_feeds()) {
      feeds.insert(feeds.end(), frame.feeds().feeds().begin(), frame.feeds().feeds().end());
    } else if (frame.has_entries()) {
      MEGURI_RETURN_IF_ERROR(AddEntries(frame.entries(), *store));
      count += static_cast<uint64_t>(frame.entries().entries_size());
      progress("imported", count, expected);
    } else {
      return Refuse("MOVE_FILE", "the file of the move holds what is no part of one");
    }
  }
  if (count != expected) {
    return Refuse("MOVE_FILE",
                  absl::StrCat("the file of the move says that it holds ", expected, " entries, and has ", count));
  }
  MEGURI_RETURN_IF_ERROR(store->DestroyErased());
  return feeds;
}

absl::StatusOr<uint64_t> CheckNotDamaged(const Folder& draft, const MoveProgress& progress) {
  MEGURI_ASSIGN_OR_RETURN(const storage::FsckReport report,
                          CheckStore(draft, [&](uint64_t done, uint64_t total) { progress("checked", done, total); }));
  if (report.problems.empty()) {
    return report.records;
  }
  const size_t shown = std::min(report.problems.size(), kProblemsShown);
  return Refuse("MOVE_DAMAGED",
                absl::StrCat("what was taken in is damaged, ", report.problems.size(), " problems: ",
                             absl::StrJoin(report.problems.begin(),
                                           report.problems.begin() + static_cast<std::ptrdiff_t>(shown), "; ")));
}

absl::StatusOr<std::vector<certs::BaseHead>> HeadsIn(const storage::StoreReader& store) {
  std::vector<certs::BaseHead> heads;
  MEGURI_ASSIGN_OR_RETURN(const std::vector<storage::OwnHead> own, storage::ReadOwnHeads(storage::Feeds(store)));
  heads.reserve(own.size());
  for (const storage::OwnHead& head : own) {
    heads.push_back({head.feed.key.name, head.feed.key.epoch, head.size, head.root});
  }
  return heads;
}

absl::Status WriteKeyAndRequest(const Folder& draft, const MoveAsked& asked, absl::Time now, Random& random) {
  MEGURI_ASSIGN_OR_RETURN(const std::unique_ptr<SigningKey> feed_key,
                          SigningKey::Generate(record::KeyAlgorithm::kEd25519));
  MEGURI_RETURN_IF_ERROR(feed_key->SaveTo(draft.feed_key()));
  MEGURI_ASSIGN_OR_RETURN(const certs::MadeFeedBase made, certs::MakeFeedBase(asked.heads, random));
  storage::v1::StoredFeedBase kept;
  *kept.mutable_proofs() = {made.proofs.begin(), made.proofs.end()};
  MEGURI_RETURN_IF_ERROR(certs::WriteFileAtomically(draft.feed_base(), certs::SerializeForSigning(kept), kPrivateMode));
  registry::v1::MoveRequest request;
  request.set_federation(asked.bundle.federation());
  *request.mutable_present() = asked.present.record;
  *request.mutable_hosting() = asked.hosting;
  request.set_certificate_request(asked.certificate_request);
  registry::v1::MemberKey& key = *request.mutable_feed_key();
  key = certs::ToMemberKey(*feed_key, registry::v1::KEY_PURPOSE_FEED);
  key.set_not_before_ms(static_cast<uint64_t>(absl::ToUnixMillis(now)));
  *key.mutable_base() = made.base;
  MEGURI_ASSIGN_OR_RETURN(*key.mutable_base()->mutable_signature(),
                          certs::SignBase(asked.bundle.federation(), asked.member, *feed_key, key));
  MEGURI_ASSIGN_OR_RETURN(const std::string bytes, certs::MakeMoveRequest(std::move(request)));
  return certs::WriteFileAtomically(draft.move_request(), bytes, kPublicMode);
}

DraftGuard::~DraftGuard() {
  std::error_code error;
  std::filesystem::remove_all(root_, error);
}

absl::StatusOr<Folder> PutGuestInPlace(const HostNode& node, const Folder& draft, const record::ParticipantId& member,
                                       const PresentMember& present, const std::vector<certs::BaseHead>& heads,
                                       registry::v1::Hosting hosting, const Clock& clock, Random& random) {
  FillHosting(node, hosting);
  MEGURI_RETURN_IF_ERROR(
      WriteKeyAndRequest(draft, {node.bundle, member, present, heads, hosting}, clock.Now(), random));
  MEGURI_RETURN_IF_ERROR(WriteClientAuthority(draft, member.text(), clock, random));
  MEGURI_RETURN_IF_ERROR(WriteEntryFile(draft.registry_entry(), present.record));
  Folder place = node.folder.hosted(member);
  MEGURI_RETURN_IF_ERROR(RenameFolder(draft.root(), place.root()));
  return place;
}

}  // namespace meguri::node
