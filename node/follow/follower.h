// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/optional.h"
#include "absl/types/span.h"
#include "base/clock.h"
#include "certs/feed_base.h"
#include "certs/registry.h"
#include "meguri/feed/v1/feed.pb.h"
#include "node/follow/fork_evidence.h"
#include "node/follow/quota.h"
#include "record/batch.h"
#include "record/checkpoint.h"
#include "record/feed.h"
#include "record/header.h"
#include "record/index_term.h"
#include "record/merkle.h"
#include "storage/committer.h"
#include "storage/feeds.h"
#include "storage/ordered_store.h"
#include "storage/settings.h"

namespace meguri::node {

// An entry that was verified, with its record.
struct VerifiedItem {
  std::string entry;
  uint64_t slots = 0;
  absl::optional<record::Header> header;  // nullopt: of a format that is too new for us; then there are no sections
  record::v1::BatchSignature signature;
  std::vector<record::v1::Section> sections;
  std::vector<record::IndexTerm> terms;    // of the header and the sections
  std::string newer_header;                // the bytes of a header that is too new for us
  absl::optional<record::Hash> erased_by;  // the tombstone that says why there are no sections
  bool names_record = true;                // else it is one of `heads`, and there is nothing but the entry
};

// Who shows a head that its publisher signed. The publisher knows its newest one; a relay may be behind.
enum class ShownBy { kPublisher, kRelay };

// A batch that was verified: what may be written.
struct VerifiedBatch {
  uint64_t start = 0;
  std::vector<VerifiedItem> items;
  uint64_t size_after = 0;
  size_t bytes = 0;         // as it came
  uint64_t unread = 0;      // items without a header that we can read
  std::string target_note;  // the head that it was verified against
};

// Follows one feed: believes nothing that it has not checked. Verification is pure and moves only this object; writing
// goes through Write, in the same order. Thread-compatible.
//
// A head that the publisher has signed binds it for good: the entries that come must lead to that root at that size.
// A record under a key that has ended is taken if it says that it is older than the end, and one under a revoked key
// too; readers are told that nothing proves when it was signed.
//
// A relay hands on what the publisher signed, and is believed no more than the publisher. But a head that is smaller
// than one that is known is no rollback: the relay is behind.
//
// Reasons of refusal: PUBLISHER_SUSPENDED, CHECKPOINT_… (form, origin, signature), PROMISES_OPEN, ROLLBACK, FORK,
// HEAD_OF_FORMER_HOST, HEAD_BEYOND_MOVE, HEAD_BELOW_BASE, FEED_BASE_PROOF, MOVE_CONTRADICTED, BATCH_POSITION,
// BATCH_COUNT, NO_TARGET, FEED_ENTRY, HEADER_HASH, NEWER_FORMAT, PUBLISHER_MISMATCH, UNKNOWN_KEY, KEY_REVOKED,
// KEY_EXPIRED, BATCH_…, BAD_SIGNATURE, TOMBSTONE_SECTIONS, SECTION_…, SLOT_NOT_IN_ENTRY, SECTION_MISSING, ERASURE_…,
// HEADS_ENTRY, CONSISTENCY_PROOF, HEARTBEAT_FORM, HEARTBEAT_MISMATCH.
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
  // The largest size that is known to be signed.
  uint64_t target_size() const;
  // That of the newest head on this stream; 0 before it has come.
  uint64_t shown_size() const { return target_.has_value() ? target_->checkpoint.size : 0; }

  // What the publisher signed on an earlier stream binds it, even if it was not stored.
  void RememberPromises(const Follower& before);
  // Takes the publisher's checkpoint. What is refused changes nothing.
  // `base` shows where a publisher that has moved to another host left off, if its entry does not.
  absl::Status TakeTarget(absl::string_view note, const certs::Registry& registry, absl::Time now,
                          ShownBy shown_by = ShownBy::kPublisher, const registry::v1::FeedBaseProof* base = nullptr);
  // Checks that the publisher has signed that its feed is as the target says. Returns when, as it says; InfinitePast of
  // a target by a host that it has left.
  absl::StatusOr<absl::Time> TakeHeartbeat(const record::v1::SignedBody& heartbeat, const certs::Registry& registry,
                                           absl::Time now) const;
  // Verifies a batch against the target. What is refused changes nothing.
  absl::StatusOr<VerifiedBatch> TakeBatch(feed::v1::FeedBatch batch, const certs::Registry& registry, absl::Time now);
  // The newest note, and the older ones that speak of entries which are not here yet. To be kept by KeepPromises.
  const std::string& checkpoint_note() const { return newest_.note; }
  std::vector<std::string> promised_notes() const;
  // What proves the last refusal.
  const storage::FeedEvidence& evidence() const { return evidence_; }

 private:
  // Whether the publisher has moved to another host, and where the feed stood then, as far as that is shown.
  struct Moved {
    certs::Registry::FeedKeyLine line;
    absl::optional<certs::BaseHead> base;
    bool has_moved() const { return line.moved > 0; }
  };

