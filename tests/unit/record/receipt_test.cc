// SPDX-License-Identifier: Apache-2.0
#include "record/receipt.h"

#include <functional>
#include <memory>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "record/checkpoint.h"
#include "record/limits.h"
#include "tests/testing/status.h"
#include "tests/unit/record/raw_signer.h"

namespace meguri::record {
namespace {

using meguri::testing::HasReason;

constexpr char kOrigin[] = "ce.example/meguri/9999/maker/1/public";
constexpr uint64_t kTimeMs = 1'790'000'000'000;

class ReceiptTest : public ::testing::Test {
 protected:
  v1::Receipt Signed() { return SignReceipt(key_id_, *signer_, kTimeMs, {kOrigin, 5, root_}).value(); }
  absl::Status Verify(const v1::Receipt& receipt) { return VerifyReceipt(receipt, kOrigin, root_, key_); }

  const std::unique_ptr<RawSigner> signer_ = RawSigner::Ed25519(std::string(32, 'k'));
  const PublicKey key_ = signer_->public_key();
  const Hash key_id_ = Sha256("key");
  const Hash root_ = Sha256("root");
};

TEST_F(ReceiptTest, HoldsForThatHeadAlone) {
  const v1::Receipt receipt = Signed();
  MEGURI_EXPECT_OK(Verify(receipt));
  EXPECT_EQ(receipt.size(), 5U);
  EXPECT_EQ(receipt.time_ms(), kTimeMs);
  EXPECT_THAT(VerifyReceipt(receipt, kOrigin, Sha256("other"), key_), HasReason("RECEIPT_SIGNATURE"));
  for (const char* other : {"ce.example/meguri/9999/maker/1/members", "ce.example/meguri/9999/maker/2/public",
                            "ce.example/meguri/9999/other/1/public", "other.example/meguri/9999/maker/1/public", ""}) {
    EXPECT_THAT(VerifyReceipt(receipt, other, root_, key_), HasReason("RECEIPT_SIGNATURE")) << other;
  }
  EXPECT_THAT(VerifyReceipt(receipt, kOrigin, root_, RawSigner::Ed25519(std::string(32, 'o'))->public_key()),
              HasReason("RECEIPT_SIGNATURE"));
}

TEST_F(ReceiptTest, AnythingElseThatItSaysIsRefused) {
  struct Change {
    const char* reason;
    std::function<void(v1::Receipt&)> make;
  };
  const Change changes[] = {
      {"RECEIPT_SIGNATURE", [](v1::Receipt& receipt) { receipt.set_time_ms(kTimeMs - 1); }},
      {"RECEIPT_SIGNATURE", [](v1::Receipt& receipt) { receipt.set_size(4); }},
      {"RECEIPT_SIGNATURE", [](v1::Receipt& receipt) { (*receipt.mutable_key_id())[0] ^= 1; }},
      {"RECEIPT_SIGNATURE", [](v1::Receipt& receipt) { (*receipt.mutable_signature())[40] ^= 1; }},
      {"RECEIPT_FORM", [](v1::Receipt& receipt) { receipt.clear_time_ms(); }},
      {"RECEIPT_FORM", [](v1::Receipt& receipt) { receipt.set_time_ms(kTimeMsMax + 1); }},
      {"RECEIPT_FORM", [](v1::Receipt& receipt) { receipt.clear_size(); }},
      {"RECEIPT_FORM", [](v1::Receipt& receipt) { receipt.mutable_key_id()->pop_back(); }},
      {"RECEIPT_FORM", [](v1::Receipt& receipt) { receipt.mutable_signature()->push_back('x'); }},
  };
  for (const Change& change : changes) {
    v1::Receipt receipt = Signed();
    change.make(receipt);
    EXPECT_THAT(Verify(receipt), HasReason(change.reason));
  }
  EXPECT_THAT(SignReceipt(key_id_, *signer_, 0, {kOrigin, 5, root_}), HasReason("RECEIPT_FORM"));
  EXPECT_THAT(SignReceipt(key_id_, *signer_, kTimeMs, {kOrigin, 0, root_}), HasReason("RECEIPT_FORM"));
}

// A feed key also signs heads and heartbeats. No bytes of one can be those of another.
TEST_F(ReceiptTest, IsNoCheckpointAndNoOtherSignedBody) {
  const std::string bytes = ReceiptSignedBytes(key_id_, kTimeMs, {kOrigin, 5, root_});
  EXPECT_EQ(bytes.rfind("DSSEv1 33 application/vnd.meguri.receipt.v1 117 ", 0), 0U) << bytes;
  const std::string note = SignCheckpoint({kOrigin, 5, root_}, *signer_).value();
  v1::Receipt receipt = Signed();
  MEGURI_EXPECT_OK(OpenCheckpoint(note, kOrigin, key_));
  EXPECT_FALSE(key_.Verify(note.substr(0, note.find("\n\n") + 1), receipt.signature()).ok());
}

}  // namespace
}  // namespace meguri::record
