// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "base/error.h"
#include "certs/certificate.h"
#include "certs/trust_bundle.h"
#include "google/protobuf/message.h"
#include "meguri/registry/v1/member.pb.h"
#include "record/dsse.h"
#include "tests/fuzz/fixed_keys.h"
#include "tests/testing/fakes.h"

namespace meguri::fuzz {

inline constexpr char kFederation[] = "ce.example";
inline constexpr char kOperator[] = "0188:7123456789012";
inline constexpr char kRegistryOrigin[] = "ce.example/meguri/0188/7123456789012/1/registry";

inline absl::Time Now() { return absl::FromUnixSeconds(1'790'000'000); }

inline registry::v1::MemberKey KeyMessage(const record::Signer& signer, registry::v1::KeyPurpose purpose) {
  registry::v1::MemberKey message;
  message.set_purpose(purpose);
  message.set_algorithm(registry::v1::KEY_ALGORITHM_ED25519);
  message.set_public_key(signer.public_key().spki());
  return message;
}

// The operator of a federation and its bundle. The keys that sign are the same in every run; the TLS root is not.
class FixedFederation {
 public:
  const record::Signer& record_signer() const { return *record_signer_; }
  const record::Signer& feed_signer() const { return *feed_signer_; }
  const record::Signer& bundle_signer() const { return *bundle_signer_; }
  const record::ParticipantId& operator_id() const { return operator_id_; }

  registry::v1::TrustBundle BundleMessage(uint64_t version) const {
    registry::v1::TrustBundle message;
    message.set_format_version(1);
    message.set_version(version);
    message.set_federation(kFederation);
    message.set_expires_ms(static_cast<uint64_t>(absl::ToUnixMillis(Now() + absl::Hours(24))));
    message.set_operator_id(kOperator);
    message.set_registry_origin(kRegistryOrigin);
    *message.add_registry_record_keys() = KeyMessage(*record_signer_, registry::v1::KEY_PURPOSE_RECORD);
    *message.add_registry_feed_keys() = KeyMessage(*feed_signer_, registry::v1::KEY_PURPOSE_FEED);
    *message.add_bundle_keys() = KeyMessage(*bundle_signer_, registry::v1::KEY_PURPOSE_BUNDLE);
    testing::SeededRandom random;
    message.add_tls_roots(certs::CertificateAuthority::Create("Meguri", random, Now()).value().certificate().ToDer());
    message.set_bundle_threshold(1);
    message.add_operator_addresses("registry.ce.example:7443");
    return message;
  }
  certs::TrustBundle Bundle(uint64_t version) const {
    const std::string bytes = certs::SignTrustBundle(BundleMessage(version), {bundle_signer_.get()}).value();
    return certs::TrustBundle::Open(bytes, Now()).value();
  }
  // `body` as the operator's signed body, whatever it says.
  record::v1::SignedBody Signed(absl::string_view payload_type, absl::string_view body,
                                const record::Signer& signer) const {
    record::v1::SignedBody signed_body;
    signed_body.set_payload_type(std::string(payload_type.data(), payload_type.size()));
    signed_body.set_body(std::string(body.data(), body.size()));
    const record::Hash key_id = record::KeyId(kFederation, operator_id_, signer.public_key().spki());
    Invariant(record::AddSignature(key_id, signer, signed_body).ok(), "a key in memory signs");
    return signed_body;
  }

 private:
  const std::unique_ptr<record::RawSigner> record_signer_ = FixedSigner("record key");
  const std::unique_ptr<record::RawSigner> feed_signer_ = FixedSigner("feed key");
  const std::unique_ptr<record::RawSigner> bundle_signer_ = FixedSigner("bundle key");
  const record::ParticipantId operator_id_ = record::ParticipantId::Parse(kOperator).value();
};

}  // namespace meguri::fuzz
