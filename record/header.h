// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "meguri/record/v1/record.pb.h"
#include "record/hash.h"
#include "record/participant_id.h"
#include "record/record_id.h"

namespace meguri::record {

// A header together with the bytes that were signed. Immutable; only a header that obeys the grammar can exist.
class Header {
 public:
  // Checks the wire grammar and the rules between fields. INVALID_ARGUMENT with reason WIRE_GRAMMAR or HEADER_RULE;
  // UNIMPLEMENTED with reason NEWER_FORMAT if the first field names a format version that this program does not know.
  static absl::StatusOr<Header> Parse(absl::string_view bytes);
  // Encodes `message` and checks it as Parse does.
  static absl::StatusOr<Header> Make(const v1::Header& message);

  const std::string& bytes() const { return bytes_; }
  const v1::Header& message() const { return message_; }
  const Hash& hash() const { return hash_; }
  const RecordId& record_id() const { return record_id_; }
  uint64_t version() const { return message_.version(); }
  const ParticipantId& publisher() const { return publisher_; }
  bool is_tombstone() const { return message_.has_tombstone(); }
  size_t slot_count() const { return static_cast<size_t>(message_.section_digests_size()); }

 private:
  Header(std::string bytes, v1::Header message, Hash hash, RecordId record_id, ParticipantId publisher);
  std::string bytes_;
  v1::Header message_;
  Hash hash_;
  RecordId record_id_;
  ParticipantId publisher_;
};

// Whether Parse refuses `bytes` as NEWER_FORMAT: their hash and signature can be judged, and nothing else.
bool IsNewerFormat(absl::string_view header_bytes);

// Whether a header may have so many slots: 8, 16, 32 or 64.
bool IsSlotCount(size_t count);

// SHA-256("meguri/header/v1" 00 | header bytes).
Hash HeaderHash(absl::string_view header_bytes);

}  // namespace meguri::record
