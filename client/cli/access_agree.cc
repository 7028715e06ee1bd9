// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "client/cli/access_input.h"
#include "client/cli/access_view.h"
#include "client/cli/command.h"
#include "client/cli/commands.h"
#include "client/cli/record_view.h"
#include "client/cli/words.h"
#include "meguri/record/v1/record.pb.h"

namespace meguri::client {
namespace {

struct Arguments {
  std::string grant;
  std::string owner;
  bool yes = false;
  bool dry_run = false;
};

absl::Status CheckGrantee(const Session& session, const SeenGrant& seen, const std::string& member) {
  if (!seen.grant.has_grantee_role() && seen.grant.grantee_id() != member) {
    return Error(absl::StatusCode::kInvalidArgument, "NOT_THE_GRANTEE",
                 session.Say(Message::kNotTheGrantee, {seen.grant.grantee_id()}));
  }
  if (IsOver(seen.grant, session.clock().Now())) {
    return Error(
        absl::StatusCode::kFailedPrecondition, "GRANT_OVER",
        session.Say(Message::kGrantOver, {StateInWords(session.language(), seen.grant, session.clock().Now())}));
  }
  return absl::OkStatus();
}

std::string TermsOf(const Session& session, const SeenOffer& offer, const SeenGrant& seen) {
  Table table = Table::OfPairs();
  table.Add({session.Say(Message::kGrant), seen.header.record_id().ToHex()});
  table.Add({session.Say(Message::kGrantee), GranteeName(session.language(), seen.grant)});
  table.Add({session.Say(Message::kPurpose), PurposeName(session.language(), seen.grant.purpose())});
  table.Add({session.Say(Message::kExpires), seen.grant.expires()});
  return absl::StrCat(TableOf(offer, session).Layout(), "\n", table.Layout());
}

absl::Status Agree(Session& session, const Arguments& arguments) {
  MEGURI_ASSIGN_OR_RETURN(const record::RecordId id, ParseRecordIdArgument(arguments.grant));
  MEGURI_ASSIGN_OR_RETURN(const Context* context, session.context());
  MEGURI_ASSIGN_OR_RETURN(const NodeClient* node, session.node());
  MEGURI_ASSIGN_OR_RETURN(const SeenGrant seen, GetGrant(*node, id, arguments.owner));
  MEGURI_RETURN_IF_ERROR(CheckGrantee(session, seen, context->settings.member.text()));
  const std::string owner = seen.header.publisher().text();
  MEGURI_ASSIGN_OR_RETURN(const SeenOffer offer, GetNamedOffer(session, *node, seen.grant.offer(), owner));
  // Nobody signs terms that were not shown.
  const std::string terms = TermsOf(session, offer, seen);
  if (!arguments.yes && !arguments.dry_run) {
    MEGURI_RETURN_IF_ERROR(session.Confirm(terms, session.Say(Message::kAgreeToTerms)));
  } else {
    session.Note(terms);
  }
  passport::v1::Agreement agreement;
  agreement.set_owner_id(owner);
  *agreement.mutable_grant() = NameOf(seen.view, seen.header);
  *agreement.mutable_offer() = seen.grant.offer();
  return PublishFirst(session, "agreement",
                      OneSection(record::v1::RECORD_TYPE_AGREEMENT, record::v1::SECTION_TYPE_AGREEMENT,
                                 record::v1::AUDIENCE_ADDRESSEES, agreement, {owner}),
                      arguments.dry_run);
}

}  // namespace

void AddAccessAgree(Command parent, Session& session) {
  const auto arguments = std::make_shared<Arguments>();
  const Command command = AddVerb(parent, "agree", Message::kAboutAccessAgree, session);
  command.Option("GRANT", arguments->grant, session.Say(Message::kAboutGrantIds)).Required();
  command.Option("--owner", arguments->owner, session.Say(Message::kAboutGrantOwner)).TypeName("ID");
  command.Flag("--yes", arguments->yes, session.Say(Message::kAboutYes));
  command.Flag("--dry-run", arguments->dry_run, session.Say(Message::kAboutDryRun));
  OnCall(command, session, arguments, &Agree);
}

}  // namespace meguri::client
