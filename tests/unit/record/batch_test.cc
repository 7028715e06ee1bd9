// SPDX-License-Identifier: Apache-2.0
#include "record/batch.h"

#include <set>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "record/merkle.h"
#include "tests/testing/fakes.h"
#include "tests/testing/status.h"
#include "tests/unit/record/raw_signer.h"

namespace meguri::record {
namespace {

using ::meguri::testing::HasReason;
using ::meguri::testing::IsOk;
using ::meguri::testing::SeededRandom;

std::vector<Hash> Headers(size_t count) {
  std::vector<Hash> headers;
  headers.reserve(count);
  for (size_t i = 0; i < count; ++i) {
    headers.push_back(Sha256(absl::StrCat("header ", i)));
  }
  return headers;
}

class Batch : public ::testing::Test {
 protected:
  std::vector<v1::BatchSignature> Sign(const std::vector<Hash>& headers) {
    return SignBatch(headers, key_id_, *signer_, random_).value();
  }
  absl::Status Verify(const Hash& header, const v1::BatchSignature& signature) {
    return VerifyBatchSignature(header, signature, signer_->public_key(), nullptr);
  }

  SeededRandom random_;
  const std::unique_ptr<RawSigner> signer_ = RawSigner::Ed25519(std::string(32, 'k'));
  const Hash key_id_ = Sha256("key");
};

// Counts what it signs; everything else is the key's.
class CountingSigner final : public Signer {
 public:
  explicit CountingSigner(const Signer& signer) : signer_(signer) {}
  const PublicKey& public_key() const override { return signer_.public_key(); }
  absl::StatusOr<std::string> Sign(absl::string_view message) const override {
    ++count_;
    return signer_.Sign(message);
  }
  int count() const { return count_; }

