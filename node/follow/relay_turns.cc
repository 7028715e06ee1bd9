// SPDX-License-Identifier: Apache-2.0
#include "node/follow/relay_turns.h"

#include <algorithm>
#include <iterator>

namespace meguri::node {

absl::optional<record::ParticipantId> RelayTurns::Next(absl::Time now,
                                                       const absl::optional<record::ParticipantId>& named,
                                                       const std::vector<record::ParticipantId>& known) const {
  if (silent_since_ > now || IsPublishersTurn(now)) {
    return absl::nullopt;
  }
  std::vector<record::ParticipantId> relays;
  if (named.has_value()) {
    relays.push_back(*named);
  }
  if (now - silent_since_ >= kRelayAfter) {
    relays.insert(relays.end(), known.begin(), known.end());
  }
  for (const record::ParticipantId& relay : relays) {
    const auto paused = paused_until_.find(relay);
    if (paused == paused_until_.end() || paused->second <= now) {
      return relay;
    }
  }
  return absl::nullopt;
}

void RelayTurns::OnPublisherAnswered() {
  silent_since_ = absl::InfiniteFuture();
  turn_ = kRelayTurnMin;
}

void RelayTurns::OnPublisherSilent(absl::Time now) {
  silent_since_ = std::min(silent_since_, now);
  if (IsPublishersTurn(now)) {
    publishers_turn_ = now + turn_;
    turn_ = std::min(turn_ * 2, kRelayTurnMax);
  }
}

void RelayTurns::OnRelayFailed(const record::ParticipantId& relay, absl::Time now, absl::Duration pause) {
  for (auto paused = paused_until_.begin(); paused != paused_until_.end();) {
    paused = paused->second <= now ? paused_until_.erase(paused) : std::next(paused);
  }
  paused_until_.insert_or_assign(relay, now + pause);
}

}  // namespace meguri::node
