// SPDX-License-Identifier: Apache-2.0
#include "client/cli/program.h"

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "CLI/App.hpp"
#include "CLI/Config.hpp"
#include "CLI/Error.hpp"
#include "CLI/Formatter.hpp"
#include "absl/strings/str_join.h"
#include "base/error.h"
#include "client/cli/command.h"
#include "client/cli/commands.h"

namespace meguri::client {
namespace {

const std::map<std::string, OutputForm> kOutputForms = {
    {"table", OutputForm::kTable}, {"json", OutputForm::kJson}, {"jsonl", OutputForm::kJsonLines}};
const std::map<std::string, ProgressMode> kProgressModes = {{"auto", ProgressMode::kAuto},
                                                            {"bar", ProgressMode::kBar},
                                                            {"plain", ProgressMode::kPlain},
                                                            {"json", ProgressMode::kJson},
                                                            {"none", ProgressMode::kNone}};

void AddGlobalFlags(Command program, Session& session, std::string& language) {
  Options& options = session.options();
  program.Option("--home", options.home, session.Say(Message::kAboutHome)).TypeName("FOLDER");
  program.Option("-o,--output", options.output, session.Say(Message::kAboutOutput))
      .TypeName("FORM")
      .OneOf(kOutputForms, session);
  // Read before everything else, as the help depends on it; here it is only checked.
  program.Option("--lang", language, session.Say(Message::kAboutLanguage)).OneOf({"ja", "en"});
  program.Option("--timeout", options.timeout, session.Say(Message::kAboutTimeout)).TypeName("TIME");
  program.Flag("--quiet", options.quiet, session.Say(Message::kAboutQuiet));
  program.Flag("--no-color", options.no_color, session.Say(Message::kAboutNoColor));
  program.Option("--progress", options.progress, session.Say(Message::kAboutProgress))
      .TypeName("MODE")
      .OneOf(kProgressModes, session);
}

void AddRecordCommands(Command program, Session& session) {
  const Command noun = AddNoun(program, "record", Message::kAboutRecord, session);
  AddRecordPublish(noun, "publish", Message::kAboutRecordPublish, session);
  AddRecordGet(noun, session);
  AddRecordList(noun, session);
  AddRecordHistory(noun, session);
  AddRecordExport(noun, session);
  AddRecordEvidence(noun, session);
  AddRecordResolve(noun, session);
  AddRecordUpdate(noun, session);
  AddRecordWithdraw(noun, session);
}

void AddEnquiryCommands(Command program, Session& session) {
  const Command noun = AddNoun(program, "enquiry", Message::kAboutEnquiry, session);
  AddEnquirySend(noun, session);
  AddEnquiryList(noun, session);
  AddEnquiryShow(noun, session);
  AddEnquiryAnswer(noun, session);
}

void AddMemberCommands(Command program, Session& session) {
  const Command noun = AddNoun(program, "member", Message::kAboutMember, session);
  AddMemberEnrol(noun, session);
  AddMemberSign(noun, session);
  AddMemberList(noun, session);
  AddMemberShow(noun, session);
  AddMemberSuspend(noun, session);
  AddMemberActivate(noun, session);
  AddMemberLeave(noun, session);
  AddMemberUpdate(noun, session);
  AddMemberRevokeKey(noun, session);
}

void AddFeedCommands(Command program, Session& session) {
  const Command noun = AddNoun(program, "feed", Message::kAboutFeed, session);
  AddFeedCheckpoint(noun, session);
  AddFeedFollow(noun, session);
  AddFeedUnfollow(noun, session);
  AddFeedList(noun, session);
  AddFeedEvidence(noun, session);
}

void AddErasureCommands(Command program, Session& session) {
  const Command noun = AddNoun(program, "erasure", Message::kAboutErasure, session);
  AddErasureRequest(noun, session);
  AddErasureList(noun, session);
  AddErasureShow(noun, session);
  AddErasureExport(noun, session);
  AddErasureVerify(noun, session);
}

void AddAuditCommands(Command program, Session& session) {
  const Command noun = AddNoun(program, "audit", Message::kAboutAudit, session);
  AddAuditList(noun, session);
  AddAuditExport(noun, session);
  AddAuditVerify(noun, session);
  AddAuditOnward(noun, session);
}

void AddAccessCommands(Command program, Session& session) {
  const Command offer = AddNoun(program, "offer", Message::kAboutOffer, session);
  AddOfferPublish(offer, session);
  AddOfferList(offer, session);
  AddOfferShow(offer, session);
  AddOfferEnd(offer, session);
  const Command access = AddNoun(program, "access", Message::kAboutAccess, session);
  AddAccessRequest(access, session);
  AddAccessRequests(access, session);
  AddAccessApprove(access, session);
  AddAccessGrants(access, session);
  AddAccessSuspend(access, session);
  AddAccessResume(access, session);
  AddAccessRevoke(access, session);
  AddAccessAgree(access, session);
  AddAccessExplain(access, session);
}

void AddCommands(Command program, Session& session) {
  AddInit(program, session);
  AddRecordCommands(program, session);
  AddEnquiryCommands(program, session);
  AddImport(program, session);
  AddTemplate(program, session);
  AddVerify(program, session);
  const Command evidence = AddNoun(program, "evidence", Message::kAboutEvidence, session);
  AddEvidenceVerify(evidence, session);
  AddEvidenceList(evidence, session);
  AddEvidenceExport(evidence, session);
  AddFeedCommands(program, session);
  AddPeerList(AddNoun(program, "peer", Message::kAboutPeer, session), session);
  AddMemberCommands(program, session);
  const Command key = AddNoun(program, "key", Message::kAboutKey, session);
  AddKeyShow(key, session);
  AddKeyGenerate(key, session);
  AddKeyRotate(key, session);
  AddClientShow(AddNoun(program, "client", Message::kAboutClient, session), session);
  AddDismantle(program, session);
  AddSubstanceWatch(AddNoun(program, "substance", Message::kAboutSubstance, session), session);
  AddNodeStatus(AddNoun(program, "node", Message::kAboutNode, session), session);
  AddAuditCommands(program, session);
  AddErasureCommands(program, session);
  AddAccessCommands(program, session);
  AddVersion(program, session);
  AddCompletion(program, session);
}

// The parser only says that a command is missing; whoever mistyped one looks for the word.
std::string UsageText(const CLI::App& app, const CLI::ParseError& error, const Session& session) {
  const std::vector<std::string> left = app.remaining(/*recurse=*/true);
  const auto word = std::find_if(left.begin(), left.end(), [](const std::string& text) { return text[0] != '-'; });
  const CLI::App* noun = &app;
  while (!noun->get_subcommands().empty()) {
    noun = noun->get_subcommands().back();
  }
  std::vector<std::string> names;
  for (const CLI::App* command : noun->get_subcommands([](const CLI::App*) { return true; })) {
    names.push_back(command->get_name());
  }
  if (word == left.end() || names.empty()) {
    return session.Say(Message::kUsage, {error.what()});
  }
  return session.Say(Message::kUnknownCommand, {*word, absl::StrJoin(names, ", ")});
}

// As most programs understand it; `--version N` of a command is another matter.
std::vector<std::string> WithVersionWord(std::vector<std::string> arguments) {
  if (!arguments.empty() && arguments.front() == "--version") {
    arguments.front() = "version";
  }
  return arguments;
}

}  // namespace

ExitCode RunProgram(const std::vector<std::string>& arguments, const Surroundings& surroundings) {
  Session session(surroundings, LanguageOf(arguments, surroundings.environment));
  CLI::App app(session.Say(Message::kAboutProgram), "meguri");
  app.set_help_flag("-h,--help", session.Say(Message::kAboutHelp));
  app.fallthrough();
  app.require_subcommand(1);
  std::string language;
  AddGlobalFlags(Command(app), session, language);
  AddCommands(Command(app), session);
  absl::Status status;
  // The parser speaks in exceptions; none leaves this block.
  try {
    std::vector<std::string> reversed = WithVersionWord(arguments);
    std::reverse(reversed.begin(), reversed.end());
    app.parse(reversed);
    status = session.action();
  } catch (const CLI::CallForHelp&) {
    surroundings.out << app.help() << std::flush;
  } catch (const CLI::ParseError& error) {
    status = Error(absl::StatusCode::kInvalidArgument, "USAGE", UsageText(app, error, session));
  }
  if (!status.ok()) {
    session.Report(status);
  }
  return ExitCodeOf(status);
}

}  // namespace meguri::client
