// SPDX-License-Identifier: Apache-2.0
#include "passport/formats/import.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "base/bytes.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "google/protobuf/message.h"
#include "meguri/passport/v1/attachment.pb.h"
#include "meguri/record/v1/record.pb.h"
#include "passport/derived_values.h"
#include "passport/formats/document_formats.h"
#include "passport/formats/field_path.h"
#include "passport/formats/join_records.h"
#include "passport/formats/json.h"
#include "passport/formats/table_text.h"
#include "passport/payload.h"
#include "passport/readers/csv.h"
#include "passport/readers/json_tree.h"
#include "passport/readers/text_encoding.h"
#include "passport/readers/xlsx.h"
#include "passport/readers/xml.h"
#include "passport/readers/zip_archive.h"
#include "passport/section_table.h"
#include "record/hash.h"

namespace meguri::passport {
namespace {

constexpr char kRecordJson[] = "meguri";
constexpr char kCsv[] = "csv";
constexpr char kXlsx[] = "xlsx";
constexpr size_t kContainedBytesMax = kXmlBytesMax;

const DocumentFormat* FindDocumentFormat(absl::string_view name) {
  for (const DocumentFormat& format : DocumentFormats()) {
    if (format.name == name) {
      return &format;
    }
  }
  return nullptr;
}

absl::StatusOr<InputNode> ReadTree(absl::string_view bytes, DocumentSyntax syntax) {
  if (syntax == DocumentSyntax::kJson) {
    return ReadJsonTree(bytes);
  }
  MEGURI_ASSIGN_OR_RETURN(XmlDocument document, ReadXmlTree(bytes));
  document.root.children.insert(document.root.children.begin(),
                                {InputNode::Kind::kString, "@xmlns", document.name_space, {}, Fate::kImplied});
  return std::move(document.root);
}

// The document within a container such as .shai: the one XML file that it holds. Other bytes come back as they are.
absl::StatusOr<std::string> Unwrap(absl::string_view bytes) {
  if (!LooksLikeZip(bytes)) {
    return std::string(bytes.data(), bytes.size());
  }
  MEGURI_ASSIGN_OR_RETURN(const std::unique_ptr<ZipArchive> archive, ZipArchive::Open(bytes));
  std::string found;
  for (const std::string& name : archive->names()) {
    if (absl::EndsWithIgnoreCase(name, ".xml")) {
      if (!found.empty()) {
        return Error(
            absl::StatusCode::kInvalidArgument, "IMPORT_FORMAT",
            absl::StrCat("the container holds two documents, ", found, " and ", name, "; import them one by one"));
      }
      found = name;
    }
  }
  if (found.empty()) {
    return Error(absl::StatusCode::kInvalidArgument, "IMPORT_FORMAT", "the container holds no XML document");
  }
  return archive->ReadAll(found, kContainedBytesMax);
}

// The first character that is no space, behind a byte order mark: what kind of text this is.
char FirstCharacter(absl::string_view bytes) {
  constexpr size_t kEnough = 4096;
  absl::string_view start = bytes.substr(0, kEnough);
  for (const absl::string_view mark : {"\xEF\xBB\xBF", "\xFF\xFE", "\xFE\xFF"}) {
    absl::ConsumePrefix(&start, mark);
  }
  const auto* first =
      std::find_if(start.begin(), start.end(), [](char c) { return static_cast<unsigned char>(c) > ' '; });
  return first == start.end() ? '\0' : *first;
}

bool IsRecordFile(InputNode& root) {
  InputNode* record = root.kind == InputNode::Kind::kArray && !root.children.empty() ? root.children.data() : &root;
  return record->Find("record_type") != nullptr && record->Find("sections") != nullptr;
}

absl::Status NoFormat(absl::string_view found) {
  std::string names;
  for (const absl::string_view name : ImportFormatNames()) {
    absl::StrAppend(&names, names.empty() ? "" : ", ", name);
  }
  return Error(absl::StatusCode::kInvalidArgument, "IMPORT_FORMAT",
               absl::StrCat(found, "; formats that can be read: ", names));
}

absl::StatusOr<std::string> DetectDocument(absl::string_view bytes, DocumentSyntax syntax) {
  MEGURI_ASSIGN_OR_RETURN(InputNode root, ReadTree(bytes, syntax));
  if (syntax == DocumentSyntax::kJson && IsRecordFile(root)) {
    return std::string(kRecordJson);
  }
  for (const DocumentFormat& format : DocumentFormats()) {
    if (format.syntax == syntax && format.matches(root)) {
      return std::string(format.name);
    }
  }
  return NoFormat("the content is of no format that this version knows");
}

// Several JSON texts, one a line.
bool IsJsonLines(absl::string_view bytes) {
  const size_t end = bytes.find('\n');
  return end != absl::string_view::npos && !StripCell(bytes.substr(end)).empty() &&
         ReadJsonTree(bytes.substr(0, end)).ok();
}

absl::StatusOr<std::string> DetectFormat(absl::string_view bytes) {
  if (LooksLikeZip(bytes)) {
    MEGURI_ASSIGN_OR_RETURN(const std::unique_ptr<ZipArchive> archive, ZipArchive::Open(bytes));
    if (archive->Has("xl/workbook.xml")) {
      return std::string(kXlsx);
    }
    MEGURI_ASSIGN_OR_RETURN(const std::string document, Unwrap(bytes));
    return DetectDocument(document, DocumentSyntax::kXml);
  }
  switch (FirstCharacter(bytes)) {
    case '<':
      return DetectDocument(bytes, DocumentSyntax::kXml);
    case '{':
    case '[':
      return IsJsonLines(bytes) ? std::string(kRecordJson) : DetectDocument(bytes, DocumentSyntax::kJson);
    case '\0':
      return NoFormat("the file is empty");
    default:
      return std::string(kCsv);
  }
}

absl::Status ReadTable(absl::string_view bytes, absl::string_view format, const ImportOptions& options, TakeRow take) {
  if (format == kCsv) {
    const TextEncoding of_mapping = options.mapping.has_value() ? options.mapping->encoding : TextEncoding::kDetect;
    MEGURI_ASSIGN_OR_RETURN(const std::string text, DecodeText(bytes, options.encoding.value_or(of_mapping)));
    return ReadCsv(text, take);
  }
  MEGURI_ASSIGN_OR_RETURN(const std::unique_ptr<XlsxWorkbook> workbook, XlsxWorkbook::Open(bytes));
  std::string sheet = options.sheet;
  if (sheet.empty() && options.mapping.has_value()) {
    sheet = options.mapping->sheet;
  }
  return workbook->ReadSheet(sheet.empty() ? workbook->sheet_names()[0] : sheet, take);
}

ImportedRecord OfRecordFile(absl::string_view json) {
  ImportedRecord record;
  absl::StatusOr<RecordDraft> draft = ParseRecordJson(json);
  if (draft.ok()) {
    record.draft = *std::move(draft);
    record.mapped = record.draft.sections.size();
    return record;
  }
  record.problems = ViolationsOf(draft.status());
  if (record.problems.empty()) {
    record.problems.push_back({.field = "",
                               .reason = ReasonOf(draft.status()),
                               .found = std::string(draft.status().message()),
                               .expected = "a record file",
                               .cure = "correct the file",
                               .message_ja = "記録ファイルを読み取れません。"});
  }
  return record;
}

std::string MediaTypeOf(absl::string_view format) {
  if (format == kCsv) {
    return "text/csv";
  }
  if (format == kXlsx) {
    return "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
  }
  const DocumentFormat* document = FindDocumentFormat(format);
  return document != nullptr && document->syntax == DocumentSyntax::kXml ? "application/xml" : "application/json";
}

// `status`, with the file in front.
absl::Status OfFile(const std::string& file_name, const absl::Status& status) {
  std::vector<Violation> violations = ViolationsOf(status);
  for (Violation& violation : violations) {
    violation.field = absl::StrCat(file_name, violation.field.empty() ? "" : ": ", violation.field);
  }
  return violations.empty() ? Error(status.code(), ReasonOf(status), absl::StrCat(file_name, ": ", status.message()))
                            : InvalidInput(violations);
}

absl::Status SetField(RecordDraft& draft, const std::string& place, const std::string& value) {
  const size_t point = std::min(place.find('.'), place.size());
  const SectionKind* kind = FindSectionKind(absl::string_view(place).substr(0, point));
  if (kind == nullptr || !kind->understood() || point == place.size()) {
    return Error(absl::StatusCode::kInvalidArgument, "FIELD_PATH",
                 absl::StrCat(place, " does not begin with a section, such as identity.product_group"));
  }
  MEGURI_ASSIGN_OR_RETURN(const FieldPath path,
                          FieldPath::Parse(*kind->prototype->GetDescriptor(), place.substr(point + 1)));
  auto section = std::find_if(draft.sections.begin(), draft.sections.end(),
                              [kind](const record::SectionDraft& each) { return each.type >= kind->type; });
  if (section == draft.sections.end() || section->type != kind->type) {
    section = draft.sections.insert(section, {.type = kind->type, .audiences = kind->audiences, .payload = {}});
  }
  MEGURI_ASSIGN_OR_RETURN(const std::unique_ptr<google::protobuf::Message> message,
                          DecodePayload(*kind, section->payload));
  absl::optional<Violation> problem = path.Supply(*message, value);
  if (problem.has_value() && problem->reason == "VALUE_CONFLICT") {
    problem->field = absl::StrCat("sections.", place);
    problem->found = absl::StrCat("another value in the file than --set ", place, "=", value);
    return InvalidInput({*std::move(problem)});
  }
  if (problem.has_value()) {
    return Error(absl::StatusCode::kInvalidArgument, problem->reason,
                 absl::StrCat(place, ": found ", problem->found, ", expected ", problem->expected));
  }
  section->payload = message->SerializeAsString();
  return absl::OkStatus();
}

}  // namespace

std::vector<absl::string_view> ImportFormatNames() {
  std::vector<absl::string_view> names = {kRecordJson, kCsv, kXlsx};
  for (const DocumentFormat& format : DocumentFormats()) {
    names.push_back(format.name);
  }
  return names;
}

Import::~Import() = default;

absl::StatusOr<std::unique_ptr<Import>> Import::Open(absl::string_view bytes, ImportOptions options) {
  if (bytes.size() > kImportBytesMax) {
    return Error(
        absl::StatusCode::kInvalidArgument, "IMPORT_SIZE",
        absl::StrCat("the file has ", bytes.size(), " bytes; at most ", kImportBytesMax, " are allowed; split it"));
  }
  const std::vector<absl::string_view> names = ImportFormatNames();
  if (!options.format.empty() && std::find(names.begin(), names.end(), options.format) == names.end()) {
    return NoFormat(absl::StrCat("\"", options.format, "\" is no format"));
  }
  RecordDraft scratch;
  for (const auto& [place, value] : options.fields) {
    MEGURI_RETURN_IF_ERROR(SetField(scratch, place, value));
  }
  auto import = std::unique_ptr<Import>(new Import(bytes, std::move(options)));
  import->format_ = import->options_.format;
  if (import->format_.empty()) {
    MEGURI_ASSIGN_OR_RETURN(import->format_, DetectFormat(bytes));
  }
  import->sha256_ = record::Sha256({bytes}).ToHex();
  return import;
}

absl::StatusOr<std::unique_ptr<Import>> Import::OpenAsOne(std::vector<ImportInput> inputs) {
  if (inputs.empty() || inputs.size() > kImportPartsMax) {
    return Error(absl::StatusCode::kInvalidArgument, "PARTS_COUNT",
                 absl::StrCat("one record is made of 1 to ", kImportPartsMax, " files, not of ", inputs.size()));
  }
  auto import = std::unique_ptr<Import>(new Import("", {}));
  for (ImportInput& input : inputs) {
    const std::string file_name = input.options.file_name;
    absl::StatusOr<std::unique_ptr<Import>> part = Open(input.bytes, std::move(input.options));
    if (!part.ok()) {
      return OfFile(file_name, part.status());
    }
    if (!absl::StrContains(import->format_, (*part)->format_)) {
      absl::StrAppend(&import->format_, import->format_.empty() ? "" : " + ", (*part)->format_);
    }
    import->parts_.push_back(*std::move(part));
  }
  return import;
}

absl::Status Import::RunParts(TakeRecord take) const {
  std::vector<RecordPart> parts;
  for (const std::unique_ptr<Import>& import : parts_) {
    const std::string& file_name = import->options_.file_name;
    std::vector<ImportedRecord> records;
    const absl::Status status = import->Read([&](ImportedRecord& record) {
      records.push_back(std::move(record));
      return records.size() > 1 ? Error(absl::StatusCode::kInvalidArgument, "PARTS_RECORDS",
                                        "the file holds more than one record, so it is no part of one")
                                : absl::OkStatus();
    });
    if (!status.ok()) {
      return OfFile(file_name, status);
    }
    if (records.empty()) {
      return OfFile(file_name, Error(absl::StatusCode::kInvalidArgument, "PARTS_RECORDS", "the file holds no record"));
    }
    parts.push_back({file_name, std::move(records[0])});
  }
  BeginOfferedTogether(parts);
  for (size_t i = 0; i < parts.size(); ++i) {
    MEGURI_RETURN_IF_ERROR(parts_[i]->Complete(parts[i].record));
    for (Violation& problem : parts[i].record.problems) {
      parts_[i]->Locate(parts[i].record, problem);
    }
  }
  ImportedRecord record = JoinRecords(std::move(parts));
  FillWholeMass(record.draft.sections);
  UseProfileAudiences(record.draft);
  return take(record);
}

absl::Status Import::Run(TakeRecord take) {
  if (!parts_.empty()) {
    return RunParts(take);
  }
  return Read([&](ImportedRecord& record) {
    MEGURI_RETURN_IF_ERROR(Complete(record));
    return take(record);
  });
}

absl::Status Import::Read(TakeRecord take) {
  if (format_ == kCsv || format_ == kXlsx) {
    return RunTable(take);
  }
  return format_ == kRecordJson ? RunRecordFiles(take) : RunDocument(take);
}

absl::Status Import::RunTable(TakeRecord take) {
  table_ = std::make_unique<TableImporter>(options_.mapping, take);
  MEGURI_RETURN_IF_ERROR(
      ReadTable(bytes_, format_, options_, [this](const TableRow& row) { return table_->TakeRow(row); }));
  return table_->Finish();
}

absl::Status Import::RunRecordFiles(TakeRecord take) const {
  MEGURI_ASSIGN_OR_RETURN(const std::string text, DecodeText(bytes_));
  if (IsJsonLines(text)) {
    size_t number = 0;
    for (const absl::string_view line : absl::StrSplit(text, '\n')) {
      ++number;
      if (StripCell(line).empty()) {
        continue;
      }
      ImportedRecord record = OfRecordFile(line);
      record.name = absl::StrCat("line ", number);
      MEGURI_RETURN_IF_ERROR(take(record));
    }
    return absl::OkStatus();
  }
  MEGURI_ASSIGN_OR_RETURN(const Json file, ParseJson(text));
  if (!file.is_array()) {
    ImportedRecord record = OfRecordFile(text);
    return take(record);
  }
  for (size_t i = 0; i < file.size(); ++i) {
    ImportedRecord record = OfRecordFile(PrintJson(file[i]));
    record.name = absl::StrCat("record ", i + 1);
    MEGURI_RETURN_IF_ERROR(take(record));
  }
  return absl::OkStatus();
}

absl::Status Import::RunDocument(TakeRecord take) const {
  const DocumentFormat* format = FindDocumentFormat(format_);
  MEGURI_ASSIGN_OR_RETURN(const std::string document, Unwrap(bytes_));
  MEGURI_ASSIGN_OR_RETURN(InputNode root, ReadTree(document, format->syntax));
  return format->read(root, take);
}

absl::Status Import::Complete(ImportedRecord& record) const {
  for (const auto& [place, value] : options_.fields) {
    const SectionKind* kind = FindSectionKind(absl::string_view(place).substr(0, place.find('.')));
    if (kind != nullptr) {
      BeginOffered(record, kind->type);
    }
    const absl::Status status = SetField(record.draft, place, value);
    if (ReasonOf(status) == "VALUE_CONFLICT") {
      record.problems.push_back(ViolationsOf(status).front());
    } else {
      MEGURI_RETURN_IF_ERROR(status);
    }
  }
  FillWholeMass(record.draft.sections);
  if (options_.keep_unmapped && !record.unmapped.empty()) {
    KeepUnmapped(record);
  }
  UseProfileAudiences(record.draft);
  return absl::OkStatus();
}

void Import::KeepUnmapped(ImportedRecord& record) const {
  v1::AttachmentList list;
  v1::Attachment& attachment = *list.add_attachments();
  attachment.set_file_name(options_.file_name);
  attachment.set_media_type(MediaTypeOf(format_));
  attachment.set_sha256(sha256_);
  attachment.set_format(format_);
  attachment.set_imported_at(options_.imported_at);
  for (const UnmappedValue& value : record.unmapped) {
    v1::KeptValue& kept = *attachment.add_kept_values();
    kept.set_path(value.path);
    kept.set_value(value.value);
  }
  const SectionKind* kind = FindSectionKind(record::v1::SECTION_TYPE_ATTACHMENT);
  record.draft.sections.push_back(
      {.type = kind->type, .audiences = kind->audiences, .payload = list.SerializeAsString()});
  std::sort(record.draft.sections.begin(), record.draft.sections.end(),
            [](const record::SectionDraft& a, const record::SectionDraft& b) { return a.type < b.type; });
}

uint32_t Import::Locate(const ImportedRecord& record, Violation& violation) const {
  ShowAsWritten(record, violation);
  if (table_ != nullptr) {
    return table_->Locate(record, violation);
  }
  if (!record.name.empty()) {
    violation.field = absl::StrCat(record.name, violation.field.empty() ? "" : ": ", violation.field);
  }
  return 0;
}

absl::StatusOr<std::string> ErrorSheet(absl::string_view bytes, const ImportOptions& options,
                                       const std::vector<std::pair<uint32_t, std::string>>& errors_by_row) {
  MEGURI_ASSIGN_OR_RETURN(const std::string format, DetectFormat(bytes));
  if (format != kCsv && format != kXlsx) {
    return Error(absl::StatusCode::kFailedPrecondition, "NO_SHEET", "only a sheet has a copy with an error column");
  }
  XlsxSheet sheet{"errors", {}};
  std::string csv = "\xEF\xBB\xBF";  // so that spreadsheets know it is UTF-8
  const uint32_t heading_row = options.mapping.has_value() ? options.mapping->heading_row : 1;
  MEGURI_RETURN_IF_ERROR(ReadTable(bytes, format, options, [&](const TableRow& row) {
    std::string error = row.number == heading_row ? "エラー / Error [ignore]" : "";
    for (const auto& [number, text] : errors_by_row) {
      if (number == row.number) {
        absl::StrAppend(&error, error.empty() ? "" : "\n", text);
      }
    }
    std::vector<std::string> cells = {error};
    cells.insert(cells.end(), row.cells.begin(), row.cells.end());
    if (format == kCsv) {
      csv += CsvLine(cells);
    } else {
      sheet.rows.push_back(std::move(cells));
    }
    return absl::OkStatus();
  }));
  return format == kCsv ? csv : WriteXlsx({sheet});
}

}  // namespace meguri::passport
