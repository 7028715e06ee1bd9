// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "base/bytes.h"
#include "base/status_macros.h"
#include "certs/files.h"
#include "client/cli/command.h"
#include "client/cli/commands.h"
#include "client/cli/json.h"
#include "client/cli/record_file.h"
#include "client/cli/record_view.h"
#include "client/cli/table.h"
#include "client/cli/words.h"
#include "nlohmann/json.hpp"
#include "passport/formats/canonical_json.h"
#include "record/header.h"

namespace meguri::client {
namespace {

constexpr mode_t kSavedFileMode = 0600;  // it may hold what is not public

struct Arguments {
  std::string record_id;
  uint64_t version = 0;
  std::string publisher;
  std::string save;
};

// What a section says, indented under its name. Line by line, as the text comes from outside.
std::string SectionText(const record::v1::Section& section) {
  std::string text =
      absl::StrCat("\n", SectionTypeName(section.type()), "  [", AudiencesName(section.audiences()), "]\n");
  const absl::StatusOr<std::string> json = passport::SectionToJson(section.type(), section.payload());
  const std::string content = json.ok() ? *json : std::string(json.status().message());
  for (const absl::string_view line : absl::StrSplit(content, '\n')) {
    absl::StrAppend(&text, "  ", Harmless(line), "\n");
  }
  return text;
}

std::string HumanText(const Session& session, const record::v1::RecordView& view, const record::Header& header) {
  const record::v1::Header& message = header.message();
  Table table = Table::OfPairs();
  table.Add({session.Say(Message::kRecord), header.record_id().ToHex()});
  table.Add({session.Say(Message::kVersion), absl::StrCat(header.version(), " / ", view.latest_version())});
  table.Add({session.Say(Message::kRecordType), RecordTypeName(message.record_type())});
  table.Add({session.Say(Message::kPublisher), header.publisher().text()});
  table.Add({session.Say(Message::kIssued), TimeOf(message.issue_time_ms())});
  table.Add({session.Say(Message::kHeaderHash), ToHex(view.header_hash())});
  table.Add({session.Say(Message::kSource), view.source()});
  if (header.is_tombstone()) {
    const bool is_erased = message.tombstone().reason() == record::v1::TOMBSTONE_REASON_ERASED;
    const char* const erased = session.language() == Language::kJapanese ? "消去済み" : "erased by its publisher";
    table.Add({session.Say(Message::kState), is_erased ? erased : session.Say(Message::kEnded)});
  }
  if (const std::string caution = CautionOf(view, session); !caution.empty()) {
    table.Add({session.Say(Message::kVerdict), caution});
  }
  if (!message.tombstone().successor_record_id().empty()) {
    table.Add({session.Say(Message::kSuccessor), ToHex(message.tombstone().successor_record_id())});
  }
  std::string text = table.Layout();
  for (const record::v1::Section& section : view.envelope().sections()) {
    absl::StrAppend(&text, SectionText(section));
  }
  return text;
}

absl::Status Save(Session& session, const record::v1::Envelope& envelope, const record::Header& header,
                  const std::string& path) {
  MEGURI_ASSIGN_OR_RETURN(const std::string bytes, MakeVerifiedFile(session, envelope, header));
  MEGURI_RETURN_IF_ERROR(certs::WriteNewFile(path, bytes, kSavedFileMode));
  session.Note(session.Say(Message::kSaved, {path}));
  return absl::OkStatus();
}

absl::Status Get(Session& session, const Arguments& arguments) {
  MEGURI_ASSIGN_OR_RETURN(const record::RecordId record_id, ParseRecordIdArgument(arguments.record_id));
  MEGURI_ASSIGN_OR_RETURN(const NodeClient* node, session.node());
  record::v1::GetRequest request;
  request.set_record_id(record_id.ToString());
  request.set_version(arguments.version);
  request.set_publisher(arguments.publisher);
  MEGURI_ASSIGN_OR_RETURN(const record::v1::GetResponse response, node->Get(request));
  MEGURI_ASSIGN_OR_RETURN(const record::Header header, record::Header::Parse(response.record().envelope().header()));
  if (!arguments.save.empty()) {
    MEGURI_RETURN_IF_ERROR(Save(session, response.record().envelope(), header, arguments.save));
  }
  return session.Answer(HumanText(session, response.record(), header), ToJson(response.record()));
}

}  // namespace

void AddRecordGet(CLI::App& parent, Session& session) {
  const auto arguments = std::make_shared<Arguments>();
  CLI::App& command = AddVerb(parent, "get", Message::kAboutRecordGet, session);
  command.add_option("ID", arguments->record_id, session.Say(Message::kAboutRecordId))->required();
  command.add_option("--version", arguments->version, session.Say(Message::kAboutVersionNumber))
      ->type_name("N")
      ->check(CLI::PositiveNumber);
  command.add_option("--publisher", arguments->publisher, session.Say(Message::kAboutPublisherOption))->type_name("ID");
  command.add_option("--save", arguments->save, session.Say(Message::kAboutSave))->type_name("FILE");
  OnCall(command, session, arguments, &Get);
}

}  // namespace meguri::client
