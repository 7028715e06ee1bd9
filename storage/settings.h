// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "record/feed.h"
#include "record/participant_id.h"
#include "storage/ordered_store.h"
#include "storage/transaction.h"

namespace meguri::storage {

// A publisher's feed that a hosted member follows, or one that is in quarantine because the publisher was caught.
struct FollowSetting {
  record::ParticipantId member;
  record::FeedKey feed;
  std::string quarantine_reason;                 // empty: following
  std::vector<std::string> quarantine_evidence;  // the notes that contradict each other, the older first
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

  // The newest verified heartbeat of the registry (a serialised SignedBody), or nullopt.
  absl::StatusOr<absl::optional<std::string>> Heartbeat() const;
  // The record that carries the entry of a member whom this node's operator has enrolled, as 16 bytes, or nullopt.
  absl::StatusOr<absl::optional<std::string>> MemberRecord(const Transaction& transaction,
                                                           absl::string_view participant_id) const;
  void PutMemberRecord(Transaction& transaction, absl::string_view participant_id, absl::string_view record_id) const;
  absl::Status PutHeartbeat(Transaction& transaction, absl::string_view signed_body) const;

 private:
  const StoreReader& store_;
};

}  // namespace meguri::storage
