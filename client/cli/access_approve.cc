// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "client/cli/access_input.h"
#include "client/cli/access_view.h"
#include "client/cli/command.h"
#include "client/cli/commands.h"
#include "client/cli/member_record.h"
#include "client/cli/record_view.h"
#include "client/sign.h"
#include "meguri/record/v1/record.pb.h"

namespace meguri::client {
namespace {

struct Arguments {
  std::vector<std::string> requests;
  bool automatically = false;
  std::string offer;
  std::string to;
  std::string role;
  passport::v1::AccessPurpose purpose = passport::v1::ACCESS_PURPOSE_UNSPECIFIED;
  std::string not_before;
  std::string expires;
  uint64_t deliveries_max = 0;
  bool dry_run = false;
};

absl::Status Misused(const Session& session, Message message) {
  return Error(absl::StatusCode::kInvalidArgument, "USAGE", session.Say(message));
}

// What all grants of this call have in common.
absl::StatusOr<passport::v1::Grant> BeginGrant(const Session& session, const Arguments& arguments,
                                               const SeenOffer& offer) {
  passport::v1::Grant grant;
  *grant.mutable_offer() = NameOf(offer.view, offer.header);
  grant.set_state(passport::v1::GRANT_STATE_ACTIVE);
  grant.set_expires(offer.offer.expires());
  grant.set_deliveries_max(arguments.deliveries_max != 0 ? arguments.deliveries_max : offer.offer.deliveries_max());
  if (!arguments.expires.empty()) {
    MEGURI_ASSIGN_OR_RETURN(*grant.mutable_expires(), TimeArgument(session, arguments.expires));
  }
  if (!arguments.not_before.empty()) {
    MEGURI_ASSIGN_OR_RETURN(*grant.mutable_not_before(), TimeArgument(session, arguments.not_before));
  }
  return grant;
}

absl::StatusOr<NamedVersion> Version(const Session& session, std::string name, const passport::v1::Grant& grant) {
  const bool is_for_role = grant.has_grantee_role();
  MEGURI_ASSIGN_OR_RETURN(
      VersionDraft version,
      FirstVersion(OneSection(record::v1::RECORD_TYPE_GRANT, record::v1::SECTION_TYPE_GRANT,
                              is_for_role ? record::v1::AUDIENCE_MEMBERS : record::v1::AUDIENCE_ADDRESSEES, grant,
                              is_for_role ? std::vector<std::string>() : std::vector<std::string>{grant.grantee_id()}),
                   session.random()));
  return NamedVersion{std::move(name), std::move(version)};
}

absl::StatusOr<NamedVersion> Approve(Session& session, const NodeClient& node, const Arguments& arguments,
                                     const SeenRequest& request) {
  MEGURI_ASSIGN_OR_RETURN(const Context* context, session.context());
  if (request.request.owner_id() != context->settings.member.text()) {
    return Error(absl::StatusCode::kInvalidArgument, "NOT_THE_OWNER",
                 session.Say(Message::kNotTheOwner, {request.request.owner_id()}));
  }
  MEGURI_ASSIGN_OR_RETURN(const SeenOffer offer,
                          GetNamedOffer(session, node, request.request.offer(), request.request.owner_id()));
  MEGURI_ASSIGN_OR_RETURN(passport::v1::Grant grant, BeginGrant(session, arguments, offer));
  grant.set_grantee_id(request.header.publisher().text());
  grant.set_purpose(request.request.purpose());
  return Version(session, request.header.record_id().ToHex(), grant);
}

// Whether the offer says that such a request needs no look.
absl::StatusOr<bool> IsAutomatic(Session& session, const SeenOffer& offer, const SeenRequest& request) {
  if (offer.offer.auto_approval() != passport::v1::AUTO_APPROVAL_MEMBERS &&
      offer.offer.auto_approval() != passport::v1::AUTO_APPROVAL_ROLES) {
    return false;
  }
  const absl::StatusOr<certs::VerifiedMember> member = GetVerifiedMember(session, request.header.publisher());
  if (absl::IsNotFound(member.status())) {
    return false;
  }
  MEGURI_RETURN_IF_ERROR(member.status());
  if (member->entry.status() != registry::v1::MEMBER_STATUS_ACTIVE) {
    return false;
  }
  return offer.offer.auto_approval() == passport::v1::AUTO_APPROVAL_MEMBERS ||
         absl::c_any_of(offer.offer.auto_roles(), [&](const passport::v1::RoleScope& wanted) {
           return absl::c_any_of(member->entry.roles(), [&](const registry::v1::Role& role) {
             return role.kind() == wanted.kind() &&
                    (wanted.scope().empty() || absl::c_linear_search(role.scopes(), wanted.scope()));
           });
         });
}

// Requests that were never answered, of offers that say so. Whoever was answered once and was refused since is not
// answered again without a look.
absl::StatusOr<std::vector<NamedVersion>> ApproveAutomatically(Session& session, const NodeClient& node,
                                                               const Arguments& arguments) {
  MEGURI_ASSIGN_OR_RETURN(const Context* context, session.context());
  const std::string own = context->settings.member.text();
  MEGURI_ASSIGN_OR_RETURN(const std::string filter, AboutOffer(arguments.offer));
  MEGURI_ASSIGN_OR_RETURN(const std::vector<SeenRequest> requests, ListRequests(node, filter));
  MEGURI_ASSIGN_OR_RETURN(const std::vector<SeenGrant> grants, ListGrants(node, filter));
  std::vector<NamedVersion> versions;
  std::vector<std::string> answered;
  for (const SeenRequest& request : requests) {
    // Of several requests for the same the newest counts.
    const std::string sender =
        absl::StrCat(request.header.publisher().text(), " ", request.request.offer().record_id());
    if (request.request.owner_id() != own || absl::c_linear_search(answered, sender) ||
        absl::c_any_of(grants, [&](const SeenGrant& grant) { return Answers(grant, request); })) {
      continue;
    }
    const absl::StatusOr<SeenOffer> offer = GetNamedOffer(session, node, request.request.offer(), own);
    if (ReasonOf(offer.status()) == "OFFER_UNKNOWN" || ReasonOf(offer.status()) == "NOT_OF_THAT_KIND") {
      continue;  // it has ended, or the request names something else
    }
    MEGURI_RETURN_IF_ERROR(offer.status());
    MEGURI_ASSIGN_OR_RETURN(const bool is_automatic, IsAutomatic(session, *offer, request));
    if (is_automatic && absl::c_linear_search(offer->offer.purposes(), static_cast<int>(request.request.purpose()))) {
      MEGURI_ASSIGN_OR_RETURN(NamedVersion version, Approve(session, node, arguments, request));
      versions.push_back(std::move(version));
      answered.push_back(sender);
    }
  }
  return versions;
}

// A grant that nobody has asked for.
absl::StatusOr<NamedVersion> GrantUnasked(Session& session, const NodeClient& node, const Arguments& arguments) {
  MEGURI_ASSIGN_OR_RETURN(const Context* context, session.context());
  MEGURI_ASSIGN_OR_RETURN(const record::RecordId id, ParseRecordIdArgument(arguments.offer));
  MEGURI_ASSIGN_OR_RETURN(const SeenOffer offer, GetOffer(node, id, context->settings.member.text()));
  MEGURI_ASSIGN_OR_RETURN(passport::v1::Grant grant, BeginGrant(session, arguments, offer));
  grant.set_purpose(arguments.purpose);
  if (arguments.purpose == passport::v1::ACCESS_PURPOSE_UNSPECIFIED) {
    if (offer.offer.purposes_size() != 1) {
      return Misused(session, Message::kSayPurpose);
    }
    grant.set_purpose(static_cast<passport::v1::AccessPurpose>(offer.offer.purposes(0)));
  }
  grant.set_grantee_id(arguments.to);
  if (!arguments.role.empty()) {
    MEGURI_ASSIGN_OR_RETURN(*grant.mutable_grantee_role(), RoleArgument(session, arguments.role));
  }
  return Version(session, "grant", grant);
}

absl::Status Run(Session& session, const Arguments& arguments) {
  MEGURI_ASSIGN_OR_RETURN(const NodeClient* node, session.node());
  std::vector<NamedVersion> versions;
  if (arguments.automatically && arguments.requests.empty() && arguments.to.empty() && arguments.role.empty()) {
    MEGURI_ASSIGN_OR_RETURN(versions, ApproveAutomatically(session, *node, arguments));
    if (versions.empty()) {
      session.Note(session.Say(Message::kNothingFound));
      return absl::OkStatus();
    }
  } else if (!arguments.automatically && !arguments.requests.empty() && arguments.offer.empty()) {
    for (const std::string& text : arguments.requests) {
      MEGURI_ASSIGN_OR_RETURN(const record::RecordId id, ParseRecordIdArgument(text));
      MEGURI_ASSIGN_OR_RETURN(const SeenRequest request, GetRequest(*node, id));
      MEGURI_ASSIGN_OR_RETURN(NamedVersion version, Approve(session, *node, arguments, request));
      versions.push_back(std::move(version));
    }
  } else if (!arguments.automatically && arguments.requests.empty() && !arguments.offer.empty() &&
             arguments.to.empty() != arguments.role.empty()) {
    MEGURI_ASSIGN_OR_RETURN(NamedVersion version, GrantUnasked(session, *node, arguments));
    versions.push_back(std::move(version));
  } else {
    return Misused(session, Message::kApproveWhat);
  }
  return PublishVersions(session, versions, arguments.dry_run);
}

}  // namespace

void AddAccessApprove(Command parent, Session& session) {
  const auto arguments = std::make_shared<Arguments>();
  const Command command = AddVerb(parent, "approve", Message::kAboutAccessApprove, session);
  command.Option("REQUEST", arguments->requests, session.Say(Message::kAboutRequestIds));
  command.Flag("--auto", arguments->automatically, session.Say(Message::kAboutApproveAuto));
  command.Option("--offer", arguments->offer, session.Say(Message::kAboutOfferId)).TypeName("ID");
  command.Option("--to", arguments->to, session.Say(Message::kAboutGrantTo)).TypeName("ID");
  command.Option("--role", arguments->role, session.Say(Message::kAboutGrantRole)).TypeName("ROLE");
  command.Option("--purpose", arguments->purpose, session.Say(Message::kAboutPurpose))
      .TypeName("PURPOSE")
      .OneOf(Purposes(), session);
  command.Option("--not-before", arguments->not_before, session.Say(Message::kAboutNotBefore)).TypeName("TIME");
  command.Option("--expires", arguments->expires, session.Say(Message::kAboutGrantExpires)).TypeName("TIME");
  command.Option("--deliveries-max", arguments->deliveries_max, session.Say(Message::kAboutGrantDeliveriesMax))
      .TypeName("N");
  command.Flag("--dry-run", arguments->dry_run, session.Say(Message::kAboutDryRun));
  OnCall(command, session, arguments, &Run);
}

}  // namespace meguri::client
