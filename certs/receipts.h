// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "certs/registry.h"
#include "certs/signature_time.h"
#include "meguri/record/v1/receipt.pb.h"
#include "meguri/registry/v1/member.pb.h"
#include "record/feed.h"
#include "record/hash.h"

// Whose word counts that a head was there: docs/format/receipt.md §2.
namespace meguri::certs {

// Receipts are given for feeds that every member may read: `public` and `members`. Of any other a receipt would tell
// who reads it. INVALID_ARGUMENT with reason RECEIPT_FEED.
absl::Status CheckReceiptFeed(const record::FeedName& feed);

// What `giver` says by its feed key `key`, that a head of `publisher` was there at `time`, counts at `now`: the giver
// is active, independent of the publisher and at another member's node than it, and the key, which was never revoked,
// was in force at `time`, which is not in the future. FAILED_PRECONDITION with reason RECEIPT_NOT_ACTIVE,
// RECEIPT_NOT_INDEPENDENT, RECEIPT_KEY_REVOKED, RECEIPT_KEY_TIME or RECEIPT_FUTURE.
absl::StatusOr<SeenBy> CheckGiver(const registry::v1::MemberEntry& giver, const RegisteredKey& key,
                                  const registry::v1::MemberEntry& publisher, absl::Time time, absl::Time now);

// All of it, by what `registry` says: that `receipt` is signed for the head of `feed` with this root, and counts. As
// CheckReceiptFeed, CheckGiver and record::VerifyReceipt, or FAILED_PRECONDITION with reason RECEIPT_KEY if no member
// has such a feed key at the node that it is at.
absl::StatusOr<SeenBy> CountReceipt(const record::v1::Receipt& receipt, const record::FeedKey& feed,
                                    const record::Hash& root, const Registry& registry, absl::Time now);

// Whether a host that the member has left signs with `key`, which is one of `line`.
bool IsOfFormerHost(const Registry::FeedKeyLine& line, const RegisteredKey& key);

absl::Time TimeOf(const record::v1::Receipt& receipt);

}  // namespace meguri::certs
