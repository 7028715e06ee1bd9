// SPDX-License-Identifier: Apache-2.0
#include "client/cli/access_input.h"

#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "absl/time/time.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "certs/entry_text.h"
#include "client/cli/publishing.h"
#include "client/cli/words.h"
#include "client/sign.h"
#include "passport/rules/calendar_date.h"
#include "passport/rules/timestamp.h"

namespace meguri::client {
namespace {

constexpr int kDaysMax = 366 * 5;

absl::Status Misused(const Session& session, Message message, const std::string& text) {
  return Error(absl::StatusCode::kInvalidArgument, "USAGE", session.Say(message, {text}));
}

}  // namespace

const std::map<std::string, passport::v1::AccessPurpose>& Purposes() {
  // Never destroyed: the program may end while another thread still looks.
  static const auto& words = *new std::map<std::string, passport::v1::AccessPurpose>([] {
    std::map<std::string, passport::v1::AccessPurpose> all;
    for (int number = 1; number <= passport::v1::AccessPurpose_MAX; ++number) {
      const auto purpose = static_cast<passport::v1::AccessPurpose>(number);
      all.emplace(PurposeName(Language::kEnglish, purpose), purpose);
    }
    return all;
  }());
  return words;
}

void AddReadPurpose(Command command, Session& session) {
  command.Option("--purpose", session.options().purpose, session.Say(Message::kAboutReadPurpose))
      .TypeName("PURPOSE")
      .OneOf(Purposes(), session);
}

absl::StatusOr<std::string> TimeArgument(const Session& session, const std::string& text) {
  if (passport::ParseTimestamp(text).has_value()) {
    return text;
  }
  if (passport::ParseDate(text).has_value()) {
    return absl::StrCat(text, "T00:00:00Z");
  }
  absl::string_view number = text;
  int days = 0;
  if (!absl::ConsumeSuffix(&number, "d") || !absl::SimpleAtoi(number, &days) || days < 1 || days > kDaysMax) {
    return Misused(session, Message::kNoTime, text);
  }
  return absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", session.clock().Now() + absl::Hours(24) * days, absl::UTCTimeZone());
}

absl::StatusOr<passport::v1::RoleScope> RoleArgument(const Session& session, const std::string& text) {
  const absl::StatusOr<registry::v1::Role> role = certs::ParseRole(text);
  if (!role.ok() || role->scopes_size() > 1) {
    return Misused(session, Message::kNoRole, text);
  }
  passport::v1::RoleScope scope;
  scope.set_kind(role->kind());
  if (role->scopes_size() == 1) {
    scope.set_scope(role->scopes(0));
  }
  return scope;
}

passport::RecordDraft OneSection(uint32_t record_type, uint32_t section_type, record::v1::Audience audience,
                                 const google::protobuf::Message& payload, const std::vector<std::string>& addressees) {
  passport::RecordDraft draft;
  draft.record_type = record_type;
  draft.sections = {{section_type, record::AudienceSet::Of({audience}), payload.SerializeAsString()}};
  draft.addressees = addressees;
  return draft;
}

absl::Status PublishVersions(Session& session, const std::vector<NamedVersion>& versions, bool dry_run) {
  std::vector<std::string> names;
  names.reserve(versions.size());
  for (const NamedVersion& version : versions) {
    names.push_back(version.name);
  }
  MEGURI_ASSIGN_OR_RETURN(std::vector<NamedPublication> publications, SealAndCheck(session, versions));
  const PublishOutcome outcome = SignAndPublish(session, std::move(publications), dry_run);
  return AnswerPublished(session, names, outcome, dry_run);
}

absl::Status PublishFirst(Session& session, const std::string& name, passport::RecordDraft draft, bool dry_run) {
  MEGURI_ASSIGN_OR_RETURN(VersionDraft version, FirstVersion(std::move(draft), session.random()));
  return PublishVersions(session, {{name, std::move(version)}}, dry_run);
}

}  // namespace meguri::client
