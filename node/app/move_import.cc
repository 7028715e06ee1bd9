// SPDX-License-Identifier: Apache-2.0
#include <filesystem>
#include <memory>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/time.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "certs/feed_base.h"
#include "certs/files.h"
#include "certs/key_change.h"
#include "certs/key_endorsement.h"
#include "certs/move_request.h"
#include "certs/signing_key.h"
#include "certs/strict_parse.h"
#include "node/app/entry_file.h"
#include "node/app/host_node.h"
#include "node/app/hosting.h"
#include "node/app/move.h"
#include "node/app/move_check.h"
#include "node/app/move_file.h"
#include "node/app/setup.h"
#include "node/app/store_check.h"
#include "node/membership/registry_state.h"
#include "storage/anchor.h"
#include "storage/committer.h"
#include "storage/format.h"
#include "storage/own_heads.h"
#include "storage/records.h"
#include "storage/rocksdb/rocksdb_store.h"
#include "storage/sealed/open.h"
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

// A stopped store that is only looked at.
struct OpenedStore {
  storage::SealedReaderParts parts;
  const storage::StoreReader& reader() const { return *parts.store; }
};

absl::StatusOr<OpenedStore> OpenToRead(const Folder& folder, Random& random) {
  MEGURI_ASSIGN_OR_RETURN(std::unique_ptr<storage::StoreReader> opened,
                          storage::OpenRocksdbStoreToRead(folder.store()));
  MEGURI_ASSIGN_OR_RETURN(storage::SealedReaderParts parts,
                          storage::OpenSealedToRead(std::move(opened), SectionKeysIn(folder), random));
  return OpenedStore{std::move(parts)};
}

// What the registry, as this node has it, says of the member.
struct PresentMember {
  std::shared_ptr<const certs::Registry> registry;
  record::v1::Envelope record;
};

