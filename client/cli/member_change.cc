// SPDX-License-Identifier: Apache-2.0
#include "client/cli/member_change.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "certs/registry.h"
#include "client/cli/member_record.h"

namespace meguri::client {
namespace {

// Adds those of `rows` that are not among `others`, marked.
void AddMissing(const std::vector<EntryRow>& rows, const std::vector<EntryRow>& others, absl::string_view mark,
                Table& table) {
  for (const EntryRow& row : rows) {
    if (!row.second.empty() && std::find(others.begin(), others.end(), row) == others.end()) {
      table.Add({absl::StrCat(mark, " ", row.first), row.second});
    }
  }
}

}  // namespace

std::string DifferenceOf(const registry::v1::MemberEntry& before, const registry::v1::MemberEntry& after,
                         absl::string_view federation, const Session& session) {
  const std::vector<EntryRow> old_rows = RowsOf(before, federation, session);
  const std::vector<EntryRow> new_rows = RowsOf(after, federation, session);
  Table table = Table::OfPairs();
  AddMissing(old_rows, new_rows, "-", table);
  AddMissing(new_rows, old_rows, "+", table);
  return table.Layout();
}

absl::Status ChangeMember(Session& session, const VerifiedMember& current, const registry::v1::MemberEntry& next,
                          bool yes) {
  MEGURI_ASSIGN_OR_RETURN(const Context* context, session.context());
  MEGURI_RETURN_IF_ERROR(certs::CheckMemberEntry(context->settings.federation, next));
  const std::string difference = DifferenceOf(current.entry, next, context->settings.federation, session);
  if (difference.empty()) {
    session.Note(session.Say(Message::kNothingChanges, {next.participant_id()}));
    return absl::OkStatus();
  }
  const std::string summary =
      absl::StrCat(session.Say(Message::kEntryChanges, {next.participant_id()}), "\n", difference);
  if (yes) {
    session.Note(absl::StripTrailingAsciiWhitespace(summary));
  } else {
    MEGURI_RETURN_IF_ERROR(session.Confirm(summary, session.Say(Message::kChangeQuestion)));
  }
  const PublishOutcome outcome = PublishMember(session, next, current.header);
  MEGURI_RETURN_IF_ERROR(outcome.status);
  session.Note(session.Say(Message::kEntryChanged, {next.participant_id()}));
  return AnswerPublished(session, {next.participant_id()}, outcome, /*validate_only=*/false);
}

}  // namespace meguri::client
