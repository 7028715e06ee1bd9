// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "certs/trust_bundle.h"
#include "client/cli/session.h"
#include "client/node_client.h"
#include "meguri/record/v1/record.pb.h"
#include "record/header.h"
#include "record/participant_id.h"

namespace meguri::client {

inline constexpr uint32_t kReceiptsInFile = 1;  // unless somebody wishes more

// The record file of what Get answered: asks the node for the publisher's entry and for the proofs, and checks the
// whole with the trust bundle, as a file is only worth keeping if it verifies. FAILED_PRECONDITION (reason COPY_BEHIND)
// while the node cannot prove it, or the reasons of certs::VerifyRecordFile. With at most `receipts` receipts for a
// proof, as far as these count.
absl::StatusOr<std::string> MakeVerifiedFile(Session& session, const record::v1::Envelope& envelope,
                                             const record::Header& header, uint32_t receipts = kReceiptsInFile);

// The entry of `participant` as the operator signed it, and the proof that the registry feed names it, as the node has
// them. Whoever makes a file of them checks it.
struct PublisherEntry {
  record::v1::Envelope entry;
  record::v1::FeedProof proof;
};
absl::StatusOr<PublisherEntry> GetPublisherEntry(const NodeClient& node, const certs::TrustBundle& bundle,
                                                 const record::ParticipantId& participant);

// The trust bundle in the file `path`, that of the client folder if it is empty.
absl::StatusOr<certs::TrustBundle> ChosenBundle(Session& session, const std::string& path);

}  // namespace meguri::client
