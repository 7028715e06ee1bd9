// SPDX-License-Identifier: Apache-2.0
#include "certs/key_history.h"

#include <algorithm>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "certs/key_change.h"
#include "certs/key_endorsement.h"
#include "record/participant_id.h"
#include "record/public_key.h"

namespace meguri::certs {
namespace {

using registry::v1::MemberEntry;
using registry::v1::MemberKey;

// Whether the member had left the host that has the feed key `before` when `next` came into force.
bool HasLeft(const MemberEntry& entry, const MemberKey& before, const MemberKey& next) {
  return before.purpose() == registry::v1::KEY_PURPOSE_FEED &&
         std::any_of(entry.keys().begin(), entry.keys().end(), [&](const MemberKey& moved) {
           return moved.has_base() && moved.public_key() != before.public_key() &&
                  before.not_before_ms() <= moved.not_before_ms() && moved.not_before_ms() <= next.not_before_ms();
         });
}

// Where the key that endorses keys(index) stands in the entry: before it, and of a purpose that may. The feed key of a
// host that the member has left may not. -1: nowhere.
int EndorserOf(absl::string_view federation, const MemberEntry& entry, int index) {
  const MemberKey& key = entry.keys(index);
  const absl::StatusOr<record::ParticipantId> member = record::ParticipantId::Parse(entry.participant_id());
  for (int i = 0; member.ok() && i < index; ++i) {
    const MemberKey& before = entry.keys(i);
    if (!HasLeft(entry, before, key) && CanEndorse(before, key) &&
        key.endorsement().key_id() == record::KeyId(federation, *member, before.public_key()).view()) {
      return i;
    }
  }
  return -1;
}

bool IsEndorsed(absl::string_view federation, const MemberEntry& entry, int index, int endorser) {
  const absl::StatusOr<record::ParticipantId> member = record::ParticipantId::Parse(entry.participant_id());
  return endorser >= 0 && member.ok() &&
         VerifyEndorsement(federation, *member, entry.keys(endorser), entry.keys(index)).ok();
}

// What had ended when `next` came into force vouches for nothing.
bool IsInForceFor(const MemberKey& before, const MemberKey& next) {
  return IsUsable(before, absl::FromUnixMillis(static_cast<int64_t>(next.not_before_ms())));
}

// What `origins`, of the keys of `entry` in its order, come to with the times that the entry has now.
std::vector<KeyJudgement> Resolve(absl::string_view federation, const MemberEntry& entry,
                                  const std::vector<registry::v1::KeyOrigin>& origins) {
  std::vector<KeyJudgement> judged;
  for (int i = 0; i < entry.keys_size(); ++i) {
    KeyJudgement next{origins[static_cast<size_t>(i)], 0};
    if (next.origin == registry::v1::KEY_ORIGIN_ENDORSED) {
      const int endorser = EndorserOf(federation, entry, i);
      if (endorser < 0 || !IsInForceFor(entry.keys(endorser), entry.keys(i))) {
        next.origin = registry::v1::KEY_ORIGIN_RECOVERY;
      } else {
        next.recovered_ms = judged[static_cast<size_t>(endorser)].recovered_ms;
      }
    }
    if (next.origin == registry::v1::KEY_ORIGIN_RECOVERY) {
      next.recovered_ms = std::max<uint64_t>(1, entry.keys(i).not_before_ms());
    }
    judged.push_back(next);
  }
  return judged;
}

std::pair<int, std::string> NameOf(const MemberKey& key) { return {key.purpose(), key.public_key()}; }

bool SaysOrigins(const MemberEntry& entry) {
  return std::any_of(entry.keys().begin(), entry.keys().end(),
                     [](const MemberKey& key) { return key.origin() != registry::v1::KEY_ORIGIN_UNSPECIFIED; });
}

bool HasKeyFor(const MemberEntry& entry, registry::v1::KeyPurpose purpose) {
  return std::any_of(entry.keys().begin(), entry.keys().end(),
                     [&](const MemberKey& key) { return key.purpose() == purpose; });
}

// The first listed key of the purpose of keys(index), or one that began with it.
bool IsOneOfTheFirst(const MemberEntry& entry, int index) {
  const MemberKey& key = entry.keys(index);
  const auto first = std::find_if(entry.keys().begin(), entry.keys().end(),
                                  [&](const MemberKey& other) { return other.purpose() == key.purpose(); });
  return first->public_key() == key.public_key() ||
         (key.origin() == registry::v1::KEY_ORIGIN_FIRST && key.not_before_ms() == first->not_before_ms());
}

}  // namespace

absl::optional<registry::v1::KeyOrigin> KeyHistory::OriginOf(const MemberEntry& entry, int index, const Keys& keys,
                                                             bool is_first) const {
  const MemberKey& key = entry.keys(index);
  switch (key.origin()) {
    case registry::v1::KEY_ORIGIN_RECOVERY:
      return key.origin();
    case registry::v1::KEY_ORIGIN_ENDORSED: {
      const int endorser = EndorserOf(federation_, entry, index);
      const auto known = endorser < 0 ? keys.end() : keys.find(NameOf(entry.keys(endorser)));
      if (known == keys.end() || !IsEndorsed(federation_, entry, index, endorser)) {
        return absl::nullopt;
      }
      return known->second.is_revoked ? registry::v1::KEY_ORIGIN_RECOVERY : registry::v1::KEY_ORIGIN_ENDORSED;
    }
    case registry::v1::KEY_ORIGIN_FIRST:
      return is_first ? absl::make_optional(key.origin()) : absl::nullopt;
    default:
      if (is_first) {
        return registry::v1::KEY_ORIGIN_FIRST;
      }
      return asks_for_origins_ ? absl::nullopt : absl::make_optional(registry::v1::KEY_ORIGIN_UNSPECIFIED);
  }
}

void KeyHistory::Add(const MemberEntry& entry) {
  asks_for_origins_ = asks_for_origins_ || SaysOrigins(entry);
  Keys& keys = members_[entry.participant_id()];
  absl::flat_hash_set<int> purposes_before;
  for (const auto& [name, known] : keys) {
    purposes_before.insert(name.first);
  }
  for (int i = 0; i < entry.keys_size(); ++i) {
    const MemberKey& key = entry.keys(i);
    if (keys.contains(NameOf(key))) {
      continue;
    }
    if (const auto origin = OriginOf(entry, i, keys, !purposes_before.contains(key.purpose())); origin.has_value()) {
      keys.emplace(NameOf(key), Known{*origin});
    }
  }
  for (const MemberKey& key : entry.keys()) {
    const auto known = keys.find(NameOf(key));
    if (known != keys.end() && key.revoked_ms() != 0) {
      known->second.is_revoked = true;
    }
  }
}

std::vector<KeyJudgement> KeyHistory::Judge(const MemberEntry& entry) const {
  std::vector<registry::v1::KeyOrigin> origins;
  const auto member = members_.find(entry.participant_id());
  for (const MemberKey& key : entry.keys()) {
    const bool is_known = member != members_.end() && member->second.contains(NameOf(key));
    origins.push_back(is_known ? member->second.at(NameOf(key)).origin : registry::v1::KEY_ORIGIN_REFUSED);
  }
  return Resolve(federation_, entry, origins);
}

std::vector<KeyJudgement> JudgeAlone(absl::string_view federation, const MemberEntry& entry) {
  std::vector<registry::v1::KeyOrigin> origins;
  for (int i = 0; i < entry.keys_size(); ++i) {
    registry::v1::KeyOrigin origin = entry.keys(i).origin();
    if (origin == registry::v1::KEY_ORIGIN_ENDORSED) {
      const int endorser = EndorserOf(federation, entry, i);
      const bool is_refused = !IsEndorsed(federation, entry, i, endorser) ||
                              origins[static_cast<size_t>(endorser)] == registry::v1::KEY_ORIGIN_REFUSED;
      origin = is_refused ? registry::v1::KEY_ORIGIN_REFUSED : origin;
    } else if (origin != registry::v1::KEY_ORIGIN_RECOVERY) {
      origin = IsOneOfTheFirst(entry, i) ? registry::v1::KEY_ORIGIN_FIRST : registry::v1::KEY_ORIGIN_UNSPECIFIED;
    }
    origins.push_back(origin);
  }
  return Resolve(federation, entry, origins);
}

absl::StatusOr<bool> CheckNewKeys(absl::string_view federation, const MemberEntry* before, const MemberEntry& next) {
  KeyHistory history{std::string(federation)};
  if (before != nullptr) {
    history.Add(*before);
  }
  history.AskForOrigins();
  history.Add(next);
  const std::vector<KeyJudgement> judged = history.Judge(next);
  bool is_recovery = false;
  for (size_t i = 0; i < judged.size(); ++i) {
    const MemberKey& key = next.keys(static_cast<int>(i));
    if (before != nullptr && FindKey(*before, key.public_key()) != nullptr) {
      continue;
    }
    is_recovery = is_recovery || judged[i].origin == registry::v1::KEY_ORIGIN_RECOVERY;
    if (judged[i].origin == registry::v1::KEY_ORIGIN_REFUSED) {
      return Error(absl::StatusCode::kInvalidArgument, "KEY_NOT_ENDORSED",
                   absl::StrCat("keys[", i, "] of ", next.participant_id(),
                                " is new, the member has a key of that purpose already, and that key has not signed "
                                "that this one follows it; every node refuses such a key. Let the member make the "
                                "request anew with rotate-key; if the old key is lost, it says --recovery"));
    }
  }
  return is_recovery;
}

bool StateOrigins(absl::string_view federation, const MemberEntry* before, absl::Time now, MemberEntry& next) {
  bool is_recovery = false;
  for (int i = 0; i < next.keys_size(); ++i) {
    MemberKey& key = *next.mutable_keys(i);
    if (before != nullptr && FindKey(*before, key.public_key()) != nullptr) {
      continue;
    }
    if (before == nullptr || !HasKeyFor(*before, key.purpose())) {
      key.set_origin(registry::v1::KEY_ORIGIN_FIRST);
    } else {
      const int endorser = EndorserOf(federation, next, i);
      const bool is_good = IsEndorsed(federation, next, i, endorser) && next.keys(endorser).revoked_ms() == 0 &&
                           IsInForceFor(next.keys(endorser), key);
      key.set_origin(is_good ? registry::v1::KEY_ORIGIN_ENDORSED : registry::v1::KEY_ORIGIN_RECOVERY);
      is_recovery = is_recovery || !is_good;
      if (!is_good && key.not_before_ms() == 0) {
        key.set_not_before_ms(static_cast<uint64_t>(absl::ToUnixMillis(now)));  // readers are told since when
      }
    }
    if (key.origin() != registry::v1::KEY_ORIGIN_ENDORSED) {
      key.clear_endorsement();
    }
  }
  return is_recovery;
}

std::vector<registry::v1::KeyNotice> NoticesOf(absl::string_view federation, const MemberEntry& entry,
                                               const std::vector<KeyJudgement>& judgements) {
  std::vector<registry::v1::KeyNotice> notices;
  const absl::StatusOr<record::ParticipantId> member = record::ParticipantId::Parse(entry.participant_id());
  for (int i = 0; member.ok() && i < entry.keys_size(); ++i) {
    const KeyJudgement& judged = judgements[static_cast<size_t>(i)];
    if (judged.origin == registry::v1::KEY_ORIGIN_FIRST || judged.origin == registry::v1::KEY_ORIGIN_ENDORSED) {
      continue;
    }
    registry::v1::KeyNotice& notice = notices.emplace_back();
    notice.set_participant_id(entry.participant_id());
    notice.set_key_id(record::KeyId(federation, *member, entry.keys(i).public_key()).ToString());
    notice.set_origin(judged.origin);
    notice.set_not_before_ms(entry.keys(i).not_before_ms());
  }
  return notices;
}

}  // namespace meguri::certs
