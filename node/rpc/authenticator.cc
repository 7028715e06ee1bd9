// SPDX-License-Identifier: Apache-2.0
#include "node/rpc/authenticator.h"

#include <iterator>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "certs/addressed_member.h"
#include "google/protobuf/descriptor.h"
#include "grpcpp/security/auth_context.h"
#include "node/rpc/limits.h"

namespace meguri::node {
namespace {

absl::Status Unauthenticated(absl::string_view reason, absl::string_view message) {
  return Error(absl::StatusCode::kUnauthenticated, reason, message);
}

absl::Status Denied(absl::string_view reason, absl::string_view message) {
  return Error(absl::StatusCode::kPermissionDenied, reason, message);
}

bool RoleSuffices(api::v1::ClientRole held, api::v1::ClientRole needed) {
  if (needed == api::v1::CLIENT_ROLE_UNSPECIFIED || held == api::v1::CLIENT_ROLE_ADMIN || held == needed) {
    return true;
  }
  // Whoever may publish or approve may read.
  return needed == api::v1::CLIENT_ROLE_READ && held != api::v1::CLIENT_ROLE_UNSPECIFIED;
}

}  // namespace

const api::v1::Callers& CallersOf(absl::string_view method) {
  const google::protobuf::MethodDescriptor* descriptor =
      google::protobuf::DescriptorPool::generated_pool()->FindMethodByName(std::string(method));
  Invariant(descriptor != nullptr && descriptor->options().HasExtension(api::v1::callers),
            "every method states its callers in its proto");
  return descriptor->options().GetExtension(api::v1::callers);
}

Authenticator::Authenticator(const RegistryState& registry, const AccessState& access,
                             std::vector<record::ParticipantId> hosted, certs::Certificate client_ca,
                             const RevokedClients& revoked_clients, Host host, const Clock& clock)
    : registry_(registry),
      access_(access),
      hosted_(std::move(hosted)),
      client_ca_(std::move(client_ca)),
      revoked_clients_(revoked_clients),
      host_(std::move(host)),
      own_nodes_(host_.node_identity.substr(0, host_.node_identity.rfind('/') + 1)),
      clock_(clock) {}

// A member has one host at a time, and it is the registry that says which.
absl::Status Authenticator::CheckNotMoved(const record::ParticipantId& member) const {
  const std::shared_ptr<const certs::Registry> registry = registry_.Get();
  const registry::v1::MemberEntry* entry = registry->Find(member);
  if (entry == nullptr || entry->status() != registry::v1::MEMBER_STATUS_ACTIVE ||
      absl::StartsWith(entry->hosting().node_identity(), own_nodes_)) {
    return absl::OkStatus();
  }
  return Error(absl::StatusCode::kNotFound, "MEMBER_MOVED",
               absl::StrCat("The registry names ", entry->hosting().node_identity(), " at ",
                            absl::StrJoin(entry->hosting().addresses(), ", "), " as the host of ", member.text(),
                            ", not this node: call there."));
}

// A call for a member that is hosted here comes to that member's own services; what is for any other comes to those of
// the node's own member, which answer for nobody else.
absl::Status Authenticator::CheckAddressed(const grpc::ServerContextBase& context) const {
  const grpc::string_ref authority = context.ExperimentalGetAuthority();
  const absl::optional<record::ParticipantId> member =
      certs::MemberOfAuthority(absl::string_view(authority.data(), authority.size()));
  if (!member.has_value() || absl::c_linear_search(hosted_, *member)) {
    return CheckNotMoved(hosted_.front());
  }
  if (absl::c_linear_search(host_.departed, *member)) {
    MEGURI_RETURN_IF_ERROR(CheckNotMoved(*member));
    return Error(absl::StatusCode::kUnavailable, "MEMBER_MOVING",
                 absl::StrCat(member->text(),
                              " is moving from this node to another host. The registry will say to "
                              "which; try again later."));
  }
  return Error(absl::StatusCode::kNotFound, "NOT_HOSTED_HERE",
               absl::StrCat(member->text(), " is not hosted on this node."));
}

absl::Status Authenticator::CheckNotRevoked(const certs::Identity& identity) const {
  if (identity.certificate_class == certs::Identity::Class::kClient && revoked_clients_.Contains(identity.name)) {
    return Unauthenticated("CLIENT_REVOKED", absl::StrCat("The client ", identity.name,
                                                          " of this node was revoked. Make another one with "
                                                          "`meguri-node client add`."));
  }
  return absl::OkStatus();
}

absl::StatusOr<Authenticator::KnownCertificate> Authenticator::IdentifyCertificate(const std::string& pem) const {
  const absl::Time now = clock_.Now();
  {
    MutexLock lock(mutex_);
    const auto found = known_.find(pem);
    if (found != known_.end() && now < found->second.not_after) {
      return found->second;
    }
  }
  MEGURI_ASSIGN_OR_RETURN(const certs::Certificate certificate, certs::Certificate::ParsePem(pem));
  MEGURI_ASSIGN_OR_RETURN(const certs::Identity identity, certificate.identity());
  if (identity.federation != registry_.bundle().federation()) {
    return Unauthenticated("CERTIFICATE_FEDERATION", "The certificate belongs to another federation.");
  }
  absl::Status issued =
      Unauthenticated("CERTIFICATE_CHAIN", "No authority that this node trusts issued the certificate.");
  if (identity.certificate_class == certs::Identity::Class::kClient) {
    // Clients are this node's own business: no other authority may name them.
    issued = certificate.VerifyIssuedBy(client_ca_, now);
  } else {
    for (const certs::Certificate& root : registry_.bundle().tls_roots()) {
      issued = certificate.VerifyIssuedBy(root, now);
      if (issued.ok()) {
        break;
      }
    }
  }
  MEGURI_RETURN_IF_ERROR(issued);
  KnownCertificate known{identity, certificate.client_role(), certificate.not_after()};
  MutexLock lock(mutex_);
  if (known_.size() >= kKnownCertificatesMax) {
    known_.clear();
  }
  known_.insert_or_assign(pem, known);
  return known;
}

absl::StatusOr<record::ParticipantId> Authenticator::ActingMember(const grpc::ServerContextBase& context,
                                                                  const certs::Identity& identity,
                                                                  bool is_client) const {
  const auto& metadata = context.client_metadata();
  const auto [begin, end] = metadata.equal_range(kActingMemberKey);
  if (begin == end) {
    return identity.participant;
  }
  if (std::next(begin) != end) {
    return Denied("ACTING_MEMBER", "The call names more than one acting member.");
  }
  absl::StatusOr<record::ParticipantId> acting =
      record::ParticipantId::Parse(absl::string_view(begin->second.data(), begin->second.size()));
  if (!acting.ok()) {
    return Denied("ACTING_MEMBER", "The acting member is not a participant ID.");
  }
  if (is_client && *acting != identity.participant) {
    return Denied("ACTING_MEMBER", absl::StrCat("This client's certificate is for ", identity.participant.text(), "."));
  }
  return acting;
}

namespace {

absl::StatusOr<passport::v1::AccessPurpose> PurposeOf(const grpc::ServerContextBase& context) {
  const auto& metadata = context.client_metadata();
  const auto [begin, end] = metadata.equal_range(kPurposeKey);
  if (begin == end) {
    return passport::v1::ACCESS_PURPOSE_UNSPECIFIED;
  }
  int number = 0;
  const absl::string_view text(begin->second.data(), begin->second.size());
  if (std::next(begin) != end || !absl::SimpleAtoi(text, &number) || number == 0 ||
      !passport::v1::AccessPurpose_IsValid(number)) {
    return Error(absl::StatusCode::kInvalidArgument, "PURPOSE",
                 "The call must state one purpose, by its number in AccessPurpose, or none.");
  }
  return static_cast<passport::v1::AccessPurpose>(number);
}

}  // namespace

absl::StatusOr<Caller> Authenticator::Authenticate(const grpc::ServerContextBase& context,
                                                   const api::v1::Callers& callers) const {
  const std::shared_ptr<const grpc::AuthContext> auth = context.auth_context();
  const std::vector<grpc::string_ref> pems = auth->FindPropertyValues("x509_pem_cert");
  if (pems.size() != 1) {
    return Unauthenticated("NO_CERTIFICATE", "The caller shows no certificate.");
  }
  MEGURI_ASSIGN_OR_RETURN(const KnownCertificate known,
                          IdentifyCertificate(std::string(pems[0].data(), pems[0].size())));
  MEGURI_RETURN_IF_ERROR(CheckAddressed(context));
  MEGURI_RETURN_IF_ERROR(CheckNotRevoked(known.identity));
  const bool is_client = known.identity.certificate_class == certs::Identity::Class::kClient;
  const auto needed = is_client ? api::v1::CALLER_CLASS_CLIENT : api::v1::CALLER_CLASS_NODE;
  if (!absl::c_linear_search(callers.classes(), static_cast<int>(needed))) {
    return Denied("CALLER_CLASS", is_client
                                      ? "A client may not call this method."
                                      : "Another node may not call this method; only this node's own clients may.");
  }
  if (is_client && !RoleSuffices(known.role, callers.client_role())) {
    return Denied("CLIENT_ROLE", absl::StrCat("This method needs a client with the role ",
                                              api::v1::ClientRole_Name(callers.client_role()), "."));
  }
  MEGURI_ASSIGN_OR_RETURN(record::ParticipantId acting, ActingMember(context, known.identity, is_client));
  MEGURI_ASSIGN_OR_RETURN(const passport::v1::AccessPurpose purpose, PurposeOf(context));
  Caller caller{known.identity, std::move(acting), is_client, absl::OkStatus(), purpose};
  caller.registration = CheckRegistration(caller);
  if (!caller.registration.ok() && !callers.unregistered_allowed()) {
    return caller.registration;
  }
  if (host_.admit != nullptr) {
    MEGURI_RETURN_IF_ERROR(host_.admit());
  }
  return caller;
}

absl::Status Authenticator::CheckRegistration(const Caller& caller) const {
  MEGURI_RETURN_IF_ERROR(CheckNotMoved(hosted_.front()));
  if (caller.is_client) {
    MEGURI_RETURN_IF_ERROR(CheckNotRevoked(caller.identity));
    return absl::c_linear_search(hosted_, caller.acting_member)
               ? absl::OkStatus()
               : Denied("ACTING_MEMBER", absl::StrCat(caller.acting_member.text(), " is not hosted on this node."));
  }
  const std::shared_ptr<const certs::Registry> registry = registry_.Get();
  for (const record::ParticipantId* participant : {&caller.identity.participant, &caller.acting_member}) {
    const registry::v1::MemberEntry* entry = registry->Find(*participant);
    if (entry == nullptr) {
      return Denied("NODE_NOT_REGISTERED", absl::StrCat("The registry here does not know ", participant->text(), "."));
    }
    if (entry->status() == registry::v1::MEMBER_STATUS_SUSPENDED) {
      return Denied("MEMBER_SUSPENDED", absl::StrCat(participant->text(), " is suspended."));
    }
    if (entry->status() != registry::v1::MEMBER_STATUS_ACTIVE) {
      return Denied("MEMBER_LEFT", absl::StrCat(participant->text(), " is not an active member."));
    }
  }
  if (!registry->IsHostedBy(caller.acting_member, caller.identity.ToUri())) {
    return Denied("NOT_HOSTED_THERE", absl::StrCat("The registry does not let ", caller.identity.ToUri(), " act for ",
                                                   caller.acting_member.text(), "."));
  }
  return absl::OkStatus();
}

OnwardVerdict Authenticator::JudgeHandingOn(const Caller& caller, const record::FeedKey& feed,
                                            std::shared_ptr<const OnwardCopy>& copy) const {
  copy = access_.OnwardCopyOf(feed.publisher, feed.name.scope());
  if (copy == nullptr || caller.is_client) {
    return {};
  }
  const OnwardHolder holder = OnwardHolderOf(*registry_.Get(), hosted_.front(), feed.publisher, clock_.Now());
  return JudgeOnward(copy->terms, holder, ReaderFor(caller));
}

Reader Authenticator::ReaderFor(const Caller& caller) const {
  const std::shared_ptr<const certs::Registry> registry = registry_.Get();
  Reader reader = ReaderOf(*registry, caller.acting_member, registry_.IsStale());
  AddGrants(access_.GrantsOf(caller.acting_member), *registry, clock_.Now(), caller.purpose, reader);
  if (!caller.is_client && !CheckRegistration(caller).ok()) {
    reader.active = false;
    reader.recycler_groups.clear();
    reader.jurisdictions.clear();
    reader.grants.reset();
    reader.participant.reset();
  }
  return reader;
}

}  // namespace meguri::node
