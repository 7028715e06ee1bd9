// SPDX-License-Identifier: Apache-2.0
#include "node/app/change.h"

#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "certs/certificate.h"
#include "certs/change_request.h"
#include "certs/files.h"
#include "certs/identity.h"
#include "certs/key_change.h"
#include "certs/key_succession.h"
#include "certs/registry.h"
#include "certs/signing_key.h"
#include "certs/strict_parse.h"
#include "certs/trust_bundle.h"
#include "node/app/entry_file.h"
#include "node/app/folder.h"
#include "node/app/hosting.h"

namespace meguri::node {
namespace {

using certs::SigningKey;
using registry::v1::KeyPurpose;
using registry::v1::MemberEntry;
using registry::v1::MemberKey;

constexpr size_t kFileBytesMax = size_t{1} << 20;
constexpr mode_t kPublicMode = 0644;

// What every request starts from.
struct Desk {
  Folder folder;
  certs::TrustBundle bundle;
  certs::CurrentEntry current;
  std::string record_key;  // the first file of that line of keys; "" of a guest
};

absl::StatusOr<Desk> OpenDesk(const std::string& data_folder, const std::string& member, const std::string& record_key,
                              absl::Time now) {
  MEGURI_ASSIGN_OR_RETURN(const Folder folder, FolderOf(data_folder, member));
  MEGURI_ASSIGN_OR_RETURN(const std::string bytes, certs::ReadFile(Folder(data_folder).trust_bundle(), kFileBytesMax));
  MEGURI_ASSIGN_OR_RETURN(certs::TrustBundle bundle, certs::TrustBundle::Open(bytes, now));
  MEGURI_ASSIGN_OR_RETURN(certs::CurrentEntry current, ReadEntryFile(folder.registry_entry()));
  const bool is_guest = folder.root() != data_folder;
  return Desk{folder, std::move(bundle), std::move(current),
              record_key.empty() && !is_guest ? folder.record_key() : record_key};
}

absl::StatusOr<std::unique_ptr<SigningKey>> KeyInForce(const Desk& desk, KeyPurpose purpose, absl::Time now) {
  return certs::LoadKeyInForce(desk.current.entry, purpose,
                               purpose == registry::v1::KEY_PURPOSE_RECORD ? desk.record_key : desk.folder.feed_key(),
                               now);
}

absl::StatusOr<std::string> WriteChange(const Desk& desk, const MemberEntry& entry,
                                        const std::vector<const record::Signer*>& signers, const std::string& out,
                                        absl::Time now) {
  MEGURI_RETURN_IF_ERROR(certs::CheckMemberEntry(desk.bundle.federation(), entry));
  MEGURI_ASSIGN_OR_RETURN(const std::string bytes,
                          signers.empty()
                              ? certs::DraftChangeRequest(entry, desk.bundle.federation(), desk.current, {})
                              : certs::SignChangeRequest(entry, desk.bundle.federation(), desk.current, signers, now));
  std::string path = out.empty() ? desk.folder.change_request() : out;
  MEGURI_RETURN_IF_ERROR(certs::WriteFileAtomically(path, bytes, kPublicMode));
  return path;
}

}  // namespace

absl::StatusOr<std::string> RequestChange(const ChangeOptions& options, const Clock& clock) {
  const absl::Time now = clock.Now();
  MEGURI_ASSIGN_OR_RETURN(const Desk desk, OpenDesk(options.data_folder, options.member, options.record_key, now));
  MemberEntry entry = desk.current.entry;
  MEGURI_RETURN_IF_ERROR(certs::ApplyTo(entry, options.text));
  if (certs::SerializeForSigning(entry) == certs::SerializeForSigning(desk.current.entry)) {
    return Error(absl::StatusCode::kInvalidArgument, "NOTHING_CHANGES",
                 "The registry says all of this already. Give what is to change, for example --address host:port.");
  }
  if (desk.record_key.empty()) {
    return WriteChange(desk, entry, {}, options.out, now);
  }
  MEGURI_ASSIGN_OR_RETURN(const std::unique_ptr<SigningKey> key,
                          KeyInForce(desk, registry::v1::KEY_PURPOSE_RECORD, now));
  return WriteChange(desk, entry, {key.get()}, options.out, now);
}

absl::StatusOr<std::string> RequestCertificate(const ChangeOptions& options, const Clock& clock) {
  const absl::Time now = clock.Now();
  MEGURI_ASSIGN_OR_RETURN(const Desk desk, OpenDesk(options.data_folder, "", options.record_key, now));
  MEGURI_ASSIGN_OR_RETURN(const std::unique_ptr<SigningKey> record_key,
                          KeyInForce(desk, registry::v1::KEY_PURPOSE_RECORD, now));
  MEGURI_ASSIGN_OR_RETURN(const std::unique_ptr<SigningKey> feed_key,
                          KeyInForce(desk, registry::v1::KEY_PURPOSE_FEED, now));
  registry::v1::EnrolmentRequest request;
  *request.mutable_entry() = desk.current.entry;
  std::string key_file = desk.folder.node_key();
  if (!options.node_name.empty()) {
    MEGURI_ASSIGN_OR_RETURN(certs::Identity identity,
                            certs::Identity::Parse(desk.current.entry.hosting().node_identity()));
    identity.name = options.node_name;
    request.mutable_entry()->mutable_hosting()->set_node_identity(identity.ToUri());
    MEGURI_RETURN_IF_ERROR(certs::CheckMemberEntry(desk.bundle.federation(), request.entry()));
    MEGURI_ASSIGN_OR_RETURN(key_file, RotateNodeKey(options.data_folder));
  }
  MEGURI_ASSIGN_OR_RETURN(const std::unique_ptr<SigningKey> node_key, SigningKey::Load(key_file));
  // A request enrols as active; enrolling again keeps the status that the operator has given.
  request.mutable_entry()->set_status(registry::v1::MEMBER_STATUS_ACTIVE);
  request.mutable_entry()->clear_keys();
  for (const SigningKey* key : {record_key.get(), feed_key.get()}) {
    *request.mutable_entry()->add_keys() = *certs::FindKey(desk.current.entry, key->public_key().spki());
  }
  MEGURI_ASSIGN_OR_RETURN(*request.mutable_certificate_request(),
                          certs::MakeCertificateRequest(*node_key, request.entry().hosting().node_identity()));
  MEGURI_ASSIGN_OR_RETURN(const std::string bytes, certs::SignEnrolmentRequest(request, desk.bundle.federation(),
                                                                               {record_key.get(), feed_key.get()}));
  MEGURI_RETURN_IF_ERROR(certs::WriteFileAtomically(desk.folder.enrolment_request(), bytes, kPublicMode));
  return desk.folder.enrolment_request();
}

absl::StatusOr<RotatedKey> RotateKey(const RotateOptions& options, const Clock& clock) {
  const absl::Time now = clock.Now();
  const bool is_record = options.purpose == registry::v1::KEY_PURPOSE_RECORD;
  MEGURI_ASSIGN_OR_RETURN(const record::KeyAlgorithm algorithm,
                          certs::ParseKeyAlgorithm(is_record ? options.algorithm : "ed25519"));
  MEGURI_ASSIGN_OR_RETURN(const Desk desk, OpenDesk(options.data_folder, options.member, options.record_key, now));
  if (is_record && desk.record_key.empty()) {
    return InvalidInput({{"--member", "FLAG", "the record key of a hosted member", "its feed key",
                          "let the member run `meguri key rotate`: its record key is its own",
                          "ホストされる会員の記録鍵は、会員が `meguri key rotate` で更新します。"}});
  }
  if (desk.current.entry.participant_id() == desk.bundle.operator_id().text()) {
    return Error(absl::StatusCode::kFailedPrecondition, "PINNED_KEY",
                 "The trust bundle pins the operator's keys. Make a key with `meguri key generate`, and pin it with "
                 "`meguri-node bundle next --registry-record-key FILE` or --registry-feed-key.");
  }
  MEGURI_ASSIGN_OR_RETURN(certs::SuccessorRequest request,
                          certs::RequestSuccessor({.federation = desk.bundle.federation(),
                                                   .current = desk.current,
                                                   .purpose = options.purpose,
                                                   .algorithm = algorithm,
                                                   .key_file = is_record ? desk.record_key : desk.folder.feed_key(),
                                                   .record_key_file = desk.record_key,
                                                   .begin = options.begin,
                                                   .old_end = options.old_end,
                                                   .is_recovery = options.is_recovery},
                                                  now));
  // A request of its own, so that two keys can be made one after the other.
  std::string out = !options.out.empty()
                        ? options.out
                        : absl::StrCat(desk.folder.change_request(), is_record ? "-record-key" : "-feed-key");
  MEGURI_RETURN_IF_ERROR(certs::WriteFileAtomically(out, request.bytes, kPublicMode));
  return RotatedKey{std::move(request.key_file), std::move(out)};
}

absl::StatusOr<std::string> RotateNodeKey(const std::string& data_folder) {
  const Folder folder(data_folder);
  MEGURI_RETURN_IF_ERROR(SigningKey::Load(folder.node_key()).status());
  if (!SigningKey::Load(folder.next_node_key()).ok()) {
    MEGURI_ASSIGN_OR_RETURN(const std::unique_ptr<SigningKey> key,
                            SigningKey::Generate(record::KeyAlgorithm::kEcdsaP256));
    MEGURI_RETURN_IF_ERROR(key->SaveTo(folder.next_node_key()));
  }
  return folder.next_node_key();
}

}  // namespace meguri::node
