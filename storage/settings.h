// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "meguri/storage/v1/stored.pb.h"
#include "record/feed.h"
#include "record/participant_id.h"
#include "record/record_id.h"
#include "storage/feeds.h"
#include "storage/ordered_store.h"
#include "storage/transaction.h"

namespace meguri::storage {

// What shows others that a publisher contradicted itself.
struct FeedEvidence {
  std::vector<std::string> notes;  // that contradict each other, the older first
  // Of notes of different sizes, if it could be shown: the root that the newer feed has at the size of the older one,
  // and the consistency path from there to the newer.
  std::string other_root;
  std::vector<std::string> consistency_path;

  friend bool operator==(const FeedEvidence&, const FeedEvidence&) = default;
};

// A publisher's feed that a hosted member follows, or one that is in quarantine because the publisher was caught.
struct FollowSetting {
  record::ParticipantId member;
  record::FeedKey feed;
  std::string quarantine_reason;  // empty: following
  FeedEvidence evidence;
  // Whose copy is asked for, as the publisher opens the feed to others; nullopt: it opens it to the member.
  absl::optional<record::ParticipantId> via = absl::nullopt;
  uint32_t purpose = 0;  // that is stated to whoever hands it on, a number of AccessPurpose
};

// Small settings that must survive a restart. Stateless; thread-safe.
class Settings {
 public:
  explicit Settings(const StoreReader& store) : store_(store) {}

  absl::StatusOr<std::vector<FollowSetting>> Follows() const;
  absl::StatusOr<absl::optional<FollowSetting>> FindFollow(const record::ParticipantId& member,
                                                           const record::FeedKey& feed) const;
  absl::Status PutFollow(Transaction& transaction, const FollowSetting& follow) const;
  absl::Status DeleteFollow(Transaction& transaction, const record::ParticipantId& member,
                            const record::FeedKey& feed) const;

  // How far the feed of an offer has been filled; nothing yet if nobody said so.
  absl::StatusOr<v1::StoredBackfill> Backfill(const Transaction& transaction, const record::RecordId& offer) const;
  absl::StatusOr<v1::StoredBackfill> Backfill(const record::RecordId& offer) const;
  static void PutBackfill(Transaction& transaction, const record::RecordId& offer, const v1::StoredBackfill& backfill);

  // Replica: the newest word of its publisher that the feed has no more than is here (a serialised SignedBody), as it
  // came; nullopt if it never said so.
  absl::StatusOr<absl::optional<std::string>> FeedHeartbeat(FeedId feed) const;
  static void PutFeedHeartbeat(Transaction& transaction, FeedId feed, absl::string_view signed_body);

  // The member whose node is asked for feeds of `publisher` while the publisher's own does not answer; nullopt: nobody
  // was named.
  absl::StatusOr<absl::optional<record::ParticipantId>> Relay(const record::ParticipantId& member,
                                                              const record::ParticipantId& publisher) const;
  static void PutRelay(Transaction& transaction, const record::ParticipantId& member,
                       const record::ParticipantId& publisher, const record::ParticipantId& relay);
  static void DeleteRelay(Transaction& transaction, const record::ParticipantId& member,
                          const record::ParticipantId& publisher);

  // The newest verified heartbeat of the registry (a serialised SignedBody), or nullopt.
  absl::StatusOr<absl::optional<std::string>> Heartbeat() const;
  // The record that carries the entry of a member whom this node's operator has enrolled, as 16 bytes, or nullopt.
  absl::StatusOr<absl::optional<std::string>> MemberRecord(const Transaction& transaction,
                                                           absl::string_view participant_id) const;
  void PutMemberRecord(Transaction& transaction, absl::string_view participant_id, absl::string_view record_id) const;
  absl::Status PutHeartbeat(Transaction& transaction, absl::string_view signed_body) const;

 private:
  absl::StatusOr<absl::optional<std::string>> Value(absl::string_view key) const;

  const StoreReader& store_;
};

}  // namespace meguri::storage