 private:
  const Signer& signer_;
  mutable int count_ = 0;
};

TEST_F(Batch, EveryHeaderOfEverySizeVerifies) {
  for (const size_t count :
       {size_t{1}, size_t{2}, size_t{3}, size_t{4}, size_t{5}, size_t{8}, size_t{9}, size_t{33}, size_t{256}}) {
    const std::vector<Hash> headers = Headers(count);
    const std::vector<v1::BatchSignature> signatures = Sign(headers);
    ASSERT_EQ(signatures.size(), count);
    for (size_t i = 0; i < count; ++i) {
      EXPECT_THAT(Verify(headers[i], signatures[i]), IsOk());
      EXPECT_THAT(Verify(Sha256("another"), signatures[i]), HasReason("BAD_SIGNATURE"));
    }
  }
}

TEST_F(Batch, OneSignatureCoversAll) {
  const CountingSigner counting(*signer_);
  MEGURI_ASSERT_OK(SignBatch(Headers(200), key_id_, counting, random_));
  EXPECT_EQ(counting.count(), 1);
}

TEST_F(Batch, ABatchOfOneHasNoPath) {
  const v1::BatchSignature signature = Sign(Headers(1)).front();
  EXPECT_EQ(signature.size(), 1);
  EXPECT_EQ(signature.index(), 0);
  EXPECT_EQ(signature.path_size(), 0);
}

TEST_F(Batch, IsPaddedToAPowerOfTwoAndShuffled) {
  const std::vector<v1::BatchSignature> signatures = Sign(Headers(200));
  std::set<uint64_t> places;
  bool in_order = true;
  for (size_t i = 0; i < signatures.size(); ++i) {
    EXPECT_EQ(signatures[i].size(), 256);
    EXPECT_EQ(signatures[i].path_size(), 8);
    EXPECT_EQ(signatures[i].key_id(), key_id_.view());
    places.insert(signatures[i].index());
    in_order = in_order && signatures[i].index() == i;
  }
  EXPECT_EQ(places.size(), 200);
  EXPECT_FALSE(in_order);
  EXPECT_GE(*places.rbegin(), 200) << "padding would stand at the end";
}

TEST_F(Batch, TakesAtMost65536) {
  EXPECT_THAT(SignBatch({}, key_id_, *signer_, random_), HasReason("BATCH_SIZE"));
  EXPECT_THAT(SignBatch(Headers(kBatchSizeMax + 1), key_id_, *signer_, random_), HasReason("BATCH_SIZE"));
  const std::vector<Hash> most = Headers(kBatchSizeMax);
  const std::vector<v1::BatchSignature> signatures = Sign(most);
  EXPECT_EQ(signatures.back().path_size(), 16);
  EXPECT_THAT(Verify(most.back(), signatures.back()), IsOk());
}

TEST_F(Batch, ASignerThatCannotSignFailsTheBatch) {
  class Unreachable final : public Signer {
   public:
    explicit Unreachable(const PublicKey& key) : key_(key) {}
    const PublicKey& public_key() const override { return key_; }
    absl::StatusOr<std::string> Sign(absl::string_view) const override {
      return Error(absl::StatusCode::kUnavailable, "HSM", "unplugged");
    }

   private:
    PublicKey key_;
  };
  EXPECT_THAT(SignBatch(Headers(2), key_id_, Unreachable(signer_->public_key()), random_), HasReason("HSM"));
}

TEST_F(Batch, RefusesEveryOtherShape) {
  const std::vector<Hash> headers = Headers(5);
  const v1::BatchSignature good = Sign(headers).front();
  const auto refused_as = [&](auto change) {
    v1::BatchSignature changed = good;
    change(changed);
    return ReasonOf(Verify(headers[0], changed));
  };
  EXPECT_EQ(refused_as([](auto& s) { s.set_key_id(std::string(31, 'k')); }), "BATCH_KEY");
  EXPECT_EQ(refused_as([](auto& s) { s.clear_key_id(); }), "BATCH_KEY");
  EXPECT_EQ(refused_as([](auto& s) { s.set_size(0); }), "BATCH_SIZE");
  EXPECT_EQ(refused_as([](auto& s) { s.set_size(7); }), "BATCH_SIZE");
  EXPECT_EQ(refused_as([](auto& s) { s.set_size(2 * kBatchSizeMax); }), "BATCH_SIZE");
  EXPECT_EQ(refused_as([](auto& s) { s.set_size(uint64_t{1} << 63); }), "BATCH_SIZE");
  EXPECT_EQ(refused_as([](auto& s) { s.set_index(8); }), "BATCH_INDEX");
  EXPECT_EQ(refused_as([](auto& s) { s.set_index(UINT64_MAX); }), "BATCH_INDEX");
  EXPECT_EQ(refused_as([](auto& s) { s.mutable_path()->RemoveLast(); }), "BATCH_PATH");
  EXPECT_EQ(refused_as([](auto& s) { s.add_path(std::string(32, 'x')); }), "BATCH_PATH");
  EXPECT_EQ(refused_as([](auto& s) { s.set_path(1, std::string(33, 'x')); }), "BATCH_PATH");
  EXPECT_EQ(refused_as([](auto& s) { s.set_path(1, std::string(32, 'x')); }), "BAD_SIGNATURE");
  EXPECT_EQ(refused_as([](auto& s) { s.set_index(s.index() ^ 1); }), "BAD_SIGNATURE");
  EXPECT_EQ(refused_as([](auto& s) { s.set_key_id(std::string(32, 'k')); }), "BAD_SIGNATURE");
  EXPECT_EQ(refused_as([](auto& s) { s.set_signature(std::string(64, 's')); }), "BAD_SIGNATURE");
  EXPECT_EQ(refused_as([](auto& s) { s.set_signature(s.signature() + "x"); }), "BAD_SIGNATURE");
}

TEST_F(Batch, AHalfOfABatchIsNotABatch) {
  const std::vector<Hash> headers = Headers(4);
  v1::BatchSignature signature = Sign(headers).front();
  signature.set_size(2);
  signature.set_index(signature.index() % 2);
  signature.mutable_path()->RemoveLast();
  EXPECT_THAT(Verify(headers[0], signature), HasReason("BAD_SIGNATURE"));
}

TEST_F(Batch, AnInnerNodeDoesNotPassForAHeader) {
  const std::vector<Hash> headers = Headers(2);
  const v1::BatchSignature signature = Sign(headers).front();
  v1::BatchSignature forged = signature;
  forged.set_size(1);
  forged.set_index(0);
  forged.clear_path();
  const Hash sibling = Hash::Parse(signature.path(0)).value();
  const Hash leaf = LeafHash(headers[0].view());
  const Hash root = signature.index() == 0 ? NodeHash(leaf, sibling) : NodeHash(sibling, leaf);
  EXPECT_THAT(Verify(root, forged), HasReason("BAD_SIGNATURE"));
}

TEST_F(Batch, AnotherKeyDoesNotVerify) {
  const std::vector<Hash> headers = Headers(1);
  const std::unique_ptr<RawSigner> other = RawSigner::Ed25519(std::string(32, 'o'));
  EXPECT_THAT(VerifyBatchSignature(headers[0], Sign(headers).front(), other->public_key(), nullptr),
              HasReason("BAD_SIGNATURE"));
}

TEST_F(Batch, P256KeysSignBatchesToo) {
  const std::unique_ptr<RawSigner> p256 = RawSigner::FreshP256();
  const std::vector<Hash> headers = Headers(3);
  const std::vector<v1::BatchSignature> signatures = SignBatch(headers, key_id_, *p256, random_).value();
  EXPECT_EQ(signatures[2].signature().size(), 64);
  EXPECT_THAT(VerifyBatchSignature(headers[2], signatures[2], p256->public_key(), nullptr), IsOk());
  EXPECT_THAT(VerifyBatchSignature(headers[1], signatures[2], p256->public_key(), nullptr), HasReason("BAD_SIGNATURE"));
}

TEST_F(Batch, ARootIsCheckedOnce) {
  VerifiedRoots verified;
  const std::vector<Hash> headers = Headers(4);
  const std::vector<v1::BatchSignature> signatures = Sign(headers);
  const PublicKey& key = signer_->public_key();
  MEGURI_ASSERT_OK(VerifyBatchSignature(headers[0], signatures[0], key, &verified));
  // With the root remembered the key is not asked again: even a wrong one goes unnoticed.
  const std::unique_ptr<RawSigner> other = RawSigner::Ed25519(std::string(32, 'o'));
  EXPECT_THAT(VerifyBatchSignature(headers[1], signatures[1], other->public_key(), &verified), IsOk());
  EXPECT_THAT(VerifyBatchSignature(headers[1], signatures[1], other->public_key(), nullptr),
              HasReason("BAD_SIGNATURE"));
}

TEST_F(Batch, AKnownRootDoesNotExcuseAGarbageSignature) {
  VerifiedRoots verified;
  const std::vector<Hash> headers = Headers(4);
  std::vector<v1::BatchSignature> signatures = Sign(headers);
  MEGURI_ASSERT_OK(VerifyBatchSignature(headers[0], signatures[0], signer_->public_key(), &verified));
  signatures[1].set_signature(std::string(64, 's'));
  EXPECT_THAT(VerifyBatchSignature(headers[1], signatures[1], signer_->public_key(), &verified),
              HasReason("BAD_SIGNATURE"));
}

TEST_F(Batch, AFailedCheckIsNotRemembered) {
  VerifiedRoots verified;
  const std::vector<Hash> headers = Headers(1);
  const v1::BatchSignature signature = Sign(headers).front();
  const std::unique_ptr<RawSigner> other = RawSigner::Ed25519(std::string(32, 'o'));
  for (int i = 0; i < 2; ++i) {
    EXPECT_THAT(VerifyBatchSignature(headers[0], signature, other->public_key(), &verified),
                HasReason("BAD_SIGNATURE"));
  }
}

TEST(VerifiedRoots, TellsEntriesApart) {
  VerifiedRoots roots;
  roots.Insert(Sha256("key"), 4, Sha256("root"), "signature");
  EXPECT_TRUE(roots.Contains(Sha256("key"), 4, Sha256("root"), "signature"));
  EXPECT_FALSE(roots.Contains(Sha256("yek"), 4, Sha256("root"), "signature"));
  EXPECT_FALSE(roots.Contains(Sha256("key"), 8, Sha256("root"), "signature"));
  EXPECT_FALSE(roots.Contains(Sha256("key"), 4, Sha256("toor"), "signature"));
  EXPECT_FALSE(roots.Contains(Sha256("key"), 4, Sha256("root"), "erutangis"));
}

TEST(VerifiedRoots, StartsAfreshWhenFull) {
  VerifiedRoots roots(2);
  roots.Insert(Sha256("key"), 1, Sha256("a"), "s");
  roots.Insert(Sha256("key"), 1, Sha256("b"), "s");
  EXPECT_TRUE(roots.Contains(Sha256("key"), 1, Sha256("a"), "s"));
  roots.Insert(Sha256("key"), 1, Sha256("c"), "s");
  EXPECT_FALSE(roots.Contains(Sha256("key"), 1, Sha256("a"), "s"));
  EXPECT_TRUE(roots.Contains(Sha256("key"), 1, Sha256("c"), "s"));
}

}  // namespace
}  // namespace meguri::record
