// SPDX-License-Identifier: Apache-2.0
#include "node/witness/witness.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/types/optional.h"
#include "base/bytes.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "meguri/record/v1/evidence.pb.h"
#include "node/witness/limits.h"
#include "record/cosignature.h"
#include "storage/value.h"

namespace meguri::node {
namespace {

using storage::Family;

// The keys of a witness's store: the newest note of an origin, and what contradicted one.
std::string NewestKey(absl::string_view origin) { return absl::StrCat("W", origin); }
std::string EvidenceKey(absl::string_view origin, uint64_t number) {
  std::string key = absl::StrCat("X", origin, absl::string_view("\0", 1));
  AppendU64(number, key);
  return key;
}

}  // namespace

// What became of a submission, as the committer's thread found it.
struct Witness::Judgement {
  Verdict verdict;
  absl::Status refusal;
  absl::optional<WitnessReport> report;
};

Witness::Witness(const record::ParticipantId& member, std::shared_ptr<const record::Signer> key,
                 const WitnessRegistry& registry, storage::Committer& committer, const Clock& clock, Reporter reporter)
    : name_(record::WitnessName(registry.bundle().federation(), member)),
      key_(std::move(key)),
      registry_(registry),
      committer_(committer),
      clock_(clock),
      reporter_(std::move(reporter)) {}

// What a suspended member says counts for nothing, and who is suspended a stale registry does not tell.
absl::Status Witness::CheckMayCosign(const record::FeedKey& feed) const {
  if (!IsWitnessed(feed.name)) {
    return Error(absl::StatusCode::kPermissionDenied, "FEED_NOT_WITNESSED",
                 absl::StrCat("Witnesses see only feeds that every member may read, not ", feed.name.text(), "."));
  }
  if (registry_.IsStale()) {
    return Error(absl::StatusCode::kUnavailable, "REGISTRY_STALE",
                 "This witness has not heard from the registry for too long to know whose keys are good.");
  }
  if (!registry_.Get()->IsActive(feed.publisher) && feed.publisher != registry_.bundle().operator_id()) {
    return Error(absl::StatusCode::kPermissionDenied, "PUBLISHER_NOT_ACTIVE",
                 absl::StrCat(feed.publisher.text(), " is not an active member."));
  }
  return absl::OkStatus();
}

absl::StatusOr<Witness::Known> Witness::ParseKnown(absl::string_view stored, const std::string& origin) const {
  MEGURI_ASSIGN_OR_RETURN(const absl::string_view note, storage::UnwrapValue(stored));
  Known known;
  known.note = std::string(note);
  MEGURI_ASSIGN_OR_RETURN(known.checkpoint, record::ReadOpenedCheckpoint(note, origin));
  MEGURI_ASSIGN_OR_RETURN(const std::vector<record::Cosignature> own,
                          record::OpenCosignatures(note, {{name_, key_->public_key()}}));
  // A witness whose key was replaced finds none of the new one.
  known.time_s = own.empty() ? 0 : own.front().time_s;
  return known;
}

absl::StatusOr<Verdict> Witness::Add(const Submission& submission) {
  MEGURI_RETURN_IF_ERROR(CheckMayCosign(submission.feed));
  MEGURI_ASSIGN_OR_RETURN(const record::Checkpoint head,
                          OpenHead(submission.note, submission.feed, registry_, clock_.Now()));
  if (submission.old_size > head.size) {
    return Error(absl::StatusCode::kInvalidArgument, "OLD_SIZE",
                 absl::StrCat("old_size is ", submission.old_size, ", and the head has ", head.size, " entries."));
  }
  Judgement judgement;
  MEGURI_RETURN_IF_ERROR(
      committer_.SubmitAndWait([&](storage::CommitScope& scope) { return Judge(submission, head, scope, judgement); }));
  if (judgement.report.has_value()) {
    reporter_(*judgement.report);
  }
  MEGURI_RETURN_IF_ERROR(judgement.refusal);
  return std::move(judgement.verdict);
}

// Runs on the committer's thread, one submission after the other: what is compared and what is kept cannot part.
absl::Status Witness::Judge(const Submission& submission, const record::Checkpoint& head, storage::CommitScope& scope,
                            Judgement& judgement) const {
  judgement = Judgement();
  absl::optional<Known> known;
  MEGURI_ASSIGN_OR_RETURN(const auto stored, scope.transaction.Get(Family::kLookup, NewestKey(head.origin)));
  if (stored.has_value()) {
    MEGURI_ASSIGN_OR_RETURN(known, ParseKnown(*stored, head.origin));
  }
  const uint64_t known_size = known.has_value() ? known->checkpoint.size : 0;
  const bool is_fork = known.has_value() && head.size == known_size && head.root != known->checkpoint.root;
  if (submission.old_size != known_size || is_fork) {
    judgement.verdict.known = known.has_value() ? known->note : "";
    return is_fork ? KeepEvidence(head.origin, *known, submission, "FORK", scope, judgement) : absl::OkStatus();
  }
  judgement.refusal =
      record::VerifyConsistency(known_size, known.has_value() ? known->checkpoint.root : record::EmptyRoot(), head.size,
                                head.root, submission.path);
  if (!judgement.refusal.ok()) {
    return known.has_value() ? KeepEvidence(head.origin, *known, submission, "CONSISTENCY_PROOF", scope, judgement)
                             : absl::OkStatus();
  }
  // Of a larger head the time is never earlier, whatever the clock does.
  const auto now_s = static_cast<uint64_t>(std::max<int64_t>(absl::ToUnixSeconds(clock_.Now()), 1));
  const uint64_t time_s = std::max(now_s, known.has_value() ? known->time_s : 0);
  MEGURI_ASSIGN_OR_RETURN(const std::string sole, record::KeepSignaturesOf(submission.note, head.origin));
  MEGURI_ASSIGN_OR_RETURN(judgement.verdict.cosignature, record::Cosign(sole, name_, *key_, time_s));
  MEGURI_ASSIGN_OR_RETURN(const std::string cosigned, record::AddSignatureLine(sole, judgement.verdict.cosignature));
  if (!known.has_value() || cosigned != known->note) {  // within a second there is nothing new to say, nor to write
    scope.transaction.Put(Family::kLookup, NewestKey(head.origin), storage::WrapValue(cosigned));
  }
  return absl::OkStatus();
}

// Both notes are signed by the publisher. At one size they prove a fork; at two they may, together with a proof.
absl::Status Witness::KeepEvidence(const std::string& origin, const Known& known, const Submission& submission,
                                   absl::string_view reason, storage::CommitScope& scope, Judgement& judgement) const {
  record::v1::FeedFork fork;
  fork.set_feed(submission.feed.name.text());
  fork.set_epoch(submission.feed.epoch);
  fork.add_checkpoints(known.note);
  fork.add_checkpoints(submission.note);
  const std::string value = storage::WrapMessage(fork);
  for (uint64_t number = 0; number < kWitnessEvidenceMax; ++number) {
    const std::string key = EvidenceKey(origin, number);
    MEGURI_ASSIGN_OR_RETURN(const auto stored, scope.transaction.Get(Family::kLookup, key));
    if (stored == value) {
      return absl::OkStatus();
    }
    if (!stored.has_value()) {
      scope.transaction.Put(Family::kLookup, key, value);
      MEGURI_ASSIGN_OR_RETURN(const record::Checkpoint head, record::ReadOpenedCheckpoint(submission.note, origin));
      judgement.report = WitnessReport{submission.feed, known.checkpoint.size, head.size, std::string(reason)};
      return absl::OkStatus();
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> Witness::Newest(const record::FeedKey& feed) const {
  const std::string origin = record::FeedOrigin(registry_.bundle().federation(), feed);
  MEGURI_ASSIGN_OR_RETURN(const auto stored, committer_.durable().Get(Family::kLookup, NewestKey(origin)));
  if (!stored.has_value()) {
    return Error(absl::StatusCode::kNotFound, "NOT_WITNESSED",
                 absl::StrCat("This witness has cosigned no head of ", origin, "."));
  }
  MEGURI_ASSIGN_OR_RETURN(const absl::string_view note, storage::UnwrapValue(*stored));
  return std::string(note);
}

}  // namespace meguri::node
