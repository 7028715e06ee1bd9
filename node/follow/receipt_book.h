// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/optional.h"
#include "base/clock.h"
#include "base/random.h"
#include "meguri/feed/v1/exchange.pb.h"
#include "node/follow/follow_session.h"
#include "record/hash.h"
#include "record/participant_id.h"
#include "record/public_key.h"
#include "storage/committer.h"
#include "storage/feeds.h"
#include "storage/ordered_store.h"
#include "storage/receipts.h"

namespace meguri::node {

// A feed key of the member, by which it says that it had seen something.
struct ReceiptKey {
  record::Hash id;
  std::shared_ptr<const record::Signer> signer;
};

// What a member says of when it had seen heads of others' feeds, and what others say: docs/format/receipt.md. It says
// so to whoever asks for what it knows of a feed (CheckpointExchange), and keeps what counts of what others say, for
// publishers and their readers. Thread-safe.
class ReceiptBook {
 public:
  // The key that was in force at a time; nullopt: it is not here.
  using KeyAt = std::function<absl::optional<ReceiptKey>(absl::Time)>;

  // Borrowed arguments outlive it.
  ReceiptBook(FollowRegistry& registry, const storage::SnapshotReader& store, storage::Committer& committer,
              record::ParticipantId member, const Clock& clock, Random& random, KeyAt key_at);

  // Adds receipts of heads of `feed` to `known`: of the newest, and of a few older ones, others each time.
  void Tell(const storage::StoreReader& store, const storage::HeldFeed& feed, storage::FeedId id,
            feed::v1::KnownCheckpoints& known);
  // Keeps what `other` says by its own key of heads that are here, as far as it counts by the registry as it is now.
  // What does not hold or does not count is passed over.
  void Take(const record::ParticipantId& other, const feed::v1::KnownCheckpoints& told);

 private:
  struct Kept {
    storage::FeedId feed = 0;
    record::ParticipantId host;
    storage::GivenReceipt given;
  };
  absl::StatusOr<absl::optional<Kept>> Check(const storage::StoreReader& store, const record::ParticipantId& other,
                                             const feed::v1::ToldReceipt& told) const;
  absl::Status Keep(const std::vector<Kept>& kept, storage::CommitScope& scope) const;

  FollowRegistry& registry_;
  const storage::SnapshotReader& store_;
  storage::Committer& committer_;
  const record::ParticipantId member_;
  const Clock& clock_;
  Random& random_;
  const KeyAt key_at_;
};

}  // namespace meguri::node
