// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "client/cli/command.h"
#include "client/cli/commands.h"
#include "client/cli/evidence_file.h"
#include "client/cli/member_record.h"
#include "client/cli/table.h"
#include "nlohmann/json.hpp"
#include "record/feed.h"
#include "record/heads.h"

namespace meguri::client {
namespace {

struct Arguments {
  std::string publisher;
  std::string feed;
  std::string out;
};

absl::Status Evidence(Session& session, const Arguments& arguments) {
  MEGURI_ASSIGN_OR_RETURN(const record::ParticipantId publisher, ParseParticipantArgument(arguments.publisher));
  const absl::StatusOr<record::FeedName> name = record::FeedName::Parse(arguments.feed);
  if (!name.ok()) {
    return Error(absl::StatusCode::kInvalidArgument, "USAGE", name.status().message());
  }
  admin::v1::GetFeedEvidenceRequest request;
  request.set_publisher(publisher.text());
  request.set_feed(name->text());
  MEGURI_ASSIGN_OR_RETURN(const NodeClient* node, session.node());
  MEGURI_ASSIGN_OR_RETURN(const admin::v1::GetFeedEvidenceResponse response, node->GetFeedEvidence(request));
  // As they were signed: a note ends with its own newline, and an empty line parts the two.
  std::vector<std::string> checkpoints(response.checkpoints().begin(), response.checkpoints().end());
  for (std::string& checkpoint : checkpoints) {
    if (record::IsOpening(checkpoint)) {
      MEGURI_ASSIGN_OR_RETURN(const record::v1::ProvenOpening opening, record::ReadOpening(checkpoint));
      checkpoint = opening.checkpoint();  // of `heads`
    }
  }
  const std::string notes = absl::StrJoin(checkpoints, "\n");
  if (!arguments.out.empty()) {
    record::v1::EvidenceFile evidence;
    record::v1::FeedFork& fork = *evidence.mutable_feed_fork();
    fork.set_feed(name->text());
    fork.set_epoch(1);
    fork.mutable_checkpoints()->Assign(response.checkpoints().begin(), response.checkpoints().end());
    fork.set_other_root(response.other_root());
    fork.mutable_consistency_path()->Assign(response.consistency_path().begin(), response.consistency_path().end());
    MEGURI_RETURN_IF_ERROR(SaveEvidence(session, publisher, std::move(evidence), arguments.out));
  }
  std::string human = absl::StrCat(response.reason(), "\n\n");
  for (const absl::string_view line : absl::StrSplit(notes, '\n')) {
    absl::StrAppend(&human, Harmless(line), "\n");
  }
  const nlohmann::ordered_json json = {{"publisher", publisher.text()},
                                       {"feed", name->text()},
                                       {"reason", response.reason()},
                                       {"checkpoints", checkpoints}};
  return session.Answer(human, json);
}

}  // namespace

void AddFeedEvidence(Command parent, Session& session) {
  const auto arguments = std::make_shared<Arguments>();
  const Command command = AddVerb(parent, "evidence", Message::kAboutFeedEvidence, session);
  command.Option("PUBLISHER", arguments->publisher, session.Say(Message::kAboutPublisher)).Required();
  command.Option("FEED", arguments->feed, session.Say(Message::kAboutFeedName)).Required();
  command.Option("--out", arguments->out, session.Say(Message::kAboutEvidenceOut)).TypeName("FILE");
  OnCall(command, session, arguments, &Evidence);
}

}  // namespace meguri::client