absl::StatusOr<PresentMember> FindMember(const HostNode& node, const record::ParticipantId& member, const Clock& clock,
                                         Random& random) {
  MEGURI_ASSIGN_OR_RETURN(const OpenedStore opened, OpenToRead(node.folder, random));
  RegistryState state(node.bundle, node.member, absl::InfiniteDuration(), opened.reader(), clock);
  MEGURI_RETURN_IF_ERROR(state.Reload());
  const absl::optional<MemberRecordRef> ref = state.FindRecord(member);
  PresentMember present{state.Get(), {}};
  if (!ref.has_value() || !present.registry->IsActive(member)) {
    return Error(absl::StatusCode::kFailedPrecondition, "MOVE_NOT_MEMBER",
                 absl::StrCat("The registry, as this node has it, names no active member ", member.text(),
                              ". Start this node and wait until it has followed the registry, or ask the operator."));
  }
  const storage::Records records(opened.reader());
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

absl::Status CheckHeader(const storage::v1::MoveFrame& frame, const HostNode& node) {
  const storage::v1::MoveHeader& header = frame.header();
  if (!frame.has_header() || header.format_version() != kMoveFormatVersion) {
    return Refuse("MOVE_FILE", absl::StrCat("the file of the move has format version ", header.format_version(),
                                            ", expected ", kMoveFormatVersion,
                                            ": it needs another version of this "
                                            "program"));
  }
  if (header.federation() != node.bundle.federation()) {
    return Refuse("MOVE_OTHER_FEDERATION",
                  absl::StrCat("the file is of a member of another federation than ", node.bundle.federation()));
  }
  if (header.store_format() != storage::kStoreFormat) {
    return Refuse("MOVE_STORE_FORMAT",
                  absl::StrCat("the file holds a store of format ", header.store_format(), ", this program writes ",
                               storage::kStoreFormat, ": run the same version on both hosts, and export anew"));
  }
  return absl::OkStatus();
}

// Fills the store of a draft folder with what the file holds.
class StoreFiller {
 public:
  static absl::StatusOr<std::unique_ptr<StoreFiller>> Make(const Folder& folder, Random& random) {
    auto filler = std::make_unique<StoreFiller>();
    MEGURI_ASSIGN_OR_RETURN(std::unique_ptr<storage::OrderedStore> opened,
                            storage::OpenRocksdbStore(folder.store(), storage::RocksdbOptions()));
    MEGURI_ASSIGN_OR_RETURN(filler->sealed_, storage::OpenSealed(std::move(opened), SectionKeysIn(folder), random));
    MEGURI_ASSIGN_OR_RETURN(filler->anchor_, storage::OpenAnchorFile(folder.anchor()));
    MEGURI_ASSIGN_OR_RETURN(filler->committer_, storage::Committer::Start(*filler->sealed_.store, *filler->anchor_));
    return filler;
  }

  absl::Status Add(const storage::v1::MovedEntries& entries) {
    for (const storage::v1::MovedEntry& entry : entries.entries()) {
      const bool is_known = entry.family() <= 1 && !entry.key().empty();
      if (!is_known || !storage::IsCopied(FamilyOf(entry), entry.key())) {
        return Refuse("MOVE_FILE", "the file of the move holds what is no part of a member's store");
      }
    }
    count_ += static_cast<uint64_t>(entries.entries_size());
    return committer_->SubmitAndWait([&entries](storage::CommitScope& scope) {
      for (const storage::v1::MovedEntry& entry : entries.entries()) {
        scope.transaction.Put(FamilyOf(entry), entry.key(), entry.value());
      }
      return absl::OkStatus();
    });
  }

  // What is erased stays so: no key of this store ever opens those sections.
  absl::Status Finish() {
    MEGURI_ASSIGN_OR_RETURN(const std::vector<uint64_t> erased, storage::ErasedArrivals(*sealed_.store));
    return erased.empty() ? absl::OkStatus() : sealed_.keys->Erase(erased);
  }

  uint64_t count() const { return count_; }

 private:
  static storage::Family FamilyOf(const storage::v1::MovedEntry& entry) {
    return entry.family() == 0 ? storage::Family::kArrival : storage::Family::kLookup;
  }

  storage::SealedParts sealed_;
  std::unique_ptr<storage::Anchor> anchor_;
  std::unique_ptr<storage::Committer> committer_;
  uint64_t count_ = 0;
};

// Everything that the file holds, into the draft. Returns the heads of the feeds.
absl::StatusOr<std::vector<storage::v1::MovedFeed>> Unpack(MoveFileReader& file, uint64_t expected, const Folder& draft,
                                                           const MoveProgress& progress, Random& random) {
  std::vector<storage::v1::MovedFeed> feeds;
  MEGURI_ASSIGN_OR_RETURN(const std::unique_ptr<StoreFiller> filler, StoreFiller::Make(draft, random));
  for (;;) {
    MEGURI_ASSIGN_OR_RETURN(const storage::v1::MoveFrame frame, file.Next());
    if (frame.content_case() == storage::v1::MoveFrame::CONTENT_NOT_SET) {
      break;
    }
    if (frame.has_feeds()) {
      feeds.insert(feeds.end(), frame.feeds().feeds().begin(), frame.feeds().feeds().end());
    } else if (frame.has_entries()) {
      MEGURI_RETURN_IF_ERROR(filler->Add(frame.entries()));
      progress("imported", filler->count(), expected);
    } else {
      return Refuse("MOVE_FILE", "the file of the move begins twice");
    }
  }
  if (filler->count() != expected) {
    return Refuse("MOVE_FILE", absl::StrCat("the file of the move says that it holds ", expected, " entries, and has ",
                                            filler->count()));
  }
  MEGURI_RETURN_IF_ERROR(filler->Finish());
  return feeds;
}

struct CheckedStore {
  uint64_t records = 0;
  std::vector<certs::BaseHead> heads;
};

absl::StatusOr<CheckedStore> CheckDraft(const Folder& draft, const HostNode& node, const PresentMember& present,
                                        const record::ParticipantId& member,
                                        const std::vector<storage::v1::MovedFeed>& feeds, const MoveProgress& progress,
                                        absl::Time now, Random& random) {
  MEGURI_ASSIGN_OR_RETURN(const storage::FsckReport report,
                          CheckStore(draft, [&](uint64_t done, uint64_t total) { progress("checked", done, total); }));
  if (!report.problems.empty()) {
    const size_t shown = std::min(report.problems.size(), kProblemsShown);
    return Refuse("MOVE_DAMAGED",
                  absl::StrCat("what the former host hands over is damaged, ", report.problems.size(), " problems: ",
                               absl::StrJoin(report.problems.begin(),
                                             report.problems.begin() + static_cast<std::ptrdiff_t>(shown), "; ")));
  }
  MEGURI_ASSIGN_OR_RETURN(const OpenedStore opened, OpenToRead(draft, random));
  MEGURI_RETURN_IF_ERROR(CheckMovedStore({opened.reader(), *present.registry, node.bundle, member, feeds, now,
                                          [&](uint64_t done) { progress("verified", done, report.records); }}));
  CheckedStore checked{report.records, {}};
  MEGURI_ASSIGN_OR_RETURN(const std::vector<storage::OwnHead> heads,
                          storage::ReadOwnHeads(storage::Feeds(opened.reader())));
  for (const storage::OwnHead& head : heads) {
    checked.heads.push_back({head.feed.key.name, head.feed.key.epoch, head.size, head.root});
  }
  return checked;
}

// The feed key of this host, with the base on which it goes on, and the request that the member signs.
absl::Status WriteKeyAndRequest(const Folder& draft, const HostNode& node, const record::ParticipantId& member,
                                const PresentMember& present, const CheckedStore& checked,
                                const registry::v1::Hosting& hosting, absl::Time now, Random& random) {
  MEGURI_ASSIGN_OR_RETURN(const std::unique_ptr<SigningKey> feed_key,
                          SigningKey::Generate(record::KeyAlgorithm::kEd25519));
  MEGURI_RETURN_IF_ERROR(feed_key->SaveTo(draft.feed_key()));
  MEGURI_ASSIGN_OR_RETURN(const certs::MadeFeedBase made, certs::MakeFeedBase(checked.heads, random));
  storage::v1::StoredFeedBase kept;
  *kept.mutable_proofs() = {made.proofs.begin(), made.proofs.end()};
  MEGURI_RETURN_IF_ERROR(certs::WriteFileAtomically(draft.feed_base(), certs::SerializeForSigning(kept), kPrivateMode));
  registry::v1::MoveRequest request;
  request.set_federation(node.bundle.federation());
  *request.mutable_present() = present.record;
  *request.mutable_hosting() = hosting;
  registry::v1::MemberKey& key = *request.mutable_feed_key();
  key = certs::ToMemberKey(*feed_key, registry::v1::KEY_PURPOSE_FEED);
  key.set_not_before_ms(static_cast<uint64_t>(absl::ToUnixMillis(now)));
  *key.mutable_base() = made.base;
  MEGURI_ASSIGN_OR_RETURN(*key.mutable_base()->mutable_signature(),
                          certs::SignBase(node.bundle.federation(), member, *feed_key, key));
  MEGURI_ASSIGN_OR_RETURN(const std::string bytes, certs::MakeMoveRequest(std::move(request)));
  return certs::WriteFileAtomically(draft.move_request(), bytes, kPublicMode);
}

// Takes a draft away again unless it is kept.
class DraftGuard {
 public:
  explicit DraftGuard(std::string root) : root_(std::move(root)) {}
  DraftGuard(const DraftGuard&) = delete;
  DraftGuard& operator=(const DraftGuard&) = delete;
  ~DraftGuard() {
    std::error_code error;
    std::filesystem::remove_all(root_, error);  // it is not there any more once it was renamed
  }

 private:
  const std::string root_;
};

}  // namespace

