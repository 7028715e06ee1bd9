// SPDX-License-Identifier: Apache-2.0
#include "client/cli/enquiry_input.h"

#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "base/status_macros.h"
#include "client/cli/publishing.h"
#include "client/cli/record_input.h"
#include "client/sign.h"
#include "passport/section_table.h"

namespace meguri::client {
namespace {

constexpr absl::Duration kValidDefault = absl::Hours(14 * 24);

}  // namespace

void AddEnquiryFlags(Command command, EnquiryFlags& flags, const Session& session) {
  command.Option("--mass", flags.mass, session.Say(Message::kAboutMass)).TypeName("KG");
  command.Option("--deliver-from", flags.deliver_from, session.Say(Message::kAboutDeliverFrom)).TypeName("DATE");
  command.Option("--deliver-until", flags.deliver_until, session.Say(Message::kAboutDeliverUntil)).TypeName("DATE");
  command.Option("--valid-until", flags.valid_until, session.Say(Message::kAboutValidUntil)).TypeName("DATE");
  command.Option("--message", flags.message, session.Say(Message::kAboutMessage)).TypeName("TEXT");
  command.Option("--contact", flags.contact, session.Say(Message::kAboutContact)).TypeName("NAME");
  command.Option("--email", flags.email, session.Say(Message::kAboutEmail)).TypeName("ADDRESS");
  command.Option("--telephone", flags.telephone, session.Say(Message::kAboutTelephone)).TypeName("NUMBER");
  command.Flag("--dry-run", flags.dry_run, session.Say(Message::kAboutDryRun));
}

passport::v1::Text TextOf(const Session& session, const std::string& text) {
  passport::v1::Text out;
  (session.language() == Language::kJapanese ? out.mutable_ja() : out.mutable_en())->assign(text);
  return out;
}

passport::v1::Contact ContactOf(const Session& session, const EnquiryFlags& flags) {
  passport::v1::Contact contact;
  if (!flags.contact.empty()) {
    *contact.mutable_name() = TextOf(session, flags.contact);
  }
  contact.set_email(flags.email);
  contact.set_telephone(flags.telephone);
  return contact;
}

std::string ValidUntil(const Session& session, const EnquiryFlags& flags) {
  return flags.valid_until.empty()
             ? absl::FormatTime("%Y-%m-%d", session.clock().Now() + kValidDefault, absl::UTCTimeZone())
             : flags.valid_until;
}

absl::Status SendTo(Session& session, const std::string& addressee, uint32_t record_type, uint32_t section_type,
                    const google::protobuf::Message& payload, bool dry_run) {
  const passport::SectionKind* kind = passport::FindSectionKind(section_type);
  passport::RecordDraft draft;
  draft.record_type = record_type;
  draft.sections = {{section_type, kind->audiences, payload.SerializeAsString()}};
  draft.addressees = {addressee};
  const std::string name(kind->name);
  MEGURI_ASSIGN_OR_RETURN(VersionDraft version, FirstVersion(std::move(draft), session.random()));
  MEGURI_ASSIGN_OR_RETURN(std::vector<NamedPublication> publications,
                          SealAndCheck(session, {{name, std::move(version)}}));
  const PublishOutcome outcome = SignAndPublish(session, std::move(publications), dry_run);
  return AnswerPublished(session, {name}, outcome, dry_run);
}

}  // namespace meguri::client
