// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "meguri/record/v1/record.pb.h"
#include "record/hash.h"
#include "record/record_id.h"
#include "record/section.h"

namespace meguri::passport {

// A record before it is signed: the content of a record file.
//   {"record_type": "product_passport",
//    "sections": {"identity": {…}, "dismantling": {"$audiences": ["AUTHORITIES"], …}},
//    "jurisdictions": ["JP"], "addressees": [], "subjects": [],
//    "record_id": "<32 hex digits>", "previous": "<64 hex digits>"}
// Sections are proto JSON with the names of the proto files, save that a Decimal is written as its text: "12.5".
struct RecordDraft {
  uint32_t record_type = 0;
  std::vector<record::SectionDraft> sections;  // ascending types
  std::vector<std::string> jurisdictions;      // JP or JIS X 0401 codes
  std::vector<std::string> addressees;         // participant IDs
  std::vector<std::string> subjects;           // participant IDs
  // Types of sections whose audiences were chosen, be it the default ones: no profile changes them.
  std::vector<uint32_t> chosen_audiences;
  // Of an update: the record, and the header hash of the version before. Both or neither.
  absl::optional<record::RecordId> record_id;
  absl::optional<record::Hash> previous;
};

// Reads a record file. A section without "$audiences" gets the default ones. INVALID_ARGUMENT with every problem as a
// violation whose field is its JSON path (sections.identity.mass_kg); reasons JSON_SYNTAX, JSON_DEPTH, JSON_SIZE,
// JSON_DUPLICATE_KEY, JSON_FIELD_UNKNOWN, JSON_TYPE, JSON_VALUE, JSON_MISSING, RECORD_TYPE_NOT_UNDERSTOOD,
// SECTION_NOT_UNDERSTOOD, UNKNOWN_AUDIENCE, NO_AUDIENCE, JURISDICTION, and those of participant IDs.
// With any of these come the violations of ValidateSection of what could be read; without, the rules of the content are
// not judged.
absl::StatusOr<RecordDraft> ParseRecordJson(absl::string_view json);

// Gives each section that has the default audiences of its kind, unless they were chosen, those of the profile of the
// record's product group.
void UseProfileAudiences(RecordDraft& draft);

// Writes a record file that ParseRecordJson reads back as the same draft, if its payloads are as protobuf writes them.
// INVALID_ARGUMENT with reason RECORD_TYPE_NOT_UNDERSTOOD or SECTION_NOT_UNDERSTOOD (unknown fields included), or that
// of DecodePayload.
absl::StatusOr<std::string> PrintRecordJson(const RecordDraft& draft);

// One payload as an indented JSON object. A section that is not understood or does not decode is shown as
// {"$not_understood": true, "$type": 77, "$bytes": 1234}; one with unknown fields has "$unknown_fields": true besides
// those that are known.
absl::StatusOr<std::string> SectionToJson(uint32_t type, absl::string_view payload);

// An envelope for reading: the header's fields with IDs and hashes in hexadecimal and times in RFC 3339, the key that
// signed, and the sections with slot and audiences. Checks no signature and no digest. INVALID_ARGUMENT if the header
// cannot be parsed.
absl::StatusOr<std::string> EnvelopeToJson(const record::v1::Envelope& envelope);

}  // namespace meguri::passport
