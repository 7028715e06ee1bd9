// SPDX-License-Identifier: Apache-2.0
#include "client/cli/member_change.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/error.h"
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

// One warning for each of `prefixes` that lies under one of the other member, or above.
void AddShared(const std::vector<std::string>& prefixes, const registry::v1::MemberEntry& other,
               std::vector<Violation>& warnings) {
  for (const std::string& theirs : other.gs1_company_prefixes()) {
    for (const std::string& prefix : prefixes) {
      if (absl::StartsWith(prefix, theirs) || absl::StartsWith(theirs, prefix)) {
        warnings.push_back(
            {.field = "gs1_company_prefixes",
             .reason = "PREFIX_SHARED",
             .found = absl::StrCat(prefix, ", while ", other.participant_id(), " has ", theirs),
             .expected = "a GS1 company prefix that one member alone has",
             .cure = "see whose it is: what is scanned resolves to the member with the longest prefix",
             .message_ja = absl::StrCat("GS1 事業者コード ", prefix, " は ", other.participant_id(), " の ", theirs,
                                        " と重なります。どちらのものか確かめてください。"),
             .severity = Severity::kWarning});
      }
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

void WarnOfSharedPrefixes(Session& session, const registry::v1::MemberEntry* before,
                          const registry::v1::MemberEntry& next) {
  std::vector<std::string> added;
  for (const std::string& prefix : next.gs1_company_prefixes()) {
    if (before == nullptr || !absl::c_linear_search(before->gs1_company_prefixes(), prefix)) {
      added.push_back(prefix);
    }
  }
  // If the node cannot tell now, what the change itself asks of it will say why.
  const auto all = added.empty() ? registry::v1::ListMembersResponse()
                                 : ListAllMembers(session).value_or(registry::v1::ListMembersResponse());
  std::vector<Violation> warnings;
  for (const registry::v1::MemberEntry& other : all.members()) {
    if (other.participant_id() != next.participant_id()) {
      AddShared(added, other, warnings);
    }
  }
  session.Warn(warnings);
}

absl::Status ChangeMember(Session& session, const certs::VerifiedMember& current, const registry::v1::MemberEntry& next,
                          bool yes, const std::function<absl::Status()>& before_publishing) {
  MEGURI_ASSIGN_OR_RETURN(const Context* context, session.context());
  MEGURI_RETURN_IF_ERROR(certs::CheckMemberEntry(context->settings.federation, next));
  const std::string difference = DifferenceOf(current.entry, next, context->settings.federation, session);
  if (difference.empty()) {
    session.Note(session.Say(Message::kNothingChanges, {next.participant_id()}));
    return absl::OkStatus();
  }
  WarnOfSharedPrefixes(session, &current.entry, next);
  const std::string summary =
      absl::StrCat(session.Say(Message::kEntryChanges, {next.participant_id()}), "\n", difference);
  if (yes) {
    session.Note(absl::StripTrailingAsciiWhitespace(summary));
  } else {
    MEGURI_RETURN_IF_ERROR(session.Confirm(summary, session.Say(Message::kChangeQuestion)));
  }
  if (before_publishing != nullptr) {
    MEGURI_RETURN_IF_ERROR(before_publishing());
  }
  const PublishOutcome outcome = PublishMember(session, next, current);
  MEGURI_RETURN_IF_ERROR(outcome.status);
  session.Note(session.Say(Message::kEntryChanged, {next.participant_id()}));
  return AnswerPublished(session, {next.participant_id()}, outcome, /*validate_only=*/false);
}

}  // namespace meguri::client
