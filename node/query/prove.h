// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "meguri/record/v1/record.pb.h"
#include "node/query/reader_view.h"
#include "record/feed.h"
#include "record/header.h"
#include "record/participant_id.h"
#include "record/record_id.h"
#include "storage/ordered_store.h"

namespace meguri::node {

// Signs the head of a feed that this node publishes, as it is now: a C2SP note. Thread-safe.
using SignHead = std::function<absl::StatusOr<std::string>(const record::FeedKey& feed)>;

// Entries that name a record, and what they tell a reader that is not open to everyone (RecordView::disclosed).
struct ProvenRecord {
  std::vector<record::v1::FeedProof> proofs;
  std::vector<Disclosure> disclosed;
};

// Proves to others that feeds name a record. Thread-safe.
class Prover {
 public:
  // `hosted` as Query. Borrowed arguments outlive the prover.
  Prover(const storage::SnapshotReader& store, std::vector<record::ParticipantId> hosted, std::string federation,
         SignHead sign_head);

  // Entries, each of another feed that the reader holds, that together open `slots` (0: every slot that the reader may
  // see): the widest feed that does so alone, or several, the widest first. NOT_FOUND and FAILED_PRECONDITION (reason
  // RECORD_ID_AMBIGUOUS) as Query::Get; UNAVAILABLE (reason COPY_BEHIND) while no head proves the entries of a replica.
  absl::StatusOr<ProvenRecord> Prove(const QueryReader& reader, const record::RecordId& record_id,
                                     absl::string_view publisher, uint64_t version, uint64_t slots) const;

 private:
  struct Candidate;
  absl::StatusOr<std::vector<Candidate>> CandidatesFor(ReaderView& view, const record::Hash& header_hash) const;
  absl::StatusOr<record::v1::FeedProof> MakeProof(const Candidate& candidate) const;
  // Adds the proof by `candidate`, and what it discloses to `reader`.
  absl::Status AddProof(const QueryReader& reader, const record::Header& header, const Candidate& candidate,
                        ProvenRecord& proven) const;

  const storage::SnapshotReader& store_;
  const std::vector<record::ParticipantId> hosted_;
  const std::string federation_;
  const SignHead sign_head_;
};

}  // namespace meguri::node
