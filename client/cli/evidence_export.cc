// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "base/error.h"
#include "base/status_macros.h"
#include "client/cli/command.h"
#include "client/cli/commands.h"
#include "client/cli/contradictions.h"
#include "client/cli/evidence_file.h"
#include "client/cli/member_record.h"
#include "nlohmann/json.hpp"

namespace meguri::client {
namespace {

struct Arguments {
  std::string publisher;
  std::string feed;
  uint32_t number = 1;
  std::string out;
};

absl::Status Export(Session& session, const Arguments& arguments) {
  MEGURI_ASSIGN_OR_RETURN(const record::ParticipantId publisher, ParseParticipantArgument(arguments.publisher));
  MEGURI_ASSIGN_OR_RETURN(const witness::v1::ListContradictionsResponse response,
                          ListContradictions(session, publisher.text()));
  const auto& all = response.contradictions();
  const auto found = std::find_if(all.begin(), all.end(), [&](const witness::v1::Contradiction& one) {
    return one.feed() == arguments.feed && one.number() == arguments.number;
  });
  if (found == all.end()) {
    return Error(absl::StatusCode::kNotFound, "NO_EVIDENCE", session.Say(Message::kNothingFound));
  }
  record::v1::EvidenceFile evidence;
  record::v1::FeedFork& fork = *evidence.mutable_feed_fork();
  fork.set_feed(found->feed());
  fork.set_epoch(found->epoch());
  *fork.mutable_checkpoints() = found->checkpoints();
  MEGURI_RETURN_IF_ERROR(SaveEvidence(session, publisher, std::move(evidence), arguments.out));
  return session.Answer("", {{"file", arguments.out}});
}

}  // namespace

void AddEvidenceExport(Command parent, Session& session) {
  const auto arguments = std::make_shared<Arguments>();
  const Command command = AddVerb(parent, "export", Message::kAboutEvidenceExport, session);
  command.Option("PUBLISHER", arguments->publisher, session.Say(Message::kAboutPublisher)).Required();
  command.Option("FEED", arguments->feed, session.Say(Message::kAboutFeedName)).Required();
  command.Option("OUT", arguments->out, session.Say(Message::kAboutEvidenceOut)).Required();
  command.Option("--number", arguments->number, session.Say(Message::kAboutEvidenceNumber)).TypeName("N").Positive();
  OnCall(command, session, arguments, &Export);
}

}  // namespace meguri::client
