// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/optional.h"
#include "base/clock.h"
#include "base/executor.h"
#include "base/mutex.h"
#include "meguri/feed/v1/openings.pb.h"
#include "node/follow/follow_runner.h"
#include "node/follow/limits.h"
#include "node/follow/peer_client.h"
#include "record/feed.h"
#include "record/heads.h"
#include "record/participant_id.h"
#include "storage/committer.h"
#include "storage/feeds.h"
#include "storage/openings.h"
#include "storage/ordered_store.h"

namespace meguri::node {

inline constexpr char kFeedUnopened[] = "FEED_UNOPENED";
inline constexpr char kUnopened[] =
    "The publisher has not opened for long what it committed of this feed in its feed heads: it may be showing others "
    "another one.";

// Whom to ask for openings of whose feeds, and as whom.
struct OpeningCall {
  PeerAddress peer;
  record::ParticipantId acting_member;
  record::ParticipantId publisher;
  std::vector<feed::v1::OpeningsFrom> feeds;
};

// Calls to other nodes, as openings need them. Thread-safe.
class OpeningPeer {
 public:
  using Done = absl::AnyInvocable<void(absl::StatusOr<std::vector<feed::v1::FeedOpenings>>)>;
  virtual ~OpeningPeer() = default;
  // Never blocks. `done` is called once, on any thread, and must not block.
  virtual void GetOpenings(const OpeningCall& call, Done done) = 0;
};

// What is known of a followed feed by the openings of its publisher.
struct OpenedStatus {
  uint64_t size = 0;                       // that the publisher has committed and opened
  absl::Time time = absl::InfinitePast();  // when that came
  bool is_unopened = false;                // nothing has come for kOpeningOverdue, though the publisher is there
};

// Compares the narrower feeds that a member follows with what their publishers committed in their feeds `heads`: every
// entry must be opened, in turn, or a publisher could commit another face in every other one. Who shows one feed and
// commits another is quarantined, with evidence. Thread-safe.
class OpeningWatch {
 public:
  // Borrowed arguments outlive the watch, and what they still run.
  OpeningWatch(FollowRegistry& registry, FollowRunner& follows, FollowReporter& reporter, OpeningPeer& peers,
               const storage::SnapshotReader& store, storage::Committer& committer, Executor& executor,
               record::ParticipantId member, const Clock& clock);

  // Asks for what is due, and waits for none of it. Call it every few seconds, on any thread but the ticker's.
  void Step();
  OpenedStatus StatusOf(const record::FeedKey& feed) const;

 private:
  struct Feed {
    absl::Time live_at = absl::InfinitePast();  // the last look, if the publisher was there
    absl::Duration live_for;                    // that it was there since it opened something; it may go in between
    absl::Time opened = absl::InfinitePast();
    uint64_t opened_size = 0;
    std::string problem;  // what was wrong with the last answer
    bool reported_unopened = false;
  };
  struct Publisher {
    bool is_asking = false;
    absl::Time next = absl::InfinitePast();
  };
  using Openings = std::vector<feed::v1::FeedOpenings>;

  void NoteStateLocked(const FollowStatus& status, absl::Time now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  static bool IsUnopened(const Feed& feed) { return feed.live_for > kOpeningOverdue; }
  void Ask(const record::ParticipantId& publisher, const std::vector<record::FeedName>& feeds);
  absl::StatusOr<OpeningCall> MakeCall(const record::ParticipantId& publisher,
                                       const std::vector<record::FeedName>& feeds) const;
  void End(const record::ParticipantId& publisher, bool has_progress);
  // Whether something new was opened.
  bool Take(const record::ParticipantId& publisher, const Openings& opened);
  absl::StatusOr<bool> TakeFeed(const record::FeedKey& feed, const feed::v1::FeedOpenings& opened);
  void Keep(const record::FeedKey& feed, storage::FeedId id, std::vector<storage::v1::StoredOpened> steps);

  FollowRegistry& registry_;
  FollowRunner& follows_;
  FollowReporter& reporter_;
  OpeningPeer& peers_;
  const storage::SnapshotReader& store_;
  storage::Committer& committer_;
  Executor& executor_;
  const record::ParticipantId member_;
  const Clock& clock_;
  mutable Mutex mutex_;
  std::map<record::FeedKey, Feed> feeds_ ABSL_GUARDED_BY(mutex_);
  std::map<record::ParticipantId, Publisher> publishers_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace meguri::node
