// SPDX-License-Identifier: Apache-2.0
#include "storage/sealed/aead.h"

#include <climits>

#include "base/error.h"
#include "record/openssl_handle.h"

namespace meguri::storage {
namespace {

// Looked up once, as looking an algorithm up costs more than to encrypt a kilobyte.
const EVP_CIPHER* Algorithm() {
  static const EVP_CIPHER* const algorithm = EVP_CIPHER_fetch(nullptr, "AES-256-GCM", nullptr);
  Invariant(algorithm != nullptr, "OpenSSL offers AES-256-GCM");
  return algorithm;
}

// One context a thread, for the same reason: every use gives it another key.
EVP_CIPHER_CTX* Context() {
  thread_local const record::OpenSslPtr<EVP_CIPHER_CTX> context(EVP_CIPHER_CTX_new());
  Invariant(context != nullptr, "OpenSSL has memory for a cipher context");
  return context.get();
}

const unsigned char* Bytes(absl::string_view view) { return reinterpret_cast<const unsigned char*>(view.data()); }
unsigned char* Bytes(char* bytes) { return reinterpret_cast<unsigned char*>(bytes); }

int Length(absl::string_view view) {
  Invariant(view.size() <= INT_MAX - kNonceSize - kTagSize, "what is sealed has a limit far below 2 GiB");
  return static_cast<int>(view.size());
}

}  // namespace

void AppendSealed(const Seed& key, const Nonce& nonce, absl::string_view context, absl::string_view plain,
                  std::string& out) {
  EVP_CIPHER_CTX* const cipher = Context();
  const size_t begin = out.size();
  out.append(reinterpret_cast<const char*>(nonce.data()), nonce.size());
  out.resize(begin + kNonceSize + plain.size() + kTagSize);
  char* const sealed = out.data() + begin + kNonceSize;
  int written = 0;
  bool ok = EVP_EncryptInit_ex2(cipher, Algorithm(), Bytes(key.view()), nonce.data(), nullptr) == 1 &&
            EVP_EncryptUpdate(cipher, nullptr, &written, Bytes(context), Length(context)) == 1 &&
            EVP_EncryptUpdate(cipher, Bytes(sealed), &written, Bytes(plain), Length(plain)) == 1 &&
            EVP_EncryptFinal_ex(cipher, Bytes(sealed) + plain.size(), &written) == 1;
  ok = ok && EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_GET_TAG, kTagSize, sealed + plain.size()) == 1;
  Invariant(ok, "AES-256-GCM of bytes in memory does not fail");
}

bool AppendOpened(const Seed& key, absl::string_view context, absl::string_view sealed, std::string& out) {
  if (sealed.size() < kNonceSize + kTagSize) {
    return false;
  }
  const record::OpenSslErrorScope errors;
  EVP_CIPHER_CTX* const cipher = Context();
  const absl::string_view nonce = sealed.substr(0, kNonceSize);
  const absl::string_view ciphertext = sealed.substr(kNonceSize, sealed.size() - kNonceSize - kTagSize);
  std::string tag(sealed.substr(sealed.size() - kTagSize));
  const size_t begin = out.size();
  out.resize(begin + ciphertext.size());
  char* const plain = out.data() + begin;
  int written = 0;
  const bool ok = EVP_DecryptInit_ex2(cipher, Algorithm(), Bytes(key.view()), Bytes(nonce), nullptr) == 1 &&
                  EVP_DecryptUpdate(cipher, nullptr, &written, Bytes(context), Length(context)) == 1 &&
                  EVP_DecryptUpdate(cipher, Bytes(plain), &written, Bytes(ciphertext), Length(ciphertext)) == 1 &&
                  EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_SET_TAG, kTagSize, tag.data()) == 1 &&
                  EVP_DecryptFinal_ex(cipher, Bytes(plain) + ciphertext.size(), &written) == 1;
  if (!ok) {
    out.resize(begin);
  }
  return ok;
}

}  // namespace meguri::storage
