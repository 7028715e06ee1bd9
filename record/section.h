// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "base/random.h"
#include "meguri/record/v1/record.pb.h"
#include "record/audience.h"
#include "record/hash.h"
#include "record/header.h"

namespace meguri::record {

// A section before it has a slot and a salt.
struct SectionDraft {
  uint32_t type = 0;
  AudienceSet audiences;
  std::string payload;
};

// The salted digest of docs/format/record.md §3.
Hash SectionDigest(const ParticipantId& publisher, const RecordId& record_id, uint64_t version,
                   const v1::Section& section);

// Sections with fresh salts in random slots, and the digests of all slots; the unused ones are random.
struct SealedSections {
  std::vector<v1::Section> sections;  // ascending slots
  std::vector<Hash> digests;          // one per slot
};

// INVALID_ARGUMENT if `slot_count` is not 8, 16, 32 or 64, the drafts do not fit, or a type occurs twice.
absl::StatusOr<SealedSections> SealSections(const ParticipantId& publisher, const RecordId& record_id, uint64_t version,
                                            absl::Span<const SectionDraft> drafts, size_t slot_count, Random& random);

// Checks that opened sections belong to `header`: ascending slots in range, each type at most once, sizes within
// limits, digests equal; none with a tombstone. INVALID_ARGUMENT with reason TOMBSTONE_SECTIONS, SECTION_SLOT,
// SECTION_TYPE, SECTION_AUDIENCES, SECTION_SALT, SECTION_SIZE, RECORD_SIZE or SECTION_DIGEST.
absl::Status VerifySections(const Header& header, const google::protobuf::RepeatedPtrField<v1::Section>& sections);

}  // namespace meguri::record
