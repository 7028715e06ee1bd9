// SPDX-License-Identifier: Apache-2.0
#include <filesystem>
#include <memory>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "certs/files.h"
#include "certs/identity.h"
#include "certs/key_succession.h"
#include "certs/signing_key.h"
#include "node/app/entry_file.h"
#include "node/app/host_node.h"
#include "node/app/hosting.h"
#include "node/app/move.h"
#include "node/app/move_file.h"
#include "node/app/store_check.h"
#include "record/checkpoint.h"
#include "storage/commit_keys.h"
#include "storage/feeds.h"
#include "storage/format.h"
#include "storage/own_heads.h"
#include "storage/rocksdb/rocksdb_store.h"
#include "storage/sealed/open.h"
#include "storage/store_copy.h"

namespace meguri::node {
namespace {

constexpr mode_t kPublicMode = 0644;
constexpr size_t kFeedsOfFrame = 4096;

bool IsExported(const Folder& folder) {
  std::error_code error;
  return std::filesystem::exists(folder.exported(), error);
}

absl::Status CheckFormatIsNew(const storage::StoreReader& store) {
  MEGURI_ASSIGN_OR_RETURN(const absl::optional<uint64_t> format, storage::ReadNumber(store, storage::kFormatKey));
  return format == uint64_t{storage::kStoreFormat}
             ? absl::OkStatus()
             : Error(absl::StatusCode::kFailedPrecondition, "STORE_FORMAT_OLDER",
                     "The store is of another format than this program writes: start the node once with this program, "
                     "stop it, and export then.");
}

// Who may be exported now.
absl::Status CheckMayLeave(const HostNode& node, const Folder& folder, const std::string& member) {
  if (member == node.bundle.operator_id().text()) {
    return InvalidInput({{"MEMBER", "FLAG", member, "a member that is not the operator",
                          "the trust bundle pins the operator's node", "運営会員は移せません。"}});
  }
  if (IsExported(folder)) {
    return Error(absl::StatusCode::kFailedPrecondition, "EXPORTED_ALREADY",
                 absl::StrCat(member,
                              " was exported already, and nothing has come since: use that file, or run "
                              "`meguri-node host resume` first."));
  }
  MEGURI_ASSIGN_OR_RETURN(const std::vector<record::ParticipantId> guests, HostedMembersIn(node.folder));
  if (member == node.member.text() && !guests.empty()) {
    return Error(absl::StatusCode::kFailedPrecondition, "HOSTS_OTHERS",
                 absl::StrCat("This node hosts ", guests.size(),
                              " other members, and does not start any more once its own member was exported: let them "
                              "move first."));
  }
  return CheckStoreNotLost(folder);
}

// Puts what a store holds into frames of about the same size.
class EntryWriter {
 public:
  EntryWriter(MoveFileWriter& file, uint64_t total, const MoveProgress& progress)
      : file_(file), total_(total), progress_(progress) {}

  absl::Status Add(storage::Family family, absl::string_view key, absl::string_view value) {
    storage::v1::MovedEntry& entry = *frame_.mutable_entries()->add_entries();
    entry.set_family(family == storage::Family::kArrival ? 0 : 1);
    entry.set_key(key.data(), key.size());
    entry.set_value(value.data(), value.size());
    bytes_ += key.size() + value.size();
    ++done_;
    return bytes_ < kMoveFrameBytesTarget ? absl::OkStatus() : Flush();
  }

  absl::Status Flush() {
    if (frame_.entries().entries().empty()) {
      return absl::OkStatus();
    }
    MEGURI_RETURN_IF_ERROR(file_.Add(frame_));
    frame_.Clear();
    bytes_ = 0;
    progress_("exported", done_, total_);
    return absl::OkStatus();
  }

