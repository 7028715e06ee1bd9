// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/optional.h"
#include "meguri/record/v1/record.pb.h"
#include "passport/validate.h"
#include "record/hash.h"
#include "record/participant_id.h"
#include "record/record_id.h"
#include "storage/ordered_store.h"
#include "storage/versions.h"

namespace meguri::node {

// The newest version of an offer, a grant, an agreement or a request, as the store holds it.
struct AccessRecord {
  record::ParticipantId publisher;
  record::RecordId id;
  uint32_t type = 0;  // a record::v1::RecordType
  bool has_ended = false;
  std::string payload;     // of the section that bears the name of the record's type; empty if it has ended
  uint64_t audiences = 0;  // of that section: bit n for the audience n
  storage::Arrival arrival = 0;
};

// nullopt if `publisher` has published no such record here. One of which two versions contradict each other has ended:
// nobody knows what its publisher meant.
absl::StatusOr<absl::optional<AccessRecord>> ReadAccessRecord(const storage::StoreReader& store,
                                                              const record::ParticipantId& publisher,
                                                              const record::RecordId& id);

// What `record` says; nullopt if it has ended, or says what this version does not know.
template <typename Payload>
absl::optional<Payload> PayloadOf(const AccessRecord& record, uint32_t section_type) {
  Payload payload;
  if (record.has_ended || record.payload.empty() || !payload.ParseFromString(record.payload) ||
      passport::HasUnknownFields(section_type, record.payload)) {
    return absl::nullopt;
  }
  return payload;
}

// Who signed the header with this hash, in 64 hexadecimal digits, and for which record.
struct SignedRecord {
  record::ParticipantId publisher;
  record::RecordId id;
  uint32_t type = 0;
};
// nullopt if no such header is here.
absl::StatusOr<absl::optional<SignedRecord>> FindSigned(const storage::StoreReader& store, absl::string_view hash_hex);

// A time of a payload, which a rule has checked: InfinitePast if it is none.
absl::Time TimeOf(absl::string_view text);

}  // namespace meguri::node
