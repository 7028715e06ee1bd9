// SPDX-License-Identifier: Apache-2.0
#include "passport/validate.h"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/error.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/unknown_field_set.h"
#include "passport/enquiry_need.h"
#include "passport/payload.h"
#include "passport/product_group.h"
#include "passport/profile.h"
#include "passport/rules/access.h"
#include "passport/rules/apply_rules.h"
#include "passport/rules/rule.h"
#include "passport/rules/rule_tables.h"
#include "passport/rules/status_change.h"
#include "passport/section_table.h"
#include "record/audience.h"
#include "record/limits.h"

namespace meguri::passport {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

constexpr absl::string_view kIdentityName = "identity";

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
  if (type == record::v1::SECTION_TYPE_ENQUIRY) {
    CheckEnquiryNeed(static_cast<const v1::Enquiry&>(**message), path, findings);
  }
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

// Terms of which this version knows only a part would be kept in part.
void CheckTermsAreKnown(const Message& message, const std::string& path, Findings& findings) {
  if (HoldsUnknown(message)) {
    findings.Add({.field = path,
                  .reason = "ACCESS_NOT_UNDERSTOOD",
                  .found = "a field or a value that this version does not know",
                  .expected = "terms that this version can keep",
                  .cure = "upgrade this program, or leave it out",
                  .message_ja = "このバージョンが対応していない条件が含まれています。"});
  }
}

// To whom something is granted is between the two: only what is granted to a role is for all to see.
void CheckGrantAudience(const v1::Grant& grant, uint32_t bits, const std::string& path, Findings& findings) {
  const record::AudienceSet expected = record::AudienceSet::Of(
      {grant.has_grantee_role() ? record::v1::AUDIENCE_MEMBERS : record::v1::AUDIENCE_ADDRESSEES});
  if (bits != expected.bits()) {
    const absl::StatusOr<record::AudienceSet> audiences = record::AudienceSet::Parse(bits);
    findings.Add({.field = absl::StrCat(path, ".$audiences"),
                  .reason = "ACCESS_AUDIENCE",
                  .found = audiences.ok() ? audiences->ToString() : absl::StrCat(bits),
                  .expected = expected.ToString(),
                  .cure = "address a grant to its grantee alone; one to a role is for all members",
                  .message_ja = "会員への許諾はその会員のみ、役割への許諾は全会員に公開します。"});
  }
}

bool IsAccessSection(uint32_t type) {
  return type == record::v1::SECTION_TYPE_OFFER || type == record::v1::SECTION_TYPE_GRANT ||
         type == record::v1::SECTION_TYPE_AGREEMENT || type == record::v1::SECTION_TYPE_ACCESS_REQUEST;
}

void AddLoosened(const SectionPolicy& policy, const std::string& field, const record::AudienceSet& audiences,
                 Findings& findings) {
  findings.Add(
      {.field = field,
       .reason = "AUDIENCE_LOOSENED",
       .found = audiences.ToString(),
       .expected = absl::StrCat("within ", policy.audiences.ToString()),
       .cure = "an audience may be tightened, never loosened: leave the wider ones out",
       .message_ja = absl::StrCat("公開範囲は既定（", policy.audiences.ToString(), "）より狭めることのみ可能です。")});
}

void AddLocked(const SectionPolicy& policy, const std::string& field, const record::AudienceSet& audiences,
               Findings& findings) {
  findings.Add({.field = field,
                .reason = "AUDIENCE_LOCKED",
                .found = audiences.ToString(),
                .expected = absl::StrCat("at least ", policy.locked.ToString(), " (", policy.law, ")"),
                .cure = "the law opens this section to them: do not leave them out",
                .message_ja = absl::StrCat("法令（", policy.law, "）により ", policy.locked.ToString(),
                                           " への公開は制限できません。")});
}

void CheckAudiences(const SectionPolicy& policy, uint32_t bits, const std::string& path, Findings& findings) {
  const absl::StatusOr<record::AudienceSet> audiences = record::AudienceSet::Parse(bits);
  const std::string field = absl::StrCat(path, ".$audiences");
  if (!audiences.ok()) {
    findings.Add({.field = field,
                  .reason = ReasonOf(audiences.status()),
                  .found = std::string(audiences.status().message()),
                  .expected = policy.audiences.ToString(),
                  .cure = "choose among the audiences of the section",
                  .message_ja = "公開範囲の指定が正しくありません。"});
    return;
  }
  if (!audiences->IsWithin(policy.audiences)) {
    AddLoosened(policy, field, *audiences, findings);
  }
  if (policy.locked.bits() != 0 && !policy.locked.IsWithin(*audiences)) {
    AddLocked(policy, field, *audiences, findings);
  }
}

void CheckSection(const Profile& profile, const record::v1::Section& section, DecodedSections& decoded,
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
  if (const SectionPolicy* policy = profile.Find(section.type())) {
    CheckAudiences(*policy, section.audiences(), path, findings);
  } else {
    findings.Add({.field = path,
                  .reason = "SECTION_NOT_ALLOWED",
                  .found = absl::StrCat("a section ", kind->name, " in a record of the profile ", profile.name),
                  .expected = "only sections that records of this profile may hold",
                  .cure = "move the section to a record of its own type",
                  .message_ja = "このレコード種別には含められないセクションです。"});
  }
  std::unique_ptr<Message> message = CheckPayload(section.type(), section.payload(), path, findings);
  if (message != nullptr && IsAccessSection(section.type())) {
    CheckTermsAreKnown(*message, path, findings);
  }
  if (message != nullptr && section.type() == record::v1::SECTION_TYPE_GRANT) {
    CheckGrantAudience(static_cast<const v1::Grant&>(*message), section.audiences(), path, findings);
  }
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

template <typename Payload>
const Payload* Get(const DecodedSections& decoded, uint32_t type) {
  const auto section = decoded.find(type);
  return section == decoded.end() ? nullptr : static_cast<const Payload*>(section->second.get());
}

// Whether a passport takes over from its parent what it does not say itself.
bool Inherits(const v1::Identity* identity, absl::string_view section) {
  if (identity == nullptr || identity->parent_record_id().empty() || section == kIdentityName) {
    return false;
  }
  const auto& own = identity->not_inherited_sections();
  return std::find(own.begin(), own.end(), section) == own.end();
}

void AddMissingSection(const Profile& profile, absl::string_view name, Severity severity, Findings& findings) {
  const bool required = severity == Severity::kError;
  findings.Add({.field = SectionPath(name),
                .reason = required ? "SECTION_MISSING" : "SECTION_RECOMMENDED",
                .found = absl::StrCat("no section ", name),
                .expected = absl::StrCat("one ", required ? "in every" : "as a rule in a", " record of the profile ",
                                         profile.name),
                .cure = "add the section",
                .message_ja = required ? absl::StrCat("必須セクション ", name, " がありません。")
                                       : absl::StrCat("セクション ", name, " の記載を推奨します。"),
                .severity = severity});
}

// Sections that may come from a parent are asked for only if `parents_known`, and then only those.
void CheckRequiredSections(const Profile& profile, const DecodedSections& decoded, bool parents_known,
                           Findings& findings) {
  const auto* identity = Get<v1::Identity>(decoded, record::v1::SECTION_TYPE_IDENTITY);
  const v1::Granularity granularity = identity == nullptr ? v1::GRANULARITY_UNSPECIFIED : identity->granularity();
  for (const SectionPolicy& policy : profile.sections) {
    const absl::string_view name = FindSectionKind(policy.type)->name;
    if (decoded.contains(policy.type) || Inherits(identity, name) != parents_known) {
      continue;
    }
    if (policy.required.Has(granularity)) {
      AddMissingSection(profile, name, Severity::kError, findings);
    } else if (policy.recommended.Has(granularity)) {
      AddMissingSection(profile, name, Severity::kWarning, findings);
    }
  }
}

// Those of RecordContent that a record with parents may hold.
constexpr uint32_t kComparedSections[] = {record::v1::SECTION_TYPE_IDENTITY,
                                          record::v1::SECTION_TYPE_MATERIAL_IDENTITY,
                                          record::v1::SECTION_TYPE_COMPOSITION,
                                          record::v1::SECTION_TYPE_COMPOSITION_SUMMARY,
                                          record::v1::SECTION_TYPE_BILL_OF_MATERIALS,
                                          record::v1::SECTION_TYPE_DISMANTLING,
                                          record::v1::SECTION_TYPE_RECYCLED_CONTENT,
                                          record::v1::SECTION_TYPE_CHAIN_OF_CUSTODY,
                                          record::v1::SECTION_TYPE_CARBON_FOOTPRINT,
                                          record::v1::SECTION_TYPE_DURABILITY,
                                          record::v1::SECTION_TYPE_ITEM_STATE,
                                          record::v1::SECTION_TYPE_HAZARD_SUMMARY,
                                          record::v1::SECTION_TYPE_SUBSTANCE_DECLARATION,
                                          record::v1::SECTION_TYPE_CRITICAL_RAW_MATERIALS,
                                          record::v1::SECTION_TYPE_MATERIAL_PROPERTIES,
                                          record::v1::SECTION_TYPE_CERTIFICATION};

void ApplyRecordRules(const record::Header& header, const DecodedSections& decoded, Findings& findings) {
  using namespace record::v1;  // the enumerators
  const RecordContent content = {
      .identity = Get<v1::Identity>(decoded, SECTION_TYPE_IDENTITY),
      .material_identity = Get<v1::MaterialIdentity>(decoded, SECTION_TYPE_MATERIAL_IDENTITY),
      .composition = Get<v1::Composition>(decoded, SECTION_TYPE_COMPOSITION),
      .composition_summary = Get<v1::CompositionSummary>(decoded, SECTION_TYPE_COMPOSITION_SUMMARY),
      .bill_of_materials = Get<v1::BillOfMaterials>(decoded, SECTION_TYPE_BILL_OF_MATERIALS),
      .dismantling = Get<v1::Dismantling>(decoded, SECTION_TYPE_DISMANTLING),
      .recycled_content = Get<v1::RecycledContent>(decoded, SECTION_TYPE_RECYCLED_CONTENT),
      .chain_of_custody = Get<v1::ChainOfCustody>(decoded, SECTION_TYPE_CHAIN_OF_CUSTODY),
      .carbon_footprint = Get<v1::CarbonFootprint>(decoded, SECTION_TYPE_CARBON_FOOTPRINT),
      .durability = Get<v1::Durability>(decoded, SECTION_TYPE_DURABILITY),
      .item_state = Get<v1::ItemState>(decoded, SECTION_TYPE_ITEM_STATE),
      .hazard_summary = Get<v1::HazardSummary>(decoded, SECTION_TYPE_HAZARD_SUMMARY),
      .substance_declaration = Get<v1::SubstanceDeclaration>(decoded, SECTION_TYPE_SUBSTANCE_DECLARATION),
      .critical_raw_materials = Get<v1::CriticalRawMaterials>(decoded, SECTION_TYPE_CRITICAL_RAW_MATERIALS),
      .material_properties = Get<v1::MaterialProperties>(decoded, SECTION_TYPE_MATERIAL_PROPERTIES),
      .certification = Get<v1::CertificationList>(decoded, SECTION_TYPE_CERTIFICATION),
      .enquiry = Get<v1::Enquiry>(decoded, SECTION_TYPE_ENQUIRY),
      .enquiry_answer = Get<v1::EnquiryAnswer>(decoded, SECTION_TYPE_ENQUIRY_ANSWER),
      .offer = Get<v1::Offer>(decoded, SECTION_TYPE_OFFER),
      .access_request = Get<v1::AccessRequest>(decoded, SECTION_TYPE_ACCESS_REQUEST),
      .grant = Get<v1::Grant>(decoded, SECTION_TYPE_GRANT),
      .agreement = Get<v1::Agreement>(decoded, SECTION_TYPE_AGREEMENT),
  };
  for (const RecordRule rule : RecordRules()) {
    rule(header, content, findings);
  }
}

// Null for a section that rules between sections do not look at.
DecodedSections DecodeCompared(absl::Span<const record::v1::Section> sections) {
  DecodedSections decoded;
  for (const record::v1::Section& section : sections) {
    const SectionKind* kind = FindSectionKind(section.type());
    if (kind == nullptr || !kind->understood() || !IsCompared(section.type())) {
      decoded.emplace(section.type(), nullptr);
      continue;
    }
    absl::StatusOr<std::unique_ptr<Message>> message = DecodePayload(*kind, section.payload());
    decoded.emplace(section.type(), message.ok() ? *std::move(message) : nullptr);
  }
  return decoded;
}

void ForgetMass(DecodedSections& decoded) {
  const auto identity = decoded.find(record::v1::SECTION_TYPE_IDENTITY);
  if (identity != decoded.end() && identity->second != nullptr) {
    static_cast<v1::Identity&>(*identity->second).clear_mass_kg();
  }
}

// A group that is written wrong would lose what the law locks for the right one.
void CheckGroup(const Profile& profile, const std::string& group, Findings& findings) {
  if (group.empty() || !profile.product_groups.empty()) {
    return;
  }
  std::vector<std::string> known;
  for (const Profile& other : Profiles()) {
    if (other.record_type == profile.record_type) {
      known.insert(known.end(), other.product_groups.begin(), other.product_groups.end());
    }
  }
  if (!known.empty()) {
    findings.Add({.field = "sections.identity.product_group",
                  .reason = "PRODUCT_GROUP_UNKNOWN",
                  .found = absl::StrCat("\"", group, "\""),
                  .expected = absl::StrCat("a group that has a profile: ", absl::StrJoin(known, ", ")),
                  .cure = "correct the name; if the group is new, only what holds for all groups is asked of it",
                  .message_ja = "この製品群のプロファイルはありません。全製品群に共通の規則だけを適用します。",
                  .severity = Severity::kWarning});
  }
}

// Null if this version cannot check records of that type, which is then among the findings.
const Profile* CheckProfile(const record::Header& header, absl::Span<const record::v1::Section> sections,
                            Findings& findings) {
  const auto type = static_cast<uint32_t>(header.message().record_type());
  const std::string group = ProductGroupOf(sections);
  const Profile* profile = FindProfile(type, group);
  if (profile == nullptr) {
    const RecordKind* kind = FindRecordKind(type);
    findings.Add({.field = "record_type",
                  .reason = "RECORD_TYPE_NOT_UNDERSTOOD",
                  .found = kind == nullptr ? absl::StrCat(type) : std::string(kind->name),
                  .expected = "a record type that this version can check",
                  .cure = "upgrade this program",
                  .message_ja = "このバージョンでは検証できないレコード種別です。"});
    return nullptr;
  }
  CheckGroup(*profile, group, findings);
  // A tombstone names no product group any more; it keeps the slots of the version before.
  if (!header.is_tombstone() && header.slot_count() != profile->slot_count) {
    findings.Add({.field = "section_digests",
                  .reason = "SLOT_COUNT",
                  .found = absl::StrCat(header.slot_count(), " slots"),
                  .expected = absl::StrCat(profile->slot_count, " in every record of the profile ", profile->name),
                  .cure = "seal the sections again: the slot count must not tell records apart",
                  .message_ja = absl::StrCat("このレコード種別のスロット数は", profile->slot_count, "です。")});
  }
  return profile;
}

// Null if there is none, or none that decodes.
std::unique_ptr<Message> PayloadOf(absl::Span<const record::v1::Section> sections, uint32_t type) {
  for (const record::v1::Section& section : sections) {
    if (section.type() == type) {
      absl::StatusOr<std::unique_ptr<Message>> message =
          DecodePayload(*FindSectionKind(section.type()), section.payload());
      return message.ok() ? *std::move(message) : nullptr;
    }
  }
  return nullptr;
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
  const Profile* profile = CheckProfile(header, sections, findings);
  if (profile == nullptr) {
    return std::move(findings).Take();
  }
  DecodedSections decoded;
  for (const record::v1::Section* section : ByType(sections)) {
    CheckSection(*profile, *section, decoded, findings);
  }
  if (!header.is_tombstone()) {
    CheckRequiredSections(*profile, decoded, /*parents_known=*/false, findings);
  }
  ApplyRecordRules(header, decoded, findings);
  return std::move(findings).Take();
}

bool MayFollowFromUnread(absl::string_view reason) {
  return absl::StartsWith(reason, "V7_") || absl::StrContains(reason, "_SUM") ||
         absl::StrContains(reason, "_AGREEMENT") || absl::StrContains(reason, "_MISSING");
}

bool IsCompared(uint32_t type) {
  return std::find(std::begin(kComparedSections), std::end(kComparedSections), type) != std::end(kComparedSections);
}

std::vector<Violation> ValidateInherited(const record::Header& header, absl::Span<const record::v1::Section> own,
                                         absl::Span<const record::v1::Section> all, bool weigh) {
  const Profile* profile = FindProfile(static_cast<uint32_t>(header.message().record_type()), ProductGroupOf(own));
  if (profile == nullptr) {
    return {};
  }
  DecodedSections own_decoded = DecodeCompared(own);
  DecodedSections decoded = DecodeCompared(all);
  if (!weigh) {
    ForgetMass(own_decoded);
    ForgetMass(decoded);
  }
  Findings findings(kViolationsMax);
  CheckRequiredSections(*profile, decoded, /*parents_known=*/true, findings);
  ApplyRecordRules(header, decoded, findings);
  Findings known(kViolationsMax);
  ApplyRecordRules(header, own_decoded, known);
  std::vector<Violation> found = std::move(findings).Take();
  const std::vector<Violation> without = std::move(known).Take();
  found.erase(std::remove_if(found.begin(), found.end(),
                             [&](const Violation& one) {
                               return std::find(without.begin(), without.end(), one) != without.end();
                             }),
              found.end());
  return found;
}

bool IsComparedWithBefore(uint32_t type) { return type == record::v1::SECTION_TYPE_IDENTITY || IsAccessSection(type); }

std::vector<Violation> ValidateChange(absl::Span<const record::v1::Section> before,
                                      absl::Span<const record::v1::Section> next) {
  Findings findings(kViolationsMax);
  for (const record::v1::Section& section : next) {
    if (!IsComparedWithBefore(section.type())) {
      continue;
    }
    const std::unique_ptr<Message> was = PayloadOf(before, section.type());
    const std::unique_ptr<Message> is = PayloadOf(next, section.type());
    if (was == nullptr || is == nullptr) {
      continue;
    }
    const std::string path = SectionPath(FindSectionKind(section.type())->name);
    if (section.type() == record::v1::SECTION_TYPE_IDENTITY) {
      CheckStatusChange(static_cast<const v1::Identity&>(*was), static_cast<const v1::Identity&>(*is), Path(path),
                        findings);
    } else {
      CheckAccessChange(*was, *is, Path(path), findings);
    }
  }
  return std::move(findings).Take();
}

}  // namespace meguri::passport
