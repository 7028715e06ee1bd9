// SPDX-License-Identifier: Apache-2.0
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "client/cli/command.h"
#include "client/cli/commands.h"
#include "client/cli/passport_view.h"
#include "client/cli/table.h"
#include "meguri/passport/v1/composition.pb.h"
#include "nlohmann/json.hpp"
#include "record/header.h"

namespace meguri::client {
namespace {

constexpr int kPageSize = 1000;
constexpr size_t kRecordsMax = 100'000;  // that a watch walks through

struct Arguments {
  std::string substance;
  std::string above;
  bool all = false;
};

// A record that contains the substance, and the one through which it does; "" if it declares it itself.
struct Found {
  std::string record_id;
  std::string publisher;
  std::string name;
  std::string through;
  bool amount_unknown = false;  // it declares the substance, not how much of it, and was asked for with --above
};

// A batch or item takes its composition from its model unless it has one, or says that it does not.
bool InheritsComposition(const record::v1::RecordView& view) {
  const auto identity = SectionOf<passport::v1::Identity>(view, record::v1::SECTION_TYPE_IDENTITY);
  const bool has_own = SectionOf<passport::v1::Composition>(view, record::v1::SECTION_TYPE_COMPOSITION).has_value();
  return identity.has_value() && !has_own && !absl::c_linear_search(identity->not_inherited_sections(), "composition");
}

// Walks from the records that declare a substance to those that consist of them.
class Watch {
 public:
  Watch(const NodeClient& node, Language language) : node_(node), language_(language) {}

  // `declared` finds those that say so themselves, `unknown` further ones that do not say how much; "": nothing.
  absl::Status Run(const std::string& declared, const std::string& unknown) {
    MEGURI_RETURN_IF_ERROR(Add(declared, ""));
    if (!unknown.empty()) {
      is_amount_unknown_ = true;
      MEGURI_RETURN_IF_ERROR(Add(unknown, ""));
      is_amount_unknown_ = false;
    }
    while (!waiting_.empty()) {
      const std::string record_id = waiting_.front();
      waiting_.pop_front();
      MEGURI_RETURN_IF_ERROR(Add(absl::StrCat("component = \"", record_id, "\""), record_id));
      MEGURI_RETURN_IF_ERROR(Add(absl::StrCat("parent = \"", record_id, "\""), record_id, &InheritsComposition));
    }
    return absl::OkStatus();
  }

  const std::map<std::string, Found>& found() const { return found_; }
  // From the record down to the one that declares the substance.
  std::vector<const Found*> PathOf(const Found& start) const {
    std::vector<const Found*> path;
    for (const Found* step = &start; !step->through.empty();) {
      step = &found_.at(step->through);
      path.push_back(step);
    }
    return path;
  }

 private:
  // What is found already keeps the way by which it was found first, so nothing goes in circles.
  absl::Status Add(const std::string& filter, const std::string& through,
                   bool (*counts)(const record::v1::RecordView&) = nullptr) {
    record::v1::ListRequest request;
    request.set_filter(filter);
    request.set_page_size(kPageSize);
    request.mutable_read_mask()->add_paths("header");
    request.mutable_read_mask()->add_paths("sections.identity");
    if (counts != nullptr) {
      request.mutable_read_mask()->add_paths("sections.composition");
    }
    do {
      MEGURI_ASSIGN_OR_RETURN(const record::v1::ListResponse page, node_.List(request));
      for (const record::v1::RecordView& view : page.records()) {
        if (counts != nullptr && !counts(view)) {
          continue;
        }
        MEGURI_ASSIGN_OR_RETURN(const record::Header header, record::Header::Parse(view.envelope().header()));
        const std::string record_id = header.record_id().ToHex();
        Found found{record_id, header.publisher().text(), ProductName(view, language_), through, is_amount_unknown_};
        if (found_.emplace(record_id, std::move(found)).second) {
          waiting_.push_back(record_id);
        }
      }
      if (found_.size() > kRecordsMax) {
        return Error(absl::StatusCode::kResourceExhausted, "TOO_MANY_RECORDS",
                     absl::StrCat("more than ", kRecordsMax, " records contain it: ask for more of it with --above"));
      }
      request.set_page_token(page.next_page_token());
    } while (!request.page_token().empty());
    return absl::OkStatus();
  }

