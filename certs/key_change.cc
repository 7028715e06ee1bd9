// SPDX-License-Identifier: Apache-2.0
#include "certs/key_change.h"

#include <algorithm>
#include <utility>

namespace meguri::certs {
namespace {

using registry::v1::MemberEntry;
using registry::v1::MemberKey;

uint64_t ToMs(absl::Time time) { return static_cast<uint64_t>(absl::ToUnixMillis(time)); }

// The end of `key` is `end_ms` unless it ends before.
void EndBy(MemberKey& key, uint64_t end_ms) {
  // A key that was to begin later only never does: its times must still make sense.
  const uint64_t end = std::max(end_ms, key.not_before_ms() + 1);
  if (key.not_after_ms() == 0 || key.not_after_ms() > end) {
    key.set_not_after_ms(end);
  }
}

}  // namespace

MemberKey ToMemberKey(const record::Signer& key, registry::v1::KeyPurpose purpose) {
  return ToMemberKey(key.public_key(), purpose);
}

MemberKey ToMemberKey(const record::PublicKey& key, registry::v1::KeyPurpose purpose) {
  MemberKey message;
  message.set_purpose(purpose);
  message.set_algorithm(key.algorithm() == record::KeyAlgorithm::kEd25519 ? registry::v1::KEY_ALGORITHM_ED25519
                                                                          : registry::v1::KEY_ALGORITHM_ECDSA_P256);
  message.set_public_key(key.spki());
  return message;
}

bool IsUsable(const MemberKey& key, absl::Time now) {
  const uint64_t now_ms = ToMs(now);
  return key.not_before_ms() <= now_ms && (key.not_after_ms() == 0 || now_ms < key.not_after_ms()) &&
         (key.revoked_ms() == 0 || now_ms < key.revoked_ms());
}

const MemberKey* KeyInForce(const MemberEntry& entry, registry::v1::KeyPurpose purpose, absl::Time now) {
  const MemberKey* newest = nullptr;
  for (const MemberKey& key : entry.keys()) {
    if (key.purpose() == purpose && IsUsable(key, now) &&
        (newest == nullptr || key.not_before_ms() >= newest->not_before_ms())) {
      newest = &key;
    }
  }
  return newest;
}

const MemberKey* FindKey(const MemberEntry& entry, absl::string_view public_key) {
  const auto found = std::find_if(entry.keys().begin(), entry.keys().end(),
                                  [&](const MemberKey& key) { return key.public_key() == public_key; });
  return found == entry.keys().end() ? nullptr : &*found;
}

void AddSuccessor(MemberEntry& entry, MemberKey fresh, absl::Time begin, absl::optional<absl::Time> old_end) {
  for (MemberKey& key : *entry.mutable_keys()) {
    if (old_end.has_value() && key.purpose() == fresh.purpose() && IsUsable(key, begin)) {
      EndBy(key, ToMs(*old_end));
    }
  }
  fresh.set_not_before_ms(ToMs(begin));
  *entry.add_keys() = std::move(fresh);
}

bool KeepFormerKeys(const MemberEntry& before, absl::Time now, MemberEntry& entry) {
  const bool is_recovery = std::none_of(before.keys().begin(), before.keys().end(), [&](const MemberKey& key) {
    return key.purpose() == registry::v1::KEY_PURPOSE_RECORD && IsUsable(key, now) &&
           FindKey(entry, key.public_key()) != nullptr;
  });
  google::protobuf::RepeatedPtrField<MemberKey> keys = before.keys();
  for (MemberKey& key : keys) {
    if (is_recovery && FindKey(entry, key.public_key()) == nullptr) {
      EndBy(key, ToMs(now));
    }
  }
  for (const MemberKey& key : entry.keys()) {
    if (FindKey(before, key.public_key()) == nullptr) {
      *keys.Add() = key;
    }
  }
  entry.mutable_keys()->Swap(&keys);
  return is_recovery;
}

}  // namespace meguri::certs
