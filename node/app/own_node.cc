// SPDX-License-Identifier: Apache-2.0
#include "node/app/own_node.h"

#include <filesystem>
#include <memory>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "absl/types/optional.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "certs/certificate.h"
#include "certs/files.h"
#include "certs/identity.h"
#include "certs/key_change.h"
#include "certs/limits.h"
#include "certs/signing_key.h"
#include "certs/trust_bundle.h"
#include "node/app/entry_file.h"
#include "node/app/host_node.h"
#include "node/app/move.h"
#include "node/app/move_check.h"
#include "node/app/move_file.h"
#include "node/app/move_intake.h"
#include "node/app/setup.h"

namespace meguri::node {
namespace {

using certs::SigningKey;

constexpr mode_t kPublicMode = 0644;
constexpr char kExportAnew[] = "Let the former host follow the registry and export anew, or ask the operator.";

absl::Status CheckFlags(const OwnNodeOptions& options) {
  std::vector<Violation> violations;
  if (options.trust_bundle_path.empty()) {
    violations.push_back(
        {"--trust-bundle", "FLAG", "nothing", "the file trust-bundle that the operator of the federation gave you",
         "give --trust-bundle FILE", "連合の運営者から受け取った trust-bundle を --trust-bundle で指定してください。"});
  }
  CheckListening(options.listen, !options.hosting.addresses().empty(), violations);
  return violations.empty() ? absl::OkStatus() : InvalidInput(violations);
}

// The folder in which everything is made, in that of the node, so that it goes into place without being copied.
absl::StatusOr<Folder> MakeDraft(const Folder& folder) {
  Folder draft(absl::StrCat(folder.root(), "/.moving"));
  std::error_code error;
  std::filesystem::remove_all(draft.root(), error);
  for (const std::string& path : {folder.root(), draft.root(), draft.keys(), draft.certs()}) {
    MEGURI_RETURN_IF_ERROR(MakeFolder(path));
  }
  return draft;
}

// Takes the node's folder away again if nothing is in it.
class FolderGuard {
 public:
  explicit FolderGuard(std::string root) : root_(std::move(root)) {}
  FolderGuard(const FolderGuard&) = delete;
  FolderGuard& operator=(const FolderGuard&) = delete;
  ~FolderGuard() {
    std::error_code error;
    std::filesystem::remove(root_, error);
  }

 private:
  const std::string root_;
};

// The copy of the member's record key that the node's clients are to sign with.
absl::Status CopyRecordKey(const std::string& file, const PresentMember& present, const Folder& draft) {
  if (file.empty()) {
    return absl::OkStatus();
  }
  MEGURI_ASSIGN_OR_RETURN(const std::unique_ptr<SigningKey> key, SigningKey::Load(file));
  registry::v1::MemberEntry entry;
  const registry::v1::MemberKey* known = entry.ParseFromString(present.record.sections(0).payload())
                                             ? certs::FindKey(entry, key->public_key().spki())
                                             : nullptr;
  if (known == nullptr || known->purpose() != registry::v1::KEY_PURPOSE_RECORD) {
    return Error(absl::StatusCode::kInvalidArgument, "KEY_NOT_NAMED",
                 absl::StrCat(file, " is no record key of ", entry.participant_id(),
                              ": give the one that signs its records, or leave --record-key out"));
  }
  return key->SaveTo(draft.record_key());
}

// The settings last: a folder with a node.toml is complete.
absl::Status PutInPlace(const Folder& draft, const Folder& folder) {
  std::vector<std::string> names;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(draft.root(), error)) {
    names.push_back(entry.path().filename().string());
  }
  if (error) {
    return Error(absl::StatusCode::kUnavailable, "FILE_IO",
                 absl::StrCat("cannot read ", draft.root(), ": ", error.message()));
  }
  const std::string settings = std::filesystem::path(draft.config()).filename().string();
  for (const std::string& name : names) {
    if (name != settings) {
      MEGURI_RETURN_IF_ERROR(
          RenameFolder(absl::StrCat(draft.root(), "/", name), absl::StrCat(folder.root(), "/", name)));
    }
  }
  return RenameFolder(draft.config(), folder.config());
}

absl::StatusOr<TakenIn> TakeIn(MoveFileReader& file, uint64_t entries, const Folder& draft,
                               const certs::TrustBundle& bundle, const record::ParticipantId& member,
                               const MoveProgress& progress, const Clock& clock, Random& random) {
  MEGURI_ASSIGN_OR_RETURN(const std::vector<storage::v1::MovedFeed> feeds,
                          Unpack(file, entries, draft, progress, random));
  TakenIn taken;
  MEGURI_ASSIGN_OR_RETURN(taken.records, CheckNotDamaged(draft, progress));
  MEGURI_ASSIGN_OR_RETURN(const OpenedStore moved, OpenToRead(draft, random));
  MEGURI_RETURN_IF_ERROR(CheckRegistryCopy(moved.reader(), bundle, member));
  MEGURI_ASSIGN_OR_RETURN(taken.present, FindMember(moved.reader(), bundle, member, member, kExportAnew, clock));
  MEGURI_RETURN_IF_ERROR(CheckMovedStore({moved.reader(), *taken.present.registry, bundle, member, feeds, clock.Now(),
                                          [&](uint64_t done) { progress("verified", done, taken.records); }}));
  MEGURI_ASSIGN_OR_RETURN(taken.heads, HeadsIn(moved.reader()));
  return taken;
}

}  // namespace

