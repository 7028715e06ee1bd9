// SPDX-License-Identifier: Apache-2.0
#include "node/app/clients.h"

#include <filesystem>
#include <map>
#include <memory>
#include <system_error>
#include <utility>

#include <sys/stat.h>

#include "absl/algorithm/container.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "certs/bundle_signing.h"
#include "certs/certificate.h"
#include "certs/files.h"
#include "certs/grammar.h"
#include "certs/identity.h"
#include "certs/limits.h"
#include "certs/signing_key.h"
#include "certs/trust_bundle.h"
#include "node/app/config.h"
#include "node/app/entry_file.h"
#include "node/app/hosting.h"

namespace meguri::node {
namespace {

using certs::SigningKey;

constexpr size_t kFileBytesMax = size_t{1} << 20;
constexpr mode_t kPublicMode = 0644;

std::string TomlText(absl::string_view text) {
  return absl::StrCat("\"", absl::StrReplaceAll(text, {{"\\", "\\\\"}, {"\"", "\\\""}}), "\"");
}

bool Exists(const std::string& path) {
  std::error_code error;
  return std::filesystem::exists(path, error);
}

// Certificates of clients by name: those that were kept when they were issued, and those in the clients' own folders.
std::map<std::string, std::string> CertificateFiles(const Folder& folder) {
  std::map<std::string, std::string> files;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder.clients(), error)) {
    const std::string file = (entry.path() / "client.crt").string();
    if (Exists(file)) {
      files[entry.path().filename().string()] = file;
    }
  }
  for (const auto& entry : std::filesystem::directory_iterator(folder.issued_clients(), error)) {
    files[entry.path().stem().string()] = entry.path().string();
  }
  return files;
}

// What a client folder says of the node, and of the member that is served there.
struct Surrounding {
  Config config;
  record::ParticipantId node_member;
  record::ParticipantId member;
  certs::TrustBundle bundle;
};

// `member`: "" for the node's own.
absl::StatusOr<Surrounding> ReadSurrounding(const Folder& folder, const std::string& member, absl::Time now) {
  MEGURI_ASSIGN_OR_RETURN(
      Config config, Config::Load(folder.root(), {}, [](const std::string&) { return absl::optional<std::string>(); }));
  MEGURI_ASSIGN_OR_RETURN(record::ParticipantId own, record::ParticipantId::Parse(config.Get("participant")));
  MEGURI_ASSIGN_OR_RETURN(record::ParticipantId served, member.empty() ? own : record::ParticipantId::Parse(member));
  MEGURI_ASSIGN_OR_RETURN(const std::string bytes, certs::ReadFile(folder.trust_bundle(), kFileBytesMax));
  MEGURI_ASSIGN_OR_RETURN(certs::TrustBundle bundle, certs::TrustBundle::Open(bytes, now));
  return Surrounding{std::move(config), std::move(own), std::move(served), std::move(bundle)};
}

// A hosted member calls from elsewhere: where the registry says that the node is, if that is known.
std::string AddressFor(const Folder& node_folder, const Surrounding& surrounding) {
  std::string listen = surrounding.config.Get("listen");
  if (surrounding.member == surrounding.node_member) {
    return listen;
  }
  const absl::StatusOr<certs::CurrentEntry> own = ReadEntryFile(node_folder.registry_entry());
  return own.ok() && own->entry.hosting().addresses_size() > 0 ? own->entry.hosting().addresses(0) : listen;
}

absl::Status CheckNameIsFree(const Folder& folder, const std::string& name) {
  MEGURI_ASSIGN_OR_RETURN(const absl::flat_hash_set<std::string> revoked, ReadRevokedClients(folder));
  if (revoked.contains(name)) {
    return Error(absl::StatusCode::kAlreadyExists, "CLIENT_EXISTS",
                 absl::StrCat("A client named ", name, " was revoked; choose another name."));
  }
  if (Exists(folder.client(name)) || Exists(folder.issued_client(name))) {
    return Error(absl::StatusCode::kAlreadyExists, "CLIENT_EXISTS",
                 absl::StrCat("A client named ", name, " was made already; choose another name."));
  }
  return absl::OkStatus();
}

std::string ClientToml(const Folder& node_folder, const Surrounding& surrounding, api::v1::ClientRole role) {
  const certs::Identity node{surrounding.bundle.federation(), surrounding.node_member, certs::Identity::Class::kNode,
                             surrounding.config.Get("node_name")};
  const bool signs = role == api::v1::CLIENT_ROLE_PUBLISH || role == api::v1::CLIENT_ROLE_ADMIN;
  // A hosted member puts its own key there, and so does one that has not given it to its node.
  const bool is_own = surrounding.member == surrounding.node_member && Exists(node_folder.record_key());
  const std::string record_key = is_own ? "../../keys/record.key" : "record.key";
  return absl::StrCat(
      "federation = ", TomlText(surrounding.bundle.federation()), "\nmember = ", TomlText(surrounding.member.text()),
      "\naddress = ", TomlText(AddressFor(node_folder, surrounding)), "\nnode_identity = ", TomlText(node.ToUri()),
      "\n", signs ? absl::StrCat("record_key = ", TomlText(record_key), "\n") : "");
}

}  // namespace

