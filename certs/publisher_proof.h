// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "certs/registry.h"
#include "certs/signature_time.h"
#include "certs/trust_bundle.h"
#include "certs/witnesses.h"
#include "meguri/record/v1/record.pb.h"
#include "meguri/registry/v1/member.pb.h"
#include "record/checkpoint.h"
#include "record/feed.h"
#include "record/feed_proof.h"
#include "record/header.h"
#include "record/heads.h"

// Who has published something, shown to somebody who has the trust bundle and nothing else.
namespace meguri::certs {

// A Member record that a registry key of the trust bundle signed.
struct VerifiedMember {
  record::Header header;
  registry::v1::MemberEntry entry;
};

// Checks that `envelope` is a Member record of the operator, signed by a registry record key of `bundle` that is usable
// at `now`, with its entry open. INVALID_ARGUMENT with reason MEMBER_RECORD, or the reasons of record and certs.
absl::StatusOr<VerifiedMember> VerifyMemberRecord(const record::v1::Envelope& envelope, const TrustBundle& bundle,
                                                  absl::Time now);

// That a feed names a record, the key that signed the feed's head, which may have ended since, and who cosigned it.
struct ProvenByFeed {
  record::ProvenEntry entry;
  RegisteredKey key;
  Cosigners cosigners;
  Judgement of_former_host = {};      // what is doubtful of a head that the host signed which the member has left
  std::vector<SeenBy> receipts = {};  // that count, of heads of the feed that include the entry
};

// A head, the key that signed it, and who cosigned it.
struct ProvenHead {
  record::Checkpoint checkpoint;
  RegisteredKey key;
  Cosigners cosigners;
  Judgement of_former_host = {};  // as of ProvenByFeed
};

// A head that was committed in the feed `heads`, the key that signed that, and who cosigned it.
struct ProvenCommitment {
  record::CommittedHead committed;
  RegisteredKey key;
  Cosigners cosigners;
  Judgement of_former_host = {};  // as of ProvenByFeed
};

// What is to be said of the keys that signed what a file holds.
class KeysUsed {
 public:
  explicit KeysUsed(absl::Time now, size_t receipts_needed = kReceiptsNeeded)
      : now_(now), receipts_needed_(receipts_needed) {}

  // `heads` include what `key` signed, and so do those of which the receipts are.
  void Add(const RegisteredKey& key, absl::Span<const Cosigners> heads, std::vector<SeenBy> receipts = {}) {
    const SeenTimes seen{EarliestTime(heads), absl::nullopt, std::move(receipts), receipts_needed_};
    judgement_ = Both(judgement_, JudgeSignature(key, seen, now_));
  }
  // Who saw the entry in the publisher's feed, saw it under a head that the publisher had signed.
  void Add(const ProvenByFeed& proven) {
    Add(proven.key, {proven.cosigners}, proven.receipts);
    Add(proven.of_former_host);
  }
  void Add(const ProvenHead& head) {
    Add(head.key, {head.cosigners});
    Add(head.of_former_host);
  }
  void Add(const ProvenCommitment& head) {
    Add(head.key, {head.cosigners});
    Add(head.of_former_host);
  }
  void Add(const Judgement& judgement) { judgement_ = Both(judgement_, judgement); }

  const Judgement& judgement() const { return judgement_; }

 private:
  const absl::Time now_;
  const size_t receipts_needed_;
  Judgement judgement_;
};

// A member as the registry feed names it. The bundle must outlive it.
class ProvenPublisher {
 public:
  // VerifyMemberRecord, and the entry in the registry feed of the bundle, at a head that is not another one than the
  // bundle pins. INVALID_ARGUMENT with reason REGISTRY_FEED, SLOT_NOT_PROVEN, or the reasons of both.
  // `made_with` is the version of the bundle that the file names.
  static absl::StatusOr<ProvenPublisher> Verify(const record::v1::Envelope& entry, const record::v1::FeedProof& proof,
                                                const TrustBundle& bundle, uint64_t made_with, absl::Time now);

  const VerifiedMember& member() const { return member_; }
  const record::ParticipantId& id() const { return id_; }
  const ProvenByFeed& registry_entry() const { return registry_entry_; }
  // The bundle and this member.
  const Registry& registry() const { return *registry_; }
  // What the operator's signatures under entry and registry are worth. INDETERMINATE with reason REGISTRY_OLDER if the
  // bundle pins a later state of the registry: what it says of keys since is not in the file.
  const Judgement& judgement() const { return judgement_; }
  // The keys of this member that no key before them vouches for.
  const std::vector<registry::v1::KeyNotice>& key_notices() const { return registry_->KeyNotices(); }

  // The record key of this member that signed `header`. INVALID_ARGUMENT with reason MEMBER_RECORD if it is not this
  // member's, RECORD_KEY, or the reasons of record.
  absl::StatusOr<RegisteredKey> VerifySignature(const record::Header& header,
                                                const record::v1::BatchSignature& signature) const;
  // That a feed of this member names `header`. Reasons of record::VerifyFeedProof; HEAD_BEYOND_MOVE if the head is one
  // that the member's former host signed after the member had moved.
  absl::StatusOr<ProvenByFeed> VerifyProof(const record::v1::FeedProof& proof, const record::Header& header) const;
  // A feed key of this member, ended or not; null if it has none of this ID, or a host that it has left signs with it.
  const RegisteredKey* FindFeedKey(const record::Hash& key_id) const;
  // A head of a feed of this member, and the key that signed it. Reasons of record::OpenSoleSigned, HEAD_BEYOND_MOVE.
  absl::StatusOr<ProvenHead> OpenHead(absl::string_view note, const record::FeedKey& feed) const;
  // A head of a feed of this member that it committed in its feed `heads`. Reasons of record::VerifyOpening.
  absl::StatusOr<ProvenCommitment> VerifyOpening(absl::string_view head, const record::FeedKey& feed) const;

 private:
  ProvenPublisher(const TrustBundle& bundle, VerifiedMember member, record::ParticipantId id,
                  ProvenByFeed registry_entry);

  absl::StatusOr<Judgement> JudgeHost(const RegisteredKey& key, const record::FeedKey& feed, uint64_t size) const;

  const TrustBundle* bundle_;  // of the caller of Verify
  bool is_strict_ = false;
  Judgement judgement_;
  VerifiedMember member_;
  record::ParticipantId id_;
  ProvenByFeed registry_entry_;
  std::shared_ptr<const Registry> registry_;  // the bundle and this member
  std::vector<RegisteredKey> feed_keys_;      // ended ones too
};

// Every opened section stands in a slot of `slots`. INVALID_ARGUMENT with reason SLOT_NOT_PROVEN.
absl::Status CheckOpened(uint64_t slots, const record::v1::Envelope& envelope);

// That what a file says of the trust bundle with which it was made does not contradict `bundle`. INVALID_ARGUMENT with
// `reason` if it says nothing, or OTHER_TRUST_BUNDLE.
absl::Status CheckBundleReference(uint64_t version, absl::string_view hash, const TrustBundle& bundle,
                                  absl::string_view reason);

}  // namespace meguri::certs
