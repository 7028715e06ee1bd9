// SPDX-License-Identifier: Apache-2.0
#include "client/cli/record_file.h"

#include <utility>
#include <vector>

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
absl::StatusOr<std::vector<record::v1::FeedProof>> ProofsOf(const NodeClient& node, const certs::TrustBundle& bundle,
                                                            const record::Header& header,
                                                            const record::v1::Envelope& envelope) {
  record::v1::GetProofRequest request;
  request.set_record_id(header.record_id().ToString());
  request.set_publisher(header.publisher().text());
  request.set_version(header.version());
  uint64_t slots = 0;
  for (const record::v1::Section& section : envelope.sections()) {
    slots |= uint64_t{1} << section.slot();
  }
  request.set_slots(slots);
  MEGURI_ASSIGN_OR_RETURN(record::v1::GetProofResponse response, node.GetProof(request));
  std::vector<record::v1::FeedProof> proofs(response.proofs().begin(), response.proofs().end());
  for (record::v1::FeedProof& proof : proofs) {
    MEGURI_ASSIGN_OR_RETURN(*proof.mutable_checkpoint(), certs::KeepKnownLines(proof.checkpoint(), bundle));
  }
  return proofs;
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
  MEGURI_ASSIGN_OR_RETURN(std::vector<record::v1::FeedProof> proofs, ProofsOf(node, bundle, header, publisher.entry));
  // A member record lies in the registry feed alone; what else a node may say, the check refuses.
  if (!proofs.empty()) {
    publisher.proof = std::move(proofs.front());
  }
  return publisher;
}

absl::StatusOr<std::string> MakeVerifiedFile(Session& session, const record::v1::Envelope& envelope,
                                             const record::Header& header) {
  MEGURI_ASSIGN_OR_RETURN(const NodeClient* node, session.node());
  MEGURI_ASSIGN_OR_RETURN(const certs::TrustBundle* bundle, session.trust_bundle());
  MEGURI_ASSIGN_OR_RETURN(std::vector<record::v1::FeedProof> proofs, ProofsOf(*node, *bundle, header, envelope));
  MEGURI_ASSIGN_OR_RETURN(PublisherEntry publisher, GetPublisherEntry(*node, *bundle, header.publisher()));
  std::string bytes = certs::MakeRecordFile(
      {envelope, std::move(proofs), std::move(publisher.entry), std::move(publisher.proof)}, *bundle);
  MEGURI_RETURN_IF_ERROR(certs::VerifyRecordFile(bytes, *bundle, session.clock().Now()).status());
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
