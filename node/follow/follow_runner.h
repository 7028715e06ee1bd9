// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/optional.h"
#include "base/mutex.h"
#include "node/follow/follow_session.h"
#include "storage/settings.h"

namespace meguri::node {

inline constexpr char kShownToOthers[] =
    "The publisher showed another member a feed that is not the one which it shows here.";

// Keeps the replicas of hosted members. A member's feeds of one publisher are spread over sessions of kFollowFeedsMax;
// the registry has one of its own, so that nothing else can hold it up. A publisher that is caught (rollback, fork) is
// quarantined, feed by feed, until an operator removes and adds the follow. Thread-safe.
class FollowRunner {
 public:
  FollowRunner(FollowRegistry& registry, PeerClient& peers, const storage::StoreReader& store,
               storage::Committer& committer, Executor& executor, const Clock& clock, Random& random,
               FollowReporter& reporter, const FollowQuota& quota);
  ~FollowRunner();
  // Cancels every stream, waits until they have ended, and opens none any more.
  void Stop();

  // Takes up what the store says is followed.
  absl::Status Load();
  // Starts (or continues) following; kept over restarts. FAILED_PRECONDITION with reason QUARANTINED;
  // RESOURCE_EXHAUSTED with reason TOO_MANY_FEEDS beyond kFollowFeedsPerPublisherMax. Then none of `named` is added.
  // With feeds that not every member may read comes `heads`, which commits them.
  // While the publisher's node does not answer, that of `relay` is asked for all that is followed of the publisher;
  // the publisher itself: nobody is named any more; nullopt: as before. A feed of an offer is asked of `relay` too if
  // the publisher refuses it, for its copy may be handed on; `purpose` (an AccessPurpose) is then stated.
  absl::Status Add(const record::ParticipantId& member, const record::ParticipantId& publisher,
                   const std::vector<record::FeedName>& named,
                   const absl::optional<record::ParticipantId>& relay = absl::nullopt, uint32_t purpose = 0);
  // Stops following; what was received stays. No feeds: all of the publisher's, but for the registry. `heads` goes with
  // the last of the feeds that it commits. Returns those that were followed until now. FAILED_PRECONDITION with reason
  // REGISTRY_FOLLOW if the registry is named: whoever does not hear of suspensions and revoked keys fails open. Only
  // once it is quarantined, and says no more, may it be let go, so that KeepRegistry begins anew.
  absl::StatusOr<std::vector<record::FeedName>> Remove(const record::ParticipantId& member,
                                                       const record::ParticipantId& publisher,
                                                       const std::vector<record::FeedName>& feeds);
  // Follows the registry for `member` unless that is so already.
  absl::Status KeepRegistry(const record::ParticipantId& member);
  bool Follows(const record::ParticipantId& member, const record::ParticipantId& publisher,
               const record::FeedName& feed) const;
  // Quarantines a feed because of what others showed, or what its publisher committed: `evidence` was checked, and
  // `message` says what it shows. Nothing if it is not followed, or is quarantined.
  void Accuse(const storage::HeldFeed& feed, const storage::FeedEvidence& evidence,
              absl::string_view message = kShownToOthers);
  std::vector<FollowStatus> Status(const record::ParticipantId& member) const;
  // Who may be asked while a publisher's node does not answer.
  KnownRelays& relays() { return context_.relays; }
  // Of each publisher.
  const FollowQuota& quota() const { return context_.quota; }

  // Opens the streams that are due. Call it some times a second.
  void Tick();
  // Lets every stream that waits try again at the next Tick: the registry has changed.
  void RetryNow();

 private:
  struct SessionKey {
    record::ParticipantId member;
    record::ParticipantId publisher;
    size_t number = 0;      // 0: the registry's; the others from 1 on
    std::string handed_on;  // of a feed with a stream of its own, as it is asked of others: its name and whose copy
    friend auto operator<=>(const SessionKey&, const SessionKey&) = default;
  };

  std::vector<std::shared_ptr<FollowSession>> Sessions() const;
  // All sessions of one member with one publisher.
  std::vector<std::shared_ptr<FollowSession>> SessionsWith(const record::ParticipantId& member,
                                                           const record::ParticipantId& publisher) const;
  absl::Status CheckMayAdd(const record::ParticipantId& member, const record::ParticipantId& publisher,
                           const std::vector<record::FeedName>& feeds) const;
  // What Remove is to drop, of what is followed in `sessions`.
  absl::StatusOr<std::vector<record::FeedName>> FeedsToRemove(
      const record::ParticipantId& publisher, const std::vector<record::FeedName>& named,
      const std::vector<std::shared_ptr<FollowSession>>& sessions) const;
  // Whether `heads` has to be followed beside `feeds` and is not.
  bool NeedsHeads(const record::ParticipantId& member, const record::ParticipantId& publisher,
                  const std::vector<record::FeedName>& feeds) const;
  // The session to which a feed belongs.
  SessionKey SessionOf(const storage::FollowSetting& follow) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void AddToSession(const storage::FollowSetting& follow);

  FollowContext context_;
  Mutex changing_;  // held over the whole of Add and Remove; taken before mutex_
  mutable Mutex mutex_;
  std::map<SessionKey, std::shared_ptr<FollowSession>> sessions_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace meguri::node
