// SPDX-License-Identifier: Apache-2.0
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/status_macros.h"
#include "client/cli/access_input.h"
#include "client/cli/command.h"
#include "client/cli/commands.h"
#include "client/cli/enquiry_input.h"
#include "client/cli/record_view.h"
#include "meguri/record/v1/record.pb.h"
#include "passport/section_table.h"

namespace meguri::client {
namespace {

using passport::v1::AutoApproval;
using passport::v1::OnwardRule;

const std::map<std::string, OnwardRule> kOnwardRules = {{"none", passport::v1::ONWARD_RULE_NONE},
                                                        {"same-purpose", passport::v1::ONWARD_RULE_SAME_PURPOSE},
                                                        {"listed-members", passport::v1::ONWARD_RULE_LISTED_MEMBERS}};
const std::map<std::string, AutoApproval> kAutoApprovals = {{"off", passport::v1::AUTO_APPROVAL_OFF},
                                                            {"roles", passport::v1::AUTO_APPROVAL_ROLES},
                                                            {"members", passport::v1::AUTO_APPROVAL_MEMBERS}};

struct Arguments {
  std::string title;
  bool all = false;
  std::vector<std::string> record_types;
  std::vector<std::string> groups;
  std::vector<std::string> lines;
  std::vector<std::string> records;
  std::vector<std::string> sections;
  std::vector<passport::v1::AccessPurpose> purposes;
  std::string not_before;
  std::string expires = "365d";
  uint32_t retention_days = 0;
  uint64_t deliveries_max = 0;
  OnwardRule onward = passport::v1::ONWARD_RULE_NONE;
  std::vector<std::string> onward_members;
  AutoApproval auto_approval = passport::v1::AUTO_APPROVAL_OFF;
  std::vector<std::string> auto_roles;
  std::vector<std::string> to;
  bool dry_run = false;
};

absl::StatusOr<passport::v1::Selector> MakeSelector(const Session& session, const Arguments& arguments) {
  passport::v1::Selector selector;
  selector.set_all(arguments.all);
  for (const std::string& name : arguments.record_types) {
    const passport::RecordKind* kind = passport::FindRecordKind(name);
    if (kind == nullptr) {
      return Error(absl::StatusCode::kInvalidArgument, "USAGE", session.Say(Message::kNoRecordType, {name}));
    }
    selector.add_record_types(static_cast<record::v1::RecordType>(kind->type));
  }
  selector.mutable_product_groups()->Assign(arguments.groups.begin(), arguments.groups.end());
  for (const std::string& line : arguments.lines) {
    MEGURI_ASSIGN_OR_RETURN(const record::RecordId id, ParseRecordIdArgument(line));
    selector.add_product_lines(id.ToHex());
  }
  for (const std::string& record : arguments.records) {
    MEGURI_ASSIGN_OR_RETURN(const record::RecordId id, ParseRecordIdArgument(record));
    selector.add_record_ids(id.ToHex());
  }
  return selector;
}

// Those that are named, or all that may have partners.
absl::StatusOr<std::vector<record::v1::SectionType>> SectionsOf(const Session& session, const Arguments& arguments) {
  std::vector<record::v1::SectionType> types;
  for (const std::string& name : arguments.sections) {
    const passport::SectionKind* kind = passport::FindSectionKind(name);
    if (kind == nullptr || !kind->audiences.Has(record::v1::AUDIENCE_PARTNERS)) {
      return Error(absl::StatusCode::kInvalidArgument, "USAGE", session.Say(Message::kNoPartnerSection, {name}));
    }
    types.push_back(static_cast<record::v1::SectionType>(kind->type));
  }
  for (const passport::SectionKind& kind : passport::SectionKinds()) {
    if (arguments.sections.empty() && kind.audiences.Has(record::v1::AUDIENCE_PARTNERS)) {
      types.push_back(static_cast<record::v1::SectionType>(kind.type));
    }
  }
  return types;
}

absl::Status Publish(Session& session, const Arguments& arguments) {
  passport::v1::Offer offer;
  *offer.mutable_title() = TextOf(session, arguments.title);
  MEGURI_ASSIGN_OR_RETURN(*offer.mutable_selector(), MakeSelector(session, arguments));
  MEGURI_ASSIGN_OR_RETURN(const std::vector<record::v1::SectionType> sections, SectionsOf(session, arguments));
  for (const record::v1::SectionType type : sections) {
    offer.add_section_types(type);
  }
  for (const passport::v1::AccessPurpose purpose : arguments.purposes) {
    offer.add_purposes(purpose);
  }
  if (!arguments.not_before.empty()) {
    MEGURI_ASSIGN_OR_RETURN(*offer.mutable_not_before(), TimeArgument(session, arguments.not_before));
  }
  MEGURI_ASSIGN_OR_RETURN(*offer.mutable_expires(), TimeArgument(session, arguments.expires));
  offer.set_retention_days(arguments.retention_days);
  offer.set_deliveries_max(arguments.deliveries_max);
  offer.set_onward(arguments.onward);
  offer.mutable_onward_member_ids()->Assign(arguments.onward_members.begin(), arguments.onward_members.end());
  offer.set_auto_approval(arguments.auto_approval);
  for (const std::string& role : arguments.auto_roles) {
    MEGURI_ASSIGN_OR_RETURN(*offer.add_auto_roles(), RoleArgument(session, role));
  }
  const record::v1::Audience audience =
      arguments.to.empty() ? record::v1::AUDIENCE_MEMBERS : record::v1::AUDIENCE_ADDRESSEES;
  return PublishFirst(
      session, "offer",
      OneSection(record::v1::RECORD_TYPE_OFFER, record::v1::SECTION_TYPE_OFFER, audience, offer, arguments.to),
      arguments.dry_run);
}

}  // namespace

void AddOfferPublish(Command parent, Session& session) {
  const auto arguments = std::make_shared<Arguments>();
  const Command command = AddVerb(parent, "publish", Message::kAboutOfferPublish, session);
  command.Option("--title", arguments->title, session.Say(Message::kAboutOfferTitle)).TypeName("TEXT").Required();
  command.Flag("--all", arguments->all, session.Say(Message::kAboutSelectAll));
  command.Option("--record-type", arguments->record_types, session.Say(Message::kAboutSelectType)).TypeName("TYPE");
  command.Option("--group", arguments->groups, session.Say(Message::kAboutSelectGroup)).TypeName("GROUP");
  command.Option("--line", arguments->lines, session.Say(Message::kAboutSelectLine)).TypeName("ID");
  command.Option("--record", arguments->records, session.Say(Message::kAboutSelectRecord)).TypeName("ID");
  command.Option("--section", arguments->sections, session.Say(Message::kAboutOfferSection)).TypeName("NAME");
  command.Option("--purpose", arguments->purposes, session.Say(Message::kAboutPurpose))
      .TypeName("PURPOSE")
      .Required()
      .OneOf(Purposes(), session);
  command.Option("--not-before", arguments->not_before, session.Say(Message::kAboutNotBefore)).TypeName("TIME");
  command.Option("--expires", arguments->expires, session.Say(Message::kAboutOfferExpires)).TypeName("TIME");
  command.Option("--retention-days", arguments->retention_days, session.Say(Message::kAboutRetention)).TypeName("N");
  command.Option("--deliveries-max", arguments->deliveries_max, session.Say(Message::kAboutDeliveriesMax))
      .TypeName("N");
  command.Option("--onward", arguments->onward, session.Say(Message::kAboutOnward))
      .TypeName("RULE")
      .OneOf(kOnwardRules, session);
  command.Option("--onward-member", arguments->onward_members, session.Say(Message::kAboutOnwardMember)).TypeName("ID");
  command.Option("--auto", arguments->auto_approval, session.Say(Message::kAboutAuto))
      .TypeName("WHO")
      .OneOf(kAutoApprovals, session);
  command.Option("--auto-role", arguments->auto_roles, session.Say(Message::kAboutAutoRole)).TypeName("ROLE");
  command.Option("--to", arguments->to, session.Say(Message::kAboutOfferTo)).TypeName("ID");
  command.Flag("--dry-run", arguments->dry_run, session.Say(Message::kAboutDryRun));
  OnCall(command, session, arguments, &Publish);
}

}  // namespace meguri::client
