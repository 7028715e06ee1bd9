// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "record/public_key.h"

namespace meguri::certs {

// A private key in a file. Immutable, thread-safe. The bytes of the key leave it only through SaveTo.
class SigningKey final : public record::Signer {
 public:
  static absl::StatusOr<std::unique_ptr<SigningKey>> Generate(record::KeyAlgorithm algorithm);
  // Reads a PEM PKCS #8 file. FAILED_PRECONDITION (reason KEY_FILE_MODE) if others than its owner may read it.
  static absl::StatusOr<std::unique_ptr<SigningKey>> Load(const std::string& path);
  ~SigningKey() override;

  const record::PublicKey& public_key() const override;
  absl::StatusOr<std::string> Sign(absl::string_view message) const override;
  // Writes a new PEM PKCS #8 file of mode 0600, synced with its folder. ALREADY_EXISTS if there is one.
  absl::Status SaveTo(const std::string& path) const;

 private:
  friend class CertificateAuthority;
  friend absl::StatusOr<std::string> MakeCertificateRequest(const SigningKey& key, absl::string_view identity);
  struct Parts;
  explicit SigningKey(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace meguri::certs
