// SPDX-License-Identifier: Apache-2.0
#include "record/public_key.h"

#include <thread>

#include <openssl/err.h>

#include "absl/strings/str_cat.h"
#include "base/bytes.h"
#include "gtest/gtest.h"
#include "record/dsse.h"
#include "tests/testing/status.h"
#include "tests/unit/record/raw_signer.h"

namespace meguri::record {
namespace {

using ::meguri::testing::HasReason;
using ::meguri::testing::IsOk;

std::string Hex(absl::string_view hex) {
  std::string bytes;
  EXPECT_TRUE(FromHex(hex, bytes)) << hex;
  return bytes;
}

std::string Ed25519Spki(absl::string_view key) { return absl::StrCat(Hex("302a300506032b6570032100"), key); }

TEST(PublicKey, KnowsItsAlgorithmAndBytes) {
  const std::unique_ptr<RawSigner> ed25519 = RawSigner::Ed25519(std::string(32, 'k'));
  EXPECT_EQ(ed25519->public_key().algorithm(), KeyAlgorithm::kEd25519);
  EXPECT_EQ(ed25519->public_key().spki(), Ed25519Spki(ed25519->public_key().ed25519_bytes()));
  const std::unique_ptr<RawSigner> p256 = RawSigner::FreshP256();
  EXPECT_EQ(p256->public_key().algorithm(), KeyAlgorithm::kEcdsaP256);
  EXPECT_EQ(p256->public_key().spki().size(), 91);
}

TEST(PublicKey, VerifiesWhatItsKeySigned) {
  for (const auto& signer : {RawSigner::Ed25519(std::string(32, 'k')), RawSigner::FreshP256()}) {
    for (const std::string& message : {std::string(), std::string("m"), std::string(100'000, 'x')}) {
      const absl::StatusOr<std::string> signature = signer->Sign(message);
      MEGURI_ASSERT_OK(signature);
      EXPECT_EQ(signature->size(), 64);
      EXPECT_THAT(signer->public_key().Verify(message, *signature), IsOk());
      EXPECT_THAT(signer->public_key().Verify(message + "x", *signature), HasReason("BAD_SIGNATURE"));
    }
  }
}

TEST(PublicKey, RefusesEveryChangedBitOfASignature) {
  for (const auto& signer : {RawSigner::Ed25519(std::string(32, 'k')), RawSigner::FreshP256()}) {
    const std::string signature = signer->Sign("message").value();
    for (size_t bit = 0; bit < signature.size() * 8; ++bit) {
      std::string changed = signature;
      changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ (1 << bit % 8));
      EXPECT_THAT(signer->public_key().Verify("message", changed), HasReason("BAD_SIGNATURE")) << bit;
    }
  }
}

TEST(PublicKey, RefusesSignaturesOfOtherSizes) {
  for (const auto& signer : {RawSigner::Ed25519(std::string(32, 'k')), RawSigner::FreshP256()}) {
    const std::string signature = signer->Sign("message").value();
    for (const size_t size : {size_t{0}, size_t{1}, size_t{63}}) {
      EXPECT_THAT(signer->public_key().Verify("message", signature.substr(0, size)), HasReason("BAD_SIGNATURE"));
    }
    EXPECT_THAT(signer->public_key().Verify("message", signature + "x"), HasReason("BAD_SIGNATURE"));
  }
}

TEST(PublicKey, RefusesEcdsaNumbersOutOfRange) {
  const std::unique_ptr<RawSigner> p256 = RawSigner::FreshP256();
  const std::string zero(32, '\0');
  const std::string order = Hex("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551");
  const std::string signature = p256->Sign("message").value();
  for (const std::string& number : {zero, order, std::string(32, '\xff')}) {
    EXPECT_THAT(p256->public_key().Verify("message", number + signature.substr(32)), HasReason("BAD_SIGNATURE"));
    EXPECT_THAT(p256->public_key().Verify("message", signature.substr(0, 32) + number), HasReason("BAD_SIGNATURE"));
  }
}

TEST(PublicKey, RefusesEveryOtherEncoding) {
  const std::string good = RawSigner::Ed25519(std::string(32, 'k'))->public_key().spki();
  MEGURI_ASSERT_OK(PublicKey::ParseSpki(good));
  EXPECT_THAT(PublicKey::ParseSpki(""), HasReason("BAD_KEY"));
  EXPECT_THAT(PublicKey::ParseSpki(good + std::string(1, '\0')), HasReason("BAD_KEY")) << "something behind";
  EXPECT_THAT(PublicKey::ParseSpki(good.substr(0, good.size() - 1)), HasReason("BAD_KEY"));
  EXPECT_THAT(PublicKey::ParseSpki(good.substr(12)), HasReason("BAD_KEY")) << "raw key";
  for (size_t i = 0; i < 12; ++i) {
    std::string changed = good;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    EXPECT_THAT(PublicKey::ParseSpki(changed), HasReason("BAD_KEY")) << i;
  }
  // The outer length in long form: BER, not DER.
  EXPECT_THAT(PublicKey::ParseSpki(Hex("30812a") + good.substr(2)), HasReason("BAD_KEY"));
}

TEST(PublicKey, RefusesOtherKindsOfKey) {
  for (const char* curve : {"P-384", "secp256k1"}) {
    const OpenSslPtr<EVP_PKEY> key(EVP_EC_gen(curve));
    unsigned char* der = nullptr;
    const int size = i2d_PUBKEY(key.get(), &der);
    EXPECT_THAT(PublicKey::ParseSpki(absl::string_view(reinterpret_cast<char*>(der), static_cast<size_t>(size))),
                HasReason("BAD_KEY"))
        << curve;
    OPENSSL_free(der);
  }
  // X25519 looks like Ed25519 up to one byte of its OID.
  EXPECT_THAT(PublicKey::ParseSpki(Hex("302a300506032b656e032100") + std::string(32, 'k')), HasReason("BAD_KEY"));
}

TEST(PublicKey, RefusesP256PointsOffTheCurveOrCompressed) {
  const std::string good = RawSigner::FreshP256()->public_key().spki();
  MEGURI_ASSERT_OK(PublicKey::ParseSpki(good));
  std::string off = good;
  off.back() = static_cast<char>(off.back() ^ 1);
  EXPECT_THAT(PublicKey::ParseSpki(off), HasReason("BAD_KEY"));
  EXPECT_THAT(PublicKey::ParseSpki(good.substr(0, 27) + std::string(64, '\0')), HasReason("BAD_KEY"));
  const std::string sign(1, (good.back() & 1) != 0 ? '\x03' : '\x02');
  const std::string compressed =
      absl::StrCat(Hex("3039301306072a8648ce3d020106082a8648ce3d030107032200"), sign, good.substr(27, 32));
  EXPECT_THAT(PublicKey::ParseSpki(compressed), HasReason("BAD_KEY"));
  std::string hybrid = good;
  hybrid[26] = (good.back() & 1) != 0 ? '\x07' : '\x06';
  EXPECT_THAT(PublicKey::ParseSpki(hybrid), HasReason("BAD_KEY"));
}

TEST(PublicKey, LeavesNoErrorInTheQueueOfOpenSsl) {
  ERR_clear_error();
  const std::unique_ptr<RawSigner> p256 = RawSigner::FreshP256();
  std::string off = p256->public_key().spki();
  off.back() = static_cast<char>(off.back() ^ 1);
  EXPECT_THAT(PublicKey::ParseSpki(off), HasReason("BAD_KEY"));
  EXPECT_THAT(p256->public_key().Verify("message", std::string(64, '\xff')), HasReason("BAD_SIGNATURE"));
  EXPECT_THAT(RawSigner::Ed25519(std::string(32, 'k'))->public_key().Verify("message", std::string(64, '\xff')),
              HasReason("BAD_SIGNATURE"));
  EXPECT_EQ(ERR_peek_error(), 0);
}

TEST(PublicKey, LeavesOlderErrorsAlone) {
  ERR_clear_error();
  ERR_raise(ERR_LIB_USER, 7);
  EXPECT_THAT(PublicKey::ParseSpki("junk"), HasReason("BAD_KEY"));
  EXPECT_EQ(ERR_GET_REASON(ERR_peek_error()), 7);
  ERR_clear_error();
}

TEST(PublicKey, VerifiesOnManyThreadsAtOnce) {
  for (const auto& signer : {RawSigner::Ed25519(std::string(32, 'k')), RawSigner::FreshP256()}) {
    const std::string signature = signer->Sign("message").value();
    std::vector<std::thread> threads;
    threads.reserve(4);
    std::atomic<int> failures = 0;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&, key = signer->public_key()] {
        for (int round = 0; round < 50; ++round) {
          failures += key.Verify("message", signature).ok() ? 0 : 1;
          failures += key.Verify("massage", signature).ok() ? 1 : 0;
        }
      });
    }
    for (std::thread& thread : threads) {
      thread.join();
    }
    EXPECT_EQ(failures, 0);
  }
}

