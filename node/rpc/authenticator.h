// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "base/clock.h"
#include "base/mutex.h"
#include "certs/certificate.h"
#include "grpcpp/server_context.h"
#include "meguri/api/v1/callers.pb.h"
#include "meguri/passport/v1/access.pb.h"
#include "node/access/access_state.h"
#include "node/membership/registry_state.h"
#include "node/policy/decision.h"
#include "node/policy/onward.h"
#include "node/query/query.h"
#include "node/rpc/revoked_clients.h"

namespace meguri::node {

inline constexpr char kActingMemberKey[] = "meguri-acting-member";
inline constexpr char kPurposeKey[] = "meguri-purpose";  // number of an AccessPurpose

// Who calls, and for whom.
struct Caller {
  certs::Identity identity;
  record::ParticipantId acting_member;
  bool is_client = false;
  absl::Status registration;  // OK, or why the registry does not let this node act for that member
  // For which it asks: no grant for another one opens anything. Unspecified: whatever its grants are for.
  passport::v1::AccessPurpose purpose = passport::v1::ACCESS_PURPOSE_UNSPECIFIED;
};

// What a method's proto says of who may call it. The method is named in full: meguri.record.v1.RecordService.Get.
const api::v1::Callers& CallersOf(absl::string_view method);

// Says who a caller is and whether it may call a method. Thread-safe.
class Authenticator {
 public:
  // Where it says so.
  struct Host {
    std::string node_identity;                      // of this node
    std::vector<record::ParticipantId> departed;    // members whom it hosted, and who are moving away or have moved
    std::function<absl::Status()> admit = nullptr;  // whether one more call is within the quota of the member
  };

  // `client_ca` issues this node's own client certificates; nodes carry certificates of the federation.
  Authenticator(const RegistryState& registry, const AccessState& access, std::vector<record::ParticipantId> hosted,
                certs::Certificate client_ca, const RevokedClients& revoked_clients, Host host, const Clock& clock);

  // INVALID_ARGUMENT (reason PURPOSE), UNAUTHENTICATED (reasons NO_CERTIFICATE, CERTIFICATE_…, CLIENT_REVOKED),
  // NOT_FOUND (reasons NOT_HOSTED_HERE: the call is for a member that is not hosted on this node; MEMBER_MOVED: the
  // registry names another host for it), UNAVAILABLE (reason MEMBER_MOVING: it is about to move) or PERMISSION_DENIED
  // (reasons CALLER_CLASS, CLIENT_ROLE, ACTING_MEMBER, NODE_NOT_REGISTERED, MEMBER_SUSPENDED, MEMBER_LEFT,
  // NOT_HOSTED_THERE), or what Host::admit says of a call that nothing else speaks against.
  absl::StatusOr<Caller> Authenticate(const grpc::ServerContextBase& context, const api::v1::Callers& callers) const;

  // Whether the registry, as it is now, still lets a caller act for its member, and a client is not revoked; its scopes
  // and what it was granted, as of now.
  absl::Status CheckRegistration(const Caller& caller) const;
  Reader ReaderFor(const Caller& caller) const;
  // Whether the copy here of the feed of another member's offer may be handed on to the caller now. `copy` holds what
  // the verdict refers to.
  OnwardVerdict JudgeHandingOn(const Caller& caller, const record::FeedKey& feed,
                               std::shared_ptr<const OnwardCopy>& copy) const;
  // As RegistryState::StandingOf.
  KeyStanding StandingOf(absl::string_view key_id, const RegistryState::SeenAt& seen_at) const {
    return registry_.StandingOf(key_id, seen_at);
  }
  QueryReader QueryReaderFor(const Caller& caller) const { return {ReaderFor(caller), caller.is_client}; }

 private:
  struct KnownCertificate {
    certs::Identity identity;
    api::v1::ClientRole role;
    absl::Time not_after;
  };

  absl::Status CheckAddressed(const grpc::ServerContextBase& context) const;
  absl::Status CheckNotMoved(const record::ParticipantId& member) const;
  absl::Status CheckNotRevoked(const certs::Identity& identity) const;
  absl::StatusOr<KnownCertificate> IdentifyCertificate(const std::string& pem) const;
  absl::StatusOr<record::ParticipantId> ActingMember(const grpc::ServerContextBase& context,
                                                     const certs::Identity& identity, bool is_client) const;

  const RegistryState& registry_;
  const AccessState& access_;
  const std::vector<record::ParticipantId> hosted_;
  const certs::Certificate client_ca_;
  const RevokedClients& revoked_clients_;
  const Host host_;
  const std::string own_nodes_;  // how the identities of all nodes of this node's member begin
  const Clock& clock_;

  // A connection shows the same certificate on every call; parsing and checking it costs more than a read.
  mutable Mutex mutex_;
  mutable absl::flat_hash_map<std::string, KnownCertificate> known_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace meguri::node
