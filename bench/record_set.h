// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/clock.h"
#include "base/random.h"
#include "meguri/record/v1/record_service.pb.h"
#include "record/hash.h"
#include "record/participant_id.h"
#include "record/public_key.h"

namespace meguri::bench {

inline constexpr size_t kPayloadBytesDefault = 4096;

// Makes signed records without end: material passports of lots, each with one public section of the same size, hardly
// compressible. Every record has an ID, a lot and a salt of its own, so a set of any size can be made in parts. Not
// thread-safe.
class RecordSet {
 public:
  struct Publisher {
    record::ParticipantId id;
    const record::Signer& signer;
    record::Hash key_id;
  };

  RecordSet(Publisher publisher, size_t payload_bytes, const Clock& clock, Random& random)
      : publisher_(std::move(publisher)), payload_bytes_(payload_bytes), clock_(clock), random_(random) {}

  // The next `count` records (1 … 256) under one signature.
  absl::StatusOr<std::vector<record::v1::Publication>> NextBatch(size_t count);
  // The same as a request.
  absl::StatusOr<record::v1::PublishRequest> NextRequest(size_t count);

 private:
  std::string NextPayload();

  const Publisher publisher_;
  const size_t payload_bytes_;
  const Clock& clock_;
  Random& random_;
};

// The record ID inside a publication that a RecordSet made.
std::string RecordIdOf(const record::v1::Publication& publication);

}  // namespace meguri::bench
