// SPDX-License-Identifier: Apache-2.0
#include "client/cli/record_file.h"

#include <utility>
#include <vector>

#include "base/status_macros.h"
#include "certs/record_file.h"
#include "meguri/record/v1/record_service.pb.h"
#include "meguri/registry/v1/registry_service.pb.h"

namespace meguri::client {
namespace {

absl::StatusOr<std::vector<record::v1::FeedProof>> ProofsOf(const NodeClient& node, const record::Header& header) {
  record::v1::GetProofRequest request;
  request.set_record_id(header.record_id().ToString());
  request.set_publisher(header.publisher().text());
  request.set_version(header.version());
  MEGURI_ASSIGN_OR_RETURN(record::v1::GetProofResponse response, node.GetProof(request));
  return std::vector<record::v1::FeedProof>(response.proofs().begin(), response.proofs().end());
}

}  // namespace

absl::StatusOr<std::string> MakeVerifiedFile(Session& session, const record::v1::Envelope& envelope,
                                             const record::Header& header) {
  MEGURI_ASSIGN_OR_RETURN(const NodeClient* node, session.node());
  MEGURI_ASSIGN_OR_RETURN(const certs::TrustBundle* bundle, session.trust_bundle());
  certs::RecordFileParts parts;
  parts.record = envelope;
  MEGURI_ASSIGN_OR_RETURN(parts.record_proofs, ProofsOf(*node, header));
  registry::v1::GetMemberRequest request;
  request.set_participant_id(header.publisher().text());
  MEGURI_ASSIGN_OR_RETURN(registry::v1::GetMemberResponse member, node->GetMember(request));
  parts.publisher_entry = std::move(*member.mutable_record());
  MEGURI_ASSIGN_OR_RETURN(const record::Header entry, record::Header::Parse(parts.publisher_entry.header()));
  MEGURI_ASSIGN_OR_RETURN(std::vector<record::v1::FeedProof> proofs, ProofsOf(*node, entry));
  // A member record lies in the registry feed alone; what else a node may say, the check refuses.
  if (!proofs.empty()) {
    parts.publisher_entry_proof = std::move(proofs.front());
  }
  std::string bytes = certs::MakeRecordFile(std::move(parts), *bundle);
  MEGURI_RETURN_IF_ERROR(certs::VerifyRecordFile(bytes, *bundle, session.clock().Now()).status());
  return bytes;
}

}  // namespace meguri::client
