// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "certs/trust_bundle.h"
#include "record/cosignature.h"
#include "record/participant_id.h"

namespace meguri::certs {

// A key of a witness that a trust bundle pins.
struct Witness {
  record::ParticipantId member;
  record::WitnessKey key;
  absl::Time not_before;  // InfinitePast: no bound
  absl::Time not_after;   // InfiniteFuture: no bound
  bool is_revoked = false;

  bool IsInForce(absl::Time time) const { return !is_revoked && not_before <= time && time < not_after; }
};

// In the order of the bundle.
std::vector<Witness> WitnessesOf(const TrustBundle& bundle);

// Who has cosigned a note.
struct Cosigners {
  struct One {
    record::ParticipantId witness;
    absl::Time time;
  };
  std::vector<One> cosigned;  // each member once, the earliest time first
  uint32_t quorum = 0;        // how many the bundle asks for; 0: it knows no witnesses
  size_t witnesses = 0;       // different members that could have, as the bundle says it

  bool HasQuorum() const { return quorum > 0 && cosigned.size() >= quorum; }
};

// The members that `bundle` pins as witnesses and that have cosigned `note`. What a revoked key signed counts for
// nothing, nor what a key signed outside its times. Whether the feed's key signed the note is not looked at. The errors
// of OpenCosignatures.
absl::StatusOr<Cosigners> CosignersOf(absl::string_view note, const TrustBundle& bundle);

// The witnesses that have cosigned both notes. If the notes contradict each other these have lied: a witness signs only
// what continues what it signed before. Empty if either note cannot be read.
std::vector<record::ParticipantId> CosignersOfBoth(absl::string_view one, absl::string_view other,
                                                   const TrustBundle& bundle);

}  // namespace meguri::certs
