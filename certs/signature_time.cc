// SPDX-License-Identifier: Apache-2.0
#include "certs/signature_time.h"

#include <algorithm>

#include "base/error.h"

namespace meguri::certs {

size_t LyingWitnesses(size_t witnesses, uint32_t quorum) {
  const size_t twice = size_t{2} * quorum;
  return twice > witnesses ? twice - witnesses - 1 : 0;
}

absl::optional<absl::Time> ProvenTime(const Cosigners& cosigners) {
  const size_t lying = LyingWitnesses(cosigners.witnesses, cosigners.quorum);
  if (!cosigners.HasQuorum() || cosigners.cosigned.size() <= lying) {
    return absl::nullopt;
  }
  return cosigners.cosigned[lying].time;
}

absl::optional<absl::Time> EarliestTime(absl::Span<const Cosigners> heads) {
  absl::optional<absl::Time> earliest;
  for (const Cosigners& head : heads) {
    const absl::optional<absl::Time> time = ProvenTime(head);
    if (time.has_value() && (!earliest.has_value() || *time < *earliest)) {
      earliest = time;
    }
  }
  return earliest;
}

Judgement JudgeSignature(const RegisteredKey& key, absl::optional<absl::Time> proven, absl::Time now) {
  absl::Status usable = key.CheckUsable(now);
  if (usable.ok()) {
    return {Verdict::kValid, absl::InfinitePast(), absl::OkStatus()};
  }
  if (now < key.not_before) {
    // Whatever becomes of it later.
    RegisteredKey endless = key;
    endless.not_after = absl::InfiniteFuture();
    endless.revoked = absl::InfiniteFuture();
    return {Verdict::kInvalid, absl::InfinitePast(), endless.CheckUsable(now)};
  }
  // An end that was planned is known exactly; a revocation is not.
  const bool was_there = proven.has_value() && *proven < key.not_after && *proven + kCompromiseMargin < key.revoked;
  return {was_there ? Verdict::kValidAt : Verdict::kIndeterminate, was_there ? *proven : absl::InfinitePast(),
          std::move(usable)};
}

Judgement Both(const Judgement& one, const Judgement& other) {
  Judgement both = one.verdict >= other.verdict ? one : other;
  if (both.verdict == Verdict::kValidAt) {
    both.at = std::max(one.at, other.at);
  }
  return both;
}

}  // namespace meguri::certs
