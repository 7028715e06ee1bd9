// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "absl/types/optional.h"
#include "base/clock.h"
#include "base/mutex.h"
#include "certs/key_history.h"
#include "certs/registry.h"
#include "certs/signature_time.h"
#include "certs/trust_bundle.h"
#include "meguri/record/v1/record.pb.h"
#include "record/record_id.h"
#include "storage/feeds.h"
#include "storage/ordered_store.h"

namespace meguri::node {

inline constexpr absl::Duration kRegistryWarnAge = absl::Minutes(15);
inline constexpr absl::Duration kHeartbeatSkewMax = absl::Minutes(5);  // of its time ahead of our clock

// Where a member's entry is kept, so that it can be continued or shown.
struct MemberRecordRef {
  record::RecordId record_id;
  uint64_t version = 0;
  record::Hash header_hash;
};

// What the registry says of a key by which something is signed.
struct KeyStanding {
  // Why nobody can tell whether what this key signed is valid: KEY_REVOKED, KEY_EXPIRED … as of now, KEY_NOT_ENDORSED
  // or UNKNOWN_KEY. Empty: there is no doubt.
  std::string doubt;
  uint64_t recovered_ms = 0;  // as of certs::KeyJudgement
  // As of record.v1.RecordView.
  uint64_t valid_at_ms = 0;
  std::string valid_source = {};
  std::vector<std::string> valid_by = {};
};

// The registry as this node knows it now. Thread-safe: readers take a snapshot and keep it for one decision.
class RegistryState {
 public:
  // `holder` is the member on whose behalf this node keeps the registry feed; the operator's node holds it as its own.
  RegistryState(certs::TrustBundle bundle, record::ParticipantId holder, absl::Duration stale_age,
                const storage::StoreReader& store, const Clock& clock);

  // Reads the members anew from the stored registry feed and tells the listeners.
  absl::Status Reload();
  std::shared_ptr<const certs::Registry> Get() const;
  const certs::TrustBundle& bundle() const { return bundle_; }
  const storage::HeldFeed& feed() const { return feed_; }

  // `seen_at` says when what the key signed was there at the latest, and is asked only if the key has ended.
  using SeenAt = std::function<certs::SeenTimes()>;
  KeyStanding StandingOf(absl::string_view key_id, const SeenAt& seen_at) const;
  // The record that carries a member's entry, or nullopt.
  absl::optional<MemberRecordRef> FindRecord(const record::ParticipantId& participant) const;

  // Checks and takes a heartbeat. FAILED_PRECONDITION with reason HEARTBEAT_AHEAD if it speaks of entries that are not
  // here yet (it is tried again once they are); DATA_LOSS with reason REGISTRY_FORK if its root is not ours at that
  // size. An older heartbeat than the newest is ignored.
  absl::Status AcceptHeartbeat(const record::v1::SignedBody& signed_body);
  absl::optional<record::v1::SignedBody> NewestHeartbeat() const;
  // How many entries of the registry feed the members were read from.
  uint64_t entries_read() const { return LoadedSize(); }
  // Since the signed time of the newest heartbeat. InfiniteDuration if there is none.
  absl::Duration Age() const;
  // True once nothing beyond PUBLIC may be served: the registry is too old, the bundle that it rests on has expired, or
  // what the operator says now cannot be stored.
  bool IsStale() const { return Age() > stale_age_ || clock_.Now() >= BundleExpires() || !may_write_; }
  // Says whether the store takes what comes. While it does not, nobody would hear of a suspension.
  void SetWritable(bool may_write) { may_write_ = may_write; }
  absl::Time BundleExpires() const {
    return absl::FromUnixMillis(static_cast<int64_t>(bundle_.message().expires_ms()));
  }

  // `listener` is called after every Reload, on the thread that reloads. Add listeners before serving.
  void AddListener(std::function<void()> listener);

 private:
  const certs::TrustBundle bundle_;
  const storage::HeldFeed feed_;
  const absl::Duration stale_age_;
  const storage::StoreReader& store_;
  const Clock& clock_;

  uint64_t LoadedSize() const;
  // Judges the keys of the entries that the feed has beyond those that were judged.
  absl::Status ExtendHistory() ABSL_EXCLUSIVE_LOCKS_REQUIRED(reload_mutex_);

  std::atomic<bool> may_write_{true};
  Mutex reload_mutex_;  // held over the whole of Reload; taken before mutex_
  certs::KeyHistory history_ ABSL_GUARDED_BY(reload_mutex_);
  uint64_t judged_size_ ABSL_GUARDED_BY(reload_mutex_) = 0;  // entries of the feed that history_ knows
  mutable Mutex mutex_;
  uint64_t loaded_size_ ABSL_GUARDED_BY(mutex_) = 0;  // entries of the feed that registry_ was read from
  std::shared_ptr<const certs::Registry> registry_ ABSL_GUARDED_BY(mutex_);
  absl::flat_hash_map<std::string, MemberRecordRef> records_ ABSL_GUARDED_BY(mutex_);
  absl::optional<record::v1::SignedBody> heartbeat_ ABSL_GUARDED_BY(mutex_);
  absl::optional<record::v1::SignedBody> heartbeat_ahead_ ABSL_GUARDED_BY(mutex_);
  absl::Time heartbeat_time_ ABSL_GUARDED_BY(mutex_) = absl::InfinitePast();
  std::vector<std::function<void()>> listeners_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace meguri::node
