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
#include "passport/formats/product_list.h"

namespace meguri::client {
namespace {

using passport::DismantlingCard;
using passport::ListedProduct;

constexpr size_t kListBytesMax = size_t{4} << 20;
constexpr size_t kProductsMax = 10'000;
constexpr size_t kProductsPerCall = 256;  // what BatchResolve takes
constexpr int kSheetMode = 0644;

struct Arguments {
  std::vector<std::string> identifiers;
  std::string maker;
  std::string serial;
  std::string from;
  std::string html;
};

absl::Status UsageError(absl::string_view sentence) {
  return Error(absl::StatusCode::kInvalidArgument, "USAGE", sentence);
}

absl::StatusOr<std::vector<ListedProduct>> ProductsOf(const Arguments& arguments) {
  std::vector<ListedProduct> products;
  products.reserve(arguments.identifiers.size());
  for (const std::string& identifier : arguments.identifiers) {
    products.push_back({identifier, false, arguments.maker, arguments.serial, 1});
  }
  if (products.size() != 1 && !arguments.serial.empty()) {
    return UsageError("--serial is for one product: give one, or a file with a column for serial numbers");
  }
  if (!arguments.from.empty()) {
    MEGURI_ASSIGN_OR_RETURN(const std::string bytes, certs::ReadFile(arguments.from, kListBytesMax));
    MEGURI_ASSIGN_OR_RETURN(const std::vector<ListedProduct> listed, passport::ReadProductList(bytes));
    products.insert(products.end(), listed.begin(), listed.end());
  }
  if (products.empty() || products.size() > kProductsMax) {
    return UsageError(absl::StrCat(products.size(), " products: give 1 to ", kProductsMax,
                                   ", as arguments or with --from, a file with one a line"));
  }
  return passport::EachOnce(products);
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

passport::CardLanguage CardLanguageOf(const Session& session) {
  return session.language() == Language::kJapanese ? passport::CardLanguage::kJapanese
                                                   : passport::CardLanguage::kEnglish;
}

absl::Status WriteSheet(const Session& session, const std::string& folder, size_t number, const DismantlingCard& card) {
  const std::string path = absl::StrFormat("%s/%04d-%s.html", folder, number, card.sources.front().record_id);
  MEGURI_RETURN_IF_ERROR(
      certs::WriteFileAtomically(path, passport::DismantlingCardHtml(card, CardLanguageOf(session)), kSheetMode));
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
                {session.Say(Message::kPieces), true},
                {session.Say(Message::kName)},
                {session.Say(Message::kCardOf)},
                {session.Say(Message::kHazards)},
                {session.Say(Message::kSteps), true},
                {session.Say(Message::kMinutes), true},
                {session.Say(Message::kRecord)}}) {}

  absl::Status Ask(const NodeClient& node, const std::vector<ListedProduct>& products) {
    const std::unique_ptr<Progress> progress =
        session_.MakeProgress(Message::kReading, {.items = products.size(), .bytes = 0, .refused = 0});
    for (size_t done = 0; done < products.size();) {
      const auto list = absl::MakeConstSpan(products).subspan(done, kProductsPerCall);
      MEGURI_ASSIGN_OR_RETURN(const size_t answered, AskOnce(node, list));
      done += answered;
      progress->Update({.items = done, .bytes = bytes_, .refused = json_["not_found"].size()});
    }
    progress->Finish();
    return absl::OkStatus();
  }

  absl::Status Answer(size_t asked) const {
    MEGURI_RETURN_IF_ERROR(session_.Answer(table_.Layout(), json_, "cards"));
    std::vector<std::string> sentences;
    const size_t missing = json_["not_found"].size();
    if (missing > 0) {
      sentences.push_back(session_.Say(Message::kSomeNotFound, {absl::StrCat(missing), absl::StrCat(asked)}));
    }
    const size_t ambiguous = json_["ambiguous"].size();
    if (ambiguous > 0) {
      sentences.push_back(session_.Say(Message::kSomeAmbiguous, {absl::StrCat(ambiguous), absl::StrCat(asked)}));
    }
    return sentences.empty() ? absl::OkStatus()
                             : Error(absl::StatusCode::kNotFound, missing > 0 ? "RECORD_NOT_FOUND" : "AMBIGUOUS_MODEL",
                                     absl::StrJoin(sentences, "; "));
  }

 private:
  static record::v1::BatchResolveRequest RequestFor(absl::Span<const ListedProduct> list) {
    record::v1::BatchResolveRequest request;
    for (const ListedProduct& product : list) {
      request.add_identifiers(product.identifier);
      record::v1::Plate& plate = *request.add_plates();
      plate.set_is_model_number(product.is_model_number);
      plate.set_maker(product.maker);
      plate.set_serial(product.serial);
    }
    request.mutable_read_mask()->add_paths("sections.dismantling");
    request.mutable_read_mask()->add_paths("sections.hazard_summary");
    return request;
  }

  // How many of `list`, the first ones, were answered.
  absl::StatusOr<size_t> AskOnce(const NodeClient& node, absl::Span<const ListedProduct> list) {
    MEGURI_ASSIGN_OR_RETURN(const record::v1::BatchResolveResponse response, node.BatchResolve(RequestFor(list)));
    MEGURI_ASSIGN_OR_RETURN(const std::vector<BenchAnswer> answers, BenchAnswersTo(list, response));
    for (size_t i = 0; i < answers.size(); ++i) {
      if (!answers[i].candidates.empty()) {
        AddAmbiguous(list[i], answers[i].candidates, response.answers(static_cast<int>(i)));
      } else if (answers[i].cards.empty()) {
        AddMissing(list[i], response.answers(static_cast<int>(i)));
      }
      for (const DismantlingCard& card : answers[i].cards) {
        MEGURI_RETURN_IF_ERROR(Add(card));
      }
    }
    bytes_ += response.ByteSizeLong();
    return answers.size();
  }

