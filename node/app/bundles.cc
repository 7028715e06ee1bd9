// SPDX-License-Identifier: Apache-2.0
#include "node/app/bundles.h"

#include <algorithm>
#include <filesystem>
#include <memory>
#include <set>
#include <system_error>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "base/bytes.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "certs/bundle_signing.h"
#include "certs/files.h"
#include "certs/key_change.h"
#include "certs/limits.h"
#include "certs/signing_key.h"
#include "certs/trust_bundle.h"
#include "node/app/config.h"
#include "node/app/folder.h"
#include "node/app/hosting.h"
#include "record/participant_id.h"
#include "record/public_key.h"

namespace meguri::node {
namespace {

using certs::SigningKey;
using registry::v1::MemberKey;

constexpr mode_t kPublicMode = 0644;

absl::StatusOr<certs::TrustBundle> ReadOwn(const Folder& folder, absl::Time now) {
  MEGURI_ASSIGN_OR_RETURN(const std::string bytes, certs::ReadFile(folder.trust_bundle(), certs::kTrustBundleBytesMax));
  return certs::TrustBundle::Open(bytes, now);
}

absl::Status BadFlag(absl::string_view flag, absl::string_view found, absl::string_view expected) {
  return InvalidInput({{std::string(flag), "FLAG", absl::StrCat("'", found, "'"), std::string(expected),
                        absl::StrCat("correct ", flag), absl::StrCat(flag, " の値が正しくありません。")}});
}

absl::StatusOr<MemberKey> HolderOf(absl::string_view flag, const std::string& hex) {
  std::string spki;
  const bool is_hex = FromHex(hex, spki);
  const absl::StatusOr<record::PublicKey> key = record::PublicKey::ParseSpki(spki);
  if (!is_hex || !key.ok()) {
    return BadFlag(flag, hex, "a public key in hexadecimal, as `meguri key generate` prints it");
  }
  MemberKey message;
  message.set_purpose(registry::v1::KEY_PURPOSE_BUNDLE);
  message.set_algorithm(key->algorithm() == record::KeyAlgorithm::kEd25519 ? registry::v1::KEY_ALGORITHM_ED25519
                                                                           : registry::v1::KEY_ALGORITHM_ECDSA_P256);
  message.set_public_key(key->spki());
  return message;
}

absl::Status ChangeHolders(const NextBundleOptions& options, registry::v1::TrustBundle& bundle) {
  for (const std::string& hex : options.add_holders) {
    MEGURI_ASSIGN_OR_RETURN(*bundle.add_bundle_keys(), HolderOf("--add-holder", hex));
  }
  for (const std::string& hex : options.remove_holders) {
    MEGURI_ASSIGN_OR_RETURN(const MemberKey holder, HolderOf("--remove-holder", hex));
    auto& keys = *bundle.mutable_bundle_keys();
    const auto found = std::find_if(keys.begin(), keys.end(),
                                    [&](const MemberKey& key) { return key.public_key() == holder.public_key(); });
    if (found == keys.end()) {
      return BadFlag("--remove-holder", hex, "a key that the bundle has as a holder");
    }
    keys.erase(found);
  }
  bundle.set_bundle_threshold(options.threshold.value_or(bundle.bundle_threshold()));
  return absl::OkStatus();
}

absl::Status AddWitness(const std::string& flag, registry::v1::TrustBundle& bundle) {
  const size_t equals = flag.find('=');
  std::string spki;
  const auto member = record::ParticipantId::Parse(flag.substr(0, equals));
  const bool is_hex = equals != std::string::npos && FromHex(flag.substr(equals + 1), spki);
  const auto key = record::PublicKey::ParseSpki(spki);
  if (!member.ok() || !is_hex || !key.ok() || key->algorithm() != record::KeyAlgorithm::kEd25519) {
    return BadFlag("--add-witness", flag, "PARTICIPANT=KEY, as `meguri-node witness-key` prints it");
  }
  bundle.add_witnesses(member->text());
  MemberKey& pinned = *bundle.add_witness_keys();
  pinned.set_purpose(registry::v1::KEY_PURPOSE_FEED);
  pinned.set_algorithm(registry::v1::KEY_ALGORITHM_ED25519);
  pinned.set_public_key(key->spki());
  return absl::OkStatus();
}

// Ends or revokes every key of a witness that is in force.
absl::Status EndWitness(absl::string_view flag, const std::string& member, bool is_revoked, uint64_t now_ms,
                        registry::v1::TrustBundle& bundle) {
  bool is_found = false;
  for (int i = 0; i < bundle.witnesses_size(); ++i) {
    MemberKey& key = *bundle.mutable_witness_keys(i);
    if (bundle.witnesses(i) != member || key.revoked_ms() != 0) {
      continue;
    }
    if (is_revoked) {
      is_found = true;
      key.set_revoked_ms(now_ms);
    } else if (key.not_after_ms() == 0) {
      is_found = true;
      key.set_not_after_ms(now_ms);
    }
  }
  return is_found ? absl::OkStatus() : BadFlag(flag, member, "a participant that the bundle has as a witness");
}

uint32_t WitnessesInForce(const registry::v1::TrustBundle& bundle) {
  std::set<std::string> members;
  for (int i = 0; i < bundle.witnesses_size(); ++i) {
    const MemberKey& key = bundle.witness_keys(i);
    if (key.revoked_ms() == 0 && key.not_after_ms() == 0) {
      members.insert(bundle.witnesses(i));
    }
  }
  return static_cast<uint32_t>(members.size());
}

absl::Status ChangeWitnesses(const NextBundleOptions& options, uint64_t now_ms, registry::v1::TrustBundle& bundle) {
  // What is removed first, so that one command replaces a key.
  for (const std::string& member : options.remove_witnesses) {
    MEGURI_RETURN_IF_ERROR(EndWitness("--remove-witness", member, false, now_ms, bundle));
  }
  for (const std::string& member : options.revoke_witnesses) {
    MEGURI_RETURN_IF_ERROR(EndWitness("--revoke-witness", member, true, now_ms, bundle));
  }
  for (const std::string& witness : options.add_witnesses) {
    MEGURI_RETURN_IF_ERROR(AddWitness(witness, bundle));
  }
  const uint32_t in_force = WitnessesInForce(bundle);
  if (options.witness_quorum.has_value()) {
    if (*options.witness_quorum > in_force || (*options.witness_quorum == 0 && in_force > 0)) {
      return BadFlag("--witness-quorum", absl::StrCat(*options.witness_quorum),
                     absl::StrCat("1 to the number of witnesses in force, ", in_force));
    }
    bundle.set_witness_quorum(*options.witness_quorum);
  } else if (!options.add_witnesses.empty() || !options.remove_witnesses.empty() || !options.revoke_witnesses.empty()) {
    bundle.set_witness_quorum(WitnessQuorumFor(in_force));
  }
  return absl::OkStatus();
}

std::string WitnessText(const registry::v1::TrustBundle& bundle) {
  if (bundle.witnesses().empty()) {
    return "no witnesses\n";
  }
  std::string text =
      absl::StrCat("cosigned by ", bundle.witness_quorum(), " of ", WitnessesInForce(bundle), " witnesses:\n");
  for (int i = 0; i < bundle.witnesses_size(); ++i) {
    const MemberKey& key = bundle.witness_keys(i);
    absl::StrAppend(&text, "  ", bundle.witnesses(i), " ", ToHex(key.public_key()),
                    key.revoked_ms() != 0     ? " revoked"
                    : key.not_after_ms() != 0 ? " ended"
                                              : "",
                    "\n");
  }
  return text;
}

// Puts the key of a file before those that are pinned: the first is the one in force.
absl::Status PinFirst(const std::string& path, registry::v1::KeyPurpose purpose,
                      google::protobuf::RepeatedPtrField<MemberKey>& keys) {
  if (path.empty()) {
    return absl::OkStatus();
  }
  MEGURI_ASSIGN_OR_RETURN(const std::unique_ptr<SigningKey> key, SigningKey::Load(path));
  google::protobuf::RepeatedPtrField<MemberKey> all;
  *all.Add() = certs::ToMemberKey(*key, purpose);
  for (const MemberKey& former : keys) {
    if (former.public_key() != key->public_key().spki()) {
      *all.Add() = former;
    }
  }
  keys.Swap(&all);
  return absl::OkStatus();
}

std::string HexOf(const MemberKey& key) { return ToHex(key.public_key()); }

std::string TextOf(const registry::v1::TrustBundle& message) {
  std::string text = absl::StrCat(
      "version ", message.version(), " of ", message.federation(), ", expires ",
      absl::FormatTime(absl::FromUnixMillis(static_cast<int64_t>(message.expires_ms())), absl::UTCTimeZone()), "\n",
      "operator ", message.operator_id(), ", registry ", message.registry_origin(), "\n", "signed by ",
      message.bundle_threshold(), " of ", message.bundle_keys_size(), " holders:\n");
  for (const MemberKey& key : message.bundle_keys()) {
    absl::StrAppend(&text, "  ", HexOf(key), "\n");
  }
  absl::StrAppend(&text, "registry keys (record, then feed; the first feed key is in force):\n");
  for (const auto* keys : {&message.registry_record_keys(), &message.registry_feed_keys()}) {
    for (const MemberKey& key : *keys) {
      absl::StrAppend(&text, "  ", HexOf(key), "\n");
    }
  }
  absl::StrAppend(&text, WitnessText(message));
  for (const std::string& address : message.operator_addresses()) {
    absl::StrAppend(&text, "operator's node ", address, "\n");
  }
  return text;
}

absl::Status GiveToClients(const Folder& folder, const certs::TrustBundle& bundle) {
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder.clients(), error)) {
    const std::string client = entry.path().string();
    if (std::filesystem::exists(client + "/trust-bundle", error)) {
      MEGURI_RETURN_IF_ERROR(certs::WriteFileAtomically(client + "/trust-bundle", bundle.bytes(), kPublicMode));
      MEGURI_RETURN_IF_ERROR(certs::WriteFileAtomically(client + "/roots.crt", certs::RootsOf(bundle), kPublicMode));
    }
  }
  return absl::OkStatus();
}

}  // namespace

