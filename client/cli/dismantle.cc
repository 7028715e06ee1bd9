// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "base/bytes.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "certs/files.h"
#include "client/cli/command.h"
#include "client/cli/commands.h"
#include "client/cli/passport_view.h"
#include "client/cli/table.h"
#include "client/cli/words.h"
#include "nlohmann/json.hpp"
#include "passport/formats/dismantling_card.h"
#include "passport/formats/dismantling_words.h"
#include "record/header.h"

namespace meguri::client {
namespace {

using passport::DismantlingCard;
using record::v1::RecordView;

constexpr size_t kListBytesMax = size_t{4} << 20;
constexpr size_t kIdentifiersMax = 10'000;
constexpr int kAncestorsMax = 2;  // an item's batch, and its model
constexpr int kSheetMode = 0644;

struct Arguments {
  std::vector<std::string> identifiers;
  std::string from;
  std::string html;
};

// One identifier a line; what stands behind a comma or tab, and lines that begin with #, are for people.
absl::StatusOr<std::vector<std::string>> Identifiers(const Arguments& arguments) {
  std::vector<std::string> identifiers = arguments.identifiers;
  if (!arguments.from.empty()) {
    MEGURI_ASSIGN_OR_RETURN(const std::string text, certs::ReadFile(arguments.from, kListBytesMax));
    for (const absl::string_view line : absl::StrSplit(text, '\n')) {
      const std::vector<absl::string_view> cells = absl::StrSplit(line, absl::MaxSplits(absl::ByAnyChar(",\t"), 1));
      const absl::string_view identifier = absl::StripAsciiWhitespace(cells[0]);
      if (!identifier.empty() && !absl::StartsWith(identifier, "#")) {
        identifiers.emplace_back(identifier);
      }
    }
  }
  if (identifiers.empty() || identifiers.size() > kIdentifiersMax) {
    return Error(absl::StatusCode::kInvalidArgument, "USAGE",
                 absl::StrCat(identifiers.size(), " identifiers: give 1 to ", kIdentifiersMax,
                              ", as arguments or with --from, a file with one a line"));
  }
  return identifiers;
}

passport::CardSource SourceOf(const record::Header& header, const RecordView& view) {
  return {header.record_id().ToHex(),
          header.version(),
          header.publisher().text(),
          TimeOf(header.message().issue_time_ms()),
          header.hash().ToHex(),
          view.source(),
          view.frozen()};
}

// Makes cards from what the own node holds.
class CardMaker {
 public:
  explicit CardMaker(const NodeClient& node) : node_(node) {}

  // The cards of the records that `identifier` names. NOT_FOUND (reason RECORD_NOT_FOUND) if there is none.
  absl::StatusOr<std::vector<DismantlingCard>> Make(const std::string& identifier) const {
    record::v1::ResolveRequest request;
    request.set_identifier(identifier);
    MEGURI_ASSIGN_OR_RETURN(const record::v1::ResolveResponse response, node_.Resolve(request));
    std::vector<DismantlingCard> cards;
    for (const RecordView& view : response.records()) {
      DismantlingCard card{identifier, {}, {}, absl::nullopt, absl::nullopt};
      MEGURI_RETURN_IF_ERROR(Fill(view, kAncestorsMax, card));
      cards.push_back(std::move(card));
    }
    if (cards.empty()) {
      return Error(absl::StatusCode::kNotFound, "RECORD_NOT_FOUND", "no record here that this identifier names");
    }
    return cards;
  }

 private:
  // Takes what the card lacks from `view`, and what that lacks from its parent.
  absl::Status Fill(const RecordView& view, int ancestors, DismantlingCard& card) const {
    MEGURI_ASSIGN_OR_RETURN(const record::Header header, record::Header::Parse(view.envelope().header()));
    card.sources.push_back(SourceOf(header, view));
    const auto identity = SectionOf<passport::v1::Identity>(view, record::v1::SECTION_TYPE_IDENTITY);
    if (card.sources.size() == 1) {
      card.identity = identity.value_or(passport::v1::Identity());
    }
    if (!card.dismantling.has_value()) {
      card.dismantling = SectionOf<passport::v1::Dismantling>(view, record::v1::SECTION_TYPE_DISMANTLING);
    }
    if (!card.hazards.has_value()) {
      card.hazards = SectionOf<passport::v1::HazardSummary>(view, record::v1::SECTION_TYPE_HAZARD_SUMMARY);
    }
    const bool is_complete = card.dismantling.has_value() && card.hazards.has_value();
    if (is_complete || ancestors == 0 || !identity.has_value() || identity->parent_record_id().empty()) {
      return absl::OkStatus();
    }
    return FillFromParent(*identity, header.publisher().text(), ancestors - 1, card);
  }

