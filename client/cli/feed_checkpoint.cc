// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "certs/registry.h"
#include "client/cli/command.h"
#include "client/cli/commands.h"
#include "client/cli/member_record.h"
#include "nlohmann/json.hpp"
#include "record/checkpoint.h"
#include "record/feed.h"

namespace meguri::client {
namespace {

struct Arguments {
  std::string publisher;
  std::string feed;
  uint64_t epoch = 1;
};

// The key that must have signed: the bundle's for the registry, else the one in the publisher's verified entry.
absl::StatusOr<record::PublicKey> FeedKeyOf(Session& session, const record::FeedKey& feed) {
  MEGURI_ASSIGN_OR_RETURN(const certs::TrustBundle* bundle, session.trust_bundle());
  if (feed.name == record::FeedName::Registry()) {
    return bundle->registry_feed_key();
  }
  MEGURI_ASSIGN_OR_RETURN(const certs::VerifiedMember member, GetVerifiedMember(session, feed.publisher));
  MEGURI_ASSIGN_OR_RETURN(const auto registry, certs::Registry::Make(*bundle, {member.entry}));
  MEGURI_ASSIGN_OR_RETURN(const certs::RegisteredKey* key, registry->FeedKeyOf(feed.publisher, session.clock().Now()));
  return key->key;
}

std::string HumanText(const Session& session, const record::Checkpoint& checkpoint, absl::string_view note) {
  Table table = Table::OfPairs();
  table.Add({session.Say(Message::kOrigin), checkpoint.origin});
  table.Add({session.Say(Message::kSize), absl::StrCat(checkpoint.size)});
  table.Add({session.Say(Message::kRoot), checkpoint.root.ToHex()});
  table.Add({session.Say(Message::kSignature), session.Say(Message::kCheckpointVerified)});
  std::string text = absl::StrCat(table.Layout(), "\n");
  for (const absl::string_view line : absl::StrSplit(note, '\n')) {
    absl::StrAppend(&text, Harmless(line), "\n");
  }
  return text;
}

absl::Status GetCheckpoint(Session& session, const Arguments& arguments) {
  MEGURI_ASSIGN_OR_RETURN(const record::ParticipantId publisher, ParseParticipantArgument(arguments.publisher));
  const absl::StatusOr<record::FeedName> name = record::FeedName::Parse(arguments.feed);
  if (!name.ok()) {
    return Error(absl::StatusCode::kInvalidArgument, "USAGE", name.status().message());
  }
  const record::FeedKey feed{publisher, *name, arguments.epoch};
  MEGURI_ASSIGN_OR_RETURN(const Context* context, session.context());
  MEGURI_ASSIGN_OR_RETURN(const NodeClient* node, session.node());
  feed::v1::GetCheckpointRequest request;
  request.mutable_feed()->set_publisher(publisher.text());
  request.mutable_feed()->set_name(name->text());
  request.mutable_feed()->set_epoch(arguments.epoch);
  MEGURI_ASSIGN_OR_RETURN(const feed::v1::GetCheckpointResponse response, node->GetCheckpoint(request));
  MEGURI_ASSIGN_OR_RETURN(const record::PublicKey key, FeedKeyOf(session, feed));
  MEGURI_ASSIGN_OR_RETURN(
      const record::Checkpoint checkpoint,
      record::OpenCheckpoint(response.checkpoint(), record::FeedOrigin(context->settings.federation, feed), key));
  const nlohmann::ordered_json json = {{"origin", checkpoint.origin},
                                       {"size", absl::StrCat(checkpoint.size)},
                                       {"root", checkpoint.root.ToHex()},
                                       {"checkpoint", response.checkpoint()}};
  return session.Answer(HumanText(session, checkpoint, response.checkpoint()), json);
}

}  // namespace

void AddFeedCheckpoint(Command parent, Session& session) {
  const auto arguments = std::make_shared<Arguments>();
  const Command command = AddVerb(parent, "checkpoint", Message::kAboutFeedCheckpoint, session);
  command.Option("PUBLISHER", arguments->publisher, session.Say(Message::kAboutPublisher)).Required();
  command.Option("FEED", arguments->feed, session.Say(Message::kAboutFeedName)).Required();
  command.Option("--epoch", arguments->epoch, session.Say(Message::kAboutEpoch)).TypeName("N");
  OnCall(command, session, arguments, &GetCheckpoint);
}

}  // namespace meguri::client