TEST(KeyId, DependsOnFederationParticipantAndKey) {
  const ParticipantId participant = ParticipantId::Parse("0188:7123456789012").value();
  const Hash id = KeyId("ce.example", participant, "spki");
  EXPECT_EQ(id, Sha256(absl::string_view("meguri/key/v1\0ce.example\0000188:7123456789012\0spki", 48)));
  EXPECT_NE(KeyId("ce.exampl", participant, "spki"), id);
  EXPECT_NE(KeyId("ce.example", ParticipantId::Parse("0188:4011001098993").value(), "spki"), id);
  EXPECT_NE(KeyId("ce.example", participant, "spkj"), id);
}

TEST(EcdsaSignature, GoesToDerAndBack) {
  for (const std::string& raw :
       {std::string(64, '\x01'), std::string(64, '\xff'), std::string(63, '\0') + "\x01", std::string(64, '\0')}) {
    const absl::StatusOr<std::string> der = EcdsaDerFromRaw(raw);
    MEGURI_ASSERT_OK(der);
    const absl::StatusOr<std::string> back = EcdsaRawFromDer(*der);
    MEGURI_ASSERT_OK(back);
    EXPECT_EQ(*back, raw);
  }
}

TEST(EcdsaSignature, RefusesWhatIsNotOne) {
  EXPECT_THAT(EcdsaDerFromRaw(std::string(63, 'x')), HasReason("BAD_SIGNATURE"));
  EXPECT_THAT(EcdsaRawFromDer(""), HasReason("BAD_SIGNATURE"));
  EXPECT_THAT(EcdsaRawFromDer("junk"), HasReason("BAD_SIGNATURE"));
  const std::string der = EcdsaDerFromRaw(std::string(64, '\x01')).value();
  EXPECT_THAT(EcdsaRawFromDer(der + "x"), HasReason("BAD_SIGNATURE"));
  EXPECT_THAT(EcdsaRawFromDer(Hex("30060201ff020101")), HasReason("BAD_SIGNATURE")) << "r is -1";
  EXPECT_THAT(EcdsaRawFromDer(absl::StrCat(Hex("3026022101"), std::string(32, '\0'), Hex("020101"))),
              HasReason("BAD_SIGNATURE"))
      << "r is 2^256";
}

