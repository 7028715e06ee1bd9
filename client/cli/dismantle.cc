// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/types/span.h"
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
#include "passport/section_table.h"
#include "record/header.h"
#include "record/record_id.h"

namespace meguri::client {
namespace {

using passport::DismantlingCard;
using record::v1::RecordView;

constexpr size_t kListBytesMax = size_t{4} << 20;
constexpr size_t kIdentifiersMax = 10'000;
constexpr size_t kIdentifiersPerCall = 256;  // what BatchResolve takes
constexpr int kAncestorsMax = 2;             // an item's batch, and its model
constexpr int kSheetMode = 0644;

struct Arguments {
  std::vector<std::string> identifiers;
  std::string from;
  std::string html;
};

absl::Status BadAnswer() {
  return Error(absl::StatusCode::kInternal, "NODE_ANSWER",
               "The node's answer does not fit the question: update the node or this program.");
}

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

// Makes cards from one answer of the own node.
class CardMaker {
 public:
  explicit CardMaker(const record::v1::BatchResolveResponse& response) : response_(response) {}

  // Knows every record of the answer by its publisher and its ID. Call it first.
  absl::Status Read() {
    for (const RecordView& view : response_.records()) {
      MEGURI_ASSIGN_OR_RETURN(record::Header header, record::Header::Parse(view.envelope().header()));
      positions_.emplace(std::pair(header.publisher().text(), header.record_id()), headers_.size());
      headers_.push_back(std::move(header));
    }
    return absl::OkStatus();
  }

  // The cards of the records that `answer` names.
  absl::StatusOr<std::vector<DismantlingCard>> Make(const std::string& identifier,
                                                    const record::v1::IdentifierAnswer& answer) const {
    std::vector<DismantlingCard> cards;
    for (const uint32_t position : answer.records()) {
      if (position >= headers_.size()) {
        return BadAnswer();
      }
      cards.push_back({identifier, {}, {}, absl::nullopt, absl::nullopt});
      Fill(position, cards.back());
    }
    return cards;
  }

 private:
  // Takes from the record what it says, and from its batch and model what it leaves to them.
  void Fill(size_t position, DismantlingCard& card) const {
    std::set<std::string> left_out;  // sections that a record says it does not take over
    for (int level = 0; level <= kAncestorsMax; ++level) {
      const RecordView& view = response_.records(static_cast<int>(position));
      const auto identity = SectionOf<passport::v1::Identity>(view, record::v1::SECTION_TYPE_IDENTITY);
      card.sources.push_back(SourceOf(headers_[position], view));
      if (level == 0) {
        card.identity = identity.value_or(passport::v1::Identity());
      }
      Take(view, record::v1::SECTION_TYPE_DISMANTLING, left_out, card.dismantling);
      Take(view, record::v1::SECTION_TYPE_HAZARD_SUMMARY, left_out, card.hazards);
      const bool is_complete = card.dismantling.has_value() && card.hazards.has_value();
      if (is_complete || !identity.has_value()) {
        return;
      }
      left_out.insert(identity->not_inherited_sections().begin(), identity->not_inherited_sections().end());
      const absl::StatusOr<record::RecordId> parent_id = record::RecordId::ParseHex(identity->parent_record_id());
      if (!parent_id.ok()) {
        return;
      }
      const auto parent = positions_.find({headers_[position].publisher().text(), *parent_id});
      if (parent == positions_.end()) {
        return;  // it is not here, or not for us
      }
      position = parent->second;
    }
  }

  template <typename Payload>
  static void Take(const RecordView& view, uint32_t type, const std::set<std::string>& left_out,
                   absl::optional<Payload>& section) {
    const passport::SectionKind* kind = passport::FindSectionKind(type);
    if (!section.has_value() && left_out.count(std::string(kind->name)) == 0) {
      section = SectionOf<Payload>(view, type);
    }
  }

  const record::v1::BatchResolveResponse& response_;
  std::vector<record::Header> headers_;  // of response_.records()
  std::map<std::pair<std::string, record::RecordId>, size_t> positions_;
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
    const auto answered = static_cast<size_t>(response.answers_size());
    if (answered == 0 || answered > list.size()) {
      return BadAnswer();
    }
    CardMaker maker(response);
    MEGURI_RETURN_IF_ERROR(maker.Read());
    for (size_t i = 0; i < answered; ++i) {
      const record::v1::IdentifierAnswer& answer = response.answers(static_cast<int>(i));
      MEGURI_ASSIGN_OR_RETURN(const std::vector<DismantlingCard> cards, maker.Make(list[i], answer));
      if (cards.empty()) {
        AddMissing(list[i], answer);
      }
      for (const DismantlingCard& card : cards) {
        MEGURI_RETURN_IF_ERROR(Add(card));
      }
    }
    bytes_ += response.ByteSizeLong();
    return answered;
  }

  void AddMissing(const std::string& identifier, const record::v1::IdentifierAnswer& answer) {
    json_["not_found"].push_back({{"identifier", identifier}, {"reason", answer.reason()}, {"why", answer.message()}});
    table_.Add({identifier, session_.Say(Message::kNothingFound), "", "", "", ""});
  }

  absl::Status Add(const DismantlingCard& card) {
    json_["cards"].push_back(passport::DismantlingCardJson(card));
    const int steps = card.dismantling.has_value() ? card.dismantling->steps_size() : 0;
    table_.Add({card.identifier, TextIn(session_.language(), card.identity.name()),
                HazardsOf(card, session_.language()), absl::StrCat(steps), MinutesOf(card),
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
