// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "certs/files.h"
#include "certs/record_file.h"
#include "client/cli/command.h"
#include "client/cli/commands.h"
#include "client/cli/record_file.h"
#include "client/cli/record_view.h"
#include "client/cli/table.h"
#include "client/cli/verdict.h"
#include "client/cli/words.h"
#include "nlohmann/json.hpp"
#include "passport/formats/export.h"
#include "passport/section_table.h"
#include "record/header.h"
#include "record/receipt.h"

namespace meguri::client {
namespace {

using record::v1::Envelope;

constexpr mode_t kExportMode = 0600;  // it may hold what is not public
constexpr int kPageSize = 1000;
constexpr size_t kPlacesShown = 50;
constexpr size_t kValueShown = 60;
constexpr char kPublic[] = "PUBLIC";

struct Arguments {
  std::vector<std::string> record_ids;
  std::string filter;
  std::string publisher;
  uint64_t version = 0;
  std::vector<std::string> saved;
  std::string format;
  bool bundle = false;
  std::vector<std::string> sections;  // of a bundle; empty: all
  uint32_t receipts = kReceiptsInFile;
  std::string out;
  std::string report;
  bool force = false;
};

absl::Status Usage(absl::string_view message) { return Error(absl::StatusCode::kInvalidArgument, "USAGE", message); }

absl::Status GetRecords(Session& session, const Arguments& arguments, std::vector<Envelope>& envelopes) {
  for (const std::string& text : arguments.record_ids) {
    MEGURI_ASSIGN_OR_RETURN(const record::RecordId record_id, ParseRecordIdArgument(text));
    MEGURI_ASSIGN_OR_RETURN(const NodeClient* node, session.node());
    record::v1::GetRequest request;
    request.set_record_id(record_id.ToString());
    request.set_publisher(arguments.publisher);
    request.set_version(arguments.version);
    MEGURI_ASSIGN_OR_RETURN(record::v1::GetResponse response, node->Get(request));
    if (const std::string caution = CautionOf(response.record(), session); !caution.empty()) {
      session.Note(Harmless(absl::StrCat(text, ": ", caution)));
    }
    envelopes.push_back(std::move(*response.mutable_record()->mutable_envelope()));
  }
  return absl::OkStatus();
}

size_t SectionBytes(const Envelope& envelope) {
  size_t bytes = 0;
  for (const record::v1::Section& section : envelope.sections()) {
    bytes += section.payload().size();
  }
  return bytes;
}

absl::Status ListRecords(Session& session, const Arguments& arguments, std::vector<Envelope>& envelopes) {
  MEGURI_ASSIGN_OR_RETURN(const NodeClient* node, session.node());
  record::v1::ListRequest request;
  request.set_filter(arguments.filter);
  request.set_publisher(arguments.publisher);
  request.set_page_size(kPageSize);
  size_t bytes = 0;
  do {
    MEGURI_ASSIGN_OR_RETURN(record::v1::ListResponse page, node->List(request));
    for (record::v1::RecordView& view : *page.mutable_records()) {
      if (view.envelope().sections_size() > 0) {  // a record that has ended has none
        bytes += SectionBytes(view.envelope());
        envelopes.push_back(std::move(*view.mutable_envelope()));
      }
    }
    request.set_page_token(page.next_page_token());
    if (envelopes.size() > passport::kExportRecordsMax || bytes > passport::kExportBytesMax) {
      return absl::OkStatus();  // too much for any format: ExportRecords says so
    }
  } while (!request.page_token().empty());
  return absl::OkStatus();
}

absl::Status ReadSaved(Session& session, const Arguments& arguments, std::vector<Envelope>& envelopes) {
  for (const std::string& path : arguments.saved) {
    MEGURI_ASSIGN_OR_RETURN(const certs::TrustBundle* bundle, session.trust_bundle());
    MEGURI_ASSIGN_OR_RETURN(const std::string bytes, certs::ReadFile(path, certs::kRecordFileBytesMax));
    absl::StatusOr<certs::VerificationReport> report = certs::VerifyRecordFile(bytes, *bundle, session.clock().Now());
    if (!report.ok()) {
      return Error(absl::StatusCode::kFailedPrecondition, "NOT_VERIFIED",
                   session.Say(Message::kNotVerified, {path, report.status().message(), ReasonOf(report.status())}));
    }
    if (report->judgement.verdict != certs::Verdict::kValid) {
      session.Note(Harmless(absl::StrCat(path, ": ", VerdictText(session, report->judgement, Message::kVerdictValid),
                                         " [", report->judgement.why.message(), "]")));
    }
    envelopes.push_back(std::move(report->envelope));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<Envelope>> Records(Session& session, const Arguments& arguments) {
  const bool lists = !arguments.filter.empty();
  const int sources = (lists ? 1 : 0) + (arguments.record_ids.empty() ? 0 : 1) + (arguments.saved.empty() ? 0 : 1);
  if (sources != 1 || (arguments.version > 0 && arguments.record_ids.size() != 1)) {
    return Usage(session.Say(Message::kExportSource));
  }
  std::vector<Envelope> envelopes;
  MEGURI_RETURN_IF_ERROR(GetRecords(session, arguments, envelopes));
  MEGURI_RETURN_IF_ERROR(ReadSaved(session, arguments, envelopes));
  if (lists) {
    MEGURI_RETURN_IF_ERROR(ListRecords(session, arguments, envelopes));
  }
  return envelopes;
}

// "dismantling (RECYCLERS, AUTHORITIES)" of every section that not everybody may read.
std::string NotPublic(const passport::Exported& exported) {
  std::vector<std::string> names;
  for (const passport::ExportedRecord& record : exported.records) {
    for (const auto& [section, audiences] : record.sections) {
      std::string name = absl::StrCat(section, " (", audiences, ")");
      if (!absl::StrContains(audiences, kPublic) && std::find(names.begin(), names.end(), name) == names.end()) {
        names.push_back(std::move(name));
      }
    }
  }
  return absl::StrJoin(names, ", ");
}

// composition.nodes[].children[].kind of nodes[3].children[0].kind: what elements of lists have in common.
std::string WithoutIndexes(const std::string& path) {
  std::string place;
  bool is_index = false;
  for (const char c : path) {
    is_index = c == '[' || (is_index && c != ']');
    if (!is_index || c == '[') {
      place.push_back(c);
    }
  }
  return place;
}

void NoteLosses(const Session& session, const passport::Exported& exported) {
  struct Place {
    size_t count = 0;
    std::string first;
  };
  std::map<std::string, Place> places;
  for (const passport::ExportedRecord& record : exported.records) {
    for (const passport::UnmappedValue& value : record.left) {
      Place& place = places[WithoutIndexes(value.path)];
      place.first = place.count++ == 0 ? value.value : place.first;
    }
  }
  size_t shown = 0;
  for (const auto& [path, place] : places) {
    if (shown++ == kPlacesShown) {
      session.Note(session.Say(Message::kMoreLeftovers, {absl::StrCat(places.size() - kPlacesShown)}));
      break;
    }
    session.Note(Harmless(
        session.Say(Message::kNoPlaceFor, {path, absl::StrCat(place.count), place.first.substr(0, kValueShown)})));
  }
  if (const std::string sections = NotPublic(exported); !sections.empty()) {
    session.Note(session.Say(Message::kExportNotPublic, {sections}));
  }
}

nlohmann::ordered_json ReportOf(const Arguments& arguments, const passport::Exported& exported) {
  nlohmann::ordered_json json;
  json["file"] = arguments.out;
  json["format"] = arguments.format;
  json["bytes"] = exported.bytes.size();
  json["records"] = nlohmann::ordered_json::array();
  for (const passport::ExportedRecord& record : exported.records) {
    nlohmann::ordered_json row = {{"record_id", record.name}, {"carried", record.carried}, {"implied", record.implied}};
    row["sections"] = nlohmann::ordered_json::object();
    for (const auto& [section, audiences] : record.sections) {
      row["sections"][section] = audiences;
    }
    row["left"] = nlohmann::ordered_json::array();
    for (const passport::UnmappedValue& value : record.left) {
      row["left"].push_back({{"path", value.path}, {"value", value.value}});
    }
    json["records"].push_back(std::move(row));
  }
  return json;
}

absl::Status WriteWhole(const Arguments& arguments, const std::string& path, const std::string& bytes) {
  return arguments.force ? certs::WriteFileAtomically(path, bytes, kExportMode)
                         : certs::WriteNewFile(path, bytes, kExportMode);
}

absl::StatusOr<record::v1::RecordView> GetSections(Session& session, const Arguments& arguments) {
  MEGURI_ASSIGN_OR_RETURN(const record::RecordId record_id, ParseRecordIdArgument(arguments.record_ids.front()));
  MEGURI_ASSIGN_OR_RETURN(const NodeClient* node, session.node());
  record::v1::GetRequest request;
  request.set_record_id(record_id.ToString());
  request.set_publisher(arguments.publisher);
  request.set_version(arguments.version);
  if (!arguments.sections.empty()) {
    request.mutable_read_mask()->add_paths("header");
    request.mutable_read_mask()->add_paths("signature");
  }
  for (const std::string& section : arguments.sections) {
    request.mutable_read_mask()->add_paths(absl::StrCat("sections.", section));
  }
  MEGURI_ASSIGN_OR_RETURN(record::v1::GetResponse response, node->Get(request));
  return std::move(*response.mutable_record());
}

absl::Status CheckSections(const Session& session, const Arguments& arguments, const Envelope& envelope) {
  for (const std::string& name : arguments.sections) {
    if (std::none_of(envelope.sections().begin(), envelope.sections().end(),
                     [&](const record::v1::Section& section) { return SectionTypeName(section.type()) == name; })) {
      return Error(absl::StatusCode::kNotFound, "SECTION_NOT_FOUND",
                   session.Say(Message::kBundleNoSection, {arguments.record_ids.front(), name}));
    }
  }
  return absl::OkStatus();
}

// What the own node has seen in time it says to its own clients alone.
absl::Status NoteIfInDoubt(Session& session, const std::string& bytes) {
  MEGURI_ASSIGN_OR_RETURN(const certs::TrustBundle* bundle, session.trust_bundle());
  MEGURI_ASSIGN_OR_RETURN(const certs::VerificationReport report,
                          certs::VerifyRecordFile(bytes, *bundle, session.clock().Now()));
  if (report.judgement.verdict > certs::Verdict::kValidAt) {
    session.Note(session.Say(Message::kExportOwnWord));
  }
  return absl::OkStatus();
}

absl::Status ExportBundle(Session& session, const Arguments& arguments) {
  if (arguments.record_ids.size() != 1 || !arguments.filter.empty() || !arguments.saved.empty() ||
      !arguments.report.empty()) {
    return Usage(session.Say(Message::kBundleOne));
  }
  for (const std::string& section : arguments.sections) {
    if (passport::FindSectionKind(section) == nullptr) {
      return Usage(session.Say(Message::kBundleNoSection, {arguments.record_ids.front(), section}));
    }
  }
  MEGURI_ASSIGN_OR_RETURN(const record::v1::RecordView view, GetSections(session, arguments));
  if (const std::string caution = CautionOf(view, session); !caution.empty()) {
    session.Note(Harmless(absl::StrCat(arguments.record_ids.front(), ": ", caution)));
  }
  const Envelope& envelope = view.envelope();
  MEGURI_RETURN_IF_ERROR(CheckSections(session, arguments, envelope));
  MEGURI_ASSIGN_OR_RETURN(const record::Header header, record::Header::Parse(envelope.header()));
  MEGURI_ASSIGN_OR_RETURN(const std::string bytes, MakeVerifiedFile(session, envelope, header, arguments.receipts));
  MEGURI_RETURN_IF_ERROR(WriteWhole(arguments, arguments.out, bytes));
  if (view.valid_source() == certs::NameOf(certs::TimeSource::kOwn)) {
    MEGURI_RETURN_IF_ERROR(NoteIfInDoubt(session, bytes));
  }
  nlohmann::ordered_json json = {{"file", arguments.out},
                                 {"bytes", bytes.size()},
                                 {"record_id", header.record_id().ToHex()},
                                 {"version", header.version()}};
  json["sections"] = nlohmann::ordered_json::object();
  std::vector<std::string> names;
  std::vector<std::string> narrow;
  for (const record::v1::Section& section : envelope.sections()) {
    const std::string audiences = AudiencesName(section.audiences());
    names.push_back(SectionTypeName(section.type()));
    json["sections"][names.back()] = audiences;
    if (!absl::StrContains(audiences, kPublic)) {
      narrow.push_back(absl::StrCat(names.back(), " (", audiences, ")"));
    }
  }
  if (!narrow.empty()) {
    session.Note(session.Say(Message::kExportNotPublic, {absl::StrJoin(narrow, ", ")}));
  }
  Table table = Table::OfPairs();
  table.Add({session.Say(Message::kFile), arguments.out});
  table.Add({session.Say(Message::kRecord), header.record_id().ToHex()});
  table.Add({session.Say(Message::kVersion), absl::StrCat(header.version())});
  table.Add({session.Say(Message::kSections), absl::StrJoin(names, " ")});
  return session.Answer(table.Layout(), json);
}

absl::Status Export(Session& session, const Arguments& arguments) {
  if (arguments.bundle == !arguments.format.empty() || (!arguments.bundle && !arguments.sections.empty())) {
    return Usage(session.Say(Message::kExportHow));
  }
  if (arguments.bundle) {
    return ExportBundle(session, arguments);
  }
  if (arguments.out == arguments.report) {
    return Usage(session.Say(Message::kExportReportName));
  }
  MEGURI_ASSIGN_OR_RETURN(const std::vector<Envelope> envelopes, Records(session, arguments));
  MEGURI_ASSIGN_OR_RETURN(const passport::Exported exported, passport::ExportRecords(arguments.format, envelopes));
  MEGURI_RETURN_IF_ERROR(WriteWhole(arguments, arguments.out, exported.bytes));
  NoteLosses(session, exported);
  const nlohmann::ordered_json report = ReportOf(arguments, exported);
  if (!arguments.report.empty()) {
    MEGURI_RETURN_IF_ERROR(WriteWhole(arguments, arguments.report, absl::StrCat(report.dump(2), "\n")));
  }
  Table table({{session.Say(Message::kRecord)},
               {session.Say(Message::kCarriedValues), true},
               {session.Say(Message::kNoPlace), true},
               {session.Say(Message::kSections)}});
  for (const passport::ExportedRecord& record : exported.records) {
    table.Add(
        {record.name, absl::StrCat(record.carried), absl::StrCat(record.left.size()),
         absl::StrJoin(record.sections, " ", [](std::string* out, const std::pair<std::string, std::string>& section) {
           absl::StrAppend(out, section.first);
         })});
  }
  return session.Answer(table.Layout(), report, "records");
}

}  // namespace

void AddRecordExport(Command parent, Session& session) {
  const auto arguments = std::make_shared<Arguments>();
  const Command command = AddVerb(parent, "export", Message::kAboutRecordExport, session);
  command.Option("ID", arguments->record_ids, session.Say(Message::kAboutRecordId));
  command.Option("--version", arguments->version, session.Say(Message::kAboutVersionNumber)).TypeName("N").Positive();
  command.Option("--filter", arguments->filter, session.Say(Message::kAboutFilter)).TypeName("TEXT");
  command.Option("--publisher", arguments->publisher, session.Say(Message::kAboutPublisherOption)).TypeName("ID");
  command.Option("--saved", arguments->saved, session.Say(Message::kAboutExportSaved)).TypeName("FILE").OnceEach();
  command
      .Option("--format", arguments->format,
              absl::StrCat(session.Say(Message::kAboutExportFormat), ": ",
                           absl::StrJoin(passport::ExportFormatNames(), ", ")))
      .TypeName("FORMAT");
  command.Flag("--bundle", arguments->bundle, session.Say(Message::kAboutExportBundle));
  command.Option("--section", arguments->sections, session.Say(Message::kAboutExportSection))
      .TypeName("NAME")
      .OnceEach();
  command.Option("--receipts", arguments->receipts, session.Say(Message::kAboutExportReceipts))
      .TypeName("N")
      .ShowDefault()
      .Between(0, record::kReceiptsPerProofMax);
  command.Option("--out", arguments->out, session.Say(Message::kAboutExportOut)).TypeName("FILE").Required();
  command.Option("--report", arguments->report, session.Say(Message::kAboutExportReport)).TypeName("FILE");
  command.Flag("--force", arguments->force, session.Say(Message::kAboutExportForce));
  OnCall(command, session, arguments, &Export);
}

}  // namespace meguri::client