  absl::Status FillFromParent(const passport::v1::Identity& child, const std::string& publisher, int ancestors,
                              DismantlingCard& card) const {
    std::string record_id;
    record::v1::GetRequest request;
    if (!FromHex(child.parent_record_id(), record_id)) {
      return absl::OkStatus();  // no rule lets that pass
    }
    request.set_record_id(record_id);
    request.set_publisher(publisher);
    const absl::StatusOr<record::v1::GetResponse> parent = node_.Get(request);
    if (absl::IsNotFound(parent.status())) {
      return absl::OkStatus();  // what is not here, or not for us, adds nothing
    }
    MEGURI_RETURN_IF_ERROR(parent.status());
    return Fill(parent->record(), ancestors, card);
  }

  const NodeClient& node_;
};

std::string HazardsOf(const DismantlingCard& card, Language language) {
  std::vector<std::string> names;
  if (!card.dismantling.has_value()) {
    return "";
  }
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

std::string MinutesOf(const DismantlingCard& card) {
  uint64_t seconds = 0;
  if (card.dismantling.has_value()) {
    for (const passport::v1::DismantlingStep& step : card.dismantling->steps()) {
      seconds += step.time_s();
    }
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

absl::Status Run(Session& session, const Arguments& arguments) {
  MEGURI_ASSIGN_OR_RETURN(const std::vector<std::string> identifiers, Identifiers(arguments));
  MEGURI_ASSIGN_OR_RETURN(const NodeClient* node, session.node());
  const CardMaker maker(*node);
  Table table({{session.Say(Message::kIdentifier)},
               {session.Say(Message::kName)},
               {session.Say(Message::kHazards)},
               {session.Say(Message::kSteps), true},
               {session.Say(Message::kMinutes), true},
               {session.Say(Message::kRecord)}});
  nlohmann::ordered_json json = {{"cards", nlohmann::ordered_json::array()},
                                 {"not_found", nlohmann::ordered_json::array()}};
  size_t sheets = 0;
  for (const std::string& identifier : identifiers) {
    const absl::StatusOr<std::vector<DismantlingCard>> cards = maker.Make(identifier);
    if (absl::IsNotFound(cards.status()) || absl::IsInvalidArgument(cards.status())) {
      json["not_found"].push_back({{"identifier", identifier}, {"why", std::string(cards.status().message())}});
      table.Add({identifier, session.Say(Message::kNothingFound), "", "", "", ""});
      continue;
    }
    MEGURI_RETURN_IF_ERROR(cards.status());
    for (const DismantlingCard& card : *cards) {
      json["cards"].push_back(passport::DismantlingCardJson(card));
      const int steps = card.dismantling.has_value() ? card.dismantling->steps_size() : 0;
      table.Add({identifier, TextIn(session.language(), card.identity.name()), HazardsOf(card, session.language()),
                 absl::StrCat(steps), MinutesOf(card), card.sources.front().record_id});
      if (!arguments.html.empty()) {
        MEGURI_RETURN_IF_ERROR(WriteSheet(session, arguments.html, ++sheets, card));
      }
    }
  }
  MEGURI_RETURN_IF_ERROR(session.Answer(table.Layout(), json, "cards"));
  if (json["not_found"].empty()) {
    return absl::OkStatus();
  }
  return Error(
      absl::StatusCode::kNotFound, "RECORD_NOT_FOUND",
      session.Say(Message::kSomeNotFound, {absl::StrCat(json["not_found"].size()), absl::StrCat(identifiers.size())}));
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
