// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/clock.h"
#include "base/random.h"
#include "client/sign.h"
#include "meguri/record/v1/record_service.pb.h"
#include "passport/formats/canonical_json.h"
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
  // From now on every record has a small section for partners too.
  void AddPartnerSections() { has_partner_sections_ = true; }

  // First versions of other records, up to 256, as a request.
  absl::StatusOr<record::v1::PublishRequest> RequestOf(std::vector<passport::RecordDraft> contents);
  // The version after `newest`.
  struct Next {
    passport::RecordDraft content;
    const record::v1::Publication* newest;
  };
  absl::StatusOr<record::v1::PublishRequest> RequestOfNext(std::vector<Next> versions);
  const record::ParticipantId& publisher() const { return publisher_.id; }

 private:
  std::string NextPayload();
  absl::StatusOr<std::vector<record::v1::Publication>> SealAndSign(const std::vector<client::VersionDraft>& drafts);
  absl::StatusOr<std::vector<client::VersionDraft>> FirstVersions(std::vector<passport::RecordDraft> contents);

  const Publisher publisher_;
  const size_t payload_bytes_;
  const Clock& clock_;
  Random& random_;
  bool has_partner_sections_ = false;
};

// The record ID inside a publication that a RecordSet made.
std::string RecordIdOf(const record::v1::Publication& publication);

}  // namespace meguri::bench
