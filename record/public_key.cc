// SPDX-License-Identifier: Apache-2.0
#include "record/public_key.h"

#include <algorithm>
#include <array>

#include <openssl/x509.h>

#include "absl/types/span.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "record/ecdsa_signature.h"
#include "record/openssl_handle.h"

namespace meguri::record {
namespace {

constexpr char kKeyIdDomain[] = "meguri/key/v1";
constexpr absl::string_view kNul("\0", 1);

// The only DER that the two kinds of key have, up to the key bytes themselves (RFC 8410 §4, RFC 5480 §2).
constexpr absl::string_view kEd25519Prefix("\x30\x2a\x30\x05\x06\x03\x2b\x65\x70\x03\x21\x00", 12);
constexpr absl::string_view kP256Prefix(
    "\x30\x59\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07\x03\x42\x00\x04", 27);
constexpr size_t kEd25519KeySize = 32;
constexpr size_t kP256PointSize = 64;  // x | y, after the 04 of the prefix

using FieldElement = std::array<uint8_t, kEd25519KeySize>;  // little-endian, as Ed25519 encodes y

// 2^255 - 19, the size of the field.
constexpr FieldElement kFieldPrime = {0xed, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                                      0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                                      0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f};

// The y of the eight points whose order divides 8 (x and -x share one): 0, 1, -1 and the two of order 8. A key at such
// a point verifies forged signatures for a share of all messages.
constexpr std::array<FieldElement, 5> kSmallOrderY = {{
    {},
    {1},
    {0xec, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
     0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f},
    {0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98, 0xf0,
     0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05},
    {0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67, 0x0f,
     0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a},
}};

absl::Status Refuse(absl::string_view reason, absl::string_view message) {
  return Error(absl::StatusCode::kInvalidArgument, reason, message);
}

// OpenSSL accepts these keys, so the check is ours.
absl::Status CheckEd25519Point(absl::string_view key) {
  FieldElement y;
  std::copy(key.begin(), key.end(), y.begin());
  y.back() &= 0x7f;  // the top bit is the sign of x
  if (!std::lexicographical_compare(y.rbegin(), y.rend(), kFieldPrime.rbegin(), kFieldPrime.rend())) {
    return Refuse("WEAK_KEY", "the Ed25519 key is not canonical: y is not below 2^255 - 19");
  }
  if (std::find(kSmallOrderY.begin(), kSmallOrderY.end(), y) != kSmallOrderY.end()) {
    return Refuse("WEAK_KEY", "the Ed25519 key is a point of small order: anybody could sign for it");
  }
  return absl::OkStatus();
}

absl::StatusOr<KeyAlgorithm> AlgorithmOf(absl::string_view der) {
  if (der.size() == kEd25519Prefix.size() + kEd25519KeySize && der.substr(0, kEd25519Prefix.size()) == kEd25519Prefix) {
    return KeyAlgorithm::kEd25519;
  }
  if (der.size() == kP256Prefix.size() + kP256PointSize && der.substr(0, kP256Prefix.size()) == kP256Prefix) {
    return KeyAlgorithm::kEcdsaP256;
  }
  return Refuse("BAD_KEY",
                "the key is not the DER SubjectPublicKeyInfo of Ed25519, or of P-256 as named curve and uncompressed");
}

// Whether OpenSSL writes the key as exactly the bytes that it was read from.
bool EncodesTo(const EVP_PKEY& key, absl::string_view der) {
  unsigned char* encoded = nullptr;
  const int size = i2d_PUBKEY(&key, &encoded);
  if (size < 0) {
    return false;
  }
  const bool same = der == absl::string_view(reinterpret_cast<const char*>(encoded), static_cast<size_t>(size));
  OPENSSL_free(encoded);
  return same;
}

const unsigned char* Bytes(absl::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }

}  // namespace

struct PublicKey::Parts {
  KeyAlgorithm algorithm;
  std::string spki;
  OpenSslPtr<EVP_PKEY> key;  // only read after construction: any number of verifications may share it
};

absl::StatusOr<PublicKey> PublicKey::ParseSpki(absl::string_view der) {
  const OpenSslErrorScope errors;
  MEGURI_ASSIGN_OR_RETURN(const KeyAlgorithm algorithm, AlgorithmOf(der));
  if (algorithm == KeyAlgorithm::kEd25519) {
    MEGURI_RETURN_IF_ERROR(CheckEd25519Point(der.substr(kEd25519Prefix.size())));
  }
  const unsigned char* next = Bytes(der);
  OpenSslPtr<EVP_PKEY> key(d2i_PUBKEY(nullptr, &next, static_cast<long>(der.size())));
  if (!key || next != Bytes(der) + der.size() || !EncodesTo(*key, der)) {
    return Refuse("BAD_KEY", "the key is not a point of its curve");
  }
  return PublicKey(std::make_shared<const Parts>(Parts{algorithm, std::string(der), std::move(key)}));
}

KeyAlgorithm PublicKey::algorithm() const { return parts_->algorithm; }

const std::string& PublicKey::spki() const { return parts_->spki; }

absl::string_view PublicKey::ed25519_bytes() const {
  Invariant(parts_->algorithm == KeyAlgorithm::kEd25519, "ed25519_bytes() of an Ed25519 key");
  return absl::string_view(parts_->spki).substr(kEd25519Prefix.size());
}

absl::Status PublicKey::Verify(absl::string_view message, absl::string_view signature) const {
  const OpenSslErrorScope errors;
  if (signature.size() != kSignatureSize) {
    return Refuse("BAD_SIGNATURE", "a signature is 64 bytes");
  }
  std::string encoded(signature.data(), signature.size());
  const EVP_MD* digest = nullptr;  // Ed25519 hashes by itself
  if (parts_->algorithm == KeyAlgorithm::kEcdsaP256) {
    MEGURI_ASSIGN_OR_RETURN(encoded, EcdsaDerFromRaw(signature));
    digest = EVP_sha256();
  }
  const OpenSslPtr<EVP_MD_CTX> context(EVP_MD_CTX_new());
  // 1 means valid; 0 and every negative value mean anything else.
  if (!context || EVP_DigestVerifyInit(context.get(), nullptr, digest, nullptr, parts_->key.get()) != 1 ||
      EVP_DigestVerify(context.get(), Bytes(encoded), encoded.size(), Bytes(message), message.size()) != 1) {
    return Refuse("BAD_SIGNATURE", "the signature is not by this key over these bytes");
  }
  return absl::OkStatus();
}

Hash KeyId(absl::string_view federation, const ParticipantId& participant, absl::string_view spki) {
  return Sha256({kKeyIdDomain, kNul, federation, kNul, participant.text(), kNul, spki});
}

}  // namespace meguri::record
