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
  bool local = false;
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
  table.Add({session.Say(Message::kRecordType), RecordTypeName(static_cast<uint32_t>(message.record_type()))});
  table.Add({session.Say(Message::kPublisher), header.publisher().text()});
  table.Add({session.Say(Message::kIssued), TimeOf(message.issue_time_ms())});
  table.Add({session.Say(Message::kHeaderHash), ToHex(view.header_hash())});
  table.Add({session.Say(Message::kSource), view.source()});
  if (header.is_tombstone()) {
    const bool is_erased = message.tombstone().reason() == record::v1::TOMBSTONE_REASON_ERASED;
    table.Add({session.Say(Message::kState), session.Say(is_erased ? Message::kErased : Message::kEnded)});
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

// What is not here may be in copies that others hand on: their newest version. `absent` if there is none that fits.
absl::StatusOr<record::v1::RecordView> GetCopy(Session& session, const Arguments& arguments,
                                               const record::RecordId& record_id, const absl::Status& absent) {
  MEGURI_ASSIGN_OR_RETURN(const NodeClient* node, session.node());
  record::v1::ResolveRequest request;
  request.set_identifier(record_id.ToHex());
  request.set_ask_publisher(true);
  MEGURI_ASSIGN_OR_RETURN(const record::v1::ResolveResponse response, node->Resolve(request));
  const record::v1::RecordView* found = nullptr;
  for (const record::v1::RecordView& view : response.records()) {
    MEGURI_ASSIGN_OR_RETURN(const record::Header header, record::Header::Parse(view.envelope().header()));
    const bool is_meant = arguments.publisher.empty() || header.publisher().text() == arguments.publisher;
    if (!is_meant || (arguments.version != 0 && header.version() != arguments.version)) {
      continue;
    }
    if (found != nullptr) {
      return Error(absl::StatusCode::kFailedPrecondition, "RECORD_ID_AMBIGUOUS",
                   "Several members have published a record under this ID; say whose you mean.");
    }
    found = &view;
  }
  if (found == nullptr) {
    return absent;
  }
  if (response.has_copy_answer()) {
    session.Note(CopyNote(response.copy_answer(), session));
  }
  return *found;
}

absl::StatusOr<record::v1::RecordView> GetView(Session& session, const Arguments& arguments,
                                               const record::RecordId& record_id) {
  MEGURI_ASSIGN_OR_RETURN(const NodeClient* node, session.node());
  record::v1::GetRequest request;
  request.set_record_id(record_id.ToString());
  request.set_version(arguments.version);
  request.set_publisher(arguments.publisher);
  absl::StatusOr<record::v1::GetResponse> response = node->Get(request);
  if (absl::IsNotFound(response.status()) && !arguments.local && arguments.save.empty()) {
    return GetCopy(session, arguments, record_id, response.status());
  }
  MEGURI_RETURN_IF_ERROR(response.status());
  return std::move(*response->mutable_record());
}

absl::Status Get(Session& session, const Arguments& arguments) {
  MEGURI_ASSIGN_OR_RETURN(const record::RecordId record_id, ParseRecordIdArgument(arguments.record_id));
  MEGURI_ASSIGN_OR_RETURN(const record::v1::RecordView view, GetView(session, arguments, record_id));
  MEGURI_ASSIGN_OR_RETURN(const record::Header header, record::Header::Parse(view.envelope().header()));
  if (!arguments.save.empty()) {
    MEGURI_RETURN_IF_ERROR(Save(session, view.envelope(), header, arguments.save));
  }
  return session.Answer(HumanText(session, view, header), ToJson(view));
}

}  // namespace

void AddRecordGet(Command parent, Session& session) {
  const auto arguments = std::make_shared<Arguments>();
  const Command command = AddVerb(parent, "get", Message::kAboutRecordGet, session);
  command.Option("ID", arguments->record_id, session.Say(Message::kAboutRecordId)).Required();
  command.Option("--version", arguments->version, session.Say(Message::kAboutVersionNumber)).TypeName("N").Positive();
  command.Option("--publisher", arguments->publisher, session.Say(Message::kAboutPublisherOption)).TypeName("ID");
  command.Option("--save", arguments->save, session.Say(Message::kAboutSave)).TypeName("FILE");
  command.Flag("--local", arguments->local, session.Say(Message::kAboutLocal));
  OnCall(command, session, arguments, &Get);
}

}  // namespace meguri::client
