// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "client/cli/access_input.h"
#include "client/cli/command.h"
#include "client/cli/commands.h"
#include "client/cli/json.h"
#include "client/cli/member_record.h"
#include "client/cli/table.h"
#include "nlohmann/json.hpp"
#include "record/feed.h"

namespace meguri::client {
namespace {

struct Arguments {
  std::string publisher;
  std::vector<std::string> feeds;
  std::string via;
};

absl::StatusOr<admin::v1::Follow> MakeFollow(const Arguments& arguments) {
  admin::v1::Follow follow;
  MEGURI_ASSIGN_OR_RETURN(const record::ParticipantId publisher, ParseParticipantArgument(arguments.publisher));
  follow.set_publisher(publisher.text());
  if (!arguments.via.empty()) {
    MEGURI_ASSIGN_OR_RETURN(const record::ParticipantId relay, ParseParticipantArgument(arguments.via));
    follow.set_relay(relay.text());
  }
  for (const std::string& feed : arguments.feeds) {
    const absl::StatusOr<record::FeedName> name = record::FeedName::Parse(feed);
    if (!name.ok()) {
      return Error(absl::StatusCode::kInvalidArgument, "USAGE", name.status().message());
    }
    follow.add_feeds(name->text());
  }
  return follow;
}

absl::Status Follow(Session& session, const Arguments& arguments) {
  admin::v1::AddFollowRequest request;
  MEGURI_ASSIGN_OR_RETURN(*request.mutable_follow(), MakeFollow(arguments));
  MEGURI_ASSIGN_OR_RETURN(const NodeClient* node, session.node());
  MEGURI_RETURN_IF_ERROR(node->AddFollow(request).status());
  const admin::v1::Follow& follow = request.follow();
  return session.Answer(
      absl::StrCat(session.Say(Message::kFollowing, {follow.publisher(), absl::StrJoin(follow.feeds(), " ")}), "\n"),
      ToJson(follow));
}

absl::Status Unfollow(Session& session, const Arguments& arguments) {
  admin::v1::RemoveFollowRequest request;
  MEGURI_ASSIGN_OR_RETURN(*request.mutable_follow(), MakeFollow(arguments));
  MEGURI_ASSIGN_OR_RETURN(const NodeClient* node, session.node());
  MEGURI_ASSIGN_OR_RETURN(const admin::v1::RemoveFollowResponse removed, node->RemoveFollow(request));
  admin::v1::Follow follow = request.follow();
  *follow.mutable_feeds() = removed.feeds();
  std::string text;
  if (!follow.feeds().empty()) {
    absl::StrAppend(
        &text, session.Say(Message::kNotFollowing, {follow.publisher(), absl::StrJoin(follow.feeds(), " ")}), "\n");
  }
  if (removed.registry_stays()) {
    absl::StrAppend(&text, session.Say(Message::kRegistryStays, {follow.publisher()}), "\n");
  }
  return session.Answer(text, ToJson(follow));
}

}  // namespace

void AddFeedFollow(Command parent, Session& session) {
  const auto arguments = std::make_shared<Arguments>();
  const Command command = AddVerb(parent, "follow", Message::kAboutFeedFollow, session);
  command.Option("PUBLISHER", arguments->publisher, session.Say(Message::kAboutPublisher)).Required();
  command.Option("FEED", arguments->feeds, session.Say(Message::kAboutFeedNames)).Required();
  command.Option("--via", arguments->via, session.Say(Message::kAboutVia)).TypeName("MEMBER");
  AddReadPurpose(command, session);
  OnCall(command, session, arguments, &Follow);
}

void AddFeedUnfollow(Command parent, Session& session) {
  const auto arguments = std::make_shared<Arguments>();
  const Command command = AddVerb(parent, "unfollow", Message::kAboutFeedUnfollow, session);
  command.Option("PUBLISHER", arguments->publisher, session.Say(Message::kAboutPublisher)).Required();
  command.Option("FEED", arguments->feeds, session.Say(Message::kAboutFeedUnfollowNames));
  OnCall(command, session, arguments, &Unfollow);
}

}  // namespace meguri::client
