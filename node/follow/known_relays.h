// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <map>
#include <set>
#include <vector>

#include "base/mutex.h"
#include "record/participant_id.h"

namespace meguri::node {

inline constexpr size_t kKnownRelaysMax = 256;
inline constexpr size_t kRelayedPublishersMax = 1024;  // that are remembered of one relay

// Members whose nodes say that they hand on copies, and of whom. It is their word alone: whoever asks one of them
// verifies what comes. Not kept over a restart. Thread-safe.
class KnownRelays {
 public:
  // `relay` says that it hands on copies; of some publishers at least.
  void Note(const record::ParticipantId& relay, const std::vector<record::ParticipantId>& publishers);
  // `relay` says that it hands on nothing.
  void Forget(const record::ParticipantId& relay);
  // At most `max` of them: first those that hand on feeds of `publisher`, then others, which may do so too.
  std::vector<record::ParticipantId> For(const record::ParticipantId& publisher, size_t max) const;

 private:
  mutable Mutex mutex_;
  std::map<record::ParticipantId, std::set<record::ParticipantId>> relays_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace meguri::node
