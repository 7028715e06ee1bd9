// SPDX-License-Identifier: Apache-2.0
#include "node/follow/known_relays.h"

namespace meguri::node {

void KnownRelays::Note(const record::ParticipantId& relay, const std::vector<record::ParticipantId>& publishers) {
  MutexLock lock(mutex_);
  if (relays_.size() >= kKnownRelaysMax && !relays_.contains(relay)) {
    return;
  }
  std::set<record::ParticipantId>& known = relays_[relay];
  for (const record::ParticipantId& publisher : publishers) {
    if (known.size() < kRelayedPublishersMax) {
      known.insert(publisher);
    }
  }
}

void KnownRelays::Forget(const record::ParticipantId& relay) {
  MutexLock lock(mutex_);
  relays_.erase(relay);
}

std::vector<record::ParticipantId> KnownRelays::For(const record::ParticipantId& publisher, size_t max) const {
  std::vector<record::ParticipantId> found;
  MutexLock lock(mutex_);
  for (const bool wants_holders : {true, false}) {
    for (const auto& [relay, publishers] : relays_) {
      if (found.size() < max && relay != publisher && publishers.contains(publisher) == wants_holders) {
        found.push_back(relay);
      }
    }
  }
  return found;
}

}  // namespace meguri::node