absl::StatusOr<ImportedMember> MakeOwnNode(
    const OwnNodeOptions& options,
    absl::FunctionRef<absl::StatusOr<record::ParticipantId>(const certs::TrustBundle&)> find_member,
    absl::FunctionRef<absl::StatusOr<TakenIn>(const Folder& draft, const certs::TrustBundle&)> take_in,
    const Clock& clock, Random& random) {
  const absl::Time now = clock.Now();
  const Folder folder(options.data_folder);
  MEGURI_RETURN_IF_ERROR(CheckFolderIsFree(folder));
  MEGURI_RETURN_IF_ERROR(CheckFlags(options));
  MEGURI_ASSIGN_OR_RETURN(const std::string bundle_bytes,
                          certs::ReadFile(options.trust_bundle_path, certs::kTrustBundleBytesMax));
  MEGURI_ASSIGN_OR_RETURN(const certs::TrustBundle bundle, certs::TrustBundle::Open(bundle_bytes, now));
  MEGURI_ASSIGN_OR_RETURN(const record::ParticipantId member, find_member(bundle));
  // Goes through the parser, so that a wrong node name is refused here.
  MEGURI_ASSIGN_OR_RETURN(
      const certs::Identity identity,
      certs::Identity::Parse(
          certs::Identity{bundle.federation(), member, certs::Identity::Class::kNode, options.node_name}.ToUri()));
  const FolderGuard folder_guard(folder.root());
  MEGURI_ASSIGN_OR_RETURN(const Folder draft, MakeDraft(folder));
  const DraftGuard draft_guard(draft.root());
  MEGURI_ASSIGN_OR_RETURN(const TakenIn taken, take_in(draft, bundle));
  registry::v1::Hosting hosting = options.hosting;
  hosting.set_node_identity(identity.ToUri());
  if (hosting.addresses().empty()) {
    hosting.add_addresses(options.listen);
  }
  MEGURI_ASSIGN_OR_RETURN(const std::unique_ptr<SigningKey> node_key,
                          SigningKey::Generate(record::KeyAlgorithm::kEcdsaP256));
  MEGURI_ASSIGN_OR_RETURN(std::string certificate_request, certs::MakeCertificateRequest(*node_key, identity.ToUri()));
  MEGURI_RETURN_IF_ERROR(node_key->SaveTo(draft.node_key()));
  MEGURI_RETURN_IF_ERROR(CopyRecordKey(options.record_key, taken.present, draft));
  MEGURI_RETURN_IF_ERROR(WriteKeyAndRequest(
      draft, {bundle, member, taken.present, taken.heads, hosting, std::move(certificate_request)}, now, random));
  MEGURI_RETURN_IF_ERROR(WriteClientAuthority(draft, member.text(), clock, random));
  MEGURI_RETURN_IF_ERROR(WriteEntryFile(draft.registry_entry(), taken.present.record));
  MEGURI_RETURN_IF_ERROR(certs::WriteFileAtomically(draft.trust_bundle(), bundle_bytes, kPublicMode));
  MEGURI_RETURN_IF_ERROR(certs::WriteFileAtomically(
      draft.config(), NodeConfigText(member.text(), options.node_name, options.listen), kPublicMode));
  MEGURI_RETURN_IF_ERROR(PutInPlace(draft, folder));
  return ImportedMember{member.text(), folder.move_request(), taken.records, taken.heads.size()};
}

absl::StatusOr<ImportedMember> InitFromMove(const OwnNodeOptions& options, const MoveProgress& progress,
                                            const Clock& clock, Random& random) {
  absl::optional<MoveFileReader> file;
  absl::optional<record::ParticipantId> member;
  uint64_t entries = 0;
  return MakeOwnNode(
      options,
      [&](const certs::TrustBundle& bundle) -> absl::StatusOr<record::ParticipantId> {
        MEGURI_ASSIGN_OR_RETURN(MoveFileReader opened, MoveFileReader::Open(options.file));
        MEGURI_ASSIGN_OR_RETURN(const storage::v1::MoveFrame header, opened.Next());
        MEGURI_ASSIGN_OR_RETURN(member, CheckMoveHeader(header, bundle));
        entries = header.header().entries();
        file.emplace(std::move(opened));
        return *member;
      },
      [&](const Folder& draft, const certs::TrustBundle& bundle) {
        return TakeIn(*file, entries, draft, bundle, *member, progress, clock, random);
      },
      clock, random);
}

}  // namespace meguri::node
