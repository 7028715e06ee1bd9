// SPDX-License-Identifier: Apache-2.0
#include "node/app/setup.h"

#include <filesystem>
#include <memory>
#include <system_error>
#include <utility>

#include <sys/stat.h>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "certs/certificate.h"
#include "certs/files.h"
#include "certs/grammar.h"
#include "certs/key_change.h"
#include "certs/registry.h"
#include "certs/signing_key.h"
#include "certs/strict_parse.h"
#include "certs/trust_bundle.h"
#include "node/app/certificate_renewal.h"
#include "node/app/config.h"
#include "node/app/folder.h"
#include "passport/validate.h"
#include "record/feed.h"

namespace meguri::node {
namespace {

using certs::SigningKey;
using certs::ToMemberKey;

constexpr absl::Duration kBundleValidity = absl::Hours(24 * 365);
constexpr size_t kFileBytesMax = size_t{1} << 20;
constexpr mode_t kPublicMode = 0644;

absl::Status BadFlag(absl::string_view flag, absl::string_view found, absl::string_view expected) {
  return InvalidInput({{std::string(flag), "FLAG", absl::StrCat("'", found, "'"), std::string(expected),
                        absl::StrCat("correct ", flag), absl::StrCat(flag, " の値が正しくありません。")}});
}

// The keys of a new node. Written only once everything else has been checked.
struct NewKeys {
  std::unique_ptr<SigningKey> node;
  std::unique_ptr<SigningKey> record;
  std::unique_ptr<SigningKey> feed;
};

absl::StatusOr<NewKeys> GenerateKeys(const std::string& record_algorithm) {
  record::KeyAlgorithm algorithm = record::KeyAlgorithm::kEd25519;
  if (record_algorithm == "p256") {
    algorithm = record::KeyAlgorithm::kEcdsaP256;
  } else if (record_algorithm != "ed25519") {
    return BadFlag("--key-algorithm", record_algorithm, "ed25519 or p256");
  }
  NewKeys keys;
  MEGURI_ASSIGN_OR_RETURN(keys.node, SigningKey::Generate(record::KeyAlgorithm::kEcdsaP256));
  MEGURI_ASSIGN_OR_RETURN(keys.record, SigningKey::Generate(algorithm));
  MEGURI_ASSIGN_OR_RETURN(keys.feed, SigningKey::Generate(record::KeyAlgorithm::kEd25519));
  return keys;
}

absl::StatusOr<std::string> MakeTrustBundle(const InitOptions& options, const record::ParticipantId& operator_id,
                                            const NewKeys& keys, const SigningKey& bundle_key,
                                            const certs::CertificateAuthority& authority, absl::Time now) {
  registry::v1::TrustBundle bundle;
  bundle.set_format_version(1);
  bundle.set_version(1);
  bundle.set_federation(options.federation);
  bundle.set_expires_ms(static_cast<uint64_t>(absl::ToUnixMillis(now + kBundleValidity)));
  bundle.set_operator_id(operator_id.text());
  bundle.set_registry_origin(record::FeedOrigin(options.federation, {operator_id, record::FeedName::Registry(), 1}));
  *bundle.add_registry_record_keys() = ToMemberKey(*keys.record, registry::v1::KEY_PURPOSE_RECORD);
  *bundle.add_registry_feed_keys() = ToMemberKey(*keys.feed, registry::v1::KEY_PURPOSE_FEED);
  bundle.add_tls_roots(authority.certificate().ToDer());
  *bundle.add_bundle_keys() = ToMemberKey(bundle_key, registry::v1::KEY_PURPOSE_BUNDLE);
  bundle.set_bundle_threshold(1);
  *bundle.mutable_operator_addresses() = options.entry.hosting().addresses();
  return certs::SignTrustBundle(bundle, {&bundle_key});
}

// What a folder is made of before it is written.
struct Plan {
  std::string federation;
  certs::Identity identity;
  std::string trust_bundle;
  std::string enrolment_request;
  std::string node_certificate;  // PEM; operator only
};

absl::StatusOr<std::string> MakeEnrolmentRequest(const InitOptions& options, const certs::Identity& identity,
                                                 const NewKeys& keys) {
  registry::v1::EnrolmentRequest request;
  *request.mutable_entry() = options.entry;
  MEGURI_ASSIGN_OR_RETURN(*request.mutable_certificate_request(),
                          certs::MakeCertificateRequest(*keys.node, identity.ToUri()));
  return certs::SignEnrolmentRequest(request, identity.federation, {keys.record.get(), keys.feed.get()});
}

std::string TomlText(absl::string_view text) {
  return absl::StrCat("\"", absl::StrReplaceAll(text, {{"\\", "\\\\"}, {"\"", "\\\""}}), "\"");
}

absl::Status WritePlan(const Folder& folder, const InitOptions& options, const NewKeys& keys, const Plan& plan) {
  MEGURI_RETURN_IF_ERROR(keys.node->SaveTo(folder.node_key()));
  MEGURI_RETURN_IF_ERROR(keys.record->SaveTo(folder.record_key()));
  MEGURI_RETURN_IF_ERROR(keys.feed->SaveTo(folder.feed_key()));
  if (!plan.node_certificate.empty()) {
    MEGURI_RETURN_IF_ERROR(certs::WriteFileAtomically(folder.node_certificate(), plan.node_certificate, kPublicMode));
  }
  MEGURI_RETURN_IF_ERROR(certs::WriteFileAtomically(folder.trust_bundle(), plan.trust_bundle, kPublicMode));
  MEGURI_RETURN_IF_ERROR(certs::WriteFileAtomically(folder.enrolment_request(), plan.enrolment_request, kPublicMode));
  // Written last: a folder with a node.toml is complete.
  return certs::WriteFileAtomically(
      folder.config(), NodeConfigText(options.entry.participant_id(), options.node_name, options.listen), kPublicMode);
}

// What a person forgets or mixes up, said in the words of the command line.
absl::Status CheckFlags(const InitOptions& options) {
  std::vector<Violation> violations;
  const auto add = [&](absl::string_view flag, absl::string_view found, absl::string_view expected,
                       absl::string_view cure, absl::string_view message_ja) {
    violations.push_back({std::string(flag), "FLAG", std::string(found), std::string(expected), std::string(cure),
                          std::string(message_ja)});
  };
  const registry::v1::MemberEntry& entry = options.entry;
  if (entry.participant_id().empty()) {
    add("--participant", "nothing", "the participant ID, for example 0188:7123456789012", "give --participant ID",
        "参加者 ID を指定してください(例 0188:7123456789012)。");
  }
  if (entry.name().ja().empty() || entry.name().en().empty()) {
    add(entry.name().ja().empty() ? "--name-ja" : "--name-en", "nothing", "the name in Japanese and in English",
        "give --name-ja and --name-en", "--name-ja と --name-en の両方を指定してください。");
  }
  if (options.is_operator && !options.trust_bundle_path.empty()) {
    add("--trust-bundle", "given together with --operator", "one of the two",
        "leave --trust-bundle out: the operator's node makes the bundle",
        "--operator とは併用できません。運営者のノードがトラストバンドルを作ります。");
  }
  if (options.is_operator && !certs::IsDomainName(options.federation)) {
    add("--federation", options.federation.empty() ? "nothing" : certs::Quoted(options.federation),
        "the domain name of the federation in lower case, for example ce.example", "give --federation",
        "連合のドメイン名を英小文字で指定してください(例 ce.example)。");
  }
  if (!options.is_operator && !options.federation.empty()) {
    add("--federation", "given without --operator", "the trust bundle alone: it names the federation",
        "leave --federation out, or add --operator if this is the operator's node",
        "運営者以外は指定できません。連合の名前はトラストバンドルから決まります。");
  }
  if (!options.is_operator && options.trust_bundle_path.empty()) {
    add("--trust-bundle", "nothing", "the file trust-bundle that the operator of the federation gave you",
        "give --trust-bundle FILE, or --operator to found a federation",
        "連合の運営者から受け取った trust-bundle を --trust-bundle で指定してください。連合を新しく作る場合は "
        "--operator を付けてください。");
  }
  CheckListening(options.listen, !entry.hosting().addresses().empty(), violations);
  return violations.empty() ? absl::OkStatus() : InvalidInput(violations);
}

absl::StatusOr<std::string> ReadFederation(InitOptions& options, std::string& bundle_bytes, absl::Time now) {
  if (options.is_operator) {
    if (options.entry.roles_size() == 0) {
      options.entry.add_roles()->set_kind(registry::v1::ROLE_KIND_OPERATOR);
    }
    return options.federation;
  }
  MEGURI_ASSIGN_OR_RETURN(bundle_bytes, certs::ReadFile(options.trust_bundle_path, kFileBytesMax));
  MEGURI_ASSIGN_OR_RETURN(const certs::TrustBundle bundle, certs::TrustBundle::Open(bundle_bytes, now));
  return bundle.federation();
}

bool IsKeyOf(const certs::Certificate& certificate, const std::string& key_file) {
  const absl::StatusOr<std::unique_ptr<SigningKey>> key = SigningKey::Load(key_file);
  return key.ok() && (*key)->public_key().spki() == certificate.spki();
}

}  // namespace

absl::Status CheckFolderIsFree(const Folder& folder) {
  std::error_code error;
  for (const std::string& path : {folder.config(), folder.keys(), folder.store()}) {
    if (std::filesystem::exists(path, error)) {
      return Error(absl::StatusCode::kAlreadyExists, "FOLDER_IN_USE",
                   absl::StrCat(folder.root(), " holds a node already; choose another folder with --data."));
    }
  }
  return absl::OkStatus();
}

void CheckListening(absl::string_view listen, bool has_addresses, std::vector<Violation>& violations) {
  if (!IsListenAddress(listen)) {
    violations.push_back({"--listen", "FLAG", certs::Quoted(listen), "host:port, for example 0.0.0.0:7443",
                          "correct --listen", "--listen は ホスト:ポート の形で指定してください(例 0.0.0.0:7443)。"});
  }
  const bool is_everywhere = absl::StartsWith(listen, "0.0.0.0:") || absl::StartsWith(listen, "[::]:");
  if (is_everywhere && !has_addresses) {
    violations.push_back({"--address", "FLAG", "nothing",
                          "the host:port under which others reach this node, for example node.example.jp:7443",
                          "give --address: nobody can call 0.0.0.0",
                          "他のノードからの接続先を --address で指定してください。"});
  }
}

std::string NodeConfigText(absl::string_view participant, absl::string_view node_name, absl::string_view listen) {
  return absl::StrCat("# Settings of this node; `meguri-node check-config` lists them all and says which value won.\n",
                      "participant = ", TomlText(participant), "\n", "node_name = ", TomlText(node_name), "\n",
                      "listen = ", TomlText(listen), "\n");
}

absl::Status CheckEntryAsRecord(const registry::v1::MemberEntry& entry) {
  std::vector<Violation> violations =
      passport::ValidateSection(record::v1::SECTION_TYPE_MEMBER, certs::SerializeForSigning(entry), "member");
  TakeWarnings(violations);
  return violations.empty() ? absl::OkStatus() : InvalidInput(violations);
}

absl::Status WriteClientAuthority(const Folder& folder, absl::string_view participant, const Clock& clock,
                                  Random& random) {
  MEGURI_ASSIGN_OR_RETURN(
      const certs::CertificateAuthority authority,
      certs::CertificateAuthority::Create(absl::StrCat("Clients of ", participant), random, clock.Now()));
  return authority.SaveTo(folder.client_ca_key(), folder.client_ca_certificate());
}

absl::Status InitFolder(InitOptions options, const Clock& clock, Random& random) {
  const Folder folder(options.data_folder);
  MEGURI_RETURN_IF_ERROR(CheckFolderIsFree(folder));
  MEGURI_RETURN_IF_ERROR(CheckFlags(options));
  MEGURI_ASSIGN_OR_RETURN(const record::ParticipantId participant,
                          record::ParticipantId::Parse(options.entry.participant_id()));
  std::string bundle_bytes;
  MEGURI_ASSIGN_OR_RETURN(const std::string federation, ReadFederation(options, bundle_bytes, clock.Now()));
  MEGURI_ASSIGN_OR_RETURN(const NewKeys keys, GenerateKeys(options.key_algorithm));
  // Goes through the parser, so that a wrong federation or node name is refused here.
  MEGURI_ASSIGN_OR_RETURN(
      const certs::Identity identity,
      certs::Identity::Parse(
          certs::Identity{federation, participant, certs::Identity::Class::kNode, options.node_name}.ToUri()));

  options.entry.set_status(registry::v1::MEMBER_STATUS_ACTIVE);
  options.entry.mutable_hosting()->set_node_identity(identity.ToUri());
  if (options.entry.hosting().addresses_size() == 0) {
    options.entry.mutable_hosting()->add_addresses(options.listen);
  }
  *options.entry.add_keys() = ToMemberKey(*keys.record, registry::v1::KEY_PURPOSE_RECORD);
  *options.entry.add_keys() = ToMemberKey(*keys.feed, registry::v1::KEY_PURPOSE_FEED);
  MEGURI_RETURN_IF_ERROR(certs::CheckMemberEntry(federation, options.entry));
  MEGURI_RETURN_IF_ERROR(CheckEntryAsRecord(options.entry));

  Plan plan{federation, identity, std::move(bundle_bytes), "", ""};
  MEGURI_ASSIGN_OR_RETURN(plan.enrolment_request, MakeEnrolmentRequest(options, identity, keys));
  MEGURI_RETURN_IF_ERROR(MakeFolder(folder.root()));
  MEGURI_RETURN_IF_ERROR(MakeFolder(folder.keys()));
  MEGURI_RETURN_IF_ERROR(MakeFolder(folder.certs()));
  MEGURI_RETURN_IF_ERROR(WriteClientAuthority(folder, participant.text(), clock, random));
  if (options.is_operator) {
    MEGURI_ASSIGN_OR_RETURN(const certs::CertificateAuthority authority,
                            certs::CertificateAuthority::Create(federation, random, clock.Now()));
    MEGURI_ASSIGN_OR_RETURN(const std::unique_ptr<SigningKey> bundle_key,
                            SigningKey::Generate(record::KeyAlgorithm::kEd25519));
    MEGURI_ASSIGN_OR_RETURN(plan.trust_bundle,
                            MakeTrustBundle(options, participant, keys, *bundle_key, authority, clock.Now()));
    MEGURI_ASSIGN_OR_RETURN(const std::string request, certs::MakeCertificateRequest(*keys.node, identity.ToUri()));
    MEGURI_ASSIGN_OR_RETURN(const certs::Certificate certificate,
                            authority.Issue(request, identity, api::v1::CLIENT_ROLE_UNSPECIFIED,
                                            certs::kNodeCertificateValidity, random, clock.Now()));
    plan.node_certificate = certificate.ToPem();
    MEGURI_RETURN_IF_ERROR(authority.SaveTo(folder.federation_ca_key(), folder.federation_ca_certificate()));
    MEGURI_RETURN_IF_ERROR(bundle_key->SaveTo(folder.bundle_key()));
  }
  return WritePlan(folder, options, keys, plan);
}

absl::Status Join(const std::string& data_folder, const std::string& enrolment_path, const Clock& clock) {
  const Folder folder(data_folder);
  const auto refuse = [&](absl::string_view why) {
    return Error(absl::StatusCode::kInvalidArgument, "ENROLMENT",
                 absl::StrCat(enrolment_path, ": ", why, " Ask the operator for the answer to this node's request."));
  };
  MEGURI_ASSIGN_OR_RETURN(const std::string bytes, certs::ReadFile(enrolment_path, kFileBytesMax));
  registry::v1::Enrolment enrolment;
  if (!enrolment.ParseFromString(bytes) || enrolment.certificate_chain_size() != 1 ||
      !record::ParticipantId::Parse(enrolment.participant_id()).ok()) {
    return refuse("not an enrolment file.");
  }
  MEGURI_ASSIGN_OR_RETURN(const std::string bundle_bytes, certs::ReadFile(folder.trust_bundle(), kFileBytesMax));
  MEGURI_ASSIGN_OR_RETURN(const certs::TrustBundle bundle, certs::TrustBundle::Open(bundle_bytes, clock.Now()));
  // Whoever was enrolled long ago may have adopted a newer one since; that this one is whole tells that the file is.
  const absl::StatusOr<certs::TrustBundle> enclosed = certs::TrustBundle::Open(enrolment.trust_bundle(), clock.Now());
  if (!enclosed.ok()) {
    return refuse(absl::StrCat("the trust bundle in it is not sound: ", enclosed.status().message(), "."));
  }
  if (enclosed->federation() != bundle.federation()) {
    return refuse(absl::StrCat("it is of the federation ", enclosed->federation(), "."));
  }
  const absl::StatusOr<certs::Certificate> certificate = certs::Certificate::ParseDer(enrolment.certificate_chain(0));
  if (!certificate.ok()) {
    return refuse(absl::StrCat("the certificate in it is ", certificate.status().message(), "."));
  }
  if (!IsKeyOf(*certificate, folder.node_key()) && !IsKeyOf(*certificate, folder.next_node_key())) {
    return refuse("the certificate is for another key.");
  }
  const absl::StatusOr<certs::Identity> identity = certificate->identity();
  if (!identity.ok() || identity->federation != bundle.federation() ||
      identity->participant.text() != enrolment.participant_id() ||
      identity->certificate_class != certs::Identity::Class::kNode) {
    return refuse("the certificate is for another identity.");
  }
  absl::Status issued = refuse("the federation has no authority.");
  for (const certs::Certificate& root : bundle.tls_roots()) {
    issued = issued.ok() ? issued : certificate->VerifyIssuedBy(root, clock.Now());
  }
  if (!issued.ok()) {
    return refuse(absl::StrCat("the certificate was not issued by the federation: ", issued.message(), "."));
  }
  // It may belong to a key that waits for it: the two go into place together.
  MEGURI_RETURN_IF_ERROR(certs::WriteFileAtomically(folder.next_node_certificate(), certificate->ToPem(), kPublicMode));
  return TakeUpNextCertificate(folder);
}

}  // namespace meguri::node
