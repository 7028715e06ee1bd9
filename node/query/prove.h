// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/optional.h"
#include "base/clock.h"
#include "certs/registry.h"
#include "certs/signature_time.h"
#include "certs/trust_bundle.h"
#include "meguri/record/v1/receipt.pb.h"
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

// Whose keys are good, now.
using RegistryNow = std::function<std::shared_ptr<const certs::Registry>()>;

// By which head of a feed a proof is made.
enum class ProofHead {
  kNewest,  // the newest one that is here, as its publisher signed it
  // The one by which the signatures are worth most: the newest that a quorum of witnesses cosigned, or an older one if
  // a key has ended since; without any, the newest one. With the lines of the witnesses. Of a feed that they do not
  // see, it is one that was committed in `heads`.
  kDated,
};

// Entries that name a record, and what they tell a reader that is not open to everyone (RecordView::disclosed).
struct ProvenRecord {
  std::vector<record::v1::FeedProof> proofs;
  // Of each of the proofs, in their order, if any were wished. The entries of those who gave them, `givers` in the
  // order of the receipts, are still to be put in.
  std::vector<record::v1::ProofReceipts> receipts;
  std::vector<record::ParticipantId> givers;
  std::vector<Disclosure> disclosed;
};

// Proves to others that feeds name a record. Thread-safe.
class Prover {
 public:
  // `hosted` as Query. Borrowed arguments outlive the prover.
  Prover(const storage::SnapshotReader& store, std::vector<record::ParticipantId> hosted,
         const certs::TrustBundle& bundle, RegistryNow registry, const Clock& clock, SignHead sign_head,
         size_t receipts_needed = certs::kReceiptsNeeded);

  // Entries, each of another feed that the reader holds, that together open `slots` (0: every slot that the reader may
  // see): the widest feed that does so alone, or several, the widest first. NOT_FOUND and FAILED_PRECONDITION (reason
  // RECORD_ID_AMBIGUOUS) as Query::Get; UNAVAILABLE (reason COPY_BEHIND) while no head proves the entries of a replica.
  // If no quorum of witnesses has cosigned the head, or only when a key had ended, as many receipts of members at
  // different nodes as there are, up to `receipts`.
  absl::StatusOr<ProvenRecord> Prove(const QueryReader& reader, const record::RecordId& record_id,
                                     absl::string_view publisher, uint64_t version, uint64_t slots,
                                     ProofHead head = ProofHead::kDated, size_t receipts = 0) const;
  // When the version with this header was there at the latest, by what is known of feeds that the reader holds. What
  // this node itself has seen it says to its own clients alone.
  certs::SeenTimes SeenAt(const QueryReader& reader, const record::Hash& header_hash) const;

 private:
  struct Candidate;
  struct Head;
  absl::StatusOr<std::vector<Candidate>> CandidatesFor(ReaderView& view, const record::Hash& header_hash) const;
  // `key_id` signed the record.
  absl::StatusOr<record::v1::FeedProof> MakeProof(const Candidate& candidate, const std::string& key_id,
                                                  ProofHead head) const;
  absl::StatusOr<std::string> CurrentHead(const Candidate& candidate) const;
  absl::StatusOr<Head> ChooseHead(const storage::StoreReader& store, const Candidate& candidate,
                                  const std::string& key_id, ProofHead which) const;
  absl::Status AddHead(const storage::StoreReader& store, const Candidate& candidate, Head head, ProofHead which,
                       record::v1::FeedProof& proof, uint64_t& size) const;
  bool IsDated(const Candidate& candidate, const std::string& head, const std::string& key_id) const;
  absl::Status AddReceipts(const Candidate& candidate, size_t wished, ProvenRecord& proven) const;
  // What the proof by `candidate` discloses to `reader`.
  static void AddDisclosed(const QueryReader& reader, const record::Header& header, const Candidate& candidate,
                           ProvenRecord& proven);

  const storage::SnapshotReader& store_;
  const std::vector<record::ParticipantId> hosted_;
  const certs::TrustBundle& bundle_;
  const RegistryNow registry_;
  const Clock& clock_;
  const SignHead sign_head_;
  const size_t receipts_needed_;
};

}  // namespace meguri::node
