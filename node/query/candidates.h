// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "passport/filter.h"
#include "storage/feeds.h"
#include "storage/index.h"

namespace meguri::node {

// The records that may match a filter, from the feeds that a reader holds, in an order that can be taken up again.
// Not thread-safe.
class Candidates {
 public:
  virtual ~Candidates() = default;
  // Goes to the first candidate. Call this or StartAfter first.
  virtual absl::Status Start() = 0;
  // Goes to the first candidate after `position`, which came from position(). INVALID_ARGUMENT with reason PAGE_TOKEN
  // if it cannot have.
  virtual absl::Status StartAfter(absl::string_view position) = 0;
  virtual absl::Status Next() = 0;
  virtual bool Valid() const = 0;

  // Of candidates that are Valid.
  virtual const storage::Posting& current() const = 0;
  // The newest version that everything asked for was found in.
  virtual uint64_t version() const = 0;
  virtual std::string position() const = 0;
};

// Records under a word of every one of `terms` (at least one), by (record ID, publisher).
std::unique_ptr<Candidates> MakeTermJoin(const storage::Index& index, const std::vector<storage::FeedId>& feeds,
                                         const std::vector<passport::AnyOf>& terms);

// Records in `range`, by (number, record ID, publisher). A record that is under several numbers comes several times.
std::unique_ptr<Candidates> MakeRangeScan(const storage::Index& index, const std::vector<storage::FeedId>& feeds,
                                          const passport::NumberRange& range);

}  // namespace meguri::node
