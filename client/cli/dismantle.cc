// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <filesystem>
#include <memory>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/types/span.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "certs/files.h"
#include "client/cli/command.h"
#include "client/cli/commands.h"
#include "client/cli/dismantling_cards.h"
#include "client/cli/passport_view.h"
#include "client/cli/table.h"
#include "client/cli/words.h"
#include "nlohmann/json.hpp"
#include "passport/formats/dismantling_card.h"
#include "passport/formats/dismantling_words.h"
#include "passport/formats/identifier_list.h"

namespace meguri::client {
namespace {

using passport::DismantlingCard;

constexpr size_t kListBytesMax = size_t{4} << 20;
constexpr size_t kIdentifiersMax = 10'000;
constexpr size_t kIdentifiersPerCall = 256;  // what BatchResolve takes
constexpr int kSheetMode = 0644;

struct Arguments {
  std::vector<std::string> identifiers;
  std::string from;
  std::string html;
};

absl::StatusOr<std::vector<std::string>> Identifiers(const Arguments& arguments) {
  std::vector<std::string> identifiers = arguments.identifiers;
  if (!arguments.from.empty()) {
    MEGURI_ASSIGN_OR_RETURN(const std::string bytes, certs::ReadFile(arguments.from, kListBytesMax));
    MEGURI_ASSIGN_OR_RETURN(const std::vector<std::string> listed, passport::ReadIdentifierList(bytes));
    identifiers.insert(identifiers.end(), listed.begin(), listed.end());
  }
  if (identifiers.empty() || identifiers.size() > kIdentifiersMax) {
    return Error(absl::StatusCode::kInvalidArgument, "USAGE",
                 absl::StrCat(identifiers.size(), " identifiers: give 1 to ", kIdentifiersMax,
                              ", as arguments or with --from, a file with one a line"));
  }
  return identifiers;
}

// Of a card that has steps.
std::string HazardsOf(const DismantlingCard& card, Language language) {
  std::vector<std::string> names;
  for (const passport::v1::DismantlingStep& step : card.dismantling->steps()) {
    for (const int hazard : step.hazards()) {
      const passport::Word word = passport::WordOf(static_cast<passport::v1::Hazard>(hazard));
      std::string name(language == Language::kJapanese ? word.ja : word.en);
      if (!name.empty() && std::find(names.begin(), names.end(), name) == names.end()) {
        names.push_back(std::move(name));
      }
    }
  }
  return absl::StrJoin(names, ", ");
}

// Likewise.
std::string MinutesOf(const DismantlingCard& card) {
  uint64_t seconds = 0;
  for (const passport::v1::DismantlingStep& step : card.dismantling->steps()) {
    seconds += step.time_s();
  }
  return absl::StrCat((seconds + 59) / 60);
}

absl::Status WriteSheet(const Session& session, const std::string& folder, size_t number, const DismantlingCard& card) {
  const auto language =
      session.language() == Language::kJapanese ? passport::CardLanguage::kJapanese : passport::CardLanguage::kEnglish;
  const std::string path = absl::StrFormat("%s/%04d-%s.html", folder, number, card.sources.front().record_id);
  MEGURI_RETURN_IF_ERROR(certs::WriteFileAtomically(path, passport::DismantlingCardHtml(card, language), kSheetMode));
  session.Note(path);
  return absl::OkStatus();
}

// Asks the node for one list after the other, and lays out what it answers.
class Bench {
 public:
  Bench(Session& session, const Arguments& arguments)
      : session_(session),
        html_(arguments.html),
        table_({{session.Say(Message::kIdentifier)},
                {session.Say(Message::kName)},
                {session.Say(Message::kHazards)},
                {session.Say(Message::kSteps), true},
                {session.Say(Message::kMinutes), true},
                {session.Say(Message::kRecord)}}) {}

  absl::Status Ask(const NodeClient& node, const std::vector<std::string>& identifiers) {
    const std::unique_ptr<Progress> progress =
        session_.MakeProgress(Message::kReading, {.items = identifiers.size(), .bytes = 0, .refused = 0});
    for (size_t done = 0; done < identifiers.size();) {
      const auto list = absl::MakeConstSpan(identifiers).subspan(done, kIdentifiersPerCall);
      MEGURI_ASSIGN_OR_RETURN(const size_t answered, AskOnce(node, list));
      done += answered;
      progress->Update({.items = done, .bytes = bytes_, .refused = json_["not_found"].size()});
    }
    progress->Finish();
    return absl::OkStatus();
  }

