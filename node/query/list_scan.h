// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "node/query/candidates.h"
#include "passport/filter.h"
#include "record/participant_id.h"
#include "storage/feeds.h"
#include "storage/index.h"

namespace meguri::node {

// How many candidates are looked at, to see which condition leaves the fewest.
inline constexpr int kProbeMax = 256;

struct ReadableFeed {
  storage::FeedId id = 0;
  record::ParticipantId publisher;
};

// Walks the records that match a filter in the feeds that a reader holds, each once. Without a number in the filter
// they come by record ID; with one, perhaps by that number: which condition drives the walk is decided at its
// beginning, and is part of every position. Not thread-safe.
class ListScan {
 public:
  ListScan(const storage::Index& index, std::vector<ReadableFeed> feeds, passport::Filter filter);

  // Goes to the first record after `position`, "" for the first of all. INVALID_ARGUMENT with reason PAGE_TOKEN.
  absl::Status Start(absl::string_view position);
  absl::Status Next() { return candidates_->Next(); }
  bool Valid() const { return candidates_->Valid(); }
  std::string position() const;
  const storage::Posting& current() const { return candidates_->current(); }

  // The version of the current candidate that matches, 0 if it does not.
  absl::StatusOr<uint64_t> MatchingVersion() const;

 private:
  std::unique_ptr<Candidates> MakeDriver(size_t driver) const;
  absl::StatusOr<size_t> ChooseDriver() const;
  bool Meets(const std::vector<record::IndexTerm>& terms) const;
  bool IsFirstPlaceOf(const std::vector<record::IndexTerm>& terms) const;

  const storage::Index& index_;
  const passport::Filter filter_;
  std::vector<storage::FeedId> feeds_;
  std::map<record::ParticipantId, std::vector<storage::FeedId>> feeds_of_;
  size_t driver_ = 0;  // 0: the words; n: the range n - 1
  std::unique_ptr<Candidates> candidates_;
};

}  // namespace meguri::node
