// SPDX-License-Identifier: Apache-2.0
#include "client/cli/evidence_file.h"

#include <utility>

#include "base/error.h"
#include "base/status_macros.h"
#include "certs/evidence_file.h"
#include "certs/files.h"
#include "client/cli/record_file.h"
#include "record/cosignature.h"
#include "record/feed.h"
#include "record/heads.h"

namespace meguri::client {
namespace {

constexpr mode_t kEvidenceFileMode = 0644;
constexpr mode_t kSectionsMode = 0600;  // not everybody may read what was opened

// The file is about the publisher: its signatures alone stand in it.
absl::Status LeaveOutWitnesses(absl::string_view federation, const record::ParticipantId& publisher,
                               record::v1::FeedFork& fork) {
  MEGURI_ASSIGN_OR_RETURN(const record::FeedName name, record::FeedName::Parse(fork.feed()));
  const std::string origin = record::FeedOrigin(federation, {publisher, name, fork.epoch()});
  for (std::string& note : *fork.mutable_checkpoints()) {
    if (record::IsOpening(note)) {
      MEGURI_ASSIGN_OR_RETURN(record::v1::ProvenOpening opening, record::ReadOpening(note));
      const std::string heads = record::FeedOrigin(federation, {publisher, record::HeadsFeed(), opening.epoch()});
      MEGURI_ASSIGN_OR_RETURN(*opening.mutable_checkpoint(), record::KeepSignaturesOf(opening.checkpoint(), heads));
      note = record::WriteOpening(opening);
      continue;
    }
    MEGURI_ASSIGN_OR_RETURN(note, record::KeepSignaturesOf(note, origin));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status SaveEvidence(Session& session, const record::ParticipantId& publisher, record::v1::EvidenceFile evidence,
                          const std::string& path) {
  MEGURI_ASSIGN_OR_RETURN(const NodeClient* node, session.node());
  MEGURI_ASSIGN_OR_RETURN(const certs::TrustBundle* bundle, session.trust_bundle());
  MEGURI_ASSIGN_OR_RETURN(PublisherEntry entry, GetPublisherEntry(*node, *bundle, publisher));
  *evidence.mutable_publisher_entry() = std::move(entry.entry);
  *evidence.mutable_publisher_entry_proof() = std::move(entry.proof);
  if (evidence.has_feed_fork()) {
    MEGURI_RETURN_IF_ERROR(LeaveOutWitnesses(bundle->federation(), publisher, *evidence.mutable_feed_fork()));
  }
  const bool has_sections = evidence.has_record_fork() && evidence.record_fork().headers_size() == 1;
  const std::string bytes = certs::MakeEvidenceFile(std::move(evidence), *bundle);
  const auto report = certs::VerifyEvidenceFile(bytes, *bundle, session.clock().Now());
  if (!report.ok()) {
    return Error(absl::StatusCode::kFailedPrecondition, "EVIDENCE_NOT_PORTABLE",
                 session.Say(Message::kEvidenceNotPortable, {report.status().message(), ReasonOf(report.status())}));
  }
  MEGURI_RETURN_IF_ERROR(certs::WriteNewFile(path, bytes, has_sections ? kSectionsMode : kEvidenceFileMode));
  session.Note(session.Say(Message::kSaved, {path}));
  return absl::OkStatus();
}

}  // namespace meguri::client