  static nlohmann::ordered_json JsonOf(const ListedProduct& product, const record::v1::IdentifierAnswer& answer) {
    nlohmann::ordered_json json = {{"identifier", product.identifier}};
    if (!product.maker.empty()) {
      json["maker"] = product.maker;
    }
    if (!product.serial.empty()) {
      json["serial"] = product.serial;
    }
    json["count"] = product.count;
    json["reason"] = answer.reason();
    json["why"] = answer.message();
    return json;
  }

  void AddMissing(const ListedProduct& product, const record::v1::IdentifierAnswer& answer) {
    json_["not_found"].push_back(JsonOf(product, answer));
    table_.Add({passport::ToText(product), absl::StrCat(product.count), session_.Say(Message::kNothingFound), "", "",
                "", "", ""});
  }

  // Who it may be, so that the list can say it: no card, which would be a guess.
  void AddAmbiguous(const ListedProduct& product, const std::vector<DismantlingCard>& candidates,
                    const record::v1::IdentifierAnswer& answer) {
    nlohmann::ordered_json json = JsonOf(product, answer);
    table_.Add({passport::ToText(product), absl::StrCat(product.count), session_.Say(Message::kWhichOfThese), "", "",
                "", "", ""});
    for (const DismantlingCard& candidate : candidates) {
      const passport::v1::Identity& identity = candidate.identity;
      const std::string brand = TextIn(session_.language(), identity.brand());
      json["candidates"].push_back({{"record_id", candidate.sources.front().record_id},
                                    {"publisher", candidate.sources.front().publisher},
                                    {"manufacturer_id", identity.manufacturer_id()},
                                    {"brand", brand},
                                    {"name", TextIn(session_.language(), identity.name())},
                                    {"model_number", identity.model_number()},
                                    {"gtin", identity.gtin()},
                                    {"lot", identity.lot()},
                                    {"serial", identity.serial()},
                                    {"product_group", identity.product_group()}});
      const std::string maker = brand.empty() ? identity.manufacturer_id() : brand;
      table_.Add({absl::StrCat("  ", maker.empty() ? candidate.sources.front().publisher : maker), "",
                  TextIn(session_.language(), identity.name()),
                  passport::CardSubject(candidate, CardLanguageOf(session_)), identity.gtin(), "", "",
                  candidate.sources.front().record_id});
    }
    json_["ambiguous"].push_back(std::move(json));
  }

  absl::Status Add(const DismantlingCard& card) {
    json_["cards"].push_back(passport::DismantlingCardJson(card));
    const bool has_steps = card.dismantling.has_value();
    // No steps is not the same as steps that one may not see or that nobody has written.
    const std::string limits = passport::CardLimits(card, CardLanguageOf(session_));
    table_.Add({passport::ToText(card.listed), absl::StrCat(card.listed.count),
                TextIn(session_.language(), card.identity.name()),
                limits.empty() ? passport::CardSubject(card, CardLanguageOf(session_)) : limits,
                has_steps ? HazardsOf(card, session_.language()) : session_.Say(Message::kNoStepsForYou),
                has_steps ? absl::StrCat(card.dismantling->steps_size()) : "-", has_steps ? MinutesOf(card) : "-",
                card.sources.front().record_id});
    return html_.empty() ? absl::OkStatus() : WriteSheet(session_, html_, ++sheets_, card);
  }

  Session& session_;
  const std::string html_;
  Table table_;
  nlohmann::ordered_json json_ = {{"cards", nlohmann::ordered_json::array()},
                                  {"ambiguous", nlohmann::ordered_json::array()},
                                  {"not_found", nlohmann::ordered_json::array()}};
  size_t sheets_ = 0;
  uint64_t bytes_ = 0;
};

absl::Status Run(Session& session, const Arguments& arguments) {
  MEGURI_ASSIGN_OR_RETURN(const std::vector<ListedProduct> products, ProductsOf(arguments));
  MEGURI_ASSIGN_OR_RETURN(const NodeClient* node, session.node());
  std::error_code failed;
  if (!arguments.html.empty() && !std::filesystem::is_directory(arguments.html, failed) &&
      !std::filesystem::create_directories(arguments.html, failed)) {
    return Error(absl::StatusCode::kUnavailable, "FOLDER", absl::StrCat("cannot make the folder ", arguments.html));
  }
  Bench bench(session, arguments);
  MEGURI_RETURN_IF_ERROR(bench.Ask(*node, products));
  return bench.Answer(products.size());
}

}  // namespace

void AddDismantle(Command parent, Session& session) {
  const auto arguments = std::make_shared<Arguments>();
  const Command command = AddVerb(parent, "dismantle", Message::kAboutDismantle, session);
  command.Option("IDENTIFIER", arguments->identifiers, session.Say(Message::kAboutProduct));
  command.Option("--maker", arguments->maker, session.Say(Message::kAboutMaker)).TypeName("MAKER");
  command.Option("--serial", arguments->serial, session.Say(Message::kAboutSerial)).TypeName("SERIAL");
  command.Option("--from", arguments->from, session.Say(Message::kAboutFromList)).TypeName("FILE");
  command.Option("--html", arguments->html, session.Say(Message::kAboutHtml)).TypeName("FOLDER");
  OnCall(command, session, arguments, &Run);
}

}  // namespace meguri::client
