// SPDX-License-Identifier: Apache-2.0
#include "passport/formats/template.h"

#include <memory>
#include <set>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_join.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "certs/files.h"
#include "client/cli/command.h"
#include "client/cli/commands.h"
#include "client/cli/table.h"
#include "nlohmann/json.hpp"
#include "passport/profile.h"

namespace meguri::client {
namespace {

constexpr mode_t kSheetMode = 0644;

struct Arguments {
  std::string product_group;
  std::string out;
};

// A group that is written wrong would get a sheet without the columns that it needs.
void NoteUnknownGroup(Session& session, const std::string& group) {
  std::set<std::string> known;
  for (const passport::Profile& profile : passport::Profiles()) {
    known.insert(profile.product_groups.begin(), profile.product_groups.end());
  }
  if (known.count(group) == 0) {
    session.Note(session.Say(Message::kTemplateGroupUnknown, {group, absl::StrJoin(known, ", ")}));
  }
}

absl::Status MakeTemplate(Session& session, const Arguments& arguments) {
  MEGURI_ASSIGN_OR_RETURN(const passport::SheetTemplate sheet, passport::TemplateFor(arguments.product_group));
  std::string bytes;
  if (absl::EndsWithIgnoreCase(arguments.out, ".xlsx")) {
    MEGURI_ASSIGN_OR_RETURN(bytes, passport::TemplateAsXlsx(sheet));
  } else if (absl::EndsWithIgnoreCase(arguments.out, ".csv")) {
    bytes = passport::TemplateAsCsv(sheet);
  } else {
    return Error(absl::StatusCode::kInvalidArgument, "USAGE", session.Say(Message::kTemplateName));
  }
  MEGURI_RETURN_IF_ERROR(certs::WriteNewFile(arguments.out, bytes, kSheetMode));
  NoteUnknownGroup(session, arguments.product_group);
  const bool is_japanese = session.language() == Language::kJapanese;
  Table table({{sheet.notes[0][0]}, {sheet.notes[0][is_japanese ? 1 : 2]}});
  nlohmann::ordered_json json = {{"file", arguments.out}, {"columns", nlohmann::ordered_json::array()}};
  for (size_t i = 1; i < sheet.notes.size(); ++i) {
    table.Add({sheet.notes[i][0], sheet.notes[i][is_japanese ? 1 : 2]});
    json["columns"].push_back({{"heading", sheet.notes[i][0]}, {"ja", sheet.notes[i][1]}, {"en", sheet.notes[i][2]}});
  }
  return session.Answer(table.Layout(), json, "columns");
}

}  // namespace

void AddTemplate(Command parent, Session& session) {
  const auto arguments = std::make_shared<Arguments>();
  const Command command = AddVerb(parent, "template", Message::kAboutTemplate, session);
  command.Option("GROUP", arguments->product_group, session.Say(Message::kAboutProductGroup)).Required();
  command.Option("--out", arguments->out, session.Say(Message::kAboutTemplateOut)).TypeName("FILE").Required();
  OnCall(command, session, arguments, &MakeTemplate);
}

}  // namespace meguri::client
