// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "record/hash.h"
#include "record/participant_id.h"

namespace meguri::record {

enum class KeyAlgorithm { kEd25519 = 1, kEcdsaP256 = 2 };

// A public key that passed every check. Immutable, thread-safe, cheap to copy.
class PublicKey {
 public:
  // Parses a DER SubjectPublicKeyInfo. INVALID_ARGUMENT (reason WEAK_KEY) for small-order or non-canonical Ed25519
  // points, (reason BAD_KEY) for anything that is not a DER-exact Ed25519 or P-256 key.
  static absl::StatusOr<PublicKey> ParseSpki(absl::string_view der);

  KeyAlgorithm algorithm() const;
  const std::string& spki() const;
  // The 32 raw bytes. Ed25519 keys only.
  absl::string_view ed25519_bytes() const;
  // OK, or INVALID_ARGUMENT with reason BAD_SIGNATURE. `signature` is 64 bytes: Ed25519, or P-256 as r | s.
  absl::Status Verify(absl::string_view message, absl::string_view signature) const;

 private:
  struct Parts;
  explicit PublicKey(std::shared_ptr<const Parts> parts) : parts_(std::move(parts)) {}
  std::shared_ptr<const Parts> parts_;
};

// SHA-256("meguri/key/v1" 00 | federation | 00 | participant ID | 00 | SPKI DER).
Hash KeyId(absl::string_view federation, const ParticipantId& participant, absl::string_view spki);

// Something that can sign: a key file, an HSM. Thread-safe.
class Signer {
 public:
  virtual ~Signer() = default;
  virtual const PublicKey& public_key() const = 0;
  // Returns 64 bytes, or UNAVAILABLE if the key cannot be reached.
  virtual absl::StatusOr<std::string> Sign(absl::string_view message) const = 0;
};

}  // namespace meguri::record
