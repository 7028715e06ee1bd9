// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "meguri/record/v1/receipt.pb.h"
#include "record/checkpoint.h"
#include "record/hash.h"
#include "record/public_key.h"

// A member's word that its node had seen a signed head of a feed of another member: docs/format/receipt.md. Whose word
// counts is not known here: certs/receipts.h.
namespace meguri::record {

inline constexpr int kReceiptsPerProofMax = 8;  // part of the format
inline constexpr char kReceiptPayloadType[] = "application/vnd.meguri.receipt.v1";

// The bytes that `key_id` signs to say that `head` was seen at `time_ms`: federation, publisher, epoch and feed are in
// its origin, so they fit no other feed.
std::string ReceiptSignedBytes(const Hash& key_id, uint64_t time_ms, const Checkpoint& head);

// `signer` is the key of `key_id`. INVALID_ARGUMENT with reason RECEIPT_FORM if time or size is out of range.
absl::StatusOr<v1::Receipt> SignReceipt(const Hash& key_id, const Signer& signer, uint64_t time_ms,
                                        const Checkpoint& head);

// OK if `receipt` has the form that a receipt must have. INVALID_ARGUMENT with reason RECEIPT_FORM.
absl::Status CheckReceiptForm(const v1::Receipt& receipt);

// OK if `key`, whose ID is that in `receipt`, signed it for the head of the feed `origin` with this root.
// INVALID_ARGUMENT with reason RECEIPT_FORM or RECEIPT_SIGNATURE.
absl::Status VerifyReceipt(const v1::Receipt& receipt, absl::string_view origin, const Hash& root,
                           const PublicKey& key);

}  // namespace meguri::record
