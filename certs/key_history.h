// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/optional.h"
#include "meguri/registry/v1/member.pb.h"

// How the keys of members came into the registry: docs/format/trust.md §3.1.
namespace meguri::certs {

// What a reader makes of one key of an entry.
struct KeyJudgement {
  // FIRST, ENDORSED, RECOVERY, REFUSED, or UNSPECIFIED: it followed another when entries did not say how.
  registry::v1::KeyOrigin origin = registry::v1::KEY_ORIGIN_UNSPECIFIED;
  // When the newest recovery came into force, of this key and those that it goes back to; 0 if there is none. Never 0
  // of a key whose origin is RECOVERY.
  uint64_t recovered_ms = 0;

  friend bool operator==(const KeyJudgement&, const KeyJudgement&) = default;
};

// The keys that entries of the registry feed brought, judged in the order of that feed: whoever reads the same feed
// comes to the same judgement, whatever the operator claims. Every entry has the form that CheckMemberEntry asks for.
class KeyHistory {
 public:
  explicit KeyHistory(std::string federation) : federation_(std::move(federation)) {}

  // The next entry of the feed. Once an entry says how a key came in, every new key must.
  void Add(const registry::v1::MemberEntry& entry);
  // From now on every new key must say how it came in.
  void AskForOrigins() { asks_for_origins_ = true; }

  // The keys of `entry`, which was added, in its order.
  std::vector<KeyJudgement> Judge(const registry::v1::MemberEntry& entry) const;

 private:
  struct Known {
    registry::v1::KeyOrigin origin;
    bool is_revoked = false;  // in an entry that was added
  };
  // By purpose and public key; those that are not refused.
  using Keys = absl::flat_hash_map<std::pair<int, std::string>, Known>;

  absl::optional<registry::v1::KeyOrigin> OriginOf(const registry::v1::MemberEntry& entry, int index, const Keys& keys,
                                                   bool is_first) const;

  const std::string federation_;
  bool asks_for_origins_ = false;
  absl::flat_hash_map<std::string, Keys> members_;  // by participant ID
};

// The keys of an entry of which nothing is known but the entry itself, in its order.
std::vector<KeyJudgement> JudgeAlone(absl::string_view federation, const registry::v1::MemberEntry& entry);

// That every key which `next` has and `before` (null: the member is new) has not says how it came in, and that this is
// so. Returns whether one of them counts as a recovery. INVALID_ARGUMENT with reason KEY_NOT_ENDORSED.
absl::StatusOr<bool> CheckNewKeys(absl::string_view federation, const registry::v1::MemberEntry* before,
                                  const registry::v1::MemberEntry& next);

// Says of each key of `next` that `before` (null: the member is new) has not how it came in: FIRST, ENDORSED if it
// carries the signature that this takes, else RECOVERY, which begins at `now` if it does not say when. Returns whether
// one of them is a recovery.
bool StateOrigins(absl::string_view federation, const registry::v1::MemberEntry* before, absl::Time now,
                  registry::v1::MemberEntry& next);

// The notices about the keys of `entry`, judged as `judgements` says.
std::vector<registry::v1::KeyNotice> NoticesOf(absl::string_view federation, const registry::v1::MemberEntry& entry,
                                               const std::vector<KeyJudgement>& judgements);

}  // namespace meguri::certs