uint32_t WitnessQuorumFor(uint32_t witnesses) {
  const uint32_t liars = witnesses == 0 ? 0 : (witnesses - 1) / 3;
  return witnesses == 0 ? 0 : (witnesses + liars) / 2 + 1;
}

absl::StatusOr<std::string> MakeNextBundle(const NextBundleOptions& options, const Clock& clock) {
  const Folder folder(options.data_folder);
  // The present one may have expired: that is what the next one mends.
  MEGURI_ASSIGN_OR_RETURN(const certs::TrustBundle current, ReadOwn(folder, absl::InfinitePast()));
  MEGURI_ASSIGN_OR_RETURN(const Config config, Config::Load(options.data_folder, {}, [](const std::string&) {
                            return absl::optional<std::string>();
                          }));
  if (config.Get("participant") != current.operator_id().text()) {
    return Error(absl::StatusCode::kFailedPrecondition, "NOT_THE_OPERATOR",
                 absl::StrCat("Only the operator, ", current.operator_id().text(), ", drafts the next trust bundle."));
  }
  registry::v1::TrustBundle next = current.message();
  next.set_version(current.message().version() + 1);
  if (options.valid_days < 1 || options.valid_days > certs::kBundleValidDaysMax) {
    return BadFlag("--valid-days", absl::StrCat(options.valid_days), absl::StrCat("1-", certs::kBundleValidDaysMax));
  }
  next.set_expires_ms(static_cast<uint64_t>(absl::ToUnixMillis(clock.Now() + absl::Hours(24) * options.valid_days)));
  MEGURI_RETURN_IF_ERROR(ChangeHolders(options, next));
  MEGURI_RETURN_IF_ERROR(ChangeWitnesses(options, static_cast<uint64_t>(absl::ToUnixMillis(clock.Now())), next));
  MEGURI_RETURN_IF_ERROR(
      PinFirst(options.registry_record_key, registry::v1::KEY_PURPOSE_RECORD, *next.mutable_registry_record_keys()));
  MEGURI_RETURN_IF_ERROR(
      PinFirst(options.registry_feed_key, registry::v1::KEY_PURPOSE_FEED, *next.mutable_registry_feed_keys()));
  if (!options.addresses.empty()) {
    next.mutable_operator_addresses()->Assign(options.addresses.begin(), options.addresses.end());
  }
  const absl::StatusOr<std::unique_ptr<SigningKey>> own = SigningKey::Load(folder.bundle_key());
  std::vector<const record::Signer*> signers;
  if (own.ok()) {
    signers.push_back(own->get());
  } else if (!absl::IsNotFound(own.status())) {
    return own.status();
  }
  MEGURI_ASSIGN_OR_RETURN(const std::string bytes, certs::SignTrustBundle(next, signers));
  std::string path = options.out.empty() ? folder.next_trust_bundle() : options.out;
  MEGURI_RETURN_IF_ERROR(certs::WriteFileAtomically(path, bytes, kPublicMode));
  return path;
}

