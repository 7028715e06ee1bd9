// SPDX-License-Identifier: Apache-2.0
#include "node/witness/witness.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/types/optional.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "node/witness/limits.h"
#include "node/witness/witness_memory.h"
#include "record/cosignature.h"
#include "storage/value.h"

namespace meguri::node {

using storage::Family;

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
  MEGURI_ASSIGN_OR_RETURN(const auto stored, scope.transaction.Get(Family::kLookup, WitnessedKey(head.origin)));
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
    scope.transaction.Put(Family::kLookup, WitnessedKey(head.origin), storage::WrapValue(cosigned));
  }
  return absl::OkStatus();
}

// Both notes are signed by the publisher. At one size they prove a fork; at two they may, together with a proof. A head
// that was refused before is no news, whatever it is compared with since.
absl::Status Witness::KeepEvidence(const std::string& origin, const Known& known, const Submission& submission,
                                   absl::string_view reason, storage::CommitScope& scope, Judgement& judgement) const {
  MEGURI_ASSIGN_OR_RETURN(const record::Checkpoint head, record::ReadOpenedCheckpoint(submission.note, origin));
  witness::v1::Contradiction kept;
  for (uint64_t number = 0; number < kWitnessEvidenceMax; ++number) {
    const std::string key = ContradictionKey(origin, number);
    MEGURI_ASSIGN_OR_RETURN(const auto stored, scope.transaction.Get(Family::kLookup, key));
    if (stored.has_value()) {
      MEGURI_RETURN_IF_ERROR(storage::UnwrapMessage(*stored, "contradiction", kept));
      const auto refused =
          record::ReadOpenedCheckpoint(kept.checkpoints_size() == 2 ? kept.checkpoints(1) : "", origin);
      if (refused.ok() && *refused == head) {
        return absl::OkStatus();
      }
      continue;
    }
    kept.Clear();
    kept.set_feed(submission.feed.name.text());
    kept.set_epoch(submission.feed.epoch);
    kept.add_checkpoints(known.note);
    kept.add_checkpoints(submission.note);
    kept.set_time_ms(static_cast<uint64_t>(absl::ToUnixMillis(clock_.Now())));
    scope.transaction.Put(Family::kLookup, key, storage::WrapMessage(kept));
    judgement.report = WitnessReport{submission.feed, known.checkpoint.size, head.size, std::string(reason)};
    return absl::OkStatus();
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<witness::v1::Contradiction>> Witness::Contradictions(absl::string_view publisher,
                                                                                size_t count) const {
  std::vector<witness::v1::Contradiction> found;
  const std::unique_ptr<storage::Cursor> cursor =
      committer_.durable().NewCursor(Family::kLookup, ContradictionPrefix());
  for (; cursor->Valid() && found.size() < count; cursor->Next()) {
    const absl::optional<ContradictionKeyParts> key = ParseContradictionKey(cursor->key());
    const absl::optional<record::ParticipantId> of = key.has_value() ? PublisherOf(key->origin) : absl::nullopt;
    witness::v1::Contradiction one;
    MEGURI_RETURN_IF_ERROR(storage::UnwrapMessage(cursor->value(), "contradiction", one));
    if (!of.has_value()) {
      return storage::ValueDamaged("key of a contradiction");
    }
    if (publisher.empty() || of->text() == publisher) {
      one.set_publisher(of->text());
      one.set_number(static_cast<uint32_t>(key->number + 1));
      found.push_back(std::move(one));
    }
  }
  MEGURI_RETURN_IF_ERROR(cursor->status());
  return found;
}

absl::StatusOr<std::string> Witness::Newest(const record::FeedKey& feed) const {
  const std::string origin = record::FeedOrigin(registry_.bundle().federation(), feed);
  MEGURI_ASSIGN_OR_RETURN(const auto stored, committer_.durable().Get(Family::kLookup, WitnessedKey(origin)));
  if (!stored.has_value()) {
    return Error(absl::StatusCode::kNotFound, "NOT_WITNESSED",
                 absl::StrCat("This witness has cosigned no head of ", origin, "."));
  }
  MEGURI_ASSIGN_OR_RETURN(const absl::string_view note, storage::UnwrapValue(*stored));
  return std::string(note);
}

}  // namespace meguri::node
