// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "certs/certificate.h"
#include "meguri/record/v1/record.pb.h"
#include "meguri/registry/v1/member.pb.h"
#include "record/hash.h"
#include "record/public_key.h"

namespace meguri::certs {

inline constexpr char kTrustBundlePayloadType[] = "application/vnd.meguri.trust-bundle.v1";

// The federation's trust anchors, checked. Immutable.
class TrustBundle {
 public:
  // Opens a bundle that is trusted because of where it came from (a file handed over by the operator): checks the form
  // and its own signatures. INVALID_ARGUMENT with reason BUNDLE_FORM or BUNDLE_SIGNATURE; FAILED_PRECONDITION with
  // reason BUNDLE_EXPIRED.
  static absl::StatusOr<TrustBundle> Open(absl::string_view bytes, absl::Time now);
  // Opens the bundle that follows `current`: version + 1 and the thresholds of both. Reason BUNDLE_ROLLBACK if its
  // version is not higher, BUNDLE_GAP if it is not the next. Who walks through several versions gives InfinitePast as
  // `now` to all but the last: those between may have expired.
  static absl::StatusOr<TrustBundle> OpenNext(absl::string_view bytes, const TrustBundle& current, absl::Time now);

  const std::string& bytes() const { return bytes_; }
  // SHA-256 of the body, which every copy of a version has in common, whoever signed it.
  record::Hash body_hash() const;
  const registry::v1::TrustBundle& message() const { return message_; }
  const std::string& federation() const { return message_.federation(); }
  const record::ParticipantId& operator_id() const { return operator_id_; }
  const std::vector<Certificate>& tls_roots() const { return tls_roots_; }
  // The feed key that signs the registry's checkpoints and heartbeats; its key ID beside it.
  const record::PublicKey& registry_feed_key() const { return registry_feed_key_; }

 private:
  TrustBundle(std::string bytes, registry::v1::TrustBundle message, record::ParticipantId operator_id,
              std::vector<Certificate> tls_roots, record::PublicKey registry_feed_key);
  std::string bytes_;
  registry::v1::TrustBundle message_;
  record::ParticipantId operator_id_;
  std::vector<Certificate> tls_roots_;
  record::PublicKey registry_feed_key_;
};

// Signs `message` with `signers` (bundle keys). Returns the bytes of the bundle file.
absl::StatusOr<std::string> SignTrustBundle(const registry::v1::TrustBundle& message,
                                            const std::vector<const record::Signer*>& signers);

}  // namespace meguri::certs