absl::StatusOr<ImportedMember> ImportMember(const ImportOptions& options, const MoveProgress& progress,
                                            const Clock& clock, Random& random) {
  const absl::Time now = clock.Now();
  MEGURI_ASSIGN_OR_RETURN(const HostNode node, ReadHostNode(options.data_folder, now));
  MEGURI_ASSIGN_OR_RETURN(MoveFileReader file, MoveFileReader::Open(options.file));
  MEGURI_ASSIGN_OR_RETURN(const storage::v1::MoveFrame header, file.Next());
  MEGURI_RETURN_IF_ERROR(CheckHeader(header, node));
  MEGURI_ASSIGN_OR_RETURN(const record::ParticipantId member,
                          record::ParticipantId::Parse(header.header().participant_id()));
  MEGURI_RETURN_IF_ERROR(CheckFree(node, member));
  MEGURI_ASSIGN_OR_RETURN(const PresentMember present, FindMember(node, member, clock, random));
  MEGURI_ASSIGN_OR_RETURN(const Folder draft, MakeDraftFolder(node, member));
  const DraftGuard guard(draft.root());
  MEGURI_ASSIGN_OR_RETURN(const std::vector<storage::v1::MovedFeed> feeds,
                          Unpack(file, header.header().entries(), draft, progress, random));
  MEGURI_ASSIGN_OR_RETURN(const CheckedStore checked,
                          CheckDraft(draft, node, present, member, feeds, progress, now, random));
  registry::v1::Hosting hosting = options.hosting;
  FillHosting(node, hosting);
  MEGURI_RETURN_IF_ERROR(WriteKeyAndRequest(draft, node, member, present, checked, hosting, now, random));
  MEGURI_RETURN_IF_ERROR(WriteClientAuthority(draft, member.text(), clock, random));
  MEGURI_RETURN_IF_ERROR(WriteEntryFile(draft.registry_entry(), present.record));
  const Folder place = node.folder.hosted(member);
  MEGURI_RETURN_IF_ERROR(RenameFolder(draft.root(), place.root()));
  return ImportedMember{member.text(), place.move_request(), checked.records, feeds.size()};
}

}  // namespace meguri::node
