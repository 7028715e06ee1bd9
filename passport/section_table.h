// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "google/protobuf/message.h"
#include "record/audience.h"

namespace meguri::passport {

// What this version knows about a section type. Static storage duration; immutable.
struct SectionKind {
  uint32_t type = 0;       // a record::v1::SectionType
  absl::string_view name;  // "recycled_content"
  // Default instance of the payload message; null if this version does not understand the section.
  const google::protobuf::Message* prototype = nullptr;
  // The widest set that a publisher may choose, and the one that applies if it says nothing, in records that no profile
  // of a product group covers (passport/profile.h). Empty if not understood.
  record::AudienceSet audiences;
  size_t payload_bytes_max = 0;

  bool understood() const { return prototype != nullptr; }
};

// Every section type of record.proto, ascending.
absl::Span<const SectionKind> SectionKinds();
// Null if record.proto of this version does not assign that number, or has no section of that name.
const SectionKind* FindSectionKind(uint32_t type);
const SectionKind* FindSectionKind(absl::string_view name);

// What this version knows about a record type. Static storage duration; immutable.
struct RecordKind {
  uint32_t type = 0;       // a record::v1::RecordType
  absl::string_view name;  // "product_passport"
  // Of records that no profile covers.
  size_t slot_count = 0;
  absl::Span<const uint32_t> required;  // section types; none in a tombstone
  // Section types that any profile may hold, the required ones included; empty: not understood.
  absl::Span<const uint32_t> allowed;

  bool understood() const { return !allowed.empty(); }
};

// Every record type of record.proto, ascending.
absl::Span<const RecordKind> RecordKinds();
const RecordKind* FindRecordKind(uint32_t type);
const RecordKind* FindRecordKind(absl::string_view name);

}  // namespace meguri::passport