 private:
  MoveFileWriter& file_;
  const uint64_t total_;
  const MoveProgress& progress_;
  storage::v1::MoveFrame frame_;
  size_t bytes_ = 0;
  uint64_t done_ = 0;
};

absl::StatusOr<uint64_t> WriteFeeds(const storage::StoreReader& store, const std::string& federation,
                                    const certs::SigningKey& feed_key, MoveFileWriter& file) {
  MEGURI_ASSIGN_OR_RETURN(const std::vector<storage::OwnHead> heads, storage::ReadOwnHeads(storage::Feeds(store)));
  storage::v1::MoveFrame frame;
  for (const storage::OwnHead& head : heads) {
    storage::v1::MovedFeed& feed = *frame.mutable_feeds()->add_feeds();
    feed.set_name(head.feed.key.name.text());
    feed.set_epoch(head.feed.key.epoch);
    MEGURI_ASSIGN_OR_RETURN(
        *feed.mutable_checkpoint(),
        record::SignCheckpoint({record::FeedOrigin(federation, head.feed.key), head.size, head.root}, feed_key));
    if (frame.feeds().feeds_size() == static_cast<int>(kFeedsOfFrame)) {
      MEGURI_RETURN_IF_ERROR(file.Add(frame));
      frame.Clear();
    }
  }
  if (frame.has_feeds()) {
    MEGURI_RETURN_IF_ERROR(file.Add(frame));
  }
  return heads.size();
}

absl::StatusOr<storage::v1::MoveFrame> HeaderOf(const HostNode& node, const std::string& member,
                                                const storage::StoreReader& store, absl::Time now) {
  storage::v1::MoveFrame frame;
  storage::v1::MoveHeader& header = *frame.mutable_header();
  header.set_format_version(kMoveFormatVersion);
  header.set_federation(node.bundle.federation());
  header.set_participant_id(member);
  header.set_node_identity(node.identity);
  header.set_time_ms(static_cast<uint64_t>(absl::ToUnixMillis(now)));
  header.set_store_format(storage::kStoreFormat);
  const auto count = [](storage::Family, absl::string_view, absl::string_view) { return absl::OkStatus(); };
  MEGURI_ASSIGN_OR_RETURN(const uint64_t entries, storage::CopyOut(store, count));
  header.set_entries(entries);
  return frame;
}

}  // namespace

absl::Status CheckNotExported(const Folder& folder) {
  return IsExported(folder)
             ? Error(absl::StatusCode::kFailedPrecondition, "MEMBER_EXPORTED",
                     absl::StrCat("The member was exported, to move to another host (", folder.exported(),
                                  "): what it published here now would be lost. Once it has moved, run `meguri-node "
                                  "host remove`; if it stays, `meguri-node host resume`."))
             : absl::OkStatus();
}

absl::StatusOr<ExportedMember> ExportMember(const std::string& data_folder, const std::string& member,
                                            const std::string& out, const MoveProgress& progress, const Clock& clock,
                                            Random& random) {
  // The bundle may have expired: whoever leaves takes what is its own.
  MEGURI_ASSIGN_OR_RETURN(const HostNode node, ReadHostNode(data_folder, absl::InfinitePast()));
  MEGURI_ASSIGN_OR_RETURN(const Folder folder, FolderOf(data_folder, member));
  MEGURI_RETURN_IF_ERROR(CheckMayLeave(node, folder, member));
  MEGURI_ASSIGN_OR_RETURN(const certs::CurrentEntry current, ReadEntryFile(folder.registry_entry()));
  MEGURI_ASSIGN_OR_RETURN(
      const std::unique_ptr<certs::SigningKey> feed_key,
      certs::LoadKeyInForce(current.entry, registry::v1::KEY_PURPOSE_FEED, folder.feed_key(), clock.Now()));
  MEGURI_ASSIGN_OR_RETURN(std::unique_ptr<storage::StoreReader> opened,
                          storage::OpenRocksdbStoreToRead(folder.store()));
  MEGURI_ASSIGN_OR_RETURN(const storage::SealedReaderParts sealed,
                          storage::OpenSealedToRead(std::move(opened), SectionKeysIn(folder), random));
  const storage::StoreReader& store = *sealed.store;
  MEGURI_RETURN_IF_ERROR(CheckFormatIsNew(store));
  MEGURI_ASSIGN_OR_RETURN(MoveFileWriter file, MoveFileWriter::Create(out));
  MEGURI_ASSIGN_OR_RETURN(const storage::v1::MoveFrame header, HeaderOf(node, member, store, clock.Now()));
  MEGURI_RETURN_IF_ERROR(file.Add(header));
  ExportedMember exported;
  MEGURI_ASSIGN_OR_RETURN(exported.feeds, WriteFeeds(store, node.bundle.federation(), *feed_key, file));
  EntryWriter writer(file, header.header().entries(), progress);
  MEGURI_ASSIGN_OR_RETURN(exported.entries, storage::CopyOut(store, [&](storage::Family family, absl::string_view key,
                                                                        absl::string_view value) {
                            return writer.Add(family, key, value);
                          }));
  MEGURI_RETURN_IF_ERROR(writer.Flush());
  MEGURI_ASSIGN_OR_RETURN(const record::Hash digest, file.Finish());
  exported.digest = digest.ToHex();
  MEGURI_RETURN_IF_ERROR(
      certs::WriteFileAtomically(folder.exported(), absl::StrCat(exported.digest, " ", out, "\n"), kPublicMode));
  return exported;
}

absl::Status ResumeMember(const std::string& data_folder, const std::string& member) {
  MEGURI_ASSIGN_OR_RETURN(const Folder folder, FolderOf(data_folder, member));
  std::error_code error;
  if (!std::filesystem::remove(folder.exported(), error)) {
    return Error(absl::StatusCode::kNotFound, "NOT_EXPORTED",
                 absl::StrCat(member, " was not exported: it is served as before."));
  }
  return absl::OkStatus();
}

}  // namespace meguri::node