  const NodeClient& node_;
  const Language language_;
  bool is_amount_unknown_ = false;  // of what is being added
  std::map<std::string, Found> found_;
  std::deque<std::string> waiting_;
};

std::string QuotedWord(const std::string& word) {
  return absl::StrCat("\"", absl::StrReplaceAll(word, {{"\\", "\\\\"}, {"\"", "\\\""}}), "\"");
}

absl::Status RunWatch(Watch& watch, Session& session, const Arguments& arguments) {
  const std::string word = QuotedWord(arguments.substance);
  const std::string declared = absl::StrCat("substance(", word, ")");
  if (arguments.above.empty()) {
    return watch.Run(declared, "");
  }
  // The index has numbers under CAS and EC numbers only: by a name, nothing would ever be above.
  const bool is_number = absl::c_all_of(
      arguments.substance, [](char c) { return c == '-' || absl::ascii_isdigit(static_cast<unsigned char>(c)); });
  if (!is_number) {
    return Error(absl::StatusCode::kInvalidArgument, "USAGE",
                 session.Say(Message::kAboveNeedsNumber, {arguments.substance}));
  }
  return watch.Run(absl::StrCat(declared, " > ", arguments.above), absl::StrCat("amount_unknown = ", word));
}

nlohmann::ordered_json ToJson(const Found& found) {
  nlohmann::ordered_json json = {{"record_id", found.record_id}, {"publisher", found.publisher}, {"name", found.name}};
  if (found.amount_unknown) {
    json["amount_unknown"] = true;
  }
  return json;
}

// What a person reads of how a record contains it: the names from its part down to what declares it.
std::string WayOf(Session& session, const Found& found, const std::vector<const Found*>& path) {
  std::vector<std::string> names;
  names.reserve(path.size());
  for (const Found* step : path) {
    names.push_back(step->name.empty() ? step->record_id : step->name);
  }
  const Found& declaring = path.empty() ? found : *path.back();
  if (path.empty() || declaring.amount_unknown) {
    names.push_back(session.Say(declaring.amount_unknown ? Message::kAmountUnknown : Message::kDeclaresItself));
  }
  return absl::StrJoin(names, " ← ");
}

absl::Status Run(Session& session, const Arguments& arguments) {
  MEGURI_ASSIGN_OR_RETURN(const Context* context, session.context());
  MEGURI_ASSIGN_OR_RETURN(const NodeClient* node, session.node());
  Watch watch(*node, session.language());
  MEGURI_RETURN_IF_ERROR(RunWatch(watch, session, arguments));
  Table table({{session.Say(Message::kRecord)},
               {session.Say(Message::kPublisher)},
               {session.Say(Message::kName)},
               {session.Say(Message::kThrough)}});
  nlohmann::ordered_json json = {
      {"substance", arguments.substance}, {"above", arguments.above}, {"records", nlohmann::ordered_json::array()}};
  for (const auto& [record_id, found] : watch.found()) {
    if (!arguments.all && found.publisher != context->settings.member.text()) {
      continue;
    }
    nlohmann::ordered_json row = ToJson(found);
    row["through"] = nlohmann::ordered_json::array();
    const std::vector<const Found*> path = watch.PathOf(found);
    for (const Found* step : path) {
      row["through"].push_back(ToJson(*step));
    }
    json["records"].push_back(std::move(row));
    table.Add({record_id, found.publisher, found.name, WayOf(session, found, path)});
  }
  if (json["records"].empty()) {
    session.Note(session.Say(Message::kNothingFound));
  }
  return session.Answer(table.Layout(), json, "records");
}

}  // namespace

void AddSubstanceWatch(Command parent, Session& session) {
  const auto arguments = std::make_shared<Arguments>();
  const Command command = AddVerb(parent, "watch", Message::kAboutSubstanceWatch, session);
  command.Option("SUBSTANCE", arguments->substance, session.Say(Message::kAboutSubstanceArgument)).Required();
  command.Option("--above", arguments->above, session.Say(Message::kAboutAbove)).TypeName("FRACTION");
  command.Flag("--all", arguments->all, session.Say(Message::kAboutWatchAll));
  OnCall(command, session, arguments, &Run);
}

}  // namespace meguri::client
