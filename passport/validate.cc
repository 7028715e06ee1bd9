// SPDX-License-Identifier: Apache-2.0
#include "passport/validate.h"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/unknown_field_set.h"
#include "passport/payload.h"
#include "passport/rules/apply_rules.h"
#include "passport/rules/rule.h"
#include "passport/rules/rule_tables.h"
#include "passport/section_table.h"
#include "record/audience.h"
#include "record/limits.h"

namespace meguri::passport {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

using DecodedSections = absl::flat_hash_map<uint32_t, std::unique_ptr<Message>>;

std::string SectionPath(absl::string_view name) { return absl::StrCat("sections.", name); }

void AddUndecodable(absl::string_view path, const absl::Status& status, Findings& findings) {
  findings.Add({.field = std::string(path),
                .reason = ReasonOf(status),
                .found = std::string(status.message()),
                .expected = "a payload that this version can read",
                .cure = "encode the section with the published protos, within their limits",
                .message_ja = "セクションのデータを読み取れません（形式またはサイズの制限）。"});
}

// The decoded payload; null if it is not understood or does not decode, which is then among the findings.
std::unique_ptr<Message> CheckPayload(uint32_t type, absl::string_view payload, absl::string_view path,
                                      Findings& findings) {
  const SectionKind* kind = FindSectionKind(type);
  if (kind == nullptr || !kind->understood()) {
    if (payload.size() > record::kSectionBytesMax) {
      AddUndecodable(path, Error(absl::StatusCode::kInvalidArgument, "PAYLOAD_SIZE", "the section is too large"),
                     findings);
    }
    return nullptr;
  }
  absl::StatusOr<std::unique_ptr<Message>> message = DecodePayload(*kind, payload);
  if (!message.ok()) {
    AddUndecodable(path, message.status(), findings);
    return nullptr;
  }
  ApplyRules(**message, Path(path), findings);
  return *std::move(message);
}

// Whether a value of `field` is no enumerator of this version.
bool HasUnknownEnumerator(const Message& message, const FieldDescriptor& field) {
  const Reflection& reflection = *message.GetReflection();
  const int count = field.is_repeated() ? reflection.FieldSize(message, &field) : 1;
  for (int i = 0; i < count; ++i) {
    const int number = field.is_repeated() ? reflection.GetRepeatedEnumValue(message, &field, i)
                                           : reflection.GetEnumValue(message, &field);
    if (field.enum_type()->FindValueByNumber(number) == nullptr) {
      return true;
    }
  }
  return false;
}

bool HoldsUnknown(const Message& message) {
  const Reflection& reflection = *message.GetReflection();
  if (!reflection.GetUnknownFields(message).empty()) {
    return true;
  }
  std::vector<const FieldDescriptor*> fields;
  reflection.ListFields(message, &fields);
  for (const FieldDescriptor* field : fields) {
    if (field->cpp_type() == FieldDescriptor::CPPTYPE_ENUM && HasUnknownEnumerator(message, *field)) {
      return true;
    }
    if (field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) {
      continue;
    }
    const int count = field->is_repeated() ? reflection.FieldSize(message, field) : 1;
    for (int i = 0; i < count; ++i) {
      if (HoldsUnknown(field->is_repeated() ? reflection.GetRepeatedMessage(message, field, i)
                                            : reflection.GetMessage(message, field))) {
        return true;
      }
    }
  }
  return false;
}

void CheckAudiences(const SectionKind& kind, uint32_t audiences, const std::string& path, Findings& findings) {
  const absl::StatusOr<record::AudienceSet> parsed = record::AudienceSet::Parse(audiences);
  const std::string field = absl::StrCat(path, ".$audiences");
  if (!parsed.ok()) {
    findings.Add({.field = field,
                  .reason = ReasonOf(parsed.status()),
                  .found = std::string(parsed.status().message()),
                  .expected = kind.audiences.ToString(),
                  .cure = "choose among the audiences of the section",
                  .message_ja = "公開範囲の指定が正しくありません。"});
  } else if (!parsed->IsWithin(kind.audiences)) {
    findings.Add(
        {.field = field,
         .reason = "AUDIENCE_LOOSENED",
         .found = parsed->ToString(),
         .expected = absl::StrCat("within ", kind.audiences.ToString()),
         .cure = "an audience may be tightened, never loosened: leave the wider ones out",
         .message_ja = absl::StrCat("公開範囲は既定（", kind.audiences.ToString(), "）より狭めることのみ可能です。")});
  }
}

void CheckSection(const RecordKind& record_kind, const record::v1::Section& section, DecodedSections& decoded,
                  Findings& findings) {
  const SectionKind* kind = FindSectionKind(section.type());
  const std::string path =
      SectionPath(kind == nullptr ? absl::StrCat("type_", section.type()) : std::string(kind->name));
  if (kind == nullptr || !kind->understood()) {
    findings.Add({.field = path,
                  .reason = "SECTION_NOT_UNDERSTOOD",
                  .found = absl::StrCat("section type ", section.type()),
                  .expected = "a section that this version can check",
                  .cure = "upgrade this program, or leave the section out",
                  .message_ja = "このバージョンでは検証できないセクションです。"});
    return;
  }
  const auto& allowed = record_kind.allowed;
  if (std::find(allowed.begin(), allowed.end(), section.type()) == allowed.end()) {
    findings.Add({.field = path,
                  .reason = "SECTION_NOT_ALLOWED",
                  .found = absl::StrCat("a section ", kind->name, " in a record ", record_kind.name),
                  .expected = "only sections that this type of record may hold",
                  .cure = "move the section to a record of its own type",
                  .message_ja = "このレコード種別には含められないセクションです。"});
  }
  CheckAudiences(*kind, section.audiences(), path, findings);
  std::unique_ptr<Message> message = CheckPayload(section.type(), section.payload(), path, findings);
  const bool is_new = decoded.emplace(section.type(), std::move(message)).second;
  if (!is_new) {
    findings.Add({.field = path,
                  .reason = "SECTION_DUPLICATE",
                  .found = absl::StrCat("two sections ", kind->name),
                  .expected = "at most one of each type",
                  .cure = "merge them",
                  .message_ja = "同じ種類のセクションが重複しています。"});
  }
}

// Slots are in random order; what a person reads is not.
std::vector<const record::v1::Section*> ByType(absl::Span<const record::v1::Section> sections) {
  std::vector<const record::v1::Section*> ordered;
  for (const record::v1::Section& section : sections) {
    ordered.push_back(&section);
  }
  // Sections of one type stay in order: they lie in one array.
  std::sort(ordered.begin(), ordered.end(), [](const record::v1::Section* a, const record::v1::Section* b) {
    return a->type() != b->type() ? a->type() < b->type() : a < b;
  });
  return ordered;
}

void CheckRequiredSections(const RecordKind& kind, const DecodedSections& decoded, Findings& findings) {
  for (const uint32_t type : kind.required) {
    if (!decoded.contains(type)) {
      const absl::string_view name = FindSectionKind(type)->name;
      findings.Add({.field = SectionPath(name),
                    .reason = "SECTION_MISSING",
                    .found = absl::StrCat("no section ", name),
                    .expected = absl::StrCat("one in every ", kind.name),
                    .cure = "add the section",
                    .message_ja = absl::StrCat("必須セクション ", name, " がありません。")});
    }
  }
}

template <typename Payload>
const Payload* Get(const DecodedSections& decoded, uint32_t type) {
  const auto section = decoded.find(type);
  return section == decoded.end() ? nullptr : static_cast<const Payload*>(section->second.get());
}

void ApplyRecordRules(const record::Header& header, const DecodedSections& decoded, Findings& findings) {
  const RecordContent content = {
      .identity = Get<v1::Identity>(decoded, record::v1::SECTION_TYPE_IDENTITY),
      .composition = Get<v1::Composition>(decoded, record::v1::SECTION_TYPE_COMPOSITION),
      .recycled_content = Get<v1::RecycledContent>(decoded, record::v1::SECTION_TYPE_RECYCLED_CONTENT),
  };
  for (const RecordRule rule : RecordRules()) {
    rule(header, content, findings);
  }
}

// Null if this version cannot check records of that type, which is then among the findings.
const RecordKind* CheckKind(const record::Header& header, Findings& findings) {
  const auto type = static_cast<uint32_t>(header.message().record_type());
  const RecordKind* kind = FindRecordKind(type);
  if (kind == nullptr || !kind->understood()) {
    findings.Add({.field = "record_type",
                  .reason = "RECORD_TYPE_NOT_UNDERSTOOD",
                  .found = kind == nullptr ? absl::StrCat(type) : std::string(kind->name),
                  .expected = "a record type that this version can check",
                  .cure = "upgrade this program",
                  .message_ja = "このバージョンでは検証できないレコード種別です。"});
    return nullptr;
  }
  if (header.slot_count() != kind->slot_count) {
    findings.Add({.field = "section_digests",
                  .reason = "SLOT_COUNT",
                  .found = absl::StrCat(header.slot_count(), " slots"),
                  .expected = absl::StrCat(kind->slot_count, " in every ", kind->name),
                  .cure = "seal the sections again: the slot count must not tell records apart",
                  .message_ja = absl::StrCat("このレコード種別のスロット数は", kind->slot_count, "です。")});
  }
  return kind;
}

}  // namespace

std::vector<Violation> ValidateSection(uint32_t type, absl::string_view payload, absl::string_view path) {
  Findings findings(kViolationsMax);
  CheckPayload(type, payload, path, findings);
  return std::move(findings).Take();
}

bool HasUnknownFields(uint32_t type, absl::string_view payload) {
  const SectionKind* kind = FindSectionKind(type);
  if (kind == nullptr || !kind->understood()) {
    return false;
  }
  const absl::StatusOr<std::unique_ptr<Message>> message = DecodePayload(*kind, payload);
  return message.ok() && HoldsUnknown(**message);
}

std::vector<Violation> ValidateRecord(const record::Header& header, absl::Span<const record::v1::Section> sections) {
  Findings findings(kViolationsMax);
  const RecordKind* kind = CheckKind(header, findings);
  if (kind == nullptr) {
    return std::move(findings).Take();
  }
  DecodedSections decoded;
  for (const record::v1::Section* section : ByType(sections)) {
    CheckSection(*kind, *section, decoded, findings);
  }
  if (!header.is_tombstone()) {
    CheckRequiredSections(*kind, decoded, findings);
  }
  ApplyRecordRules(header, decoded, findings);
  return std::move(findings).Take();
}

}  // namespace meguri::passport
