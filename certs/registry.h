// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/optional.h"
#include "absl/types/span.h"
#include "certs/key_history.h"
#include "certs/trust_bundle.h"
#include "meguri/registry/v1/member.pb.h"
#include "record/hash.h"
#include "record/participant_id.h"
#include "record/public_key.h"

namespace meguri::certs {

// A registered key and whose it is.
struct RegisteredKey {
  record::ParticipantId owner;
  registry::v1::KeyPurpose purpose;
  record::PublicKey key;
  absl::Time not_before;  // InfinitePast: no bound
  absl::Time not_after;   // InfiniteFuture: no bound
  absl::Time revoked;     // InfiniteFuture: not revoked
  KeyJudgement judgement = {registry::v1::KEY_ORIGIN_FIRST, 0};
  absl::optional<registry::v1::FeedBase> base = absl::nullopt;  // with which the member moved to whoever holds the key

  // OK, or FAILED_PRECONDITION with reason KEY_REVOKED, KEY_EXPIRED or KEY_NOT_YET_VALID.
  absl::Status CheckUsable(absl::Time now) const;
};

// The members of the federation at one moment: the trust bundle and the newest entry of every member. Immutable, so
// that readers share it without locks.
class Registry {
 public:
  // `entries` are the payloads of verified Member records, newest version each, in any order. INVALID_ARGUMENT (reason
  // MEMBER_ENTRY) names the first entry that is malformed. What the bundle pins stays as the bundle says it. A public
  // key that several members registered counts for the first by participant ID alone; so does a prefix, link domain or
  // name space, active members before others. A key that is neither first nor endorsed nor a recovery is left out, by
  // `history`, to which all entries were added, or by what each entry says alone if it is null.
  static absl::StatusOr<std::shared_ptr<const Registry>> Make(const TrustBundle& bundle,
                                                              absl::Span<const registry::v1::MemberEntry> entries,
                                                              const KeyHistory* history = nullptr);

  const std::string& federation() const;
  const record::ParticipantId& operator_id() const;

  // Null if there is no such member.
  const registry::v1::MemberEntry* Find(const record::ParticipantId& participant) const;
  // By participant ID.
  std::vector<const registry::v1::MemberEntry*> Members() const;
  bool IsActive(const record::ParticipantId& participant) const;
  // Active, with the role, and with `scope` among its scopes (or no scope asked for). Authority of JP covers every
  // prefecture.
  bool HasRole(const record::ParticipantId& participant, registry::v1::RoleKind role, absl::string_view scope) const;
  std::vector<std::string> ScopesOf(const record::ParticipantId& participant, registry::v1::RoleKind role) const;
  // Whether the registry says that `node_identity` speaks for `participant`, and neither it nor the node's own member
  // is suspended or has left.
  bool IsHostedBy(const record::ParticipantId& participant, absl::string_view node_identity) const;

  // The key of this ID: registered by a member, or pinned by the bundle. Null if unknown.
  const RegisteredKey* FindKey(const record::Hash& key_id) const;
  // Why FindKey does not find it, as a reason: KEY_NOT_ENDORSED of a key that was left out, or UNKNOWN_KEY.
  absl::string_view WhyUnknown(const record::Hash& key_id) const;
  // The keys of members that no key before them vouches for, those left out too, by participant ID.
  const std::vector<registry::v1::KeyNotice>& KeyNotices() const;
  // The newest usable feed key that the member registered; the bundle's for an operator that registered none.
  // NOT_FOUND (reason NO_FEED_KEY). The operator's registry feed is always checked with the bundle's key.
  absl::StatusOr<const RegisteredKey*> FeedKeyOf(const record::ParticipantId& participant, absl::Time now) const;

  // The feed keys of a member by their beginning, those that begin together as listed. Since it moved to another host
  // at `now` at the latest, those before `moved` are those of hosts that it has left; it has not moved: `moved` is 0.
  struct FeedKeyLine {
    std::vector<const RegisteredKey*> keys;
    size_t moved = 0;
    // With which it moved; null if it has not.
    const registry::v1::FeedBase* base() const { return moved == 0 ? nullptr : &*keys[moved]->base; }
  };
  FeedKeyLine FeedKeyLineOf(const record::ParticipantId& participant, absl::Time now) const;

  // The member whose registered prefix, link domain or name space is the longest that fits, or null.
  const registry::v1::MemberEntry* FindByGtin(absl::string_view gtin14) const;
  const registry::v1::MemberEntry* FindByLinkDomain(absl::string_view host) const;
  const registry::v1::MemberEntry* FindByUri(absl::string_view uri) const;

 private:
  struct Parts;
  explicit Registry(std::unique_ptr<const Parts> parts);

 public:
  ~Registry();

 private:
  std::unique_ptr<const Parts> parts_;
};

// Parses the payload of a Member record: at most kMemberEntryBytesMax bytes, no unknown fields, and the form that
// CheckMemberEntry asks for. INVALID_ARGUMENT (reason MEMBER_ENTRY, or with violations).
absl::StatusOr<registry::v1::MemberEntry> ParseMemberEntry(absl::string_view federation, absl::string_view payload);

// Checks the form of an entry: participant ID, kind, status, roles with scopes, node identity of this federation and
// participant's host, addresses host:port, keys that parse and match their algorithm (feed keys Ed25519), no key used
// twice. Every problem is reported. INVALID_ARGUMENT with violations.
absl::Status CheckMemberEntry(absl::string_view federation, const registry::v1::MemberEntry& entry);

inline constexpr char kHeartbeatPayloadType[] = "application/vnd.meguri.heartbeat.v1";
inline constexpr char kEnrolmentPayloadType[] = "application/vnd.meguri.enrolment.v1";

// Checks a heartbeat against the bundle's registry feed key, origin and least size. INVALID_ARGUMENT with the reasons
// of VerifySignedBody, or HEARTBEAT_FORM.
absl::StatusOr<registry::v1::Heartbeat> OpenHeartbeat(const record::v1::SignedBody& signed_body,
                                                      const TrustBundle& bundle);
absl::StatusOr<record::v1::SignedBody> SignHeartbeat(const registry::v1::Heartbeat& heartbeat,
                                                     absl::string_view federation,
                                                     const record::ParticipantId& operator_id,
                                                     const record::Signer& feed_signer);

inline constexpr char kFeedHeartbeatPayloadType[] = "application/vnd.meguri.feed-heartbeat.v1";

// Checks a heartbeat of the feed with this origin against the feed key of its publisher. Reasons as of OpenHeartbeat.
absl::StatusOr<registry::v1::Heartbeat> OpenFeedHeartbeat(const record::v1::SignedBody& signed_body,
                                                          absl::string_view federation,
                                                          const record::ParticipantId& publisher,
                                                          absl::string_view origin, const record::PublicKey& feed_key);
absl::StatusOr<record::v1::SignedBody> SignFeedHeartbeat(const registry::v1::Heartbeat& heartbeat,
                                                         absl::string_view federation,
                                                         const record::ParticipantId& publisher,
                                                         const record::Signer& feed_signer);

// Checks that every key which the entry names has signed the request (record and feed keys), and the entry's form.
absl::StatusOr<registry::v1::EnrolmentRequest> OpenEnrolmentRequest(absl::string_view bytes,
                                                                    absl::string_view federation);
absl::StatusOr<std::string> SignEnrolmentRequest(const registry::v1::EnrolmentRequest& request,
                                                 absl::string_view federation,
                                                 const std::vector<const record::Signer*>& signers);

}  // namespace meguri::certs
