// SPDX-License-Identifier: Apache-2.0
#include "passport/formats/canonical_json.h"

#include <algorithm>
#include <iterator>
#include <memory>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/bytes.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "google/protobuf/message.h"
#include "passport/formats/json.h"
#include "passport/formats/proto_json.h"
#include "passport/formats/section_json.h"
#include "passport/payload.h"
#include "passport/product_group.h"
#include "passport/profile.h"
#include "passport/rules/jurisdiction.h"
#include "passport/rules/participant_reference.h"
#include "passport/rules/rule.h"
#include "passport/section_table.h"
#include "passport/validate.h"

namespace meguri::passport {
namespace {

constexpr char kAudiences[] = "$audiences";

// As the profile of the record's product group says; else as the section's kind does.
record::AudienceSet DefaultAudiences(const RecordDraft& draft, uint32_t section_type) {
  std::string group;
  for (const record::SectionDraft& section : draft.sections) {
    if (section.type == record::v1::SECTION_TYPE_IDENTITY) {
      group = ProductGroupOfIdentity(section.payload);
    }
  }
  const Profile* profile = FindProfile(draft.record_type, group);
  const SectionPolicy* policy = profile == nullptr ? nullptr : profile->Find(section_type);
  return policy == nullptr ? FindSectionKind(section_type)->audiences : policy->audiences;
}

// Reads one record file; every problem goes to the findings.
class RecordReader {
 public:
  explicit RecordReader(Findings& findings) : findings_(findings) {}

  void Read(const Json& file) {
    if (!file.is_object()) {
      AddType("", "an object with record_type and sections");
      return;
    }
    for (const auto& [name, value] : file.items()) {
      ReadField(name, value);
    }
    Require(file, "record_type");
    Require(file, "sections");
    if (draft_.record_id.has_value() != draft_.previous.has_value()) {
      AddMissing(draft_.record_id.has_value() ? "previous" : "record_id");
    }
    std::sort(draft_.sections.begin(), draft_.sections.end(),
              [](const record::SectionDraft& a, const record::SectionDraft& b) { return a.type < b.type; });
    for (record::SectionDraft& section : draft_.sections) {
      if (section.audiences.bits() == 0) {
        section.audiences = DefaultAudiences(draft_, section.type);
      }
    }
  }

  RecordDraft Take() && { return std::move(draft_); }

  // What the rules find beside `form`, the problems of reading the file: whoever mends them sees both at once. Nothing
  // is said again of a field that could not be read, and no sum is judged of which a part may be missing.
  std::vector<Violation> JudgeContent(const std::vector<Violation>& form) const {
    std::vector<Violation> found;
    for (const ReadSectionContent& section : read_) {
      for (Violation& violation : ValidateSection(section.type, section.payload, section.path)) {
        const bool is_known = std::any_of(form.begin(), form.end(), [&violation](const Violation& problem) {
          return absl::StartsWith(violation.field, problem.field) || absl::StartsWith(problem.field, violation.field);
        });
        if (!is_known && (section.is_whole || !MayFollowFromUnread(violation.reason))) {
          found.push_back(std::move(violation));
        }
      }
    }
    return found;
  }

 private:
  struct ReadSectionContent {
    uint32_t type;
    std::string path;
    std::string payload;
    bool is_whole;
  };

  void ReadField(const std::string& name, const Json& value) {
    if (name == "record_type") {
      ReadRecordType(value);
    } else if (name == "sections") {
      ReadSections(value);
    } else if (name == "jurisdictions") {
      ReadList(name, value, &CheckJurisdiction, draft_.jurisdictions);
    } else if (name == "addressees") {
      ReadList(name, value, &CheckParticipantId, draft_.addressees);
    } else if (name == "subjects") {
      ReadList(name, value, &CheckParticipantId, draft_.subjects);
    } else if (name == "record_id") {
      ReadRecordId(value);
    } else if (name == "previous") {
      ReadPrevious(value);
    } else {
      findings_.Add({.field = name,
                     .reason = "JSON_FIELD_UNKNOWN",
                     .found = Quoted(name),
                     .expected = "record_type, sections, jurisdictions, addressees, subjects, record_id or previous",
                     .cure = "correct the name or remove the field",
                     .message_ja = "定義されていない項目です。"});
    }
  }

  void ReadRecordType(const Json& value) {
    const RecordKind* kind = value.is_string() ? FindRecordKind(value.get_ref<const std::string&>()) : nullptr;
    if (kind == nullptr) {
      findings_.Add({.field = "record_type",
                     .reason = "RECORD_TYPE_NOT_UNDERSTOOD",
                     .found = value.is_string() ? Quoted(value.get_ref<const std::string&>()) : value.type_name(),
                     .expected = "a record type such as \"product_passport\"",
                     .cure = "write one of the names of record types",
                     .message_ja = "レコード種別が正しくありません（例: product_passport）。"});
      return;
    }
    draft_.record_type = kind->type;
  }

