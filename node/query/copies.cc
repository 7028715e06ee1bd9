// SPDX-License-Identifier: Apache-2.0
#include "node/query/copies.h"

#include <algorithm>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "certs/publisher_proof.h"
#include "node/query/carried_envelope.h"
#include "record/batch.h"
#include "record/feed_proof.h"
#include "record/header.h"
#include "record/section.h"

namespace meguri::node {
namespace {

absl::Status Refused(absl::string_view reason, absl::string_view message) {
  return Error(absl::StatusCode::kInvalidArgument, reason, message);
}

// Registered feed keys of the publisher, ended ones too: a member that is gone signs no new head. Revoked ones prove
// nothing.
std::vector<certs::RegisteredKey> FeedKeysOf(const record::ParticipantId& publisher,
                                             const registry::v1::MemberEntry& entry, const certs::Registry& registry,
                                             absl::Time now) {
  std::vector<certs::RegisteredKey> keys;
  for (const registry::v1::MemberKey& message : entry.keys()) {
    const certs::RegisteredKey* key =
        registry.FindKey(record::KeyId(registry.federation(), publisher, message.public_key()));
    if (key != nullptr && key->owner == publisher && key->purpose == registry::v1::KEY_PURPOSE_FEED &&
        now >= key->not_before && now < key->revoked) {
      keys.push_back(*key);
    }
  }
  return keys;
}

absl::Status CheckSignature(const record::Header& header, const record::v1::BatchSignature& signature,
                            const certs::Registry& registry, absl::Time now) {
  MEGURI_ASSIGN_OR_RETURN(const record::Hash key_id, record::Hash::Parse(signature.key_id()));
  const certs::RegisteredKey* key = registry.FindKey(key_id);
  if (key == nullptr || key->owner != header.publisher() || key->purpose != registry::v1::KEY_PURPOSE_RECORD) {
    return Refused("UNKNOWN_KEY", absl::StrCat("The record is not signed by a registered record key of ",
                                               header.publisher().text(), "."));
  }
  if (now < key->not_before) {
    return key->CheckUsable(now);
  }
  return record::VerifyBatchSignature(header.hash(), signature, key->key, nullptr);
}

absl::StatusOr<absl::Time> ReadTime(const record::v1::SignedBody& heartbeat, const record::Header& header,
                                    const record::ProvenEntry& proven, const certs::RegisteredKey& key,
                                    const certs::Registry& registry, absl::Time now) {
  const std::string origin = record::FeedOrigin(registry.federation(), proven.feed);
  MEGURI_ASSIGN_OR_RETURN(
      const registry::v1::Heartbeat body,
      certs::OpenFeedHeartbeat(heartbeat, registry.federation(), header.publisher(), origin, key.key));
  if (body.size() != proven.checkpoint.size || body.root() != proven.checkpoint.root.view()) {
    return Refused("HEARTBEAT_MISMATCH", "The publisher's word that came with the record is about another head.");
  }
  return std::min(now, absl::FromUnixMillis(static_cast<int64_t>(body.time_ms())));
}

// Checks one copy, and lets `verified` be no newer than it is.
absl::StatusOr<RecordView> VerifyCopy(const CopyQuestion& question, const Identifier& identifier, RecordCopy copy,
                                      const certs::Registry& registry, absl::Time now, VerifiedCopies& verified) {
  MEGURI_ASSIGN_OR_RETURN(const record::Header header, record::Header::Parse(copy.envelope.header()));
  const record::ParticipantId& publisher = header.publisher();
  if (question.publisher.has_value() && publisher != *question.publisher) {
    return Refused("PUBLISHER_MISMATCH", absl::StrCat("A record of ", publisher.text(), " came instead of one of ",
                                                      question.publisher->text(), "."));
  }
  const registry::v1::MemberEntry* entry = registry.Find(publisher);
  if (entry == nullptr) {
    return Refused("UNKNOWN_KEY", absl::StrCat("The registry here does not know ", publisher.text(), "."));
  }
  if (entry->status() == registry::v1::MEMBER_STATUS_SUSPENDED) {
    return Error(absl::StatusCode::kPermissionDenied, "PUBLISHER_SUSPENDED",
                 absl::StrCat(publisher.text(), " is suspended: nothing of it is taken."));
  }
  MEGURI_RETURN_IF_ERROR(CheckSignature(header, copy.envelope.signature(), registry, now));
  MEGURI_RETURN_IF_ERROR(record::VerifySections(header, copy.envelope.sections()));
  if (!IsNamedBy(header, copy.envelope, identifier)) {
    return Refused("IDENTIFIER_MISMATCH", "The record that came does not bear the identifier that was asked for.");
  }
  const std::vector<certs::RegisteredKey> keys = FeedKeysOf(publisher, *entry, registry, now);
  std::vector<record::PublicKey> public_keys;
  public_keys.reserve(keys.size());
  for (const certs::RegisteredKey& key : keys) {
    public_keys.push_back(key.key);
  }
  MEGURI_ASSIGN_OR_RETURN(const record::ProvenEntry proven,
                          record::VerifyFeedProof(copy.proof, registry.federation(), header, public_keys));
  if (proven.feed.name != record::FeedName::Public()) {
    return Refused("FEED_PROOF",
                   absl::StrCat("The record is proven by the feed ", proven.feed.name.text(), ", not by `public`."));
  }
  MEGURI_RETURN_IF_ERROR(certs::CheckOpened(proven.slots, copy.envelope));
  absl::Time as_of = absl::InfinitePast();
  if (copy.heartbeat.has_value()) {
    MEGURI_ASSIGN_OR_RETURN(as_of, ReadTime(*copy.heartbeat, header, proven, keys[proven.key], registry, now));
  }
  verified.as_of = std::min(verified.as_of, as_of);
  RecordView view;
  view.header_hash = header.hash();
  view.latest_version = header.version();
  view.source = RecordSource::kCopy;
  view.key_id = copy.envelope.signature().key_id();
  view.envelope = ToCarried(std::move(copy.envelope));
  return view;
}

uint64_t NewestOf(const VerifiedCopies& copies) {
  uint64_t version = 0;
  for (const RecordView& view : copies.records) {
    version = std::max(version, view.latest_version);
  }
  return version;
}

}  // namespace

absl::StatusOr<VerifiedCopies> VerifyCopies(const CopyQuestion& question, const Identifier& identifier,
                                            CopyPeer::Answer answer, const certs::Registry& registry, absl::Time now) {
  if (answer.size() > kAskRecordsMax) {
    return Refused("ANSWER_SIZE",
                   absl::StrCat(answer.size(), " records came; at most ", kAskRecordsMax, " are right."));
  }
  VerifiedCopies verified;
  verified.as_of = absl::InfiniteFuture();
  absl::flat_hash_set<std::string> seen;
  for (RecordCopy& copy : answer) {
    MEGURI_ASSIGN_OR_RETURN(RecordView view,
                            VerifyCopy(question, identifier, std::move(copy), registry, now, verified));
    MEGURI_ASSIGN_OR_RETURN(const record::Header header, record::Header::Parse(view.envelope.header()));
    if (!seen.insert(absl::StrCat(header.publisher().text(), " ", header.record_id().ToHex())).second) {
      return Refused("RECORD_TWICE", "The same record came twice.");
    }
    verified.records.push_back(std::move(view));
  }
  if (verified.records.empty()) {
    verified.as_of = absl::InfinitePast();
  }
  return verified;
}

bool IsNewer(const VerifiedCopies& a, const VerifiedCopies& b) {
  return std::make_pair(NewestOf(a), a.as_of) > std::make_pair(NewestOf(b), b.as_of);
}

}  // namespace meguri::node
