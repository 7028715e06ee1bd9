// SPDX-License-Identifier: Apache-2.0
#include "certs/publisher_proof.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "certs/cosigned_note.h"
#include "certs/feed_base.h"
#include "certs/limits.h"
#include "certs/receipts.h"
#include "certs/strict_parse.h"
#include "record/batch.h"
#include "record/heads_feed.h"
#include "record/limits.h"
#include "record/note.h"
#include "record/section.h"

namespace meguri::certs {
namespace {

constexpr char kMemberReason[] = "MEMBER_RECORD";

absl::Status Refuse(absl::string_view reason, absl::string_view message) {
  return Error(absl::StatusCode::kInvalidArgument, reason, message);
}

// The key that signed `header`, which must be a record key of the publisher in `registry`.
absl::StatusOr<RegisteredKey> SignerOf(const record::Header& header, const record::v1::BatchSignature& signature,
                                       const Registry& registry) {
  MEGURI_ASSIGN_OR_RETURN(const record::Hash key_id, record::Hash::Parse(signature.key_id()));
  const RegisteredKey* key = registry.FindKey(key_id);
  if (key == nullptr && registry.WhyUnknown(key_id) == "KEY_NOT_ENDORSED") {
    return Refuse("KEY_NOT_ENDORSED", absl::StrCat("the key ", key_id.ToHex(), " of ", header.publisher().text(),
                                                   " came in without the signature of the key before it, and is not "
                                                   "marked as a recovery"));
  }
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

// Adds the feed keys of `owner` among `messages`, ended ones too: CheckUsable says what the one that signed is good
// for.
template <typename MemberKeys>
void AddFeedKeys(const MemberKeys& messages, const record::ParticipantId& owner, const Registry& registry,
                 std::vector<RegisteredKey>& keys) {
  for (const registry::v1::MemberKey& message : messages) {
    const RegisteredKey* key = registry.FindKey(record::KeyId(registry.federation(), owner, message.public_key()));
    if (key != nullptr && key->owner == owner && key->purpose == registry::v1::KEY_PURPOSE_FEED) {
      keys.push_back(*key);
    }
  }
}

std::vector<record::PublicKey> PublicKeysOf(const std::vector<RegisteredKey>& keys) {
  std::vector<record::PublicKey> public_keys;
  public_keys.reserve(keys.size());
  for (const RegisteredKey& key : keys) {
    public_keys.push_back(key.key);
  }
  return public_keys;
}

// Takes the lines of witnesses out of a head: a note, or an opening.
absl::StatusOr<Cosigners> TakeOutWitnesses(const TrustBundle& bundle, bool is_strict, std::string& head) {
  if (!record::IsOpening(head)) {
    MEGURI_ASSIGN_OR_RETURN(CosignedNote cosigned, OpenCosignedNote(head, bundle, is_strict));
    head = std::move(cosigned.note);
    return std::move(cosigned.cosigners);
  }
  MEGURI_ASSIGN_OR_RETURN(record::v1::ProvenOpening opening, record::ReadOpening(head));
  MEGURI_ASSIGN_OR_RETURN(CosignedNote cosigned, OpenCosignedNote(opening.checkpoint(), bundle, is_strict));
  opening.set_checkpoint(std::move(cosigned.note));
  head = record::WriteOpening(opening);
  return std::move(cosigned.cosigners);
}

absl::StatusOr<ProvenByFeed> Prove(const record::v1::FeedProof& proof, const record::Header& header,
                                   const TrustBundle& bundle, bool is_strict, const std::vector<RegisteredKey>& keys) {
  MEGURI_RETURN_IF_ERROR(record::FeedName::Parse(proof.feed()).status());  // of a proof that is not there, say that
  record::v1::FeedProof alone = proof;
  MEGURI_ASSIGN_OR_RETURN(Cosigners cosigners, TakeOutWitnesses(bundle, is_strict, *alone.mutable_checkpoint()));
  MEGURI_ASSIGN_OR_RETURN(record::ProvenEntry entry,
                          record::VerifyFeedProof(alone, bundle.federation(), header, PublicKeysOf(keys)));
  const size_t key = entry.key;
  return ProvenByFeed{std::move(entry), keys[key], std::move(cosigners)};
}

absl::Status CheckRegistryHead(const record::Checkpoint& head, const TrustBundle& bundle) {
  if (head.origin != bundle.message().registry_origin()) {
    return Refuse("REGISTRY_FEED", absl::StrCat("the publisher's entry is proven by the feed ", head.origin,
                                                ", which is not the registry of the trust bundle"));
  }
  if (head.size == bundle.message().registry_size_min() && head.root.view() != bundle.message().registry_root_min()) {
    return Refuse("REGISTRY_FEED", "the registry in the file is another one than the trust bundle pins");
  }
  return absl::OkStatus();
}

// What the registry said of keys after the head in the file, the file cannot tell.
Judgement JudgeAge(const record::Checkpoint& head, const TrustBundle& bundle) {
  if (head.size >= bundle.message().registry_size_min()) {
    return {};
  }
  return {Verdict::kIndeterminate, absl::InfinitePast(),
          Error(absl::StatusCode::kFailedPrecondition, "REGISTRY_OLDER",
                absl::StrCat("the file shows the registry with ", head.size, " entries, the trust bundle pins one of ",
                             bundle.message().registry_size_min(),
                             ": a key in the file may have been revoked since. Make the file anew"))};
}

struct SignedMember {
  VerifiedMember member;
  RegisteredKey key;
};

absl::StatusOr<SignedMember> OpenMemberRecord(const record::v1::Envelope& envelope, const TrustBundle& bundle) {
  MEGURI_ASSIGN_OR_RETURN(const std::shared_ptr<const Registry> anchors, Registry::Make(bundle, {}));
  MEGURI_ASSIGN_OR_RETURN(record::Header header, record::Header::Parse(envelope.header()));
  if (header.message().record_type() != record::v1::RECORD_TYPE_MEMBER || header.publisher() != bundle.operator_id()) {
    return Refuse(kMemberReason, "the publisher's entry is not a member record of the operator");
  }
  if (header.is_tombstone()) {
    return Refuse(kMemberReason, "the publisher's entry is a tombstone: it says that the member's record ended");
  }
  MEGURI_ASSIGN_OR_RETURN(RegisteredKey key, SignerOf(header, envelope.signature(), *anchors));
  MEGURI_RETURN_IF_ERROR(record::VerifySections(header, envelope.sections()));
  MEGURI_ASSIGN_OR_RETURN(registry::v1::MemberEntry entry, OpenEntry(envelope));
  MEGURI_RETURN_IF_ERROR(CheckMemberEntry(bundle.federation(), entry));
  return SignedMember{VerifiedMember{std::move(header), std::move(entry)}, std::move(key)};
}

}  // namespace

absl::StatusOr<VerifiedMember> VerifyMemberRecord(const record::v1::Envelope& envelope, const TrustBundle& bundle,
                                                  absl::Time now) {
  MEGURI_ASSIGN_OR_RETURN(SignedMember member, OpenMemberRecord(envelope, bundle));
  MEGURI_RETURN_IF_ERROR(member.key.CheckUsable(now));
  return std::move(member.member);
}

absl::StatusOr<ProvenPublisher> ProvenPublisher::Verify(const record::v1::Envelope& entry,
                                                        const record::v1::FeedProof& proof, const TrustBundle& bundle,
                                                        uint64_t made_with, absl::Time now) {
  MEGURI_ASSIGN_OR_RETURN(SignedMember member, OpenMemberRecord(entry, bundle));
  MEGURI_ASSIGN_OR_RETURN(record::ParticipantId id, record::ParticipantId::Parse(member.member.entry.participant_id()));
  MEGURI_ASSIGN_OR_RETURN(std::shared_ptr<const Registry> registry, Registry::Make(bundle, {member.member.entry}));
  std::vector<RegisteredKey> registry_keys;
  AddFeedKeys(bundle.message().registry_feed_keys(), bundle.operator_id(), *registry, registry_keys);
  const bool is_strict = made_with == bundle.message().version();
  MEGURI_ASSIGN_OR_RETURN(ProvenByFeed proven, Prove(proof, member.member.header, bundle, is_strict, registry_keys));
  MEGURI_RETURN_IF_ERROR(CheckRegistryHead(proven.entry.checkpoint, bundle));
  MEGURI_RETURN_IF_ERROR(CheckOpened(proven.entry.slots, entry));
  // Who may speak for the federation is not a matter of doubt.
  const Judgement signed_entry = JudgeSignature(member.key, EarliestTime({proven.cosigners}), now);
  if (signed_entry.verdict > Verdict::kValidAt) {
    return signed_entry.why;
  }
  KeysUsed keys(now);
  keys.Add(signed_entry);
  keys.Add(proven);
  keys.Add(JudgeAge(proven.entry.checkpoint, bundle));
  ProvenPublisher publisher(bundle, std::move(member.member), std::move(id), std::move(proven));
  publisher.is_strict_ = is_strict;
  publisher.judgement_ = keys.judgement();
  AddFeedKeys(publisher.member_.entry.keys(), publisher.id_, *registry, publisher.feed_keys_);
  if (publisher.id_ == bundle.operator_id()) {
    publisher.feed_keys_.insert(publisher.feed_keys_.end(), registry_keys.begin(), registry_keys.end());
  }
  publisher.registry_ = std::move(registry);
  return publisher;
}

ProvenPublisher::ProvenPublisher(const TrustBundle& bundle, VerifiedMember member, record::ParticipantId id,
                                 ProvenByFeed registry_entry)
    : bundle_(&bundle), member_(std::move(member)), id_(std::move(id)), registry_entry_(std::move(registry_entry)) {}

absl::StatusOr<RegisteredKey> ProvenPublisher::VerifySignature(const record::Header& header,
                                                               const record::v1::BatchSignature& signature) const {
  if (header.publisher() != id_) {
    return Refuse(kMemberReason, absl::StrCat("the entry in the file is that of ", id_.text(),
                                              ", the record is published by ", header.publisher().text()));
  }
  return SignerOf(header, signature, *registry_);
}

// What the key of a host that the member has left is worth: nothing beyond where the feed stood when it moved.
absl::StatusOr<Judgement> ProvenPublisher::JudgeHost(const RegisteredKey& key, const record::FeedKey& feed,
                                                     uint64_t size) const {
  const Registry::FeedKeyLine line = registry_->FeedKeyLineOf(id_, absl::InfiniteFuture());
  if (!IsOfFormerHost(line, key)) {
    return Judgement();
  }
  if (!IsShownToAll(feed.name)) {
    return Judgement{
        Verdict::kIndeterminate, absl::InfinitePast(),
        Error(absl::StatusCode::kFailedPrecondition, "HEAD_OF_FORMER_HOST",
              absl::StrCat("the head of the feed ", feed.name.text(), " is signed by a host that ", id_.text(),
                           " has left, and nothing in the file shows that it was signed "
                           "before: make the file anew at the member's present host"))};
  }
  MEGURI_ASSIGN_OR_RETURN(const BaseHead base, BaseHeadOf(*line.base(), feed));
  if (size > base.size) {
    return BeyondMove(id_, base, size);
  }
  return Judgement();
}

absl::StatusOr<ProvenByFeed> ProvenPublisher::VerifyProof(const record::v1::FeedProof& proof,
                                                          const record::Header& header) const {
  MEGURI_ASSIGN_OR_RETURN(ProvenByFeed proven, Prove(proof, header, *bundle_, is_strict_, feed_keys_));
  record::FeedKey feed = proven.entry.feed;
  uint64_t size = proven.entry.checkpoint.size;
  if (record::IsOpening(proof.checkpoint())) {  // then the key signed a head of `heads`
    MEGURI_ASSIGN_OR_RETURN(const record::v1::ProvenOpening opening, record::ReadOpening(proof.checkpoint()));
    MEGURI_ASSIGN_OR_RETURN(const record::Note heads, record::ParseNote(opening.checkpoint()));
    feed = {feed.publisher, record::HeadsFeed(), opening.epoch()};
    size = heads.checkpoint.size;
  }
  MEGURI_ASSIGN_OR_RETURN(proven.of_former_host, JudgeHost(proven.key, feed, size));
  return proven;
}

const RegisteredKey* ProvenPublisher::FindFeedKey(const record::Hash& key_id) const {
  const auto found = std::find_if(feed_keys_.begin(), feed_keys_.end(), [&](const RegisteredKey& key) {
    return record::KeyId(registry_->federation(), id_, key.key.spki()) == key_id;
  });
  const bool counts =
      found != feed_keys_.end() && !IsOfFormerHost(registry_->FeedKeyLineOf(id_, absl::InfiniteFuture()), *found);
  return counts ? &*found : nullptr;
}

absl::StatusOr<ProvenHead> ProvenPublisher::OpenHead(absl::string_view note, const record::FeedKey& feed) const {
  MEGURI_ASSIGN_OR_RETURN(CosignedNote cosigned, OpenCosignedNote(note, *bundle_, is_strict_));
  MEGURI_ASSIGN_OR_RETURN(record::SoleSigned head,
                          record::OpenSoleSigned(cosigned.note, record::FeedOrigin(registry_->federation(), feed),
                                                 PublicKeysOf(feed_keys_)));
  MEGURI_ASSIGN_OR_RETURN(Judgement host, JudgeHost(feed_keys_[head.key], feed, head.checkpoint.size));
  return ProvenHead{std::move(head.checkpoint), feed_keys_[head.key], std::move(cosigned.cosigners), std::move(host)};
}

absl::StatusOr<ProvenCommitment> ProvenPublisher::VerifyOpening(absl::string_view head,
                                                                const record::FeedKey& feed) const {
  std::string alone(head.data(), head.size());
  MEGURI_ASSIGN_OR_RETURN(Cosigners cosigners, TakeOutWitnesses(*bundle_, is_strict_, alone));
  MEGURI_ASSIGN_OR_RETURN(const record::v1::ProvenOpening opening, record::ReadOpening(alone));
  MEGURI_ASSIGN_OR_RETURN(record::CommittedHead committed,
                          record::VerifyOpening(opening, registry_->federation(), feed, PublicKeysOf(feed_keys_)));
  const RegisteredKey& key = feed_keys_[committed.key];
  MEGURI_ASSIGN_OR_RETURN(Judgement host,
                          JudgeHost(key, {feed.publisher, record::HeadsFeed(), opening.epoch()}, committed.heads.size));
  return ProvenCommitment{std::move(committed), key, std::move(cosigners), std::move(host)};
}

absl::Status CheckOpened(uint64_t slots, const record::v1::Envelope& envelope) {
  for (const record::v1::Section& section : envelope.sections()) {
    if ((slots >> section.slot() & 1) == 0) {
      return Refuse("SLOT_NOT_PROVEN",
                    absl::StrCat("no feed in the file opens slot ", section.slot(), ", which the file holds open"));
    }
  }
  return absl::OkStatus();
}

absl::Status CheckBundleReference(uint64_t version, absl::string_view hash, const TrustBundle& bundle,
                                  absl::string_view reason) {
  if (version == 0 || hash.size() != record::kHashSize) {
    return Refuse(reason, "the file does not say with which trust bundle it was made");
  }
  // Two bundles with one number are of two federations, or one is forged.
  if (version == bundle.message().version() && hash != bundle.body_hash().view()) {
    return Refuse("OTHER_TRUST_BUNDLE", absl::StrCat("the file was made with another trust bundle of version ", version,
                                                     " than the one it is checked with"));
  }
  return absl::OkStatus();
}

}  // namespace meguri::certs
