// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "certs/publisher_proof.h"
#include "certs/trust_bundle.h"
#include "meguri/record/v1/receipt.pb.h"
#include "meguri/record/v1/record.pb.h"
#include "record/feed_proof.h"
#include "record/hash.h"
#include "record/header.h"

namespace meguri::certs {

inline constexpr size_t kRecordFileBytesMax = size_t{40} << 20;
inline constexpr int kRecordProofsMax = 64;

// What a record file proves.
struct VerificationReport {
  Judgement judgement;
  record::Header header;
  record::Hash key_id;  // that signed the record
  record::v1::Envelope envelope;
  std::vector<ProvenByFeed> entries;  // of feeds that name the record, as in the file
  VerifiedMember publisher;
  ProvenByFeed publisher_entry;                      // of the registry feed
  uint64_t trust_bundle_version = 0;                 // of the bundle with which the file was made
  std::vector<registry::v1::KeyNotice> key_notices;  // of the publisher
};

// What a record file is made of.
struct RecordFileParts {
  record::v1::Envelope record;
  std::vector<record::v1::FeedProof> record_proofs;
  record::v1::Envelope publisher_entry;
  record::v1::FeedProof publisher_entry_proof;
  std::vector<record::v1::ProofReceipts> receipts = {};  // of the proofs, in their order; empty: there are none
};

// Checks a RecordFile from end to end with nothing but the bundle: the registry signed the publisher's entry and its
// feed names it, a record key of that entry signed the header, every section in the file belongs to the header, and
// feeds of the publisher name the header and open those sections. Any changed bit is refused: INVALID_ARGUMENT with
// reason RECORD_FILE, MEMBER_RECORD, RECORD_KEY, REGISTRY_FEED, SLOT_NOT_PROVEN, OTHER_TRUST_BUNDLE, or the reasons of
// record and certs. A receipt that does not count by what the file says is refused with the reasons of receipts.h.
// `receipts_needed` members at different nodes must say that they had seen it where no quorum of witnesses does; 0:
// what other members say counts for nothing.
absl::StatusOr<VerificationReport> VerifyRecordFile(absl::string_view bytes, const TrustBundle& bundle, absl::Time now,
                                                    size_t receipts_needed = kReceiptsNeeded);

// The bytes of `file` with the digest that they have, whatever it says.
std::string SealRecordFile(record::v1::RecordFile file);
std::string SealRecordFile(record::v1::SeenRecordFile file);

// The file of a record, deterministic. It is the caller's business to check it with VerifyRecordFile.
std::string MakeRecordFile(RecordFileParts parts, const TrustBundle& bundle);

}  // namespace meguri::certs
