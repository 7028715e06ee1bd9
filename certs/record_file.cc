// SPDX-License-Identifier: Apache-2.0
#include "certs/record_file.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "certs/limits.h"
#include "certs/registry.h"
#include "certs/strict_parse.h"
#include "record/audience.h"
#include "record/batch.h"
#include "record/section.h"

namespace meguri::certs {
namespace {

constexpr uint32_t kRecordFileFormatVersion = 2;
constexpr char kFileReason[] = "RECORD_FILE";
constexpr char kMemberReason[] = "MEMBER_RECORD";
constexpr absl::string_view kDigestDomain("meguri/record-file/v2\0", 22);

absl::Status Refuse(absl::string_view reason, absl::string_view message) {
  return Error(absl::StatusCode::kInvalidArgument, reason, message);
}

// The key that signed `header`, which must be a record key of the publisher in `registry`.
absl::StatusOr<RegisteredKey> VerifySignature(const record::Header& header, const record::v1::BatchSignature& signature,
                                              const Registry& registry) {
  MEGURI_ASSIGN_OR_RETURN(const record::Hash key_id, record::Hash::Parse(signature.key_id()));
  const RegisteredKey* key = registry.FindKey(key_id);
  if (key == nullptr || key->owner != header.publisher() || key->purpose != registry::v1::KEY_PURPOSE_RECORD) {
    return Refuse("RECORD_KEY", absl::StrCat("the key ", key_id.ToHex(), " that signed is not a record key of ",
                                             header.publisher().text()));
  }
  MEGURI_RETURN_IF_ERROR(record::VerifyBatchSignature(header.hash(), signature, key->key, nullptr));
  return *key;
}

absl::StatusOr<registry::v1::MemberEntry> OpenEntry(const record::v1::Envelope& envelope) {
  if (envelope.sections_size() != 1 || envelope.sections(0).type() != record::v1::SECTION_TYPE_MEMBER) {
    return Refuse(kMemberReason, "the publisher's entry does not hold one open member section and nothing else");
  }
  registry::v1::MemberEntry entry;
  MEGURI_RETURN_IF_ERROR(ParseStrictly(envelope.sections(0).payload(), kMemberEntryBytesMax, kMemberReason, entry));
  return entry;
}

// Field 8 is the last one, so what it stands for is all that goes before it.
std::string DigestOf(const record::v1::RecordFile& file) {
  record::v1::RecordFile without = file;
  without.clear_digest();
  return record::Sha256({kDigestDomain, SerializeForSigning(without)}).ToString();
}

absl::StatusOr<record::v1::RecordFile> ParseFile(absl::string_view bytes) {
  record::v1::RecordFile file;
  MEGURI_RETURN_IF_ERROR(ParseStrictly(bytes, kRecordFileBytesMax, kFileReason, file));
  if (file.format_version() != kRecordFileFormatVersion) {
    return Refuse(kFileReason, absl::StrCat("the file has format version ", file.format_version(), ", expected ",
                                            kRecordFileFormatVersion, "; it needs another version of this program"));
  }
  if (SerializeForSigning(file) != bytes || DigestOf(file) != file.digest()) {
    return Refuse(kFileReason, "the file is not as it was saved: it was changed, or damaged on its way");
  }
  if (file.record_proofs_size() == 0 || file.record_proofs_size() > kRecordProofsMax) {
    return Refuse(kFileReason, absl::StrCat("the file has ", file.record_proofs_size(),
                                            " proofs that a feed names the record, expected 1 to ", kRecordProofsMax));
  }
  return file;
}

// The file says with which bundle it was made. Two bundles with one number are two federations, or a forgery.
absl::Status CheckBundle(const record::v1::RecordFile& file, const TrustBundle& bundle) {
  if (file.trust_bundle_version() == 0 || file.trust_bundle_hash().size() != record::kHashSize) {
    return Refuse(kFileReason, "the file does not say with which trust bundle it was made");
  }
  if (file.trust_bundle_version() == bundle.message().version() &&
      file.trust_bundle_hash() != bundle.body_hash().view()) {
    return Refuse("OTHER_TRUST_BUNDLE", absl::StrCat("the file was made with another trust bundle of version ",
                                                     file.trust_bundle_version(), " than the one it is checked with"));
  }
  return absl::OkStatus();
}

// The feed keys of a member, ended ones too: what they may be trusted with, CheckUsable says of the one that signed.
struct FeedKeys {
  std::vector<RegisteredKey> registered;
  std::vector<record::PublicKey> keys;  // of the same places
};

void Add(const RegisteredKey* key, const record::ParticipantId& owner, FeedKeys& keys) {
  if (key != nullptr && key->owner == owner && key->purpose == registry::v1::KEY_PURPOSE_FEED) {
    keys.registered.push_back(*key);
    keys.keys.push_back(key->key);
  }
}

template <typename MemberKeys>
FeedKeys FeedKeysAmong(const MemberKeys& messages, const record::ParticipantId& owner, const Registry& registry) {
  FeedKeys keys;
  for (const registry::v1::MemberKey& message : messages) {
    Add(registry.FindKey(record::KeyId(registry.federation(), owner, message.public_key())), owner, keys);
  }
  return keys;
}

// What a feed proves, and the key that signed its head.
struct ProvenBy {
  record::ProvenEntry entry;
  RegisteredKey key;
};

absl::StatusOr<ProvenBy> Prove(const record::v1::FeedProof& proof, const record::Header& header,
                               const Registry& registry, const FeedKeys& keys) {
  MEGURI_ASSIGN_OR_RETURN(record::ProvenEntry entry,
                          record::VerifyFeedProof(proof, registry.federation(), header, keys.keys));
  const size_t key = entry.key;
  return ProvenBy{std::move(entry), keys.registered[key]};
}

absl::Status CheckOpens(uint64_t slots, const record::v1::Envelope& envelope) {
  for (const record::v1::Section& section : envelope.sections()) {
    if ((slots >> section.slot() & 1) == 0) {
      return Refuse("SLOT_NOT_PROVEN",
                    absl::StrCat("no feed in the file opens slot ", section.slot(), ", which the file holds open"));
    }
  }
  return absl::OkStatus();
}

// The operator's registry feed, at a head that is not another one than the bundle pins.
absl::StatusOr<ProvenBy> ProveMember(const record::v1::RecordFile& file, const VerifiedMember& member,
                                     const TrustBundle& bundle, const Registry& registry) {
  const FeedKeys keys = FeedKeysAmong(bundle.message().registry_feed_keys(), bundle.operator_id(), registry);
  MEGURI_ASSIGN_OR_RETURN(ProvenBy proven, Prove(file.publisher_entry_proof(), member.header, registry, keys));
  const record::Checkpoint& head = proven.entry.checkpoint;
  if (head.origin != bundle.message().registry_origin()) {
    return Refuse("REGISTRY_FEED", absl::StrCat("the publisher's entry is proven by the feed ", head.origin,
                                                ", which is not the registry of the trust bundle"));
  }
  if (head.size == bundle.message().registry_size_min() && head.root.view() != bundle.message().registry_root_min()) {
    return Refuse("REGISTRY_FEED", "the registry in the file is another one than the trust bundle pins");
  }
  MEGURI_RETURN_IF_ERROR(CheckOpens(proven.entry.slots, file.publisher_entry()));
  return proven;
}

// The feed keys that count for `feed` of the publisher: for the operator those of the bundle too.
FeedKeys KeysOf(const registry::v1::MemberEntry& entry, const record::ParticipantId& publisher,
                const TrustBundle& bundle, const Registry& registry) {
  FeedKeys keys = FeedKeysAmong(entry.keys(), publisher, registry);
  if (publisher == bundle.operator_id()) {
    const FeedKeys pinned = FeedKeysAmong(bundle.message().registry_feed_keys(), publisher, registry);
    keys.registered.insert(keys.registered.end(), pinned.registered.begin(), pinned.registered.end());
    keys.keys.insert(keys.keys.end(), pinned.keys.begin(), pinned.keys.end());
  }
  return keys;
}

absl::StatusOr<std::vector<ProvenBy>> ProveRecord(const record::v1::RecordFile& file, const record::Header& header,
                                                  const Registry& registry, const FeedKeys& keys) {
  std::vector<ProvenBy> proven;
  uint64_t slots = 0;
  for (const record::v1::FeedProof& proof : file.record_proofs()) {
    MEGURI_ASSIGN_OR_RETURN(ProvenBy next, Prove(proof, header, registry, keys));
    const auto is_there = [&](const ProvenBy& other) { return other.entry.feed == next.entry.feed; };
    if (std::any_of(proven.begin(), proven.end(), is_there)) {
      return Refuse(kFileReason, absl::StrCat("the feed ", next.entry.feed.name.text(), " is there twice"));
    }
    slots |= next.entry.slots;
    proven.push_back(std::move(next));
  }
  MEGURI_RETURN_IF_ERROR(CheckOpens(slots, file.record()));
  return proven;
}

}  // namespace

absl::StatusOr<VerifiedMember> VerifyMemberRecord(const record::v1::Envelope& envelope, const TrustBundle& bundle,
                                                  absl::Time now) {
  MEGURI_ASSIGN_OR_RETURN(const std::shared_ptr<const Registry> anchors, Registry::Make(bundle, {}));
  MEGURI_ASSIGN_OR_RETURN(record::Header header, record::Header::Parse(envelope.header()));
  if (header.message().record_type() != record::v1::RECORD_TYPE_MEMBER || header.publisher() != bundle.operator_id()) {
    return Refuse(kMemberReason, "the publisher's entry is not a member record of the operator");
  }
  if (header.is_tombstone()) {
    return Refuse(kMemberReason, "the publisher's entry is a tombstone: it says that the member's record ended");
  }
  MEGURI_ASSIGN_OR_RETURN(const RegisteredKey key, VerifySignature(header, envelope.signature(), *anchors));
  MEGURI_RETURN_IF_ERROR(key.CheckUsable(now));
  MEGURI_RETURN_IF_ERROR(record::VerifySections(header, envelope.sections()));
  MEGURI_ASSIGN_OR_RETURN(registry::v1::MemberEntry entry, OpenEntry(envelope));
  MEGURI_RETURN_IF_ERROR(CheckMemberEntry(bundle.federation(), entry));
  return VerifiedMember{std::move(header), std::move(entry)};
}

absl::StatusOr<VerificationReport> VerifyRecordFile(absl::string_view bytes, const TrustBundle& bundle,
                                                    absl::Time now) {
  MEGURI_ASSIGN_OR_RETURN(record::v1::RecordFile file, ParseFile(bytes));
  MEGURI_RETURN_IF_ERROR(CheckBundle(file, bundle));
  MEGURI_ASSIGN_OR_RETURN(VerifiedMember publisher, VerifyMemberRecord(file.publisher_entry(), bundle, now));
  MEGURI_ASSIGN_OR_RETURN(record::Header header, record::Header::Parse(file.record().header()));
  if (header.publisher().text() != publisher.entry.participant_id()) {
    return Refuse(kMemberReason, absl::StrCat("the entry in the file is that of ", publisher.entry.participant_id(),
                                              ", the record is published by ", header.publisher().text()));
  }
  MEGURI_ASSIGN_OR_RETURN(const std::shared_ptr<const Registry> registry, Registry::Make(bundle, {publisher.entry}));
  MEGURI_ASSIGN_OR_RETURN(ProvenBy member, ProveMember(file, publisher, bundle, *registry));
  MEGURI_ASSIGN_OR_RETURN(const RegisteredKey key, VerifySignature(header, file.record().signature(), *registry));
  MEGURI_RETURN_IF_ERROR(record::VerifySections(header, file.record().sections()));
  MEGURI_ASSIGN_OR_RETURN(
      std::vector<ProvenBy> feeds,
      ProveRecord(file, header, *registry, KeysOf(publisher.entry, header.publisher(), bundle, *registry)));
  MEGURI_ASSIGN_OR_RETURN(const record::Hash key_id, record::Hash::Parse(file.record().signature().key_id()));
  absl::Status usable = key.CheckUsable(now);
  usable.Update(member.key.CheckUsable(now));
  std::vector<record::ProvenEntry> entries;
  for (ProvenBy& feed : feeds) {
    usable.Update(feed.key.CheckUsable(now));
    entries.push_back(std::move(feed.entry));
  }
  return VerificationReport{usable.ok() ? Verdict::kValid : Verdict::kIndeterminate,
                            std::string(usable.message().data(), usable.message().size()),
                            std::move(header),
                            key_id,
                            std::move(*file.mutable_record()),
                            std::move(entries),
                            std::move(publisher),
                            std::move(member.entry),
                            file.trust_bundle_version()};
}

void SetDigest(record::v1::RecordFile& file) { file.set_digest(DigestOf(file)); }

std::string MakeRecordFile(RecordFileParts parts, const TrustBundle& bundle) {
  record::v1::RecordFile file;
  file.set_format_version(kRecordFileFormatVersion);
  *file.mutable_record() = std::move(parts.record);
  *file.mutable_publisher_entry() = std::move(parts.publisher_entry);
  for (record::v1::FeedProof& proof : parts.record_proofs) {
    *file.add_record_proofs() = std::move(proof);
  }
  *file.mutable_publisher_entry_proof() = std::move(parts.publisher_entry_proof);
  file.set_trust_bundle_version(bundle.message().version());
  file.set_trust_bundle_hash(bundle.body_hash().ToString());
  SetDigest(file);
  return SerializeForSigning(file);
}

}  // namespace meguri::certs
