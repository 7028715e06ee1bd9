// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "client/cli/command.h"
#include "client/cli/commands.h"
#include "client/cli/contradictions.h"
#include "client/cli/table.h"
#include "client/cli/words.h"
#include "nlohmann/json.hpp"
#include "record/note.h"

namespace meguri::client {
namespace {

struct Arguments {
  std::string publisher;
};

record::Checkpoint HeadOf(const std::string& note) {
  const absl::StatusOr<record::Note> parsed = record::ParseNote(note);
  return parsed.ok() ? parsed->checkpoint : record::Checkpoint();
}

// Only of one size do two heads contradict each other whatever else there is.
const char* ReasonOfSizes(const record::Checkpoint& known, const record::Checkpoint& brought) {
  return known.size == brought.size ? "FORK" : "CONSISTENCY_PROOF";
}

std::string HeadText(const Session& session, const record::Checkpoint& head) {
  return session.Say(Message::kRootOfSize, {head.root.ToHex(), absl::StrCat(head.size)});
}

nlohmann::ordered_json JsonOf(const record::Checkpoint& head, const std::string& note) {
  return {{"size", head.size}, {"root", head.root.ToHex()}, {"checkpoint", note}};
}

absl::Status List(Session& session, const Arguments& arguments) {
  MEGURI_ASSIGN_OR_RETURN(const witness::v1::ListContradictionsResponse response,
                          ListContradictions(session, arguments.publisher));
  Table table({{session.Say(Message::kPublisher)},
               {session.Say(Message::kFeed)},
               {session.Say(Message::kNumber), true},
               {session.Say(Message::kTime)},
               {session.Say(Message::kReason)},
               {session.Say(Message::kCosignedHead)},
               {session.Say(Message::kRefusedHead)}});
  nlohmann::ordered_json rows = nlohmann::ordered_json::array();
  for (const witness::v1::Contradiction& one : response.contradictions()) {
    if (one.checkpoints_size() != 2) {
      continue;  // of a form that this program does not know
    }
    const record::Checkpoint known = HeadOf(one.checkpoints(0));
    const record::Checkpoint brought = HeadOf(one.checkpoints(1));
    const char* reason = ReasonOfSizes(known, brought);
    const std::string time = one.time_ms() == 0 ? session.Say(Message::kTimeUnknown) : TimeOf(one.time_ms());
    table.Add({one.publisher(), one.feed(), absl::StrCat(one.number()), time, reason, HeadText(session, known),
               HeadText(session, brought)});
    rows.push_back({{"publisher", one.publisher()},
                    {"feed", one.feed()},
                    {"number", one.number()},
                    {"time", one.time_ms() == 0 ? "" : TimeOf(one.time_ms())},
                    {"reason", reason},
                    {"cosigned", JsonOf(known, one.checkpoints(0))},
                    {"refused", JsonOf(brought, one.checkpoints(1))}});
  }
  if (rows.empty()) {
    session.Note(session.Say(Message::kNothingFound));
  }
  const nlohmann::ordered_json json = {{"contradictions", rows}, {"has_more", response.has_more()}};
  return session.Answer(table.Layout(), json, "contradictions");
}

}  // namespace

void AddEvidenceList(Command parent, Session& session) {
  const auto arguments = std::make_shared<Arguments>();
  const Command command = AddVerb(parent, "list", Message::kAboutEvidenceList, session);
  command.Option("--publisher", arguments->publisher, session.Say(Message::kAboutPublisherOption)).TypeName("ID");
  OnCall(command, session, arguments, &List);
}

}  // namespace meguri::client
