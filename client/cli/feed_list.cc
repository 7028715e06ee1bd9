// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "client/cli/command.h"
#include "client/cli/commands.h"
#include "client/cli/json.h"
#include "client/cli/progress.h"
#include "client/cli/table.h"
#include "client/cli/words.h"
#include "nlohmann/json.hpp"

namespace meguri::client {
namespace {

struct Arguments {};

std::string TroubleOf(const Session& session, const admin::v1::FollowStatus& follow) {
  // The figures stand in the table below.
  std::string trouble =
      follow.state() == admin::v1::FOLLOW_STATE_OVER_QUOTA ? session.Say(Message::kOverQuota) : follow.last_error();
  if (!follow.last_error_reason().empty()) {
    absl::StrAppend(&trouble, " [", follow.last_error_reason(), "]");
  }
  if (follow.is_overdue()) {
    absl::StrAppend(&trouble, trouble.empty() ? "" : "; ", session.Say(Message::kOverdue));
  }
  if (follow.newer_format_records() > 0) {
    absl::StrAppend(&trouble, trouble.empty() ? "" : "; ",
                    session.Say(Message::kNewerThanNode, {absl::StrCat(follow.newer_format_records())}));
  }
  return trouble;
}

std::string StateText(const Session& session, const admin::v1::FollowStatus& follow) {
  const std::string state = FollowStateName(session.language(), follow.state());
  return follow.relay().empty() ? state : session.Say(Message::kStateVia, {state, follow.relay()});
}

std::string ReplicaTable(const Session& session, const admin::v1::ListFollowsResponse& response) {
  Table table({{session.Say(Message::kPublisher)},
               {session.Say(Message::kKeptEntries), true},
               {session.Say(Message::kAtMost), true},
               {session.Say(Message::kKeptBytes), true},
               {session.Say(Message::kAtMost), true}});
  for (const admin::v1::ReplicaUsage& replica : response.replicas()) {
    table.Add({replica.publisher(), absl::StrCat(replica.entries()), absl::StrCat(replica.entries_max()),
               HumanBytes(replica.bytes()), HumanBytes(replica.bytes_max())});
  }
  return response.replicas().empty() ? "" : absl::StrCat("\n", table.Layout());
}

// Who has cosigned is shown where there are witnesses.
std::string FollowTable(const Session& session, const admin::v1::ListFollowsResponse& response) {
  const bool has_witnesses = std::any_of(response.follows().begin(), response.follows().end(),
                                         [](const auto& follow) { return follow.cosigned().quorum() > 0; });
  std::vector<Table::Column> columns = {{session.Say(Message::kPublisher)},    {session.Say(Message::kFeed)},
                                        {session.Say(Message::kState)},        {session.Say(Message::kSize), true},
                                        {session.Say(Message::kTarget), true}, {session.Say(Message::kHeard)}};
  if (has_witnesses) {
    columns.push_back({session.Say(Message::kCosigned)});
  }
  columns.push_back({session.Say(Message::kTrouble)});
  Table table(std::move(columns));
  for (const admin::v1::FollowStatus& follow : response.follows()) {
    std::vector<std::string> cells = {follow.publisher(),
                                      follow.feed(),
                                      StateText(session, follow),
                                      absl::StrCat(follow.size()),
                                      absl::StrCat(follow.target_size()),
                                      TimeOf(follow.heard_ms())};
    if (has_witnesses) {
      cells.push_back(CosignedText(session, follow.cosigned()));
    }
    cells.push_back(TroubleOf(session, follow));
    table.Add(std::move(cells));
  }
  return table.Layout();
}

absl::Status List(Session& session, const Arguments&) {
  MEGURI_ASSIGN_OR_RETURN(const NodeClient* node, session.node());
  MEGURI_ASSIGN_OR_RETURN(const admin::v1::ListFollowsResponse response, node->ListFollows({}));
  const std::string follows = FollowTable(session, response);
  if (response.follows().empty()) {
    session.Note(session.Say(Message::kNothingFound));
  }
  nlohmann::ordered_json json = {{"follows", nlohmann::ordered_json::array()},
                                 {"replicas", nlohmann::ordered_json::array()}};
  json.update(ToJson(response));
  return session.Answer(follows + ReplicaTable(session, response), json, "follows");
}

}  // namespace

void AddFeedList(Command parent, Session& session) {
  OnCall(AddVerb(parent, "list", Message::kAboutFeedList, session), session, std::make_shared<Arguments>(), &List);
}

}  // namespace meguri::client
