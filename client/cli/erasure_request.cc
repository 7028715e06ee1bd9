// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <string>

#include "base/error.h"
#include "base/status_macros.h"
#include "client/cli/command.h"
#include "client/cli/commands.h"
#include "client/cli/erasure_input.h"
#include "client/cli/record_view.h"

namespace meguri::client {
namespace {

struct Arguments {
  std::string record_id;
  ErasureFlags flags;
};

absl::Status Request(Session& session, const Arguments& arguments) {
  MEGURI_ASSIGN_OR_RETURN(const record::RecordId record_id, ParseRecordIdArgument(arguments.record_id));
  MEGURI_ASSIGN_OR_RETURN(const uint64_t deadline_ms, DeadlineMs(session, arguments.flags));
  MEGURI_ASSIGN_OR_RETURN(const record::Header newest, GetNewestOwn(session, record_id));
  if (newest.message().tombstone().reason() != record::v1::TOMBSTONE_REASON_ERASED) {
    return Error(absl::StatusCode::kFailedPrecondition, "NOT_ERASED",
                 session.Say(Message::kNotErased, {arguments.record_id}));
  }
  return AskHolders(session, newest, arguments.flags, deadline_ms);
}

}  // namespace

void AddErasureRequest(Command parent, Session& session) {
  const auto arguments = std::make_shared<Arguments>();
  const Command command = AddVerb(parent, "request", Message::kAboutErasureRequest, session);
  command.Option("ID", arguments->record_id, session.Say(Message::kAboutRecordId)).Required();
  AddErasureFlags(command, session, arguments->flags);
  OnCall(command, session, arguments, &Request);
}

}  // namespace meguri::client
