// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "certs/registry.h"
#include "certs/trust_bundle.h"
#include "meguri/record/v1/record.pb.h"
#include "meguri/registry/v1/member.pb.h"
#include "record/checkpoint.h"
#include "record/feed.h"
#include "record/feed_proof.h"
#include "record/header.h"

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

// That a feed names a record, and the key that signed the feed's head: it may have ended since.
struct ProvenByFeed {
  record::ProvenEntry entry;
  RegisteredKey key;
};

// A member as the registry feed names it.
class ProvenPublisher {
 public:
  // VerifyMemberRecord, and the entry in the registry feed of the bundle, at a head that is not another one than the
  // bundle pins. INVALID_ARGUMENT with reason REGISTRY_FEED, SLOT_NOT_PROVEN, or the reasons of both.
  static absl::StatusOr<ProvenPublisher> Verify(const record::v1::Envelope& entry, const record::v1::FeedProof& proof,
                                                const TrustBundle& bundle, absl::Time now);

  const VerifiedMember& member() const { return member_; }
  const record::ParticipantId& id() const { return id_; }
  const ProvenByFeed& registry_entry() const { return registry_entry_; }

  // The record key of this member that signed `header`. INVALID_ARGUMENT with reason MEMBER_RECORD if it is not this
  // member's, RECORD_KEY, or the reasons of record.
  absl::StatusOr<RegisteredKey> VerifySignature(const record::Header& header,
                                                const record::v1::BatchSignature& signature) const;
  // That a feed of this member names `header`. Reasons of record::VerifyFeedProof.
  absl::StatusOr<ProvenByFeed> VerifyProof(const record::v1::FeedProof& proof, const record::Header& header) const;
  // A head of a feed of this member, and the key that signed it. Reasons of record::OpenSoleSigned.
  absl::StatusOr<std::pair<record::Checkpoint, RegisteredKey>> OpenHead(absl::string_view note,
                                                                        const record::FeedKey& feed) const;

 private:
  ProvenPublisher(VerifiedMember member, record::ParticipantId id, ProvenByFeed registry_entry,
                  std::shared_ptr<const Registry> registry, std::vector<RegisteredKey> feed_keys);
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