  absl::Status Answer(size_t asked) const {
    MEGURI_RETURN_IF_ERROR(session_.Answer(table_.Layout(), json_, "cards"));
    const size_t missing = json_["not_found"].size();
    return missing == 0 ? absl::OkStatus()
                        : Error(absl::StatusCode::kNotFound, "RECORD_NOT_FOUND",
                                session_.Say(Message::kSomeNotFound, {absl::StrCat(missing), absl::StrCat(asked)}));
  }

 private:
  // How many of `list`, the first ones, were answered.
  absl::StatusOr<size_t> AskOnce(const NodeClient& node, absl::Span<const std::string> list) {
    record::v1::BatchResolveRequest request;
    request.mutable_identifiers()->Add(list.begin(), list.end());
    request.mutable_read_mask()->add_paths("sections.dismantling");
    request.mutable_read_mask()->add_paths("sections.hazard_summary");
    MEGURI_ASSIGN_OR_RETURN(const record::v1::BatchResolveResponse response, node.BatchResolve(request));
    MEGURI_ASSIGN_OR_RETURN(const std::vector<std::vector<DismantlingCard>> answers, CardsOf(list, response));
    for (size_t i = 0; i < answers.size(); ++i) {
      if (answers[i].empty()) {
        AddMissing(list[i], response.answers(static_cast<int>(i)));
      }
      for (const DismantlingCard& card : answers[i]) {
        MEGURI_RETURN_IF_ERROR(Add(card));
      }
    }
    bytes_ += response.ByteSizeLong();
    return answers.size();
  }

  void AddMissing(const std::string& identifier, const record::v1::IdentifierAnswer& answer) {
    json_["not_found"].push_back({{"identifier", identifier}, {"reason", answer.reason()}, {"why", answer.message()}});
    table_.Add({identifier, session_.Say(Message::kNothingFound), "", "", "", ""});
  }

  absl::Status Add(const DismantlingCard& card) {
    json_["cards"].push_back(passport::DismantlingCardJson(card));
    const bool has_steps = card.dismantling.has_value();
    // No steps is not the same as steps that one may not see or that nobody has written.
    table_.Add({card.identifier, TextIn(session_.language(), card.identity.name()),
                has_steps ? HazardsOf(card, session_.language()) : session_.Say(Message::kNoStepsForYou),
                has_steps ? absl::StrCat(card.dismantling->steps_size()) : "-", has_steps ? MinutesOf(card) : "-",
                card.sources.front().record_id});
    return html_.empty() ? absl::OkStatus() : WriteSheet(session_, html_, ++sheets_, card);
  }

  Session& session_;
  const std::string html_;
  Table table_;
  nlohmann::ordered_json json_ = {{"cards", nlohmann::ordered_json::array()},
                                  {"not_found", nlohmann::ordered_json::array()}};
  size_t sheets_ = 0;
  uint64_t bytes_ = 0;
};

absl::Status Run(Session& session, const Arguments& arguments) {
  MEGURI_ASSIGN_OR_RETURN(const std::vector<std::string> identifiers, Identifiers(arguments));
  MEGURI_ASSIGN_OR_RETURN(const NodeClient* node, session.node());
  std::error_code failed;
  if (!arguments.html.empty() && !std::filesystem::is_directory(arguments.html, failed) &&
      !std::filesystem::create_directories(arguments.html, failed)) {
    return Error(absl::StatusCode::kUnavailable, "FOLDER", absl::StrCat("cannot make the folder ", arguments.html));
  }
  Bench bench(session, arguments);
  MEGURI_RETURN_IF_ERROR(bench.Ask(*node, identifiers));
  return bench.Answer(identifiers.size());
}

}  // namespace

void AddDismantle(CLI::App& parent, Session& session) {
  const auto arguments = std::make_shared<Arguments>();
  CLI::App& command = AddVerb(parent, "dismantle", Message::kAboutDismantle, session);
  command.add_option("IDENTIFIER", arguments->identifiers, session.Say(Message::kAboutIdentifier));
  command.add_option("--from", arguments->from, session.Say(Message::kAboutFromList))->type_name("FILE");
  command.add_option("--html", arguments->html, session.Say(Message::kAboutHtml))->type_name("FOLDER");
  OnCall(command, session, arguments, &Run);
}

}  // namespace meguri::client
