// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/time.h"
#include "base/bytes.h"
#include "base/status_macros.h"
#include "client/cli/command.h"
#include "client/cli/commands.h"
#include "client/cli/json.h"
#include "client/cli/table.h"
#include "client/cli/words.h"
#include "nlohmann/json.hpp"

namespace meguri::client {
namespace {

struct Arguments {};

std::string HumanText(const Session& session, const admin::v1::GetNodeStatusResponse& status) {
  Table table = Table::OfPairs();
  table.Add({session.Say(Message::kNode), status.node_identity()});
  table.Add({session.Say(Message::kState), status.state()});
  if (!status.problem().empty()) {
    table.Add({session.Say(Message::kStoreProblem), status.problem()});
  }
  table.Add({session.Say(Message::kProgramVersion), status.version()});
  table.Add({session.Say(Message::kHostedMembers), absl::StrJoin(status.hosted_members(), " ")});
  table.Add({session.Say(Message::kRecordCount), absl::StrCat(status.record_count())});
  table.Add({session.Say(Message::kRegistrySize), absl::StrCat(status.registry_size())});
  table.Add({session.Say(Message::kRegistryAge),
             HumanDuration(absl::Milliseconds(static_cast<int64_t>(status.registry_age_ms())))});
  table.Add({session.Say(Message::kCertificateExpires), TimeOf(status.certificate_expires_ms())});
  Table feeds({{session.Say(Message::kPublisher)},
               {session.Say(Message::kFeed)},
               {session.Say(Message::kSize), true},
               {session.Say(Message::kCosigned)},
               {session.Say(Message::kRoot)}});
  for (const admin::v1::FeedStatus& feed : status.own_feeds()) {
    feeds.Add({feed.publisher(), feed.feed(), absl::StrCat(feed.size()), CosignedText(session, feed.cosigned()),
               ToHex(feed.root())});
  }
  return absl::StrCat(table.Layout(), feeds.size() == 0 ? "" : "\n", feeds.Layout());
}

absl::Status Status(Session& session, const Arguments&) {
  MEGURI_ASSIGN_OR_RETURN(const NodeClient* node, session.node());
  MEGURI_ASSIGN_OR_RETURN(const admin::v1::GetNodeStatusResponse status, node->GetNodeStatus({}));
  return session.Answer(HumanText(session, status), ToJson(status));
}

}  // namespace

void AddNodeStatus(CLI::App& parent, Session& session) {
  OnCall(AddVerb(parent, "status", Message::kAboutNodeStatus, session), session, std::make_shared<Arguments>(),
         &Status);
}

}  // namespace meguri::client
