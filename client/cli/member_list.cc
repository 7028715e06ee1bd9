// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_join.h"
#include "base/status_macros.h"
#include "client/cli/command.h"
#include "client/cli/commands.h"
#include "client/cli/json.h"
#include "client/cli/key_notice.h"
#include "client/cli/member_record.h"
#include "client/cli/words.h"
#include "nlohmann/json.hpp"

namespace meguri::client {
namespace {

struct Arguments {};

absl::Status AnswerMembers(const Session& session, const Table& table, const registry::v1::ListMembersResponse& all) {
  nlohmann::ordered_json json = ToJson(all);
  json.emplace("members", nlohmann::ordered_json::array());
  for (const registry::v1::KeyNotice& notice : all.key_notices()) {
    session.Note(NoticeText(session, notice));
  }
  return session.Answer(table.Layout(), json, "members");
}

absl::Status ListMembers(Session& session, const Arguments&) {
  MEGURI_ASSIGN_OR_RETURN(const registry::v1::ListMembersResponse all, ListAllMembers(session));
  Table table({{session.Say(Message::kMember)},
               {session.Say(Message::kName)},
               {session.Say(Message::kKind)},
               {session.Say(Message::kStatus)},
               {session.Say(Message::kRoles)}});
  for (const registry::v1::MemberEntry& entry : all.members()) {
    std::vector<std::string> roles;
    for (const registry::v1::Role& role : entry.roles()) {
      roles.push_back(RoleName(session.language(), role));
    }
    table.Add({entry.participant_id(), NameIn(session.language(), entry.name()),
               KindName(session.language(), entry.kind()), StatusName(session.language(), entry.status()),
               absl::StrJoin(roles, " ")});
  }
  return AnswerMembers(session, table, all);
}

absl::Status ListPeers(Session& session, const Arguments&) {
  MEGURI_ASSIGN_OR_RETURN(const registry::v1::ListMembersResponse all, ListAllMembers(session));
  Table table({{session.Say(Message::kMember)},
               {session.Say(Message::kName)},
               {session.Say(Message::kStatus)},
               {session.Say(Message::kNode)},
               {session.Say(Message::kAddresses)}});
  for (const registry::v1::MemberEntry& entry : all.members()) {
    table.Add({entry.participant_id(), NameIn(session.language(), entry.name()),
               StatusName(session.language(), entry.status()), entry.hosting().node_identity(),
               absl::StrJoin(entry.hosting().addresses(), " ")});
  }
  return AnswerMembers(session, table, all);
}

}  // namespace

void AddMemberList(Command parent, Session& session) {
  OnCall(AddVerb(parent, "list", Message::kAboutMemberList, session), session, std::make_shared<Arguments>(),
         &ListMembers);
}

void AddPeerList(Command parent, Session& session) {
  OnCall(AddVerb(parent, "list", Message::kAboutPeerList, session), session, std::make_shared<Arguments>(), &ListPeers);
}

}  // namespace meguri::client
