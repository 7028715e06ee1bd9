// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <iterator>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "base/bytes.h"
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

// Who has cosigned is shown where there are witnesses.
Table OwnFeeds(const Session& session, const admin::v1::GetNodeStatusResponse& status) {
  const bool has_witnesses = std::any_of(status.own_feeds().begin(), status.own_feeds().end(),
                                         [](const auto& feed) { return feed.cosigned().quorum() > 0; });
  std::vector<Table::Column> columns = {
      {session.Say(Message::kPublisher)}, {session.Say(Message::kFeed)}, {session.Say(Message::kSize), true}};
  if (has_witnesses) {
    columns.push_back({session.Say(Message::kCosigned)});
  }
  columns.push_back({session.Say(Message::kRoot)});
  Table feeds(std::move(columns));
  for (const admin::v1::FeedStatus& feed : status.own_feeds()) {
    std::vector<std::string> cells = {feed.publisher(), feed.feed(), absl::StrCat(feed.size())};
    if (has_witnesses) {
      cells.push_back(CosignedText(session, feed.cosigned()));
    }
    cells.push_back(ToHex(feed.root()));
    feeds.Add(std::move(cells));
  }
  return feeds;
}

// What a newer node says, and this program does not know, is shown as it is.
std::string StateText(const Session& session, const std::string& state) {
  const std::pair<absl::string_view, Message> known[] = {{"serving", Message::kStateServing},
                                                         {"registry-stale", Message::kStateRegistryStale},
                                                         {"store-failed", Message::kStateStoreFailed},
                                                         {"store-damaged", Message::kStateStoreDamaged}};
  const auto* found =
      std::find_if(std::begin(known), std::end(known), [&](const auto& row) { return row.first == state; });
  return found == std::end(known) ? state : session.Say(found->second);
}

std::string HumanText(const Session& session, const admin::v1::GetNodeStatusResponse& status) {
  Table table = Table::OfPairs();
  table.Add({session.Say(Message::kNode), status.node_identity()});
  table.Add({session.Say(Message::kState), StateText(session, status.state())});
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
  if (status.has_guest()) {
    const admin::v1::GuestUsage& guest = status.guest();
    const auto of = [](const auto& used, const auto& most) { return absl::StrCat(used, " / ", most); };
    table.Add(
        {session.Say(Message::kGuestDisk), of(HumanBytes(guest.store_bytes()), HumanBytes(guest.store_bytes_max()))});
    table.Add({session.Say(Message::kGuestRecords), of(guest.records(), guest.records_max())});
    table.Add({session.Say(Message::kGuestCalls), absl::StrCat(guest.calls_per_second_max())});
  }
  Table feeds = OwnFeeds(session, status);
  return absl::StrCat(table.Layout(), feeds.size() == 0 ? "" : "\n", feeds.Layout());
}

absl::Status Status(Session& session, const Arguments&) {
  MEGURI_ASSIGN_OR_RETURN(const NodeClient* node, session.node());
  MEGURI_ASSIGN_OR_RETURN(const admin::v1::GetNodeStatusResponse status, node->GetNodeStatus({}));
  return session.Answer(HumanText(session, status), ToJson(status));
}

}  // namespace

void AddNodeStatus(Command parent, Session& session) {
  OnCall(AddVerb(parent, "status", Message::kAboutNodeStatus, session), session, std::make_shared<Arguments>(),
         &Status);
}

}  // namespace meguri::client
