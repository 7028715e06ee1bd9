// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/container/btree_set.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "base/clock.h"
#include "base/mutex.h"
#include "node/access/access_record.h"
#include "node/access/grants.h"
#include "node/access/onward_copy.h"
#include "node/policy/grant.h"
#include "node/policy/own_version.h"
#include "record/feed.h"
#include "record/participant_id.h"
#include "storage/committer.h"
#include "storage/feeds.h"
#include "storage/ordered_store.h"

namespace meguri::node {

// A feed of another member that this member's agreements open to it, or opened.
struct GrantedFeed {
  record::FeedKey feed;
  bool is_open = false;  // until something changes
  // Of the grant that opens it, if there is one: what is stated to somebody else who hands it on.
  passport::v1::AccessPurpose purpose = passport::v1::ACCESS_PURPOSE_UNSPECIFIED;
};

// What a member offers and grants, and what was agreed, as its node knows it now; and what others grant to it. All of
// it is read from the store at the start, and follows what is stored from then on: as soon as a revocation is durable,
// nothing is open by it any more. Thread-safe.
class AccessState {
 public:
  AccessState(record::ParticipantId member, const storage::StoreReader& store, const Clock& clock);

  // Reads everything anew. Call it before anything is published.
  absl::Status Load();

  // What `reader` was granted of the member's. Null: nothing.
  std::shared_ptr<const ReaderGrants> GrantsOf(const record::ParticipantId& reader) const;
  // The same, and what was granted to roles without the reader's agreement: for explanations.
  std::shared_ptr<const ReaderGrants> ExplainedGrantsOf(const record::ParticipantId& reader) const;

  // The versions of one call are written to `scope`: checks grants against what they open, and brings what offers
  // select into their feeds. INVALID_ARGUMENT with violations. On the committer's thread, as all of these.
  absl::Status OnWritten(const std::vector<OwnVersion>& versions, storage::CommitScope& scope);
  // They are durable.
  void OnDurable(const std::vector<OwnVersion>& versions);
  // Feeds have grown: takes in what others have written to the member.
  void OnGrown(const std::vector<storage::FeedId>& grown);

  // By which terms the copy of the feed of `offer` (its record, 32 hexadecimal digits) of another member may be handed
  // on, now. Null: not at all, as the member has agreed to none, or would not hear that it ended.
  std::shared_ptr<const OnwardCopy> OnwardCopyOf(const record::ParticipantId& owner, absl::string_view offer) const;

  // How many deliveries a grant of the member's allows; 0: no limit, or no such grant.
  uint64_t DeliveriesMax(const record::RecordId& grant) const;
  // So many were made by it in all.
  void OnDelivered(const record::RecordId& grant, uint64_t deliveries);

  // Takes what a grant or an offer begins or ends by the clock. Call it some times a second.
  void Tick();
  // `listener` is told that something was opened or closed, or may have been. Add listeners before anything happens.
  void AddListener(std::function<void()> listener);
  // That something could not be read, once. From then on nothing is open by grants: it may have been a revocation.
  absl::Status TakeError();

  // Whether NextBackfill has something to do.
  bool HasBackfill() const;
  // A piece of work that brings own records which were there before an offer into its feed, up to kBackfillAtOnce of
  // them: submit it to the committer again until HasBackfill says no. What was done is kept in the same commit, so a
  // crash loses nothing and repeats nothing.
  absl::Status NextBackfill(storage::CommitScope& scope);

  // Whether TakeGrantedFeeds has something to say.
  bool HasGrantedFeeds() const;
  // Of the feeds of offers that this member has agreed to those that may have been opened or closed since this was last
  // asked, as they are now.
  absl::StatusOr<std::vector<GrantedFeed>> TakeGrantedFeeds();

 private:
  // A grant of another member, and its offer. No grant: the agreement was withdrawn.
  struct AgreedTo {
    std::string grant;
    std::string offer;
  };

  absl::Status LoadOwn(uint32_t record_type, const storage::StoreReader& store);
  absl::Status LoadReceived(const storage::StoreReader& store);
  absl::Status Take(const storage::StoreReader& store, const record::ParticipantId& publisher,
                    const record::RecordId& id);
  absl::Status TakeOwn(const storage::StoreReader& store, const AccessRecord& record);
  void TakeOwnAgreement(const AccessRecord& record);
  // The grant that an agreement of another member is to; empty if it is to none of this member's.
  absl::StatusOr<std::string> AgreedGrant(const storage::StoreReader& store, const AccessRecord& record) const;
  // Notes what a feed is to this node, once.
  absl::Status Recognise(storage::FeedId id);
  absl::Status TakeEntries(storage::FeedId id);
  absl::Status CheckGrant(const OwnVersion& version, const storage::CommitScope& scope) const;
  // What the owner grants by it now; nullopt if that is nothing, or is not here.
  absl::StatusOr<absl::optional<passport::v1::Grant>> OpenGrant(const record::ParticipantId& owner,
                                                                const AgreedTo& agreed) const;
  std::vector<std::string> AgreementsToLocked(const record::ParticipantId& owner, absl::string_view offer) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Something of what the owner grants to this member may have changed. Whether somebody has asked for a copy of it.
  bool NoteChangedLocked(const record::ParticipantId& owner) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Note(const absl::Status& status);
  void Tell();

  const record::ParticipantId member_;
  const storage::StoreReader& store_;
  const Clock& clock_;

  mutable Mutex mutex_;
  mutable Grants grants_ ABSL_GUARDED_BY(mutex_);
  absl::btree_set<std::string> to_fill_ ABSL_GUARDED_BY(mutex_);  // offers
  // What this member has agreed to, by owner and by the record of the agreement.
  absl::btree_map<record::ParticipantId, absl::btree_map<std::string, AgreedTo>> agreed_ ABSL_GUARDED_BY(mutex_);
  // Owners of whose grants, to which this member has agreed, one may have changed.
  absl::btree_set<record::ParticipantId> changed_owners_ ABSL_GUARDED_BY(mutex_);
  // What was read of offers of others that this member has agreed to, until something of them changes.
  using OfferOfOther = std::pair<record::ParticipantId, std::string>;
  mutable absl::btree_map<OfferOfOther, std::shared_ptr<const OnwardCopy>> onward_ ABSL_GUARDED_BY(mutex_);
  uint64_t changes_ ABSL_GUARDED_BY(mutex_) = 0;                              // counts NoteChangedLocked
  absl::Time granted_turn_ ABSL_GUARDED_BY(mutex_) = absl::InfiniteFuture();  // when the next of them ends
  absl::Status error_ ABSL_GUARDED_BY(mutex_);                                // since which nothing is open by grants
  bool error_is_told_ ABSL_GUARDED_BY(mutex_) = true;
  std::vector<std::function<void()>> listeners_ ABSL_GUARDED_BY(mutex_);
  // The committer's: how far the feeds of others that are for this member were read; nullopt of feeds that are not.
  absl::flat_hash_map<storage::FeedId, absl::optional<uint64_t>> received_;
  // The committer's: replicas of what others tell this member, or all members, grants to roles among it.
  absl::flat_hash_map<storage::FeedId, record::ParticipantId> told_;
};

}  // namespace meguri::node
