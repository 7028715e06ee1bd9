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

const char* NameOf(TimeSource source) {
  switch (source) {
    case TimeSource::kWitnesses:
      return "witnesses";
    case TimeSource::kOwn:
      return "own";
    case TimeSource::kReceipts:
      return "receipts";
  }
  return "";
}

std::vector<SeenBy> EarliestReceipts(std::vector<SeenBy> receipts, size_t needed) {
  std::sort(receipts.begin(), receipts.end(), [](const SeenBy& a, const SeenBy& b) {
    return a.time != b.time ? a.time < b.time : a.member.text() < b.member.text();
  });
  std::vector<SeenBy> earliest;
  for (SeenBy& receipt : receipts) {
    const bool is_there = std::any_of(earliest.begin(), earliest.end(), [&](const SeenBy& other) {
      return other.host == receipt.host || other.member == receipt.member;
    });
    if (!is_there && earliest.size() < needed) {
      earliest.push_back(std::move(receipt));
    }
  }
  return earliest.size() < needed ? std::vector<SeenBy>() : earliest;
}

Judgement JudgeSignature(const RegisteredKey& key, const SeenTimes& seen, absl::Time now) {
  Judgement judgement = JudgeSignature(key, seen.witnesses, now);
  if (judgement.verdict == Verdict::kIndeterminate && seen.own.has_value()) {
    judgement = JudgeSignature(key, seen.own, now);
    judgement.source = TimeSource::kOwn;
  }
  if (judgement.verdict != Verdict::kIndeterminate) {
    return judgement;
  }
  const std::vector<SeenBy> receipts = EarliestReceipts(seen.receipts, seen.receipts_needed);
  if (!receipts.empty()) {
    judgement = JudgeSignature(key, receipts.back().time, now);
    judgement.source = TimeSource::kReceipts;
  }
  for (const SeenBy& receipt : receipts) {
    if (judgement.verdict == Verdict::kValidAt) {
      judgement.by.push_back(receipt.member);
    }
  }
  return judgement;
}

Judgement Both(const Judgement& one, const Judgement& other) {
  Judgement both = one.verdict >= other.verdict ? one : other;
  if (one.verdict == Verdict::kValidAt && other.verdict == Verdict::kValidAt) {
    both.at = std::max(one.at, other.at);
    both.source = std::max(one.source, other.source);
    for (const record::ParticipantId& member : other.by) {
      if (std::find(one.by.begin(), one.by.end(), member) == one.by.end()) {
        both.by.push_back(member);
      }
    }
  }
  return both;
}

}  // namespace meguri::certs
