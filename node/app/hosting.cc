// SPDX-License-Identifier: Apache-2.0
#include "node/app/hosting.h"

#include <algorithm>
#include <filesystem>
#include <memory>
#include <system_error>
#include <utility>

#include <sys/stat.h>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "absl/types/optional.h"
#include "base/bytes.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "certs/certificate.h"
#include "certs/enrolment.h"
#include "certs/files.h"
#include "certs/identity.h"
#include "certs/key_change.h"
#include "certs/limits.h"
#include "certs/signing_key.h"
#include "certs/strict_parse.h"
#include "certs/trust_bundle.h"
#include "node/app/config.h"
#include "node/app/entry_file.h"
#include "node/app/host_node.h"
#include "node/app/move.h"
#include "node/app/setup.h"
#include "record/public_key.h"
#include "storage/rocksdb/rocksdb_store.h"

namespace meguri::node {
namespace {

using certs::SigningKey;
using registry::v1::MemberEntry;

constexpr mode_t kPublicMode = 0644;
constexpr size_t kIcdLength = 4;

absl::Status NotHosted(const std::string& member) {
  return Error(
      absl::StatusCode::kNotFound, "MEMBER_NOT_HOSTED",
      absl::StrCat("This node hosts no member ", member, "; `meguri-node host list` names those that it hosts."));
}

absl::StatusOr<record::PublicKey> ParsePublicKey(const std::string& hex) {
  std::string bytes;
  absl::StatusOr<record::PublicKey> key = record::PublicKey::ParseSpki(FromHex(hex, bytes) ? bytes : std::string());
  if (!key.ok()) {
    return InvalidInput(
        {{"--record-public-key", "FLAG", absl::StrCat(hex.size(), " characters that are no public key"),
          "the public key in hexadecimal, as `meguri key generate` prints it",
          "let the member run `meguri key generate record.key` and give what it prints, never the file",
          "会員側で `meguri key generate record.key` を実行し、表示された公開鍵(16進数)を指定してください。"}});
  }
  return key;
}

HostedState StateOf(const MemberEntry& entry, const std::string& node_identity) {
  switch (entry.status()) {
    case registry::v1::MEMBER_STATUS_SUSPENDED:
      return HostedState::kSuspended;
    case registry::v1::MEMBER_STATUS_LEFT:
      return HostedState::kLeft;
    default:
      return entry.hosting().node_identity() == node_identity ? HostedState::kHostedHere
                                                              : HostedState::kHostedElsewhere;
  }
}

absl::StatusOr<HostedRow> RowOf(const HostNode& node, const record::ParticipantId& member) {
  const Folder folder = node.folder.hosted(member);
  const absl::StatusOr<certs::CurrentEntry> current = ReadEntryFile(folder.registry_entry());
  MEGURI_ASSIGN_OR_RETURN(const GuestQuota quota, ReadGuestQuota(folder));
  if (!current.ok()) {
    return ReasonOf(current.status()) == "NO_REGISTRY_ENTRY"
               ? absl::StatusOr<HostedRow>(HostedRow{member, "", HostedState::kNotEnrolled, quota, StoreBytes(folder)})
               : current.status();
  }
  const registry::v1::Name& name = current->entry.name();
  // What the registry has said since is not known here: the member is not served any more.
  const HostedState state =
      CheckNotExported(folder).ok() ? StateOf(current->entry, node.identity) : HostedState::kExported;
  return HostedRow{member, name.ja().empty() ? name.en() : name.ja(), state, quota, StoreBytes(folder)};
}

}  // namespace

absl::StatusOr<std::string> AddHostedMember(HostOptions options, const Clock& clock, Random& random) {
  MEGURI_ASSIGN_OR_RETURN(const HostNode node, ReadHostNode(options.data_folder, clock.Now()));
  MemberEntry& entry = options.entry;
  MEGURI_ASSIGN_OR_RETURN(const record::ParticipantId member, record::ParticipantId::Parse(entry.participant_id()));
  MEGURI_RETURN_IF_ERROR(CheckFree(node, member));
  MEGURI_ASSIGN_OR_RETURN(const record::PublicKey record_key, ParsePublicKey(options.record_public_key));
  MEGURI_ASSIGN_OR_RETURN(const std::unique_ptr<SigningKey> feed_key,
                          SigningKey::Generate(record::KeyAlgorithm::kEd25519));
  entry.set_status(registry::v1::MEMBER_STATUS_ACTIVE);
  FillHosting(node, *entry.mutable_hosting());
  *entry.add_keys() = certs::ToMemberKey(record_key, registry::v1::KEY_PURPOSE_RECORD);
  *entry.add_keys() = certs::ToMemberKey(*feed_key, registry::v1::KEY_PURPOSE_FEED);
  MEGURI_RETURN_IF_ERROR(CheckEntryAsRecord(entry));
  registry::v1::EnrolmentRequest request;
  *request.mutable_entry() = entry;
  MEGURI_ASSIGN_OR_RETURN(const std::string begun,
                          certs::BeginEnrolmentRequest(request, node.bundle.federation(), *feed_key));

  // Made beside its place, so that it is there whole or not at all.
  const Folder place = node.folder.hosted(member);
  MEGURI_ASSIGN_OR_RETURN(const Folder draft, MakeDraftFolder(node, member));
  MEGURI_RETURN_IF_ERROR(feed_key->SaveTo(draft.feed_key()));
  MEGURI_RETURN_IF_ERROR(WriteClientAuthority(draft, member.text(), clock, random));
  MEGURI_RETURN_IF_ERROR(certs::WriteFileAtomically(draft.enrolment_request(), begun, kPublicMode));
  MEGURI_RETURN_IF_ERROR(RenameFolder(draft.root(), place.root()));
  return place.enrolment_request();
}

absl::StatusOr<GuestQuota> SetGuestQuota(const QuotaOptions& options) {
  MEGURI_ASSIGN_OR_RETURN(const Folder folder, FolderOf(options.data_folder, options.member));
  if (folder.root() == options.data_folder) {
    return InvalidInput({{"MEMBER", "FLAG", options.member, "a member that is hosted beside the node's own",
                          "the node's own member takes what there is", "ノード自身の会員に上限はありません。"}});
  }
  MEGURI_ASSIGN_OR_RETURN(GuestQuota quota, ReadGuestQuota(folder));
  quota.store_mib = options.store_mib.value_or(quota.store_mib);
  quota.records = options.records.value_or(quota.records);
  quota.calls_per_second = options.calls_per_second.value_or(quota.calls_per_second);
  if (options.store_mib.has_value() || options.records.has_value() || options.calls_per_second.has_value()) {
    MEGURI_RETURN_IF_ERROR(WriteGuestQuota(folder, quota));
  }
  return quota;
}

absl::StatusOr<std::vector<record::ParticipantId>> HostedMembersIn(const Folder& folder) {
  std::vector<record::ParticipantId> members;
  std::error_code error;
  if (!std::filesystem::exists(folder.hosted(), error)) {
    return members;
  }
  for (const auto& entry : std::filesystem::directory_iterator(folder.hosted(), error)) {
    std::string name = entry.path().filename().string();
    if (name.size() <= kIcdLength || name[kIcdLength] != '-') {
      continue;  // one that is being made
    }
    name[kIcdLength] = ':';
    absl::StatusOr<record::ParticipantId> member = record::ParticipantId::Parse(name);
    if (member.ok()) {
      members.push_back(*std::move(member));
    }
  }
  if (error) {
    return Error(absl::StatusCode::kUnavailable, "FOLDER",
                 absl::StrCat("Cannot read ", folder.hosted(), ": ", error.message()));
  }
  std::sort(members.begin(), members.end());
  return members;
}

absl::StatusOr<std::vector<HostedRow>> ListHostedMembers(const std::string& data_folder) {
  // The bundle may have expired: who is hosted is known all the same.
  MEGURI_ASSIGN_OR_RETURN(const HostNode node, ReadHostNode(data_folder, absl::InfinitePast()));
  MEGURI_ASSIGN_OR_RETURN(const std::vector<record::ParticipantId> members, HostedMembersIn(node.folder));
  std::vector<HostedRow> rows;
  for (const record::ParticipantId& member : members) {
    MEGURI_ASSIGN_OR_RETURN(HostedRow row, RowOf(node, member));
    rows.push_back(std::move(row));
  }
  return rows;
}

absl::StatusOr<Folder> FolderOf(const std::string& data_folder, const std::string& member) {
  Folder folder(data_folder);
  if (member.empty()) {
    return folder;
  }
  MEGURI_ASSIGN_OR_RETURN(const record::ParticipantId participant, record::ParticipantId::Parse(member));
  MEGURI_ASSIGN_OR_RETURN(const Config config, Config::Load(data_folder, {}, [](const std::string&) {
                            return absl::optional<std::string>();
                          }));
  if (config.Get("participant") == participant.text()) {
    return folder;
  }
  std::error_code error;
  const Folder hosted = folder.hosted(participant);
  return std::filesystem::exists(hosted.root(), error) ? absl::StatusOr<Folder>(hosted) : NotHosted(member);
}

absl::StatusOr<std::string> RemoveHostedMember(const std::string& data_folder, const std::string& member, bool abandon,
                                               const Clock& clock) {
  MEGURI_ASSIGN_OR_RETURN(const HostNode node, ReadHostNode(data_folder, absl::InfinitePast()));
  MEGURI_ASSIGN_OR_RETURN(const record::ParticipantId participant, record::ParticipantId::Parse(member));
  std::error_code error;
  const Folder place = node.folder.hosted(participant);
  if (!std::filesystem::exists(place.root(), error)) {
    return NotHosted(member);
  }
  MEGURI_ASSIGN_OR_RETURN(const HostedRow row, RowOf(node, participant));
  if (!abandon && (row.state == HostedState::kHostedHere || row.state == HostedState::kSuspended)) {
    return Error(absl::StatusCode::kFailedPrecondition, "HOSTED_STILL",
                 absl::StrCat("The registry still names this node for ", member,
                              ". Let the operator end that first (`meguri member leave`). With --abandon it is removed "
                              "all the same: what it has published is then read nowhere but in copies of others, and "
                              "its feed key, clients, follows and audit feed are out of use."));
  }
  if (storage::RocksdbStoreExists(place.store())) {
    // Nobody may write there while it moves.
    MEGURI_RETURN_IF_ERROR(storage::OpenRocksdbStoreToRead(place.store()).status());
  }
  MEGURI_RETURN_IF_ERROR(MakeFolder(node.folder.no_longer_hosted()));
  std::string aside = absl::StrCat(node.folder.no_longer_hosted(), "/", Folder::NameOf(participant), "-",
                                   absl::FormatTime("%Y%m%dT%H%M%SZ", clock.Now(), absl::UTCTimeZone()));
  MEGURI_RETURN_IF_ERROR(RenameFolder(place.root(), aside));
  return aside;
}

}  // namespace meguri::node
