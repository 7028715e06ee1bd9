// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "storage/feeds.h"

namespace meguri::node {

// Something that became of a followed feed.
struct FollowReport {
  enum class Kind {
    kStarted,       // an administrator's decision
    kStopped,       // likewise
    kLive,          // all that the publisher has promised is here
    kWaiting,       // trouble that has lasted; `reason` and `message` say which
    kQuarantined,   // the publisher contradicted itself; the evidence is kept
    kOverQuota,     // there is no room for more of this publisher
    kTwoHeaders,    // a record is frozen: its publisher signed two headers for one version
    kTwoOpenings,   // likewise: it opened one header with two sections of one type
    kContradicted,  // a peer holds a head of an own feed that this store does not bear out; `message` says which
    kOverdue,       // the publisher has not said for long that there is no more; `message` says since when
    kUnopened,      // the publisher has not opened for long what it committed of this feed in `heads`
    kNewerFormat,   // records came that this program is too old to read
  };

  Kind kind;
  storage::HeldFeed feed;
  uint64_t size = 0;    // entries that are here
  std::string reason;   // of kWaiting, kQuarantined, kOverQuota, kOverdue, kUnopened
  std::string message;  // may hold a peer's words
};

// Hears what becomes of follows: once per change, and what passes by itself within kTroubleSettles not at all, so a
// peer cannot make it talk. Thread-safe; must not block.
class FollowReporter {
 public:
  virtual ~FollowReporter() = default;
  virtual void Report(const FollowReport& report) = 0;
};

}  // namespace meguri::node