absl::StatusOr<std::string> AddClient(const std::string& data_folder, const std::string& member,
                                      const std::string& name, api::v1::ClientRole role, const Clock& clock,
                                      Random& random) {
  const Folder node_folder(data_folder);
  MEGURI_ASSIGN_OR_RETURN(const Folder folder, FolderOf(data_folder, member));
  MEGURI_ASSIGN_OR_RETURN(const Surrounding surrounding, ReadSurrounding(node_folder, member, clock.Now()));
  if (name.empty() || name.size() > certs::kIdentityNameBytesMax || !absl::c_all_of(name, [](unsigned char c) {
        return absl::ascii_islower(c) || absl::ascii_isdigit(c) || c == '-';
      })) {
    return InvalidInput({{"NAME", "FLAG", certs::Quoted(name),
                          absl::StrCat("1-", certs::kIdentityNameBytesMax, " characters of a-z 0-9 -"),
                          "choose another name", "名前には a-z 0-9 - を使ってください。"}});
  }
  MEGURI_ASSIGN_OR_RETURN(const certs::Identity identity,
                          certs::Identity::Parse(certs::Identity{surrounding.bundle.federation(), surrounding.member,
                                                                 certs::Identity::Class::kClient, name}
                                                     .ToUri()));
  MEGURI_RETURN_IF_ERROR(CheckNameIsFree(folder, name));
  MEGURI_ASSIGN_OR_RETURN(const certs::CertificateAuthority authority,
                          certs::CertificateAuthority::Load(folder.client_ca_key(), folder.client_ca_certificate()));
  MEGURI_ASSIGN_OR_RETURN(const std::unique_ptr<SigningKey> key,
                          SigningKey::Generate(record::KeyAlgorithm::kEcdsaP256));
  MEGURI_ASSIGN_OR_RETURN(const std::string request, certs::MakeCertificateRequest(*key, identity.ToUri()));
  MEGURI_ASSIGN_OR_RETURN(
      const certs::Certificate certificate,
      authority.Issue(request, identity, role, certs::kClientCertificateValidity, random, clock.Now()));
  std::string path = folder.client(name);
  MEGURI_RETURN_IF_ERROR(MakeFolder(folder.clients()));
  MEGURI_RETURN_IF_ERROR(MakeFolder(folder.issued_clients()));
  MEGURI_RETURN_IF_ERROR(MakeFolder(path));
  MEGURI_RETURN_IF_ERROR(certs::WriteFileAtomically(folder.issued_client(name), certificate.ToPem(), kPublicMode));
  MEGURI_RETURN_IF_ERROR(key->SaveTo(path + "/client.key"));
  MEGURI_RETURN_IF_ERROR(certs::WriteFileAtomically(path + "/client.crt", certificate.ToPem(), kPublicMode));
  MEGURI_RETURN_IF_ERROR(
      certs::WriteFileAtomically(path + "/roots.crt", certs::RootsOf(surrounding.bundle), kPublicMode));
  MEGURI_RETURN_IF_ERROR(certs::WriteFileAtomically(path + "/trust-bundle", surrounding.bundle.bytes(), kPublicMode));
  MEGURI_RETURN_IF_ERROR(
      certs::WriteFileAtomically(path + "/client.toml", ClientToml(node_folder, surrounding, role), kPublicMode));
  return path;
}

absl::StatusOr<std::vector<ClientRow>> ListClients(const std::string& data_folder, const std::string& member) {
  MEGURI_ASSIGN_OR_RETURN(const Folder folder, FolderOf(data_folder, member));
  MEGURI_ASSIGN_OR_RETURN(const absl::flat_hash_set<std::string> revoked, ReadRevokedClients(folder));
  std::vector<ClientRow> rows;
  for (const auto& [name, file] : CertificateFiles(folder)) {
    MEGURI_ASSIGN_OR_RETURN(const std::string pem, certs::ReadFile(file, certs::kPemBytesMax));
    MEGURI_ASSIGN_OR_RETURN(const certs::Certificate certificate, certs::Certificate::ParsePem(pem));
    rows.push_back({name, certificate.client_role(), certificate.not_after(), revoked.contains(name)});
  }
  return rows;
}

absl::Status RevokeClient(const std::string& data_folder, const std::string& member, const std::string& name,
                          const Clock& clock) {
  MEGURI_ASSIGN_OR_RETURN(const Folder folder, FolderOf(data_folder, member));
  MEGURI_ASSIGN_OR_RETURN(const absl::flat_hash_set<std::string> revoked, ReadRevokedClients(folder));
  if (revoked.contains(name)) {
    return absl::OkStatus();
  }
  if (!CertificateFiles(folder).contains(name)) {
    return Error(absl::StatusCode::kNotFound, "CLIENT_UNKNOWN",
                 absl::StrCat("No client named ", name, " was made here; see `meguri-node client list`."));
  }
  const absl::StatusOr<std::string> present = certs::ReadFile(folder.revoked_clients(), kFileBytesMax);
  return certs::WriteFileAtomically(
      folder.revoked_clients(),
      absl::StrCat(present.ok() ? *present : "", name, " ", absl::FormatTime(clock.Now(), absl::UTCTimeZone()), "\n"),
      kPublicMode);
}

absl::StatusOr<absl::flat_hash_set<std::string>> ReadRevokedClients(const Folder& folder) {
  absl::flat_hash_set<std::string> names;
  const absl::StatusOr<std::string> text = certs::ReadFile(folder.revoked_clients(), kFileBytesMax);
  if (absl::IsNotFound(text.status())) {
    return names;
  }
  MEGURI_RETURN_IF_ERROR(text.status());
  for (const absl::string_view line : absl::StrSplit(*text, '\n', absl::SkipWhitespace())) {
    names.insert(std::string(absl::StripAsciiWhitespace(line.substr(0, line.find(' ')))));
  }
  return names;
}

}  // namespace meguri::node
