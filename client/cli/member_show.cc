// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <string>
#include <vector>

#include "base/status_macros.h"
#include "client/cli/command.h"
#include "client/cli/commands.h"
#include "client/cli/json.h"
#include "client/cli/key_notice.h"
#include "client/cli/member_record.h"
#include "nlohmann/json.hpp"
#include "record/public_key.h"

namespace meguri::client {
namespace {

struct Arguments {
  std::string participant;
};

absl::Status Show(Session& session, const Arguments& arguments) {
  MEGURI_ASSIGN_OR_RETURN(const record::ParticipantId participant, ParseParticipantArgument(arguments.participant));
  std::vector<registry::v1::KeyNotice> notices;
  MEGURI_ASSIGN_OR_RETURN(const certs::VerifiedMember member, GetVerifiedMember(session, participant, notices));
  MEGURI_ASSIGN_OR_RETURN(const Context* context, session.context());
  Table table = TableOf(member.entry, context->settings.federation, session);
  table.Add({session.Say(Message::kRecord), member.header.record_id().ToHex()});
  table.Add({session.Say(Message::kVersion), std::to_string(member.header.version())});
  nlohmann::ordered_json json = ToJson(member.entry);
  for (int i = 0; i < member.entry.keys_size(); ++i) {
    json["keys"][static_cast<size_t>(i)]["key_id"] =
        record::KeyId(context->settings.federation, participant, member.entry.keys(i).public_key()).ToHex();
  }
  json["record_id"] = member.header.record_id().ToHex();
  json["version"] = member.header.version();
  AddNotices(session, notices, table, json);
  return session.Answer(table.Layout(), json);
}

}  // namespace

void AddMemberShow(Command parent, Session& session) {
  const auto arguments = std::make_shared<Arguments>();
  const Command command = AddVerb(parent, "show", Message::kAboutMemberShow, session);
  command.Option("ID", arguments->participant, session.Say(Message::kAboutMemberId)).Required();
  OnCall(command, session, arguments, &Show);
}

}  // namespace meguri::client
