// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include <openssl/x509.h>

#include "absl/strings/string_view.h"
#include "base/error.h"
#include "record/ecdsa_signature.h"
#include "record/openssl_handle.h"
#include "record/public_key.h"

namespace meguri::record {

// Signs with a key that lives in memory. Tests only.
class RawSigner final : public Signer {
 public:
  // `seed` is the 32 bytes of an Ed25519 private key.
  static std::unique_ptr<RawSigner> Ed25519(absl::string_view seed) {
    return std::make_unique<RawSigner>(OpenSslPtr<EVP_PKEY>(EVP_PKEY_new_raw_private_key(
        EVP_PKEY_ED25519, nullptr, reinterpret_cast<const unsigned char*>(seed.data()), seed.size())));
  }
  static std::unique_ptr<RawSigner> FreshP256() {
    return std::make_unique<RawSigner>(OpenSslPtr<EVP_PKEY>(EVP_EC_gen("P-256")));
  }

  explicit RawSigner(OpenSslPtr<EVP_PKEY> key) : key_(std::move(key)), public_key_(PublicKeyOf(*key_)) {}

  const PublicKey& public_key() const override { return public_key_; }
  absl::StatusOr<std::string> Sign(absl::string_view message) const override {
    const bool ed25519 = public_key_.algorithm() == KeyAlgorithm::kEd25519;
    const OpenSslPtr<EVP_MD_CTX> context(EVP_MD_CTX_new());
    Invariant(EVP_DigestSignInit(context.get(), nullptr, ed25519 ? nullptr : EVP_sha256(), nullptr, key_.get()) == 1,
              "the test key signs");
    size_t size = 256;
    std::string signature(size, '\0');
    Invariant(EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size,
                             reinterpret_cast<const unsigned char*>(message.data()), message.size()) == 1,
              "the test key signs");
    signature.resize(size);
    return ed25519 ? signature : EcdsaRawFromDer(signature);
  }

 private:
  static PublicKey PublicKeyOf(const EVP_PKEY& key) {
    unsigned char* der = nullptr;
    const int size = i2d_PUBKEY(&key, &der);
    const std::string spki(reinterpret_cast<const char*>(der), static_cast<size_t>(size));
    OPENSSL_free(der);
    return PublicKey::ParseSpki(spki).value();
  }

  OpenSslPtr<EVP_PKEY> key_;
  PublicKey public_key_;
};

}  // namespace meguri::record
