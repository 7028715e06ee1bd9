// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "certs/registry.h"
#include "certs/trust_bundle.h"
#include "meguri/feed/v1/feed.pb.h"
#include "node/app/move_file.h"
#include "node/follow/follower.h"
#include "record/batch.h"
#include "record/participant_id.h"
#include "storage/committer.h"
#include "storage/ordered_store.h"

namespace meguri::node {

// How far a feed could be put together.
struct RecoveredFeed {
  std::string feed;
  uint64_t size = 0;   // entries
  uint64_t known = 0;  // the largest size of which a signed head was found: beyond `size`, entries are missing
  std::string from;    // who had the last of them
};

// Puts the feeds of a member together from copies of its followers, in a store in which they are its own. Each file is
// taken as if a relay sent it (Follower): nothing of it is believed. Thread-compatible.
class CopyIntake {
 public:
  // Borrowed arguments outlive it.
  CopyIntake(const certs::TrustBundle& bundle, record::ParticipantId member, const storage::StoreReader& store,
             storage::Committer& committer, absl::Time now);

  // What to take of a file: the registry, which the bundle judges, or the feeds of the member, which `registry` does.
  absl::Status TakeRegistry(const std::string& path);
  absl::Status TakeFeeds(const std::string& path, const certs::Registry& registry);

  // Of the member, by name. Feeds of which nothing but a head was found are among them.
  std::vector<RecoveredFeed> Feeds() const;
  // Why a feed of a file was passed over, a sentence each.
  const std::vector<std::string>& passed_over() const { return passed_over_; }

  // Lets go of the heads of others that own feeds do not have.
  absl::Status Finish();

 private:
  struct Feed {
    std::unique_ptr<Follower> follower;
    std::string from;
    bool is_passed_over = false;  // in the file that is being read
  };
  // The file that is being read.
  struct Source {
    std::string path;
    std::string holder;
    const certs::Registry& registry;
    bool is_registry_wanted;
  };

  absl::Status Take(const std::string& path, const certs::Registry& registry, bool is_registry_wanted);
  absl::StatusOr<std::string> CheckHeader(const storage::v1::MoveFrame& frame) const;
  absl::StatusOr<Feed*> FindFeed(const std::string& name, const Source& source);
  absl::Status TakeTarget(const feed::v1::FeedTarget& target, const Source& source);
  absl::Status TakeBatch(feed::v1::FeedBatch batch, const Source& source);
  absl::Status Write(const storage::HeldFeed& feed, VerifiedBatch batch, const std::string& note);

  const certs::TrustBundle& bundle_;
  const record::ParticipantId member_;
  const storage::StoreReader& store_;
  storage::Committer& committer_;
  const absl::Time now_;
  record::VerifiedRoots verified_roots_;
  std::map<record::FeedKey, Feed> feeds_;
  std::vector<std::string> passed_over_;
};

}  // namespace meguri::node
