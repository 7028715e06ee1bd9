// SPDX-License-Identifier: Apache-2.0
#include "record/receipt.h"

#include "absl/strings/str_cat.h"
#include "base/bytes.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "record/dsse.h"
#include "record/limits.h"

namespace meguri::record {
namespace {

absl::Status Refuse(absl::string_view message) {
  return Error(absl::StatusCode::kInvalidArgument, "RECEIPT_FORM", message);
}

}  // namespace

std::string ReceiptSignedBytes(const Hash& key_id, uint64_t time_ms, const Checkpoint& head) {
  std::string body = key_id.ToString();
  AppendU64(time_ms, body);
  AppendU64(head.size, body);
  absl::StrAppend(&body, head.root.view(), head.origin);
  return DssePae(kReceiptPayloadType, body);
}

absl::StatusOr<v1::Receipt> SignReceipt(const Hash& key_id, const Signer& signer, uint64_t time_ms,
                                        const Checkpoint& head) {
  v1::Receipt receipt;
  receipt.set_key_id(key_id.ToString());
  receipt.set_time_ms(time_ms);
  receipt.set_size(head.size);
  MEGURI_ASSIGN_OR_RETURN(*receipt.mutable_signature(), signer.Sign(ReceiptSignedBytes(key_id, time_ms, head)));
  MEGURI_RETURN_IF_ERROR(CheckReceiptForm(receipt));
  return receipt;
}

absl::Status CheckReceiptForm(const v1::Receipt& receipt) {
  if (receipt.key_id().size() != kHashSize || receipt.signature().size() != kSignatureSize) {
    return Refuse(absl::StrCat("a receipt has a key ID of ", kHashSize, " bytes and a signature of ", kSignatureSize));
  }
  if (receipt.time_ms() == 0 || receipt.time_ms() > kTimeMsMax) {
    return Refuse(absl::StrCat("the time of a receipt is 1-", kTimeMsMax, " ms, found ", receipt.time_ms()));
  }
  if (receipt.size() == 0) {
    return Refuse("a receipt is of a head with at least one entry");
  }
  return absl::OkStatus();
}

absl::Status VerifyReceipt(const v1::Receipt& receipt, absl::string_view origin, const Hash& root,
                           const PublicKey& key) {
  MEGURI_RETURN_IF_ERROR(CheckReceiptForm(receipt));
  MEGURI_ASSIGN_OR_RETURN(const Hash key_id, Hash::Parse(receipt.key_id()));
  const Checkpoint head{{origin.data(), origin.size()}, receipt.size(), root};
  if (!key.Verify(ReceiptSignedBytes(key_id, receipt.time_ms(), head), receipt.signature()).ok()) {
    return Error(
        absl::StatusCode::kInvalidArgument, "RECEIPT_SIGNATURE",
        absl::StrCat("the receipt under the key ", key_id.ToHex(), " is not for this head of the feed ", origin));
  }
  return absl::OkStatus();
}

}  // namespace meguri::record
