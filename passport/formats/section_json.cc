// SPDX-License-Identifier: Apache-2.0
#include "passport/formats/section_json.h"

#include <algorithm>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "absl/time/time.h"
#include "base/bytes.h"
#include "base/status_macros.h"
#include "google/protobuf/message.h"
#include "passport/formats/canonical_json.h"
#include "passport/formats/proto_json.h"
#include "passport/payload.h"
#include "passport/section_table.h"
#include "passport/validate.h"
#include "record/header.h"

namespace meguri::passport {
namespace {

std::string NameOf(uint32_t type) {
  const SectionKind* kind = FindSectionKind(type);
  return kind == nullptr ? absl::StrCat("type_", type) : std::string(kind->name);
}

std::string TimeText(uint64_t unix_ms) {
  constexpr uint64_t kLastYearMs = 253'402'300'799'999;  // 9999-12-31T23:59:59.999Z, the last that RFC 3339 can write
  const absl::Time time = absl::FromUnixMillis(static_cast<int64_t>(std::min(unix_ms, kLastYearMs)));
  return absl::FormatTime(absl::RFC3339_full, time, absl::UTCTimeZone());
}

Json TombstoneAsJson(const record::v1::Tombstone& tombstone) {
  Json value = Json::object();
  value["reason"] = absl::AsciiStrToLower(
      absl::StripPrefix(record::v1::TombstoneReason_Name(tombstone.reason()), "TOMBSTONE_REASON_"));
  if (!tombstone.successor_record_id().empty()) {
    value["successor_record_id"] = ToHex(tombstone.successor_record_id());
  }
  if (!tombstone.successor_participant_id().empty()) {
    value["successor_participant_id"] = tombstone.successor_participant_id();
  }
  return value;
}

Json HeaderAsJson(const record::Header& header) {
  const record::v1::Header& message = header.message();
  const RecordKind* kind = FindRecordKind(static_cast<uint32_t>(message.record_type()));
  Json value = Json::object();
  value["record_type"] =
      kind == nullptr ? absl::StrCat("type_", static_cast<uint32_t>(message.record_type())) : std::string(kind->name);
  value["record_id"] = header.record_id().ToHex();
  value["version"] = header.version();
  value["publisher"] = header.publisher().text();
  value["issue_time"] = TimeText(message.issue_time_ms());
  value["header_hash"] = header.hash().ToHex();
  if (!message.previous_header_hash().empty()) {
    value["previous"] = ToHex(message.previous_header_hash());
  }
  value["slots"] = header.slot_count();
  if (header.is_tombstone()) {
    value["tombstone"] = TombstoneAsJson(message.tombstone());
  }
  return value;
}

Json OpenedSectionAsJson(const record::v1::Section& section) {
  Json value = Json::object();
  value["$slot"] = section.slot();
  const absl::StatusOr<record::AudienceSet> audiences = record::AudienceSet::Parse(section.audiences());
  value["$audiences"] = audiences.ok() ? AudienceNames(*audiences) : Json(section.audiences());
  value.update(SectionAsJson(section.type(), section.payload()));
  return value;
}

}  // namespace

Json SectionAsJson(uint32_t type, absl::string_view payload) {
  const SectionKind* kind = FindSectionKind(type);
  if (kind != nullptr && kind->understood()) {
    const absl::StatusOr<std::unique_ptr<google::protobuf::Message>> message = DecodePayload(*kind, payload);
    if (message.ok()) {
      Json value = MessageToJson(**message);
      if (HasUnknownFields(type, payload)) {
        value["$unknown_fields"] = true;
      }
      return value;
    }
  }
  Json value = Json::object();
  value["$not_understood"] = true;
  value["$type"] = type;
  value["$bytes"] = payload.size();
  return value;
}

Json AudienceNames(const record::AudienceSet& audiences) {
  Json names = Json::array();
  for (const absl::string_view name : absl::StrSplit(audiences.ToString(), ", ", absl::SkipEmpty())) {
    names.push_back(std::string(name));
  }
  return names;
}

absl::StatusOr<std::string> EnvelopeToJson(const record::v1::Envelope& envelope) {
  MEGURI_ASSIGN_OR_RETURN(const record::Header header, record::Header::Parse(envelope.header()));
  Json value = HeaderAsJson(header);
  Json& signature = value["signature"] = Json::object();
  signature["key_id"] = ToHex(envelope.signature().key_id());
  signature["batch_size"] = envelope.signature().size();
  signature["index"] = envelope.signature().index();
  Json& sections = value["sections"] = Json::object();
  for (const record::v1::Section& section : envelope.sections()) {
    std::string name = NameOf(section.type());
    // Two of one type are a fault of the publisher; both are shown.
    if (sections.contains(name)) {
      name = absl::StrCat(name, "#", section.slot());
    }
    sections[name] = OpenedSectionAsJson(section);
  }
  return PrintJson(value);
}

}  // namespace meguri::passport
