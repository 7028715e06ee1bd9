// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <filesystem>
#include <memory>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "certs/files.h"
#include "client/cli/command.h"
#include "client/cli/commands.h"
#include "client/cli/error_report.h"
#include "client/cli/import_run.h"
#include "client/cli/record_input.h"
#include "client/cli/table.h"
#include "record/hash.h"

namespace meguri::client {
namespace {

constexpr char kStandardInput[] = "-";
constexpr char kStateSuffix[] = ".import";
constexpr size_t kLeftoversShown = 50;
constexpr mode_t kSheetMode = 0600;

struct Arguments {
  std::vector<std::string> files;
  std::string format;
  std::string mapping;
  std::string sheet;
  std::string encoding;
  std::vector<std::string> fields;
  std::string state;
  std::string errors;
  bool as_one = false;
  bool keep_unmapped = false;
  bool skip_refused = false;
  bool dry_run = false;
  bool resume = false;
  bool force = false;  // an error sheet may replace a file
};

std::string WithoutFolders(const std::string& path) {
  const size_t slash = path.find_last_of('/');
  return path == kStandardInput ? "standard-input" : slash == std::string::npos ? path : path.substr(slash + 1);
}

absl::Status Usage(absl::string_view message) { return Error(absl::StatusCode::kInvalidArgument, "USAGE", message); }

absl::StatusOr<passport::ImportOptions> OptionsOf(const Session& session, const Arguments& arguments) {
  passport::ImportOptions options;
  options.format = arguments.format;
  options.sheet = arguments.sheet;
  options.keep_unmapped = arguments.keep_unmapped;
  options.imported_at = absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", session.clock().Now(), absl::UTCTimeZone());
  if (!arguments.encoding.empty()) {
    options.encoding = passport::FindTextEncoding(arguments.encoding);
    if (!options.encoding.has_value()) {
      return Usage("--encoding is auto, utf-8, utf-16, utf-16le, utf-16be or cp932");
    }
  }
  for (const std::string& field : arguments.fields) {
    const std::vector<std::string> parts = absl::StrSplit(field, absl::MaxSplits('=', 1));
    if (parts.size() != 2) {
      return Usage("--set takes FIELD=VALUE, for example identity.product_group=battery");
    }
    options.fields.emplace_back(parts[0], parts[1]);
  }
  if (!arguments.mapping.empty()) {
    MEGURI_ASSIGN_OR_RETURN(const std::string toml, certs::ReadFile(arguments.mapping, passport::kMappingBytesMax));
    absl::StatusOr<passport::TableMapping> mapping = passport::ParseTableMapping(toml);
    if (!mapping.ok()) {
      return Error(mapping.status().code(), ReasonOf(mapping.status()),
                   absl::StrCat(arguments.mapping, ": ", mapping.status().message()));
    }
    options.mapping = *std::move(mapping);
  }
  return options;
}

absl::StatusOr<std::string> ReadInput(const Session& session, const std::string& name) {
  return name == kStandardInput ? ReadAll(session.in(), passport::kImportBytesMax)
                                : certs::ReadFile(name, passport::kImportBytesMax);
}

// All files as one that holds one record.
absl::StatusOr<std::vector<ImportFile>> OpenAsOne(const Session& session, const Arguments& arguments) {
  MEGURI_ASSIGN_OR_RETURN(const passport::ImportOptions options, OptionsOf(session, arguments));
  std::vector<ImportFile> files(1);
  ImportFile& file = files[0];
  file.name = absl::StrJoin(arguments.files, " + ");
  file.options = options;
  std::vector<size_t> sizes;
  for (const std::string& name : arguments.files) {
    MEGURI_ASSIGN_OR_RETURN(const std::string bytes, ReadInput(session, name));
    sizes.push_back(bytes.size());
    file.bytes += bytes;
    if (file.bytes.size() > passport::kImportBytesMax) {
      return Error(absl::StatusCode::kInvalidArgument, "IMPORT_SIZE",
                   absl::StrCat("the files have more than ", passport::kImportBytesMax, " bytes together"));
    }
  }
  std::vector<passport::ImportInput> inputs;
  inputs.reserve(sizes.size());
  absl::string_view rest = file.bytes;
  for (size_t i = 0; i < sizes.size(); ++i) {
    inputs.push_back({rest.substr(0, sizes[i]), options});
    inputs.back().options.file_name = WithoutFolders(arguments.files[i]);
    rest.remove_prefix(sizes[i]);
  }
  MEGURI_ASSIGN_OR_RETURN(file.import, passport::Import::OpenAsOne(std::move(inputs)));
  return files;
}

absl::StatusOr<std::vector<ImportFile>> OpenFiles(const Session& session, const Arguments& arguments) {
  if (arguments.as_one) {
    return OpenAsOne(session, arguments);
  }
  MEGURI_ASSIGN_OR_RETURN(const passport::ImportOptions options, OptionsOf(session, arguments));
  std::vector<ImportFile> files(arguments.files.size());
  for (size_t i = 0; i < files.size(); ++i) {
    ImportFile& file = files[i];
    file.name = arguments.files[i];
    MEGURI_ASSIGN_OR_RETURN(file.bytes, ReadInput(session, file.name));
    file.options = options;
    file.options.file_name = WithoutFolders(file.name);
    absl::StatusOr<std::unique_ptr<passport::Import>> import = passport::Import::Open(file.bytes, file.options);
    if (!import.ok()) {
      return Error(import.status().code(), ReasonOf(import.status()),
                   absl::StrCat(file.name, ": ", import.status().message()));
    }
    file.import = *std::move(import);
  }
  return files;
}

// Stands for all but the content of the files that decides what is published.
absl::StatusOr<std::string> KeyOf(Session& session, const Arguments& arguments) {
  MEGURI_ASSIGN_OR_RETURN(const Context* context, session.context());
  std::string all = absl::StrCat(context->settings.member.text(), "\n", arguments.format, "\n", arguments.sheet, "\n",
                                 arguments.encoding, "\n", arguments.keep_unmapped ? "keep\n" : "\n",
                                 arguments.as_one ? "as one\n" : "");
  if (!arguments.mapping.empty()) {
    MEGURI_ASSIGN_OR_RETURN(const std::string toml, certs::ReadFile(arguments.mapping, passport::kMappingBytesMax));
    absl::StrAppend(&all, record::Sha256(toml).ToHex(), "\n");
  }
  for (const std::string& field : arguments.fields) {
    absl::StrAppend(&all, field, "\n");
  }
  return record::Sha256(all).ToHex();
}

std::string StatePath(const Arguments& arguments) {
  if (!arguments.state.empty()) {
    return arguments.state;
  }
  return arguments.files[0] == kStandardInput ? "" : absl::StrCat(arguments.files[0], kStateSuffix);
}

absl::Status WriteErrorSheet(const Session& session, const Arguments& arguments, const std::vector<ImportFile>& files) {
  const auto file =
      std::find_if(files.begin(), files.end(), [](const ImportFile& each) { return !each.errors_by_row.empty(); });
  if (arguments.errors.empty() || file == files.end()) {
    return absl::OkStatus();
  }
  MEGURI_ASSIGN_OR_RETURN(const std::string sheet,
                          passport::ErrorSheet(file->bytes, file->options, file->errors_by_row));
  MEGURI_RETURN_IF_ERROR(arguments.force ? certs::WriteFileAtomically(arguments.errors, sheet, kSheetMode)
                                         : certs::WriteNewFile(arguments.errors, sheet, kSheetMode));
  session.Note(session.Say(Message::kErrorSheetWritten, {arguments.errors}));
  return absl::OkStatus();
}

void TryErrorSheet(const Session& session, const Arguments& arguments, const std::vector<ImportFile>& files) {
  const absl::Status written = WriteErrorSheet(session, arguments, files);
  if (!written.ok()) {
    session.Note(Harmless(session.Say(Message::kErrorSheetFailed, {written.message()})));
  }
}

// What only the node found, by the rows in whose names it speaks: "big.csv: row 602: sections.identity.gtin".
void AddToRows(const Session& session, const absl::Status& refused, std::vector<ImportFile>& files) {
  for (const Violation& violation : ViolationsOf(refused)) {
    for (ImportFile& file : files) {
      absl::string_view place = violation.field;
      uint32_t row = 0;
      if (absl::ConsumePrefix(&place, absl::StrCat(file.name, ": row ")) &&
          absl::SimpleAtoi(place.substr(0, place.find_first_not_of("0123456789")), &row)) {
        file.errors_by_row.emplace_back(row, SheetSentence(session.language(), violation));
      }
    }
  }
}

// An error sheet is a new file, unless the user says that it may take the place of another one; never of an input.
absl::Status CheckErrorsPath(const Arguments& arguments) {
  if (arguments.errors.empty()) {
    return absl::OkStatus();
  }
  std::error_code ignored;
  for (const std::string& file : arguments.files) {
    if (std::filesystem::equivalent(file, arguments.errors, ignored)) {
      return Usage(absl::StrCat("--errors names ", file, ", which is to be imported; name another file"));
    }
  }
  if (!arguments.force && std::filesystem::exists(arguments.errors, ignored)) {
    return Error(absl::StatusCode::kAlreadyExists, "FILE_EXISTS",
                 absl::StrCat(arguments.errors, " exists; name another file, or replace it with --force"));
  }
  return absl::OkStatus();
}

void NoteLeftovers(const Session& session, const Arguments& arguments, const std::vector<ImportFile>& files) {
  for (const ImportFile& file : files) {
    size_t shown = 0;
    for (const auto& [place, leftover] : file.leftovers) {
      if (shown++ == kLeftoversShown) {
        session.Note(session.Say(Message::kMoreLeftovers, {std::to_string(file.leftovers.size() - kLeftoversShown)}));
        break;
      }
      session.Note(Harmless(session.Say(arguments.keep_unmapped ? Message::kKeptForOwner : Message::kNoPlaceFor,
                                        {place, std::to_string(leftover.count), leftover.first.substr(0, 60)})));
    }
  }
}

absl::Status Answer(const Session& session, const std::vector<ImportFile>& files, size_t published,
                    nlohmann::ordered_json records, bool is_dry_run) {
  Table table({{session.Say(Message::kFile)},
               {session.Say(Message::kFormat)},
               {session.Say(Message::kRecords), true},
               {session.Say(Message::kRefused), true},
               {session.Say(Message::kMappedValues), true},
               {session.Say(Message::kNoPlace), true}});
  nlohmann::ordered_json json;
  json["dry_run"] = is_dry_run;
  json["published"] = published;
  json["files"] = nlohmann::ordered_json::array();
  for (const ImportFile& file : files) {
    size_t left = 0;
    nlohmann::ordered_json leftovers = nlohmann::ordered_json::array();
    for (const auto& [place, leftover] : file.leftovers) {
      left += leftover.count;
      leftovers.push_back({{"place", place}, {"count", leftover.count}, {"first", leftover.first}});
    }
    const std::string format(file.import->format());
    table.Add({file.name, format, std::to_string(file.records), std::to_string(file.refused),
               std::to_string(file.mapped), std::to_string(left)});
    json["files"].push_back({{"name", file.name},
                             {"format", format},
                             {"records", file.records},
                             {"refused", file.refused},
                             {"mapped", file.mapped},
                             {"implied", file.implied},
                             {"no_place", left},
                             {"leftovers", std::move(leftovers)}});
  }
  json["records"] = std::move(records);
  return session.Answer(table.Layout(), json, "records");
}

absl::Status PublishChecked(Session& session, const Arguments& arguments, std::vector<ImportFile>& files,
                            const ImportCheck& check) {
  MEGURI_ASSIGN_OR_RETURN(const std::string key, KeyOf(session, arguments));
  const std::string path = StatePath(arguments);
  MEGURI_ASSIGN_OR_RETURN(ImportState state, ImportState::Open(path, key, arguments.resume));
  if (state.done() > 0 || state.pending().has_value()) {
    session.Note(
        session.Say(Message::kResuming, {std::to_string(state.done()), std::to_string(state.pending_items().size())}));
  }
  ImportOutcome outcome = PublishImport(session, files, check, state);
  const size_t published = outcome.records.size();
  session.Warn(outcome.warnings);
  if (!outcome.status.ok() && check.refused == 0) {
    AddToRows(session, outcome.status, files);
    TryErrorSheet(session, arguments, files);
  }
  if (!outcome.status.ok() && !path.empty() && state.done() > 0) {
    session.Note(session.Say(Message::kBrokenOff, {std::to_string(state.done()),
                                                   std::to_string(check.is_refused.size() - check.refused), path}));
  }
  if (published > 0 || outcome.status.ok()) {
    MEGURI_RETURN_IF_ERROR(Answer(session, files, published, std::move(outcome.records), /*is_dry_run=*/false));
  }
  return outcome.status;
}

absl::Status ImportFiles(Session& session, const Arguments& arguments) {
  if (arguments.as_one && !arguments.errors.empty()) {
    return Usage("--errors copies one sheet; it does not go with --as-one");
  }
  MEGURI_RETURN_IF_ERROR(CheckErrorsPath(arguments));
  MEGURI_RETURN_IF_ERROR(session.context().status());
  MEGURI_ASSIGN_OR_RETURN(std::vector<ImportFile> files, OpenFiles(session, arguments));
  MEGURI_ASSIGN_OR_RETURN(const ImportCheck check, CheckImport(session, files));
  NoteLeftovers(session, arguments, files);
  if (check.refused > 0) {
    TryErrorSheet(session, arguments, files);
  }
  if (check.refused > 0 && !arguments.skip_refused) {
    session.Note(session.Say(Message::kRefusedNothingPublished,
                             {std::to_string(check.refused), std::to_string(check.is_refused.size())}));
    MEGURI_RETURN_IF_ERROR(Answer(session, files, 0, nlohmann::ordered_json::array(), arguments.dry_run));
    return InvalidInput(check.violations);
  }
  if (arguments.dry_run) {
    MEGURI_RETURN_IF_ERROR(Answer(session, files, 0, nlohmann::ordered_json::array(), /*is_dry_run=*/true));
  } else {
    MEGURI_RETURN_IF_ERROR(PublishChecked(session, arguments, files, check));
  }
  return check.refused == 0 ? absl::OkStatus() : InvalidInput(check.violations);
}

}  // namespace

void AddImport(Command parent, Session& session) {
  const auto arguments = std::make_shared<Arguments>();
  const Command command = AddVerb(parent, "import", Message::kAboutImport, session);
  command.Option("FILE", arguments->files, session.Say(Message::kAboutImportFiles)).Required();
  command.Option("--format", arguments->format, session.Say(Message::kAboutImportFormat)).TypeName("FORMAT");
  command.Option("--mapping", arguments->mapping, session.Say(Message::kAboutMapping)).TypeName("FILE");
  command.Option("--sheet", arguments->sheet, session.Say(Message::kAboutSheet)).TypeName("NAME");
  command.Option("--encoding", arguments->encoding, session.Say(Message::kAboutEncoding)).TypeName("NAME");
  command.Option("--set", arguments->fields, session.Say(Message::kAboutSet)).TypeName("FIELD=VALUE").OnceEach();
  command.Option("--errors", arguments->errors, session.Say(Message::kAboutErrorSheet)).TypeName("FILE");
  command.Flag("--force", arguments->force, session.Say(Message::kAboutErrorForce));
  command.Option("--state", arguments->state, session.Say(Message::kAboutImportState)).TypeName("FILE");
  command.Flag("--as-one", arguments->as_one, session.Say(Message::kAboutAsOne));
  command.Flag("--keep-unmapped", arguments->keep_unmapped, session.Say(Message::kAboutKeepUnmapped));
  command.Flag("--skip-refused", arguments->skip_refused, session.Say(Message::kAboutSkipRefused));
  command.Flag("--dry-run", arguments->dry_run, session.Say(Message::kAboutDryRun));
  command.Flag("--resume", arguments->resume, session.Say(Message::kAboutResume));
  OnCall(command, session, arguments, &ImportFiles);
}

}  // namespace meguri::client
