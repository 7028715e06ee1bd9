// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/optional.h"
#include "absl/types/span.h"
#include "base/clock.h"
#include "certs/registry.h"
#include "meguri/feed/v1/feed.pb.h"
#include "record/batch.h"
#include "record/checkpoint.h"
#include "record/feed.h"
#include "record/header.h"
#include "record/index_term.h"
#include "record/merkle.h"
#include "storage/committer.h"
#include "storage/feeds.h"
#include "storage/ordered_store.h"

namespace meguri::node {

// An entry that was verified, with its record.
struct VerifiedItem {
  std::string entry;
  uint64_t slots = 0;
  record::Header header;
  record::v1::BatchSignature signature;
  std::vector<record::v1::Section> sections;
  std::vector<record::IndexTerm> terms;  // of the header and the sections
};

// A batch that was verified: what may be written.
struct VerifiedBatch {
  uint64_t start = 0;
  std::vector<VerifiedItem> items;
  uint64_t size_after = 0;
  size_t bytes = 0;  // as it came
};

// Follows one feed: believes nothing that it has not checked. Verification is pure and moves only this object; writing
// goes through Write, in the same order. Thread-compatible.
//
// Reasons of refusal: PUBLISHER_SUSPENDED, CHECKPOINT_… (form, origin, signature), ROLLBACK, FORK, BATCH_POSITION,
// BATCH_COUNT, NO_TARGET, FEED_ENTRY, HEADER_HASH, PUBLISHER_MISMATCH, UNKNOWN_KEY, KEY_REVOKED, BATCH_…,
// BAD_SIGNATURE, SECTION_…, SLOT_NOT_IN_ENTRY, SECTION_MISSING, CONSISTENCY_PROOF.
class Follower {
 public:
  // Starts where the store stands. `pinned_feed_key` is the key that the trust bundle pins for the registry feed; other
  // feeds are checked by the key that the registry names.
  static absl::StatusOr<std::unique_ptr<Follower>> Make(const storage::HeldFeed& feed, const std::string& federation,
                                                        absl::optional<record::PublicKey> pinned_feed_key,
                                                        const storage::StoreReader& store,
                                                        record::VerifiedRoots& verified_roots);

  const storage::HeldFeed& feed() const { return feed_; }
  uint64_t size() const { return frontier_.size(); }
  uint64_t target_size() const { return target_.has_value() ? target_->size : size(); }

  // What the publisher signed on an earlier stream binds it, even if the entries never came.
  void RememberPromise(const Follower& before);
  // Takes the publisher's checkpoint. What is refused changes nothing.
  absl::Status TakeTarget(absl::string_view note, const certs::Registry& registry, absl::Time now);
  // Verifies a batch against the target. What is refused changes nothing.
  absl::StatusOr<VerifiedBatch> TakeBatch(feed::v1::FeedBatch batch, const certs::Registry& registry, absl::Time now);
  // The note that was taken last, and whether everything below it is here.
  const std::string& checkpoint_note() const { return note_; }
  // What proves the last refusal: the notes that contradict each other.
  const std::string& evidence() const { return evidence_; }

 private:
  Follower(storage::HeldFeed feed, std::string origin, absl::optional<record::PublicKey> pinned_feed_key,
           record::VerifiedRoots& verified_roots);

  absl::Status CheckPublisher(const certs::Registry& registry) const;
  absl::StatusOr<record::Checkpoint> OpenNote(absl::string_view note, const certs::Registry& registry,
                                              absl::Time now) const;
  absl::StatusOr<VerifiedItem> VerifyItem(feed::v1::FeedItem item, const certs::Registry& registry, absl::Time now);

  const storage::HeldFeed feed_;
  const std::string origin_;
  const absl::optional<record::PublicKey> pinned_feed_key_;
  record::VerifiedRoots& verified_roots_;
  record::Frontier frontier_;
  absl::optional<record::Checkpoint> target_;
  absl::optional<record::Checkpoint> promised_;  // on an earlier stream
  std::string note_;
  std::string evidence_;
};

// The terms under which a record is found by whoever may read these sections.
std::vector<record::IndexTerm> TermsOf(const record::Header& header, absl::Span<const record::v1::Section> sections);

// Writes a verified batch: records, sections, memberships, index, entries and checkpoint in one transaction. ABORTED
// (reason FOLLOW_POSITION) if the stored feed is not where the batch begins. A second header for a version that is here
// freezes that record and is kept as evidence; `frozen` counts them. Takes what it needs out of `batch`.
absl::Status WriteBatchOf(const storage::HeldFeed& feed, VerifiedBatch& batch, absl::string_view checkpoint_note,
                          absl::Time now, const storage::StoreReader& store, storage::CommitScope& scope, int& frozen);

}  // namespace meguri::node