  Follower(storage::HeldFeed feed, std::string origin, absl::optional<record::PublicKey> pinned_feed_key,
           const storage::StoreReader& store, record::VerifiedRoots& verified_roots);

  absl::Status CheckPublisher(const certs::Registry& registry) const;
  absl::StatusOr<record::Checkpoint> OpenNote(absl::string_view note, const certs::Registry& registry, absl::Time now,
                                              ShownBy shown_by, const Moved& moved) const;
  absl::StatusOr<record::Checkpoint> OpenFormerNote(absl::string_view note, ShownBy shown_by, const Moved& moved) const;
  absl::StatusOr<Moved> FindMove(const certs::Registry& registry, absl::Time now,
                                 const registry::v1::FeedBaseProof* proof) const;
  bool IsByPresentHost(const std::string& note, const Moved& moved) const;
  absl::Status CheckMove(const SignedHead& head, const Moved& moved);
  absl::Status CheckBaseRoot(const certs::BaseHead& base);
  absl::StatusOr<SignedHead> ReadPromise(const std::string& note) const;
  absl::Status CheckContradiction(const SignedHead& head);
  // Takes a head that is smaller than one that is known.
  absl::Status TakeOlderTarget(SignedHead head);
  absl::Status CheckPromiseCount() const;
  bool is_registry() const { return pinned_feed_key_.has_value(); }
  absl::StatusOr<const certs::RegisteredKey*> FindKey(const record::v1::BatchSignature& signature,
                                                      const certs::Registry& registry) const;
  absl::Status CheckKeyInTime(const certs::RegisteredKey& key, const record::Header& header, absl::Time now) const;
  absl::StatusOr<VerifiedItem> VerifyNewerItem(feed::v1::FeedItem item, const record::FeedEntry& entry,
                                               const certs::Registry& registry, absl::Time now);
  // The tombstones by which the publisher has erased records, by record.
  using ErasedRecords = std::map<record::RecordId, record::Header>;
  absl::StatusOr<ErasedRecords> VerifyErasures(const feed::v1::FeedBatch& batch, const certs::Registry& registry,
                                               absl::Time now);
  absl::StatusOr<VerifiedItem> VerifyHeadsItem(feed::v1::FeedItem item, const record::FeedEntry& entry) const;
  absl::StatusOr<VerifiedItem> VerifyItem(feed::v1::FeedItem item, const ErasedRecords& erased,
                                          const certs::Registry& registry, absl::Time now);

  const storage::HeldFeed feed_;
  const std::string origin_;
  const absl::optional<record::PublicKey> pinned_feed_key_;
  const storage::StoreReader& store_;
  record::VerifiedRoots& verified_roots_;
  record::Frontier frontier_;
  absl::optional<SignedHead> target_;     // of this stream
  SignedHead newest_;                     // of all that was ever signed; without a note: nothing was
  std::vector<SignedHead> promises_;      // older ones beyond size(), ascending
  absl::optional<certs::BaseHead> base_;  // that the entries which are not here yet must come by
  storage::FeedEvidence evidence_;
};

// The terms under which a record is found by whoever may read these sections.
std::vector<record::IndexTerm> TermsOf(const record::Header& header, absl::Span<const record::v1::Section> sections);
// Keeps the newest note of `feed` and the older ones whose entries have not come, and that of those that are here the
// newest was here `now` if it was not before.
absl::Status KeepPromises(const storage::HeldFeed& feed, absl::string_view checkpoint_note,
                          const std::vector<std::string>& promised_notes, absl::Time now, storage::CommitScope& scope);
// Lets go of every note that speaks of entries which are not here: somebody decided to follow the feed as it is now.
absl::Status ForgetPromises(const storage::HeldFeed& feed, absl::string_view federation, storage::CommitScope& scope);

// Records that a batch has frozen.
struct FrozenRecords {
  int by_headers = 0;   // a second header came for a version
  int by_openings = 0;  // a second section came of one type
};

// Writes a verified batch: records, sections, memberships, index, entries and checkpoint in one transaction. ABORTED
// (reason FOLLOW_POSITION) if the stored feed is not where the batch begins. A second header for a version that is here
// and a section of a type of which the version has one in another slot freeze that record, and are kept as evidence;
// `frozen` counts them. RESOURCE_EXHAUSTED (reason QUOTA_EXCEEDED) if the
// copies of this publisher would be beyond `quota`. Takes what it needs out of `batch`, also if it fails.
absl::Status WriteBatchOf(const storage::HeldFeed& feed, VerifiedBatch& batch, absl::string_view checkpoint_note,
                          const FollowQuota& quota, absl::Time now, const storage::StoreReader& store,
                          storage::CommitScope& scope, FrozenRecords& frozen);

}  // namespace meguri::node
