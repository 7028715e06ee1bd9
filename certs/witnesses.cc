// SPDX-License-Identifier: Apache-2.0
#include "certs/witnesses.h"

#include <algorithm>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "certs/member_key.h"

namespace meguri::certs {

std::vector<Witness> WitnessesOf(const TrustBundle& bundle) {
  std::vector<Witness> witnesses;
  for (int i = 0; i < bundle.message().witness_keys_size(); ++i) {
    const registry::v1::MemberKey& message = bundle.message().witness_keys(i);
    auto member = record::ParticipantId::Parse(bundle.message().witnesses(i));
    auto key = ParseMemberKey(message, registry::v1::KEY_PURPOSE_FEED);
    Invariant(member.ok() && key.ok(), "the form of a trust bundle was checked when it was opened");
    const RegisteredKey times = MakeRegisteredKey(message, *member, *key);
    std::string name = record::WitnessName(bundle.federation(), *member);
    witnesses.push_back({*std::move(member),
                         {std::move(name), *std::move(key)},
                         times.not_before,
                         times.not_after,
                         message.revoked_ms() != 0});
  }
  return witnesses;
}

absl::StatusOr<Cosigners> CosignersOf(absl::string_view note, const TrustBundle& bundle) {
  const std::vector<Witness> witnesses = WitnessesOf(bundle);
  std::vector<record::WitnessKey> keys;
  absl::flat_hash_set<absl::string_view> members;
  for (const Witness& witness : witnesses) {
    keys.push_back(witness.key);
    if (!witness.is_revoked) {
      members.insert(witness.member.text());
    }
  }
  MEGURI_ASSIGN_OR_RETURN(const std::vector<record::Cosignature> found, record::OpenCosignatures(note, keys));
  Cosigners cosigners;
  cosigners.quorum = bundle.message().witness_quorum();
  cosigners.witnesses = members.size();
  for (const record::Cosignature& cosignature : found) {
    const Witness& witness = witnesses[cosignature.witness];
    const absl::Time time = absl::FromUnixSeconds(static_cast<int64_t>(cosignature.time_s));
    if (witness.IsInForce(time)) {
      cosigners.cosigned.push_back({witness.member, time});
    }
  }
  // A member with two keys may have signed with both: it counts once, by the earlier time.
  auto& all = cosigners.cosigned;
  std::sort(all.begin(), all.end(), [](const Cosigners::One& a, const Cosigners::One& b) {
    return a.time != b.time ? a.time < b.time : a.witness.text() < b.witness.text();
  });
  absl::flat_hash_set<std::string> seen;
  all.erase(std::remove_if(all.begin(), all.end(),
                           [&](const Cosigners::One& one) { return !seen.insert(one.witness.text()).second; }),
            all.end());
  return cosigners;
}

std::vector<record::ParticipantId> CosignersOfBoth(absl::string_view one, absl::string_view other,
                                                   const TrustBundle& bundle) {
  std::vector<record::ParticipantId> both;
  const absl::StatusOr<Cosigners> of_one = CosignersOf(one, bundle);
  const absl::StatusOr<Cosigners> of_other = CosignersOf(other, bundle);
  if (!of_one.ok() || !of_other.ok()) {
    return both;
  }
  for (const Cosigners::One& cosigner : of_one->cosigned) {
    if (std::any_of(of_other->cosigned.begin(), of_other->cosigned.end(),
                    [&](const Cosigners::One& again) { return again.witness == cosigner.witness; })) {
      both.push_back(cosigner.witness);
    }
  }
  return both;
}

}  // namespace meguri::certs
