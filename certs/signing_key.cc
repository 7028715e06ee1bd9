// SPDX-License-Identifier: Apache-2.0
#include "certs/signing_key.h"

#include <openssl/crypto.h>
#include <openssl/ec.h>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "certs/files.h"
#include "certs/limits.h"
#include "certs/pem.h"
#include "certs/signing_key_parts.h"
#include "record/ecdsa_signature.h"
#include "record/openssl_handle.h"

namespace meguri::certs {
namespace {

constexpr char kPemLabel[] = "PRIVATE KEY";

using DigestContextPtr = std::unique_ptr<EVP_MD_CTX, Freer<EVP_MD_CTX_free>>;

absl::Status RefuseFile(const std::string& path, absl::string_view why) {
  return Error(absl::StatusCode::kInvalidArgument, "KEY_FILE",
               absl::StrCat(path, " is not a key file: ", why,
                            "; expected a PEM block -----BEGIN PRIVATE KEY----- "
                            "(PKCS #8) with an Ed25519 or P-256 key"));
}

void Cleanse(std::string& secret) { OPENSSL_cleanse(secret.data(), secret.size()); }

KeyPtr GenerateKey(record::KeyAlgorithm algorithm) {
  const bool is_p256 = algorithm == record::KeyAlgorithm::kEcdsaP256;
  const KeyContextPtr context(EVP_PKEY_CTX_new_id(is_p256 ? EVP_PKEY_EC : EVP_PKEY_ED25519, nullptr));
  EVP_PKEY* key = nullptr;
  if (context == nullptr || EVP_PKEY_keygen_init(context.get()) != 1 ||
      (is_p256 && EVP_PKEY_CTX_set_ec_paramgen_curve_nid(context.get(), NID_X9_62_prime256v1) != 1) ||
      EVP_PKEY_keygen(context.get(), &key) != 1) {
    return nullptr;
  }
  return KeyPtr(key);
}

absl::StatusOr<record::PublicKey> PublicKeyOf(const EVP_PKEY& key) {
  return record::PublicKey::ParseSpki(
      EncodeDer(&key, [](const EVP_PKEY* k, unsigned char** out) { return i2d_PUBKEY(k, out); }));
}

KeyPtr ParsePkcs8(absl::string_view der) {
  const unsigned char* next = BytesOf(der);
  const Pkcs8Ptr pkcs8(d2i_PKCS8_PRIV_KEY_INFO(nullptr, &next, static_cast<long>(der.size())));
  if (pkcs8 == nullptr || next != BytesOf(der) + der.size()) {
    return nullptr;
  }
  return KeyPtr(EVP_PKCS82PKEY(pkcs8.get()));
}

// A P-256 file may carry a public half that is not that of its private half.
bool IsConsistent(EVP_PKEY* key) {
  const KeyContextPtr context(EVP_PKEY_CTX_new_from_pkey(nullptr, key, nullptr));
  return context != nullptr && EVP_PKEY_pairwise_check(context.get()) == 1;
}

}  // namespace

SigningKey::SigningKey(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
SigningKey::~SigningKey() = default;

absl::StatusOr<std::unique_ptr<SigningKey>> SigningKey::Generate(record::KeyAlgorithm algorithm) {
  const record::OpenSslErrorScope errors;
  KeyPtr key = GenerateKey(algorithm);
  if (key == nullptr) {
    return Error(absl::StatusCode::kUnavailable, "KEY_GENERATION", "OpenSSL cannot make a key; is it out of entropy?");
  }
  MEGURI_ASSIGN_OR_RETURN(record::PublicKey public_key, PublicKeyOf(*key));
  return std::unique_ptr<SigningKey>(
      new SigningKey(std::make_unique<Parts>(Parts{std::move(key), std::move(public_key)})));
}

absl::StatusOr<std::unique_ptr<SigningKey>> SigningKey::Load(const std::string& path) {
  const record::OpenSslErrorScope errors;
  MEGURI_ASSIGN_OR_RETURN(std::string pem, ReadPrivateFile(path, kKeyFileBytesMax));
  const auto cleanse_pem = absl::MakeCleanup([&] { Cleanse(pem); });
  absl::StatusOr<std::string> der = DecodePem(pem, kPemLabel);
  if (!der.ok()) {
    return RefuseFile(path, der.status().message());
  }
  KeyPtr key = ParsePkcs8(*der);
  Cleanse(*der);
  if (key == nullptr) {
    return RefuseFile(path, "its block is not PKCS #8");
  }
  absl::StatusOr<record::PublicKey> public_key = PublicKeyOf(*key);
  if (!public_key.ok()) {
    return RefuseFile(path, public_key.status().message());
  }
  if (!IsConsistent(key.get())) {
    return RefuseFile(path, "its public half does not belong to its private half");
  }
  return std::unique_ptr<SigningKey>(
      new SigningKey(std::make_unique<Parts>(Parts{std::move(key), *std::move(public_key)})));
}

const record::PublicKey& SigningKey::public_key() const { return parts_->public_key; }

absl::StatusOr<std::string> SigningKey::Sign(absl::string_view message) const {
  const record::OpenSslErrorScope errors;
  const bool is_p256 = parts_->public_key.algorithm() == record::KeyAlgorithm::kEcdsaP256;
  const DigestContextPtr context(EVP_MD_CTX_new());
  std::string signature(static_cast<size_t>(EVP_PKEY_get_size(parts_->key.get())), '\0');
  size_t size = signature.size();
  // Ed25519 hashes by itself: it takes no digest.
  if (context == nullptr ||
      EVP_DigestSignInit(context.get(), nullptr, is_p256 ? EVP_sha256() : nullptr, nullptr, parts_->key.get()) != 1 ||
      EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size, BytesOf(message),
                     message.size()) != 1) {
    return Error(absl::StatusCode::kUnavailable, "SIGNING", "OpenSSL cannot sign with this key");
  }
  signature.resize(size);
  if (is_p256) {
    return record::EcdsaRawFromDer(signature);
  }
  return signature;
}

absl::Status SigningKey::SaveTo(const std::string& path) const {
  const record::OpenSslErrorScope errors;
  const Pkcs8Ptr pkcs8(EVP_PKEY2PKCS8(parts_->key.get()));
  Invariant(pkcs8 != nullptr, "a key that was made or loaded here can be written as PKCS #8");
  std::string der = EncodeDer(pkcs8.get(), i2d_PKCS8_PRIV_KEY_INFO);
  std::string pem = EncodePem(der, kPemLabel);
  const absl::Status status = WriteNewFile(path, pem, 0600);
  Cleanse(der);
  Cleanse(pem);
  return status;
}

}  // namespace meguri::certs
