// SPDX-License-Identifier: Apache-2.0
#include "client/cli/program.h"

#include <algorithm>
#include <map>
#include <memory>
#include <utility>

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

void AddGlobalFlags(CLI::App& app, Session& session, std::string& language) {
  Options& options = session.options();
  app.add_option("--home", options.home, session.Say(Message::kAboutHome))->type_name("FOLDER");
  app.add_option("-o,--output", options.output, session.Say(Message::kAboutOutput))
      ->type_name("FORM")
      ->transform(CLI::CheckedTransformer(kOutputForms).description(""));
  // Read before everything else, as the help depends on it; here it is only checked.
  app.add_option("--lang", language, session.Say(Message::kAboutLanguage))->check(CLI::IsMember({"ja", "en"}));
  app.add_option("--timeout", options.timeout, session.Say(Message::kAboutTimeout))->type_name("TIME");
  app.add_flag("--quiet", options.quiet, session.Say(Message::kAboutQuiet));
  app.add_flag("--no-color", options.no_color, session.Say(Message::kAboutNoColor));
  app.add_option("--progress", options.progress, session.Say(Message::kAboutProgress))
      ->type_name("MODE")
      ->transform(CLI::CheckedTransformer(kProgressModes).description(""));
}

void AddRecordCommands(CLI::App& app, Session& session) {
  CLI::App& noun = AddNoun(app, "record", Message::kAboutRecord, session);
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

void AddEnquiryCommands(CLI::App& app, Session& session) {
  CLI::App& noun = AddNoun(app, "enquiry", Message::kAboutEnquiry, session);
  AddEnquirySend(noun, session);
  AddEnquiryList(noun, session);
  AddEnquiryShow(noun, session);
  AddEnquiryAnswer(noun, session);
}

void AddMemberCommands(CLI::App& app, Session& session) {
  CLI::App& noun = AddNoun(app, "member", Message::kAboutMember, session);
  AddMemberEnrol(noun, session);
  AddMemberList(noun, session);
  AddMemberShow(noun, session);
  AddMemberSuspend(noun, session);
  AddMemberActivate(noun, session);
  AddMemberLeave(noun, session);
  AddMemberUpdate(noun, session);
  AddMemberRevokeKey(noun, session);
}

void AddFeedCommands(CLI::App& app, Session& session) {
  CLI::App& noun = AddNoun(app, "feed", Message::kAboutFeed, session);
  AddFeedCheckpoint(noun, session);
  AddFeedFollow(noun, session);
  AddFeedUnfollow(noun, session);
  AddFeedList(noun, session);
  AddFeedEvidence(noun, session);
}

void AddCommands(CLI::App& app, Session& session) {
  AddInit(app, session);
  AddRecordCommands(app, session);
  AddEnquiryCommands(app, session);
  AddImport(app, session);
  AddTemplate(app, session);
  AddVerify(app, session);
  AddFeedCommands(app, session);
  AddPeerList(AddNoun(app, "peer", Message::kAboutPeer, session), session);
  AddMemberCommands(app, session);
  CLI::App& key = AddNoun(app, "key", Message::kAboutKey, session);
  AddKeyShow(key, session);
  AddKeyGenerate(key, session);
  AddClientShow(AddNoun(app, "client", Message::kAboutClient, session), session);
  AddDismantle(app, session);
  AddSubstanceWatch(AddNoun(app, "substance", Message::kAboutSubstance, session), session);
  AddNodeStatus(AddNoun(app, "node", Message::kAboutNode, session), session);
  AddAccessExplain(AddNoun(app, "access", Message::kAboutAccess, session), session);
  AddVersion(app, session);
  AddCompletion(app, session);
}

}  // namespace

ExitCode RunProgram(const std::vector<std::string>& arguments, const Surroundings& surroundings) {
  Session session(surroundings, LanguageOf(arguments, surroundings.environment));
  CLI::App app(session.Say(Message::kAboutProgram), "meguri");
  app.fallthrough();
  app.require_subcommand(1);
  std::string language;
  AddGlobalFlags(app, session, language);
  AddCommands(app, session);
  absl::Status status;
  // The parser speaks in exceptions; none leaves this block.
  try {
    std::vector<std::string> reversed(arguments.rbegin(), arguments.rend());
    app.parse(reversed);
    status = session.action();
  } catch (const CLI::CallForHelp&) {
    surroundings.out << app.help() << std::flush;
  } catch (const CLI::ParseError& error) {
    status = Error(absl::StatusCode::kInvalidArgument, "USAGE", session.Say(Message::kUsage, {error.what()}));
  }
  if (!status.ok()) {
    session.Report(status);
  }
  return ExitCodeOf(status);
}

}  // namespace meguri::client