class SignedBodies : public ::testing::Test {
 protected:
  v1::SignedBody Signed() {
    v1::SignedBody signed_body;
    signed_body.set_payload_type("application/vnd.meguri.test.v1");
    signed_body.set_body("body");
    EXPECT_THAT(AddSignature(key_id_, *signer_, signed_body), IsOk());
    return signed_body;
  }
  absl::Status Verify(const v1::SignedBody& signed_body) {
    return VerifySignedBody(signed_body, "application/vnd.meguri.test.v1", key_id_, signer_->public_key());
  }

  const std::unique_ptr<RawSigner> signer_ = RawSigner::Ed25519(std::string(32, 'k'));
  const Hash key_id_ = Sha256("key");
};

TEST_F(SignedBodies, PaeWritesLengthsInDecimal) {
  EXPECT_EQ(DssePae("http://example.com/HelloWorld", "hello world"),
            "DSSEv1 29 http://example.com/HelloWorld 11 hello world");
  EXPECT_EQ(DssePae("", ""), "DSSEv1 0  0 ");
}

TEST_F(SignedBodies, VerifyUnderTheirKey) {
  v1::SignedBody signed_body = Signed();
  EXPECT_THAT(Verify(signed_body), IsOk());
  const std::unique_ptr<RawSigner> other = RawSigner::FreshP256();
  MEGURI_ASSERT_OK(AddSignature(Sha256("other"), *other, signed_body));
  EXPECT_THAT(Verify(signed_body), IsOk());
  EXPECT_THAT(VerifySignedBody(signed_body, signed_body.payload_type(), Sha256("other"), other->public_key()), IsOk());
}

TEST_F(SignedBodies, RefuseEveryChange) {
  v1::SignedBody changed = Signed();
  changed.set_body("bodY");
  EXPECT_THAT(Verify(changed), HasReason("BAD_SIGNATURE"));
  changed = Signed();
  changed.set_payload_type("application/vnd.meguri.other.v1");
  EXPECT_THAT(Verify(changed), HasReason("PAYLOAD_TYPE"));
  changed = Signed();
  changed.clear_signatures();
  EXPECT_THAT(Verify(changed), HasReason("SIGNATURE_MISSING"));
  changed = Signed();
  changed.mutable_signatures(0)->set_key_id(Sha256("other").ToString());
  EXPECT_THAT(Verify(changed), HasReason("SIGNATURE_MISSING"));
  changed = Signed();
  changed.mutable_signatures(0)->set_signature("");
  EXPECT_THAT(Verify(changed), HasReason("BAD_SIGNATURE"));
}

TEST_F(SignedBodies, TheFirstSignatureUnderAKeyDecides) {
  v1::SignedBody signed_body = Signed();
  *signed_body.add_signatures() = signed_body.signatures(0);
  signed_body.mutable_signatures(0)->set_signature(std::string(64, 'x'));
  EXPECT_THAT(Verify(signed_body), HasReason("BAD_SIGNATURE"));
}

}  // namespace
}  // namespace meguri::record
