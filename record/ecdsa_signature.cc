// SPDX-License-Identifier: Apache-2.0
#include "record/ecdsa_signature.h"

#include "base/error.h"
#include "record/limits.h"
#include "record/openssl_handle.h"

namespace meguri::record {
namespace {

constexpr int kNumberSize = kSignatureSize / 2;

absl::Status Refuse(absl::string_view message) {
  return Error(absl::StatusCode::kInvalidArgument, "BAD_SIGNATURE", message);
}

const unsigned char* Bytes(absl::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }

absl::StatusOr<std::string> EncodeDer(const ECDSA_SIG& signature) {
  unsigned char* der = nullptr;
  const int size = i2d_ECDSA_SIG(&signature, &der);
  if (size <= 0) {
    return Refuse("the ECDSA signature cannot be encoded");
  }
  std::string encoded(reinterpret_cast<const char*>(der), static_cast<size_t>(size));
  OPENSSL_free(der);
  return encoded;
}

}  // namespace

absl::StatusOr<std::string> EcdsaDerFromRaw(absl::string_view raw) {
  const OpenSslErrorScope errors;
  if (raw.size() != kSignatureSize) {
    return Refuse("an ECDSA P-256 signature is 64 bytes, r | s");
  }
  OpenSslPtr<BIGNUM> r(BN_bin2bn(Bytes(raw), kNumberSize, nullptr));
  OpenSslPtr<BIGNUM> s(BN_bin2bn(Bytes(raw) + kNumberSize, kNumberSize, nullptr));
  const OpenSslPtr<ECDSA_SIG> signature(ECDSA_SIG_new());
  Invariant(r && s && signature, "OpenSSL has memory for a signature");
  // Takes over both numbers.
  Invariant(ECDSA_SIG_set0(signature.get(), r.release(), s.release()) == 1, "ECDSA_SIG_set0 of two numbers");
  return EncodeDer(*signature);
}

absl::StatusOr<std::string> EcdsaRawFromDer(absl::string_view der) {
  const OpenSslErrorScope errors;
  const unsigned char* next = Bytes(der);
  const OpenSslPtr<ECDSA_SIG> signature(d2i_ECDSA_SIG(nullptr, &next, static_cast<long>(der.size())));
  if (!signature || next != Bytes(der) + der.size()) {
    return Refuse("not a DER ECDSA signature");
  }
  std::string raw(kSignatureSize, '\0');
  auto* out = reinterpret_cast<unsigned char*>(raw.data());
  if (BN_bn2binpad(ECDSA_SIG_get0_r(signature.get()), out, kNumberSize) != kNumberSize ||
      BN_bn2binpad(ECDSA_SIG_get0_s(signature.get()), out + kNumberSize, kNumberSize) != kNumberSize) {
    return Refuse("the numbers of the ECDSA signature are not of P-256");
  }
  return raw;
}

}  // namespace meguri::record