absl::Status SignBundleFile(const std::string& bundle_path, const std::string& key_path) {
  MEGURI_ASSIGN_OR_RETURN(const std::string bytes, certs::ReadFile(bundle_path, certs::kTrustBundleBytesMax));
  MEGURI_ASSIGN_OR_RETURN(const std::unique_ptr<SigningKey> key, SigningKey::Load(key_path));
  MEGURI_ASSIGN_OR_RETURN(const std::string signed_bytes, certs::AddBundleSignature(bytes, *key));
  return certs::WriteFileAtomically(bundle_path, signed_bytes, kPublicMode);
}

absl::StatusOr<std::string> DescribeBundle(const std::string& data_folder, const std::string& bundle_path,
                                           const Clock& clock) {
  const Folder folder(data_folder);
  const std::string path = bundle_path.empty() ? folder.trust_bundle() : bundle_path;
  MEGURI_ASSIGN_OR_RETURN(const std::string bytes, certs::ReadFile(path, certs::kTrustBundleBytesMax));
  MEGURI_ASSIGN_OR_RETURN(const registry::v1::TrustBundle message, certs::ReadBundleDraft(bytes));
  MEGURI_ASSIGN_OR_RETURN(const certs::TrustBundle current, ReadOwn(folder, absl::InfinitePast()));
  absl::Status verdict;
  if (bytes == current.bytes()) {
    verdict = certs::TrustBundle::Open(bytes, clock.Now()).status();
  } else {
    verdict = certs::TrustBundle::OpenNext(bytes, current, clock.Now()).status();
  }
  return absl::StrCat(TextOf(message),
                      verdict.ok()
                          ? (bytes == current.bytes() ? "in force here\n" : "may be adopted here\n")
                          : absl::StrCat("not good here: ", verdict.message(), " (", ReasonOf(verdict), ")\n"));
}

