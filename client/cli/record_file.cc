// SPDX-License-Identifier: Apache-2.0
#include "client/cli/record_file.h"

#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "certs/cosigned_note.h"
#include "certs/files.h"
#include "certs/limits.h"
#include "certs/record_file.h"
#include "meguri/record/v1/record_service.pb.h"
#include "meguri/registry/v1/registry_service.pb.h"

namespace meguri::client {
namespace {

// With the lines of those witnesses that `bundle` knows.
absl::StatusOr<record::v1::GetProofResponse> ProofsOf(const NodeClient& node, const certs::TrustBundle& bundle,
                                                      const record::Header& header,
                                                      const record::v1::Envelope& envelope, uint32_t receipts) {
  record::v1::GetProofRequest request;
  request.set_record_id(header.record_id().ToString());
  request.set_publisher(header.publisher().text());
  request.set_version(header.version());
  uint64_t slots = 0;
  for (const record::v1::Section& section : envelope.sections()) {
    slots |= uint64_t{1} << section.slot();
  }
  request.set_slots(slots);
  request.set_receipts(receipts);
  MEGURI_ASSIGN_OR_RETURN(record::v1::GetProofResponse response, node.GetProof(request));
  for (record::v1::FeedProof& proof : *response.mutable_proofs()) {
    MEGURI_ASSIGN_OR_RETURN(*proof.mutable_checkpoint(), certs::KeepKnownLines(proof.checkpoint(), bundle));
  }
  for (record::v1::ProofReceipts& of_proof : *response.mutable_receipts()) {
    for (record::v1::ReceiptProof& receipt : *of_proof.mutable_receipts()) {
      std::string& checkpoint = *receipt.mutable_giver_entry_proof()->mutable_checkpoint();
      MEGURI_ASSIGN_OR_RETURN(checkpoint, certs::KeepKnownLines(checkpoint, bundle));
    }
  }
  return response;
}

}  // namespace

absl::StatusOr<PublisherEntry> GetPublisherEntry(const NodeClient& node, const certs::TrustBundle& bundle,
                                                 const record::ParticipantId& participant) {
  registry::v1::GetMemberRequest request;
  request.set_participant_id(participant.text());
  MEGURI_ASSIGN_OR_RETURN(registry::v1::GetMemberResponse member, node.GetMember(request));
  PublisherEntry publisher;
  publisher.entry = std::move(*member.mutable_record());
  MEGURI_ASSIGN_OR_RETURN(const record::Header header, record::Header::Parse(publisher.entry.header()));
  MEGURI_ASSIGN_OR_RETURN(record::v1::GetProofResponse proofs, ProofsOf(node, bundle, header, publisher.entry, 0));
  // A member record lies in the registry feed alone; what else a node may say, the check refuses.
  if (proofs.proofs_size() > 0) {
    publisher.proof = std::move(*proofs.mutable_proofs(0));
  }
  return publisher;
}

absl::StatusOr<std::string> MakeVerifiedFile(Session& session, const record::v1::Envelope& envelope,
                                             const record::Header& header, uint32_t receipts) {
  MEGURI_ASSIGN_OR_RETURN(const NodeClient* node, session.node());
  MEGURI_ASSIGN_OR_RETURN(const certs::TrustBundle* bundle, session.trust_bundle());
  certs::RecordFileParts parts;
  parts.record = envelope;
  MEGURI_ASSIGN_OR_RETURN(const record::v1::GetProofResponse proofs,
                          ProofsOf(*node, *bundle, header, envelope, receipts));
  parts.record_proofs = {proofs.proofs().begin(), proofs.proofs().end()};
  parts.receipts = {proofs.receipts().begin(), proofs.receipts().end()};
  MEGURI_ASSIGN_OR_RETURN(PublisherEntry publisher, GetPublisherEntry(*node, *bundle, header.publisher()));
  parts.publisher_entry = std::move(publisher.entry);
  parts.publisher_entry_proof = std::move(publisher.proof);
  std::string bytes = certs::MakeRecordFile(parts, *bundle);
  absl::Status verified = certs::VerifyRecordFile(bytes, *bundle, session.clock().Now()).status();
  // A receipt that counts there and not here, by another clock or trust bundle, must not keep anybody from the record.
  if (!verified.ok() && absl::StartsWith(ReasonOf(verified), "RECEIPT_")) {
    parts.receipts.clear();
    bytes = certs::MakeRecordFile(std::move(parts), *bundle);
    verified = certs::VerifyRecordFile(bytes, *bundle, session.clock().Now()).status();
  }
  MEGURI_RETURN_IF_ERROR(verified);
  return bytes;
}

absl::StatusOr<certs::TrustBundle> ChosenBundle(Session& session, const std::string& path) {
  if (path.empty()) {
    MEGURI_ASSIGN_OR_RETURN(const certs::TrustBundle* bundle, session.trust_bundle());
    return *bundle;
  }
  MEGURI_ASSIGN_OR_RETURN(const std::string bytes, certs::ReadFile(path, certs::kTrustBundleBytesMax));
  return certs::TrustBundle::Open(bytes, session.clock().Now());
}

}  // namespace meguri::client
