// SPDX-License-Identifier: Apache-2.0
#include "record/hash.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "base/bytes.h"
#include "base/error.h"
#include "record/openssl_handle.h"

namespace meguri::record {
namespace {

// OpenSSL 3 looks an algorithm up by name, under a lock, at every use of EVP_sha256(): several times the price of
// hashing a tree node. So the look-up is done once; the result is immutable and never freed.
const EVP_MD* Algorithm() {
  static const EVP_MD* const algorithm = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  Invariant(algorithm != nullptr, "OpenSSL offers SHA-256");
  return algorithm;
}

// One context a thread, for the same reason: it is scratch space that every hash starts afresh.
EVP_MD_CTX* Context() {
  thread_local const OpenSslPtr<EVP_MD_CTX> context(EVP_MD_CTX_new());
  Invariant(context != nullptr, "OpenSSL has memory for a digest context");
  return context.get();
}

}  // namespace

absl::StatusOr<Hash> Hash::Parse(absl::string_view bytes) {
  if (bytes.size() != kHashSize) {
    return Error(absl::StatusCode::kInvalidArgument, "HASH_SIZE",
                 absl::StrCat("a SHA-256 value is 32 bytes, not ", bytes.size()));
  }
  Hash hash;
  std::copy(bytes.begin(), bytes.end(), hash.bytes_.begin());
  return hash;
}

std::string Hash::ToHex() const { return meguri::ToHex(view()); }

Hash Sha256(absl::Span<const absl::string_view> parts) {
  EVP_MD_CTX* const context = Context();
  bool ok = EVP_DigestInit_ex(context, Algorithm(), nullptr) == 1;
  for (const absl::string_view part : parts) {
    ok = ok && EVP_DigestUpdate(context, part.data(), part.size()) == 1;
  }
  std::array<uint8_t, kHashSize> bytes;
  ok = ok && EVP_DigestFinal_ex(context, bytes.data(), nullptr) == 1;
  Invariant(ok, "SHA-256 of bytes in memory does not fail");
  return Hash(bytes);
}

}  // namespace meguri::record
