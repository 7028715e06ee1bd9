// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/status_macros.h"
#include "client/cli/command.h"
#include "client/cli/commands.h"
#include "client/cli/erasure_input.h"
#include "client/cli/publishing.h"
#include "client/cli/record_view.h"
#include "client/sign.h"

namespace meguri::client {
namespace {

struct Arguments {
  std::string record_id;
  std::string superseded_by;
  bool force = false;
  bool erase = false;
  bool yes = false;
  ErasureFlags erasure;
};

absl::StatusOr<record::v1::Tombstone> MakeTombstone(const Arguments& arguments) {
  record::v1::Tombstone tombstone;
  tombstone.set_reason(arguments.erase ? record::v1::TOMBSTONE_REASON_ERASED : record::v1::TOMBSTONE_REASON_WITHDRAWN);
  if (!arguments.superseded_by.empty()) {
    MEGURI_ASSIGN_OR_RETURN(const record::RecordId successor, ParseRecordIdArgument(arguments.superseded_by));
    tombstone.set_reason(record::v1::TOMBSTONE_REASON_SUPERSEDED);
    tombstone.set_successor_record_id(successor.ToString());
  }
  return tombstone;
}

// What cannot be undone should not name a record that nobody has. The node itself takes any, as it need not have all.
absl::Status CheckSuccessor(Session& session, const Arguments& arguments) {
  if (arguments.superseded_by.empty()) {
    return absl::OkStatus();
  }
  MEGURI_ASSIGN_OR_RETURN(const record::RecordId successor, ParseRecordIdArgument(arguments.superseded_by));
  if (arguments.superseded_by == arguments.record_id) {
    return Error(absl::StatusCode::kInvalidArgument, "USAGE",
                 session.Say(Message::kSuccessorIsItself, {arguments.record_id}));
  }
  MEGURI_ASSIGN_OR_RETURN(const NodeClient* node, session.node());
  record::v1::GetRequest request;
  request.set_record_id(successor.ToString());
  request.mutable_read_mask()->add_paths("header");
  const absl::Status found = node->Get(request).status();
  if (absl::IsNotFound(found) && !arguments.force) {
    return Error(absl::StatusCode::kFailedPrecondition, "SUCCESSOR_UNKNOWN",
                 session.Say(Message::kSuccessorUnknown, {arguments.superseded_by}));
  }
  // Of several members, or one that is frozen: it is known.
  return absl::OkStatus();
}

absl::Status Withdraw(Session& session, const Arguments& arguments) {
  MEGURI_ASSIGN_OR_RETURN(const record::RecordId record_id, ParseRecordIdArgument(arguments.record_id));
  MEGURI_ASSIGN_OR_RETURN(record::v1::Tombstone tombstone, MakeTombstone(arguments));
  MEGURI_ASSIGN_OR_RETURN(const Context* context, session.context());
  MEGURI_RETURN_IF_ERROR(CheckSuccessor(session, arguments));
  MEGURI_ASSIGN_OR_RETURN(const uint64_t deadline_ms, DeadlineMs(session, arguments.erasure));
  MEGURI_ASSIGN_OR_RETURN(const record::Header newest, GetNewestOwn(session, record_id));
  if (arguments.erase && !arguments.yes) {
    MEGURI_RETURN_IF_ERROR(session.Confirm(session.Say(Message::kEraseWarning), session.Say(Message::kEraseQuestion)));
  }
  MEGURI_ASSIGN_OR_RETURN(const VersionDraft version, LastVersion(std::move(tombstone), newest));
  MEGURI_ASSIGN_OR_RETURN(record::v1::Publication publication,
                          Seal(version, context->settings.member, session.clock().Now(), session.random()));
  MEGURI_ASSIGN_OR_RETURN(const record::Header last, record::Header::Parse(publication.envelope().header()));
  std::vector<NamedPublication> publications;
  publications.push_back({arguments.record_id, std::move(publication)});
  const PublishOutcome outcome = SignAndPublish(session, std::move(publications), /*validate_only=*/false);
  MEGURI_RETURN_IF_ERROR(AnswerPublished(session, {arguments.record_id}, outcome, /*validate_only=*/false));
  return arguments.erase ? AskHolders(session, last, arguments.erasure, deadline_ms) : absl::OkStatus();
}

}  // namespace

void AddRecordWithdraw(Command parent, Session& session) {
  const auto arguments = std::make_shared<Arguments>();
  const Command command = AddVerb(parent, "withdraw", Message::kAboutRecordWithdraw, session);
  command.Option("ID", arguments->record_id, session.Say(Message::kAboutRecordId)).Required();
  const Argument successor =
      command.Option("--superseded-by", arguments->superseded_by, session.Say(Message::kAboutSupersededBy))
          .TypeName("ID");
  command.Flag("--erase", arguments->erase, session.Say(Message::kAboutErase)).Excludes(successor);
  AddErasureFlags(command, session, arguments->erasure);
  command.Flag("--yes", arguments->yes, session.Say(Message::kAboutYes));
  command.Flag("--force", arguments->force, session.Say(Message::kAboutForce));
  OnCall(command, session, arguments, &Withdraw);
}

}  // namespace meguri::client
