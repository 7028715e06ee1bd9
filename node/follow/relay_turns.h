// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <vector>

#include "absl/time/time.h"
#include "absl/types/optional.h"
#include "record/participant_id.h"

namespace meguri::node {

// A node that does not answer is most likely starting again. Only after this is a relay asked that nobody named.
inline constexpr absl::Duration kRelayAfter = absl::Minutes(10);
// How long a relay is followed before the publisher's node is tried again; it doubles as long as that is in vain.
inline constexpr absl::Duration kRelayTurnMin = absl::Minutes(5);
inline constexpr absl::Duration kRelayTurnMax = absl::Hours(1);
// For how long a relay is left alone that could not serve, or that sent what does not verify.
inline constexpr absl::Duration kRelayPause = absl::Minutes(1);
inline constexpr absl::Duration kLiarPause = absl::Hours(1);

// Says whom the feeds of one publisher are asked of: its own node, or, while that does not answer, a member that hands
// on copies. Thread-compatible.
class RelayTurns {
 public:
  // Whom to ask now; nullopt: the publisher. `named` is the relay that an administrator chose, and is asked at once;
  // `known` come later, in their order.
  absl::optional<record::ParticipantId> Next(absl::Time now, const absl::optional<record::ParticipantId>& named,
                                             const std::vector<record::ParticipantId>& known) const;
  // Whether it is time to leave a relay and see whether the publisher's node answers again.
  bool IsPublishersTurn(absl::Time now) const { return now >= publishers_turn_; }

  void OnPublisherAnswered();
  void OnPublisherSilent(absl::Time now);
  // `relay` is left alone for `pause`.
  void OnRelayFailed(const record::ParticipantId& relay, absl::Time now, absl::Duration pause);

 private:
  absl::Time silent_since_ = absl::InfiniteFuture();
  absl::Time publishers_turn_ = absl::InfinitePast();
  absl::Duration turn_ = kRelayTurnMin;
  std::map<record::ParticipantId, absl::Time> paused_until_;
};

}  // namespace meguri::node