  void ReadSections(const Json& value) {
    if (!value.is_object()) {
      AddType("sections", "an object with a section under each name");
      return;
    }
    for (const auto& [name, section] : value.items()) {
      ReadSection(name, section);
    }
  }

  void ReadSection(const std::string& name, const Json& value) {
    const std::string path = absl::StrCat("sections.", name);
    const SectionKind* kind = FindSectionKind(name);
    if (kind == nullptr || !kind->understood()) {
      findings_.Add({.field = path,
                     .reason = "SECTION_NOT_UNDERSTOOD",
                     .found = Quoted(name),
                     .expected = "a section that this version can write",
                     .cure = "correct the name, or leave the section out",
                     .message_ja = "このバージョンでは扱えないセクションです。"});
      return;
    }
    if (!value.is_object()) {
      AddType(path, "an object");
      return;
    }
    record::SectionDraft draft{.type = kind->type, .audiences = {}, .payload = {}};
    Json fields = value;
    if (const auto audiences = fields.find(kAudiences); audiences != fields.end()) {
      draft.audiences = ReadAudiences(absl::StrCat(path, ".", kAudiences), *audiences);
      draft_.chosen_audiences.push_back(kind->type);
      fields.erase(audiences);
    }
    const std::unique_ptr<google::protobuf::Message> message(kind->prototype->New());
    const bool is_whole = MessageFromJson(fields, path, *message, findings_);
    draft.payload = message->SerializeAsString();
    read_.push_back({kind->type, path, draft.payload, is_whole});
    if (is_whole) {
      draft_.sections.push_back(std::move(draft));
    }
  }

  record::AudienceSet ReadAudiences(const std::string& path, const Json& value) {
    uint32_t bits = 0;
    if (!value.is_array()) {
      AddType(path, "an array of audiences");
      return {};
    }
    for (size_t i = 0; i < value.size(); ++i) {
      const auto audience = value[i].is_string() ? record::ParseAudience(value[i].get_ref<const std::string&>())
                                                 : record::ParseAudience("");
      if (audience.ok()) {
        bits |= uint32_t{1} << *audience;
      } else {
        AddAudience(absl::StrCat(path, "[", i, "]"), "UNKNOWN_AUDIENCE", value[i].dump());
      }
    }
    const absl::StatusOr<record::AudienceSet> audiences = record::AudienceSet::Parse(bits);
    if (!audiences.ok() && value.empty()) {
      AddAudience(path, "NO_AUDIENCE", "no audience");
    }
    return audiences.value_or(record::AudienceSet());
  }

  void ReadList(const std::string& name, const Json& value, ValueRule check, std::vector<std::string>& list) {
    if (!value.is_array()) {
      AddType(name, "an array of strings");
      return;
    }
    for (size_t i = 0; i < value.size(); ++i) {
      const std::string path = absl::StrCat(name, "[", i, "]");
      if (!value[i].is_string()) {
        AddType(path, "a string");
        continue;
      }
      list.push_back(value[i].get<std::string>());
      check(list.back(), Path(path), findings_);
    }
  }

  void ReadRecordId(const Json& value) {
    const absl::StatusOr<record::RecordId> id =
        record::RecordId::ParseHex(value.is_string() ? value.get_ref<const std::string&>() : "");
    if (id.ok()) {
      draft_.record_id = *id;
    } else {
      AddHex("record_id", value, "the record ID in 32 hexadecimal digits");
    }
  }

  void ReadPrevious(const Json& value) {
    std::string bytes;
    const bool is_hex = value.is_string() && FromHex(value.get_ref<const std::string&>(), bytes);
    const absl::StatusOr<record::Hash> hash = record::Hash::Parse(bytes);
    if (is_hex && hash.ok()) {
      draft_.previous = *hash;
    } else {
      AddHex("previous", value, "the header hash of the version before in 64 hexadecimal digits");
    }
  }

  void Require(const Json& file, const std::string& name) {
    if (!file.contains(name)) {
      AddMissing(name);
    }
  }

  void AddMissing(const std::string& name) {
    findings_.Add({.field = name,
                   .reason = "JSON_MISSING",
                   .found = absl::StrCat("no ", name),
                   .expected = "this field",
                   .cure = "add it",
                   .message_ja = absl::StrCat("項目 ", name, " が必要です。")});
  }

  void AddType(const std::string& path, absl::string_view expected) {
    findings_.Add({.field = path,
                   .reason = "JSON_TYPE",
                   .found = "another kind of JSON value",
                   .expected = std::string(expected),
                   .cure = "write the value in that form",
                   .message_ja = "値の型が正しくありません。"});
  }

