// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/bytes.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "client/cli/command.h"
#include "client/cli/commands.h"
#include "client/cli/evidence_file.h"
#include "client/cli/json.h"
#include "client/cli/record_view.h"
#include "client/cli/table.h"
#include "client/cli/words.h"
#include "nlohmann/json.hpp"
#include "record/header.h"

namespace meguri::client {
namespace {

struct Arguments {
  std::string record_id;
  std::string publisher;
  std::string out;
};

// The bytes as they were signed, in hexadecimal.
nlohmann::ordered_json SignedHeader(const record::v1::Envelope& envelope) {
  const record::v1::BatchSignature& signature = envelope.signature();
  nlohmann::ordered_json path = nlohmann::ordered_json::array();
  for (const std::string& hash : signature.path()) {
    path.push_back(ToHex(hash));
  }
  nlohmann::ordered_json json = {{"header", ToHex(envelope.header())},
                                 {"signature",
                                  {{"key_id", ToHex(signature.key_id())},
                                   {"size", signature.size()},
                                   {"index", signature.index()},
                                   {"path", path},
                                   {"signature", ToHex(signature.signature())}}}};
  for (const record::v1::Section& section : envelope.sections()) {
    json["sections"].push_back({{"slot", section.slot()}, {"type", SectionTypeName(section.type())}});
  }
  return json;
}

Table TableOfHeaders(const Session& session, const admin::v1::GetRecordEvidenceResponse& response) {
  Table table({{session.Say(Message::kVersion), true},
               {session.Say(Message::kIssued)},
               {session.Say(Message::kHeaderHash)},
               {session.Say(Message::kPublisher)}});
  for (const record::v1::Envelope& envelope : response.headers()) {
    const std::string hash = record::HeaderHash(envelope.header()).ToHex();
    const absl::StatusOr<record::Header> header = record::Header::Parse(envelope.header());
    if (header.ok()) {
      table.Add({absl::StrCat(header->version()), TimeOf(header->message().issue_time_ms()), hash,
                 header->publisher().text()});
      for (const record::v1::Section& section : envelope.sections()) {
        table.Add(
            {"", "",
             session.Say(Message::kSectionInSlot, {SectionTypeName(section.type()), absl::StrCat(section.slot())}),
             ""});
      }
    } else {
      table.Add({"", "", hash, ""});
    }
  }
  return table;
}

absl::Status Save(Session& session, const admin::v1::GetRecordEvidenceResponse& response, const std::string& path) {
  if (response.headers().empty()) {
    return Error(absl::StatusCode::kInternal, "NODE_ANSWER", "the node answered with no headers");
  }
  MEGURI_ASSIGN_OR_RETURN(const record::Header first, record::Header::Parse(response.headers(0).header()));
  record::v1::EvidenceFile evidence;
  *evidence.mutable_record_fork()->mutable_headers() = response.headers();
  return SaveEvidence(session, first.publisher(), std::move(evidence), path);
}

absl::Status Evidence(Session& session, const Arguments& arguments) {
  MEGURI_ASSIGN_OR_RETURN(const record::RecordId record_id, ParseRecordIdArgument(arguments.record_id));
  admin::v1::GetRecordEvidenceRequest request;
  request.set_record_id(record_id.ToString());
  request.set_publisher(arguments.publisher);
  MEGURI_ASSIGN_OR_RETURN(const NodeClient* node, session.node());
  MEGURI_ASSIGN_OR_RETURN(const admin::v1::GetRecordEvidenceResponse response, node->GetRecordEvidence(request));
  nlohmann::ordered_json json = {{"record_id", record_id.ToHex()}, {"headers", nlohmann::ordered_json::array()}};
  for (const record::v1::Envelope& envelope : response.headers()) {
    json["headers"].push_back(SignedHeader(envelope));
  }
  if (!arguments.out.empty()) {
    MEGURI_RETURN_IF_ERROR(Save(session, response, arguments.out));
  }
  return session.Answer(TableOfHeaders(session, response).Layout(), json);
}

}  // namespace

void AddRecordEvidence(Command parent, Session& session) {
  const auto arguments = std::make_shared<Arguments>();
  const Command command = AddVerb(parent, "evidence", Message::kAboutRecordEvidence, session);
  command.Option("ID", arguments->record_id, session.Say(Message::kAboutRecordId)).Required();
  command.Option("--publisher", arguments->publisher, session.Say(Message::kAboutPublisherOption)).TypeName("ID");
  command.Option("--out", arguments->out, session.Say(Message::kAboutEvidenceOut)).TypeName("FILE");
  OnCall(command, session, arguments, &Evidence);
}

}  // namespace meguri::client
