// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "absl/types/optional.h"
#include "absl/types/span.h"
#include "certs/registry.h"
#include "certs/witnesses.h"
#include "record/participant_id.h"

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

// On whose word something was there at a time, the best first.
enum class TimeSource {
  kWitnesses,  // a quorum of those that the trust bundle pins
  kOwn,        // one's own node
  kReceipts,   // other members whose nodes saw it: receipts.h
};

// "witnesses", "own", "receipts": what programs are told.
const char* NameOf(TimeSource source);

struct Judgement {
  Verdict verdict = Verdict::kValid;
  absl::Time at = absl::InfinitePast();  // of kValidAt: when the signature was there at the latest
  absl::Status why;                      // KEY_REVOKED, KEY_EXPIRED, KEY_NOT_YET_VALID; OK if the key is usable now
  TimeSource source = TimeSource::kWitnesses;  // of kValidAt
  std::vector<record::ParticipantId> by = {};  // of kReceipts: whose word it is
};

// A member says that its node had seen something.
struct SeenBy {
  record::ParticipantId member;
  record::ParticipantId host;  // whose node that is
  absl::Time time;

  friend bool operator==(const SeenBy&, const SeenBy&) = default;
};

inline constexpr size_t kReceiptsNeeded = 1;  // unless somebody says otherwise

// All that tells when something was there at the latest.
struct SeenTimes {
  absl::optional<absl::Time> witnesses = absl::nullopt;
  absl::optional<absl::Time> own = absl::nullopt;
  std::vector<SeenBy> receipts = {};         // that count, each by itself
  size_t receipts_needed = kReceiptsNeeded;  // 0: they never count
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

// The same, by the best of the sources that prove it to be in time.
Judgement JudgeSignature(const RegisteredKey& key, const SeenTimes& seen, absl::Time now);

// The earliest receipts of `needed` members at `needed` different nodes; empty if there are not so many. The last is
// the time that counts: if fewer than all of them lie, somebody honest had seen it by then.
std::vector<SeenBy> EarliestReceipts(std::vector<SeenBy> receipts, size_t needed);

// What rests on both: the worse verdict; of two times the later, on the word of both.
Judgement Both(const Judgement& one, const Judgement& other);

}  // namespace meguri::certs
