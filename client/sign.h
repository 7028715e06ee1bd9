// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/optional.h"
#include "absl/types/span.h"
#include "base/random.h"
#include "meguri/record/v1/record_service.pb.h"
#include "passport/formats/canonical_json.h"
#include "record/hash.h"
#include "record/header.h"
#include "record/participant_id.h"
#include "record/public_key.h"
#include "record/record_id.h"

namespace meguri::client {

// One version of one record before it is sealed.
struct VersionDraft {
  passport::RecordDraft content;  // no sections if `tombstone` is there
  record::RecordId record_id;
  uint64_t version = 1;
  absl::optional<record::Hash> previous;  // header hash of the version before; absent in version 1 only
  absl::optional<record::v1::Tombstone> tombstone;
  size_t slot_count = 0;  // 0: that of the profile of its product group. A tombstone keeps that of the version before.
};

// The first version of a new record. INVALID_ARGUMENT (reason RECORD_EXISTS) if `content` names a record.
absl::StatusOr<VersionDraft> FirstVersion(passport::RecordDraft content, Random& random);
// The version after `newest`. INVALID_ARGUMENT with reason RECORD_TYPE_CHANGED, or RECORD_ID if `content` names another
// record; FAILED_PRECONDITION (reason RECORD_ENDED) if `newest` is a tombstone, (reason NOT_NEWEST) if `content` was
// made for another version than `newest`.
absl::StatusOr<VersionDraft> NextVersion(passport::RecordDraft content, const record::Header& newest);
// The end of the record whose newest version is `newest`. FAILED_PRECONDITION with reason RECORD_ENDED.
absl::StatusOr<VersionDraft> LastVersion(record::v1::Tombstone tombstone, const record::Header& newest);

// Gives every section a salt and a slot and makes the header: all but the signature.
absl::StatusOr<record::v1::Publication> Seal(const VersionDraft& draft, const record::ParticipantId& publisher,
                                             absl::Time issue_time, Random& random);

// The slots of a version that Seal would make of `content`: that of the profile of its product group. INVALID_ARGUMENT
// (reason RECORD_TYPE) if there is none.
absl::StatusOr<size_t> SlotCountOf(const passport::RecordDraft& content);

// A header as Seal makes it, without digests, which cost the most: to judge by (passport::ValidateRecord), never to
// sign. It fits all content of that record type with so many slots.
absl::StatusOr<record::Header> UnsealedHeader(uint32_t record_type, size_t slot_count,
                                              const record::ParticipantId& publisher, absl::Time issue_time,
                                              Random& random);

// Signs sealed publications. Those that go to different feeds never share a batch, as a common signature would tell
// the readers of one that the other exists; a batch holds at most record::kBatchSizeDefault.
absl::Status Sign(absl::Span<record::v1::Publication* const> publications, const record::Hash& key_id,
                  const record::Signer& signer, Random& random);

}  // namespace meguri::client