absl::StatusOr<uint64_t> AdoptBundles(const std::string& data_folder, const std::vector<std::string>& bundle_paths,
                                      const Clock& clock) {
  const Folder folder(data_folder);
  MEGURI_ASSIGN_OR_RETURN(certs::TrustBundle bundle, ReadOwn(folder, absl::InfinitePast()));
  for (size_t i = 0; i < bundle_paths.size(); ++i) {
    MEGURI_ASSIGN_OR_RETURN(const std::string bytes, certs::ReadFile(bundle_paths[i], certs::kTrustBundleBytesMax));
    // Those between may have expired.
    MEGURI_ASSIGN_OR_RETURN(
        bundle,
        certs::TrustBundle::OpenNext(bytes, bundle, i + 1 == bundle_paths.size() ? clock.Now() : absl::InfinitePast()));
  }
  // The node's own file last: until then the command can simply be given again.
  MEGURI_RETURN_IF_ERROR(GiveToClients(folder, bundle));
  MEGURI_ASSIGN_OR_RETURN(const std::vector<record::ParticipantId> hosted, HostedMembersIn(folder));
  for (const record::ParticipantId& member : hosted) {
    MEGURI_RETURN_IF_ERROR(GiveToClients(folder.hosted(member), bundle));
  }
  MEGURI_RETURN_IF_ERROR(certs::WriteFileAtomically(folder.trust_bundle(), bundle.bytes(), kPublicMode));
  return bundle.message().version();
}

}  // namespace meguri::node
