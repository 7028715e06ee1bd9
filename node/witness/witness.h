// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "base/clock.h"
#include "meguri/witness/v1/contradiction.pb.h"
#include "node/witness/witnessed.h"
#include "record/participant_id.h"
#include "record/public_key.h"
#include "storage/committer.h"

namespace meguri::node {

// A head that contradicts one that this witness has cosigned.
struct WitnessReport {
  record::FeedKey feed;
  uint64_t known_size = 0;
  uint64_t size = 0;
  std::string reason;  // FORK, or CONSISTENCY_PROOF: whoever brought it gave no proof
};

// Cosigns heads that continue what it has cosigned before, and remembers the newest of each feed: it never cosigns two
// heads of one feed of which one does not continue the other. What it says is durable before it says it. Its memory is
// a store of its own, so that nothing else can bring an old one back. Thread-safe.
class Witness {
 public:
  // Hears of every contradiction that is kept; runs on the thread of Add.
  using Reporter = std::function<void(const WitnessReport&)>;

  // `key` is the one that the trust bundle pins for `member`. Borrowed arguments outlive the witness; nobody else
  // writes with `committer`.
  Witness(const record::ParticipantId& member, std::shared_ptr<const record::Signer> key,
          const WitnessRegistry& registry, storage::Committer& committer, const Clock& clock, Reporter reporter);

  // Judges a head. Waits for the disk, so not from the committer's thread. PERMISSION_DENIED with reason
  // FEED_NOT_WITNESSED or PUBLISHER_NOT_ACTIVE; UNAVAILABLE with reason REGISTRY_STALE; INVALID_ARGUMENT with reason
  // OLD_SIZE, CONSISTENCY_PROOF or those of OpenCheckpoint; NOT_FOUND with reason NO_FEED_KEY.
  absl::StatusOr<Verdict> Add(const Submission& submission);
  // The newest head of a feed that was cosigned, with the cosignature. NOT_FOUND with reason NOT_WITNESSED.
  absl::StatusOr<std::string> Newest(const record::FeedKey& feed) const;
  // What contradicted heads that were cosigned, by feed, at most `count`: of one publisher, or of all if it is empty.
  absl::StatusOr<std::vector<witness::v1::Contradiction>> Contradictions(absl::string_view publisher,
                                                                         size_t count) const;

 private:
  struct Judgement;
  struct Known {
    record::Checkpoint checkpoint;
    uint64_t time_s = 0;
    std::string note;
  };

  absl::Status CheckMayCosign(const record::FeedKey& feed) const;
  absl::StatusOr<Known> ParseKnown(absl::string_view stored, const std::string& origin) const;
  absl::Status Judge(const Submission& submission, const record::Checkpoint& head, storage::CommitScope& scope,
                     Judgement& judgement) const;
  absl::Status KeepEvidence(const std::string& origin, const Known& known, const Submission& submission,
                            absl::string_view reason, storage::CommitScope& scope, Judgement& judgement) const;

  const std::string name_;
  const std::shared_ptr<const record::Signer> key_;
  const WitnessRegistry& registry_;
  storage::Committer& committer_;
  const Clock& clock_;
  const Reporter reporter_;
};

}  // namespace meguri::node