  void AddHex(const std::string& path, const Json& found, absl::string_view expected) {
    findings_.Add({.field = path,
                   .reason = "JSON_VALUE",
                   .found = found.is_string() ? Quoted(found.get_ref<const std::string&>()) : found.type_name(),
                   .expected = std::string(expected),
                   .cure = "copy it from the published record",
                   .message_ja = "16進表記の桁数が正しくありません。"});
  }

  void AddAudience(const std::string& path, absl::string_view reason, const std::string& found) {
    findings_.Add({.field = path,
                   .reason = std::string(reason),
                   .found = found,
                   .expected = "PUBLIC, MEMBERS, PARTNERS, RECYCLERS, AUTHORITIES, ADDRESSEES, SUBJECT or OWNER",
                   .cure = "write at least one of these names",
                   .message_ja = "公開範囲の指定が正しくありません。"});
  }

  Findings& findings_;
  RecordDraft draft_;
  std::vector<ReadSectionContent> read_;
};

Json ToJsonArray(const std::vector<std::string>& list) {
  Json array = Json::array();
  for (const std::string& text : list) {
    array.push_back(text);
  }
  return array;
}

absl::StatusOr<Json> PrintSection(const SectionKind& kind, const record::SectionDraft& draft,
                                  const record::AudienceSet& default_audiences) {
  MEGURI_ASSIGN_OR_RETURN(const std::unique_ptr<google::protobuf::Message> message, DecodePayload(kind, draft.payload));
  if (HasUnknownFields(draft.type, draft.payload)) {
    return Error(absl::StatusCode::kInvalidArgument, "SECTION_NOT_UNDERSTOOD",
                 absl::StrCat("the section ", kind.name, " holds fields that this version does not know"));
  }
  Json section = Json::object();
  if (!(draft.audiences == default_audiences)) {
    section[kAudiences] = AudienceNames(draft.audiences);
  }
  section.update(MessageToJson(*message));
  return section;
}

}  // namespace

absl::StatusOr<RecordDraft> ParseRecordJson(absl::string_view json) {
  MEGURI_ASSIGN_OR_RETURN(const Json file, ParseJson(json));
  Findings findings(kViolationsMax);
  RecordReader reader(findings);
  reader.Read(file);
  std::vector<Violation> violations = std::move(findings).Take();
  if (!violations.empty()) {
    std::vector<Violation> content = reader.JudgeContent(violations);
    (void)TakeWarnings(content);
    violations.insert(violations.end(), std::make_move_iterator(content.begin()),
                      std::make_move_iterator(content.end()));
    violations.resize(std::min(violations.size(), kViolationsMax));
    return InvalidInput(violations);
  }
  return std::move(reader).Take();
}

void UseProfileAudiences(RecordDraft& draft) {
  for (record::SectionDraft& section : draft.sections) {
    const SectionKind* kind = FindSectionKind(section.type);
    const bool is_chosen = std::find(draft.chosen_audiences.begin(), draft.chosen_audiences.end(), section.type) !=
                           draft.chosen_audiences.end();
    if (kind != nullptr && !is_chosen && section.audiences == kind->audiences) {
      section.audiences = DefaultAudiences(draft, section.type);
    }
  }
}

absl::StatusOr<std::string> PrintRecordJson(const RecordDraft& draft) {
  const RecordKind* record_kind = FindRecordKind(draft.record_type);
  if (record_kind == nullptr) {
    return Error(absl::StatusCode::kInvalidArgument, "RECORD_TYPE_NOT_UNDERSTOOD",
                 absl::StrCat("record type ", draft.record_type, " has no name in this version"));
  }
  Json file = Json::object();
  file["record_type"] = std::string(record_kind->name);
  if (draft.record_id.has_value()) {
    file["record_id"] = draft.record_id->ToHex();
  }
  if (draft.previous.has_value()) {
    file["previous"] = draft.previous->ToHex();
  }
  file["sections"] = Json::object();
  for (const record::SectionDraft& section : draft.sections) {
    const SectionKind* kind = FindSectionKind(section.type);
    if (kind == nullptr || !kind->understood()) {
      return Error(absl::StatusCode::kInvalidArgument, "SECTION_NOT_UNDERSTOOD",
                   absl::StrCat("section type ", section.type, " is not understood by this version"));
    }
    MEGURI_ASSIGN_OR_RETURN(file["sections"][std::string(kind->name)],
                            PrintSection(*kind, section, DefaultAudiences(draft, section.type)));
  }
  for (const auto& [name, list] :
       {std::pair<const char*, const std::vector<std::string>&>("jurisdictions", draft.jurisdictions),
        {"addressees", draft.addressees},
        {"subjects", draft.subjects}}) {
    if (!list.empty()) {
      file[name] = ToJsonArray(list);
    }
  }
  return PrintJson(file);
}

absl::StatusOr<std::string> SectionToJson(uint32_t type, absl::string_view payload) {
  return PrintJson(SectionAsJson(type, payload));
}

}  // namespace meguri::passport
