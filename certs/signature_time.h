// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "absl/types/optional.h"
#include "absl/types/span.h"
#include "certs/registry.h"
#include "certs/witnesses.h"

// What a signature that holds is worth, by the times of its key and what proves when it was there: docs/format/trust.md
// §3.3. The time that a header claims counts for nothing.
namespace meguri::certs {

// Whoever revoked a key may not know to the minute since when somebody else had it.
inline constexpr absl::Duration kCompromiseMargin = absl::Minutes(5);

enum class Verdict {
  kValid,          // the key is usable now
  kValidAt,        // the key has ended since, and the signature was there before
  kIndeterminate,  // the key has ended, and nothing proves that the signature was there before
  kInvalid,        // the key is not in force yet
};

struct Judgement {
  Verdict verdict = Verdict::kValid;
  absl::Time at = absl::InfinitePast();  // of kValidAt: when the signature was there at the latest
  absl::Status why;                      // KEY_REVOKED, KEY_EXPIRED, KEY_NOT_YET_VALID; OK if the key is usable now
};

// How many of `witnesses` may lie or be mistaken if `quorum` of them shall be enough: 2 quorum > witnesses + lying.
size_t LyingWitnesses(size_t witnesses, uint32_t quorum);

// When a head was there at the latest: of the times at which it was cosigned, in ascending order, the one behind as
// many as may lie, so that an honest witness vouches for it. Nullopt without a quorum.
absl::optional<absl::Time> ProvenTime(const Cosigners& cosigners);

// Of several heads that include the same thing: the earliest.
absl::optional<absl::Time> EarliestTime(absl::Span<const Cosigners> heads);

// What a signature by `key` is worth at `now`, which was there at `proven` at the latest.
Judgement JudgeSignature(const RegisteredKey& key, absl::optional<absl::Time> proven, absl::Time now);

// What rests on both: the worse verdict; of two times the later.
Judgement Both(const Judgement& one, const Judgement& other);

}  // namespace meguri::certs
