// SPDX-License-Identifier: Apache-2.0
#include "node/access/access_record.h"

#include <utility>

#include "absl/strings/escaping.h"
#include "base/bytes.h"
#include "base/status_macros.h"
#include "passport/rules/timestamp.h"
#include "passport/section_table.h"
#include "record/header.h"
#include "storage/records.h"

namespace meguri::node {
namespace {

// The section of an access record has the name of its type.
uint32_t SectionOf(uint32_t record_type) {
  const passport::RecordKind* kind = passport::FindRecordKind(record_type);
  const passport::SectionKind* section = kind == nullptr ? nullptr : passport::FindSectionKind(kind->name);
  return section == nullptr ? 0 : section->type;
}

}  // namespace

absl::Time TimeOf(absl::string_view text) { return passport::ParseTimestamp(text).value_or(absl::InfinitePast()); }

absl::StatusOr<absl::optional<AccessRecord>> ReadAccessRecord(const storage::StoreReader& store,
                                                              const record::ParticipantId& publisher,
                                                              const record::RecordId& id) {
  const storage::Records records(store);
  MEGURI_ASSIGN_OR_RETURN(const std::vector<storage::VersionRef> versions, records.FindVersions(id));
  const storage::VersionRef* newest = nullptr;
  for (const storage::VersionRef& version : versions) {
    newest = version.publisher == publisher ? &version : newest;  // ascending
  }
  if (newest == nullptr) {
    return absl::optional<AccessRecord>();
  }
  MEGURI_ASSIGN_OR_RETURN(const storage::v1::StoredRecord stored, records.Read(newest->arrival));
  MEGURI_ASSIGN_OR_RETURN(const record::Header header, record::Header::Parse(stored.header()));
  MEGURI_ASSIGN_OR_RETURN(const bool is_frozen, records.IsFrozen(publisher, id));
  AccessRecord record{publisher,
                      id,
                      static_cast<uint32_t>(header.message().record_type()),
                      header.is_tombstone() || is_frozen,
                      "",
                      0,
                      newest->arrival};
  if (record.has_ended) {
    return absl::make_optional(std::move(record));
  }
  MEGURI_ASSIGN_OR_RETURN(const std::vector<record::v1::Section> sections,
                          records.ReadSections(newest->arrival, ~uint64_t{0}));
  for (const record::v1::Section& section : sections) {
    if (section.type() == SectionOf(record.type)) {
      record.payload = section.payload();
      record.audiences = section.audiences();
    }
  }
  return absl::make_optional(std::move(record));
}

absl::StatusOr<absl::optional<SignedRecord>> FindSigned(const storage::StoreReader& store, absl::string_view hash_hex) {
  const absl::StatusOr<record::Hash> hash = record::Hash::Parse(absl::HexStringToBytes(hash_hex));
  if (!hash.ok()) {
    return absl::optional<SignedRecord>();
  }
  const storage::Records records(store);
  MEGURI_ASSIGN_OR_RETURN(const absl::optional<storage::Arrival> arrival, records.FindByHash(*hash));
  if (!arrival.has_value()) {
    return absl::optional<SignedRecord>();
  }
  MEGURI_ASSIGN_OR_RETURN(const storage::v1::StoredRecord stored, records.Read(*arrival));
  const absl::StatusOr<record::Header> header = record::Header::Parse(stored.header());
  if (!header.ok()) {
    return absl::optional<SignedRecord>();  // of a format that is too new for this program
  }
  return absl::make_optional(
      SignedRecord{header->publisher(), header->record_id(), static_cast<uint32_t>(header->message().record_type())});
}

}  // namespace meguri::node
