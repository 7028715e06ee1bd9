// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/optional.h"
#include "meguri/registry/v1/member.pb.h"
#include "record/public_key.h"

// The keys of a member's entry over time: none is ever removed, so that what it signed can still be judged.
namespace meguri::certs {

// The message that registers the public half of `key`, without times.
registry::v1::MemberKey ToMemberKey(const record::Signer& key, registry::v1::KeyPurpose purpose);
registry::v1::MemberKey ToMemberKey(const record::PublicKey& key, registry::v1::KeyPurpose purpose);

// Whether the times of `key` say that it may sign at `now`.
bool IsUsable(const registry::v1::MemberKey& key, absl::Time now);

// The key that the member signs with at `now`: of those usable the one with the latest not_before_ms, of equals the
// last listed. Null if there is none.
const registry::v1::MemberKey* KeyInForce(const registry::v1::MemberEntry& entry, registry::v1::KeyPurpose purpose,
                                          absl::Time now);

// Null if the entry does not name this public key.
const registry::v1::MemberKey* FindKey(const registry::v1::MemberEntry& entry, absl::string_view public_key);

// Adds `fresh` in force from `begin` on; the usable keys of its purpose end at `old_end` at the latest, if it is given.
void AddSuccessor(registry::v1::MemberEntry& entry, registry::v1::MemberKey fresh, absl::Time begin,
                  absl::optional<absl::Time> old_end);

// Gives `entry` every key of `before`, as `before` says it, ahead of those that are new. If the two have no usable
// record key in common, whoever wrote `entry` no longer has the keys of `before`: they end at `now`. Returns whether
// that is so.
bool KeepFormerKeys(const registry::v1::MemberEntry& before, absl::Time now, registry::v1::MemberEntry& entry);

}  // namespace meguri::certs
