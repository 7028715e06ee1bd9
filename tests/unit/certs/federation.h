// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <system_error>
#include <vector>

#include "base/error.h"
#include "certs/certificate.h"
#include "certs/registry.h"
#include "certs/signing_key.h"
#include "certs/trust_bundle.h"
#include "gtest/gtest.h"
#include "tests/testing/fakes.h"

// A small federation with fresh keys, for tests of this folder.
namespace meguri::certs::testing {

inline constexpr char kFederation[] = "meguri.example";
inline constexpr char kOperator[] = "0199:operator";
inline constexpr char kOrigin[] = "meguri.example/meguri/0199/operator/1/registry";

inline absl::Time Now() { return absl::FromUnixSeconds(1'790'000'000); }
inline uint64_t NowMs() { return static_cast<uint64_t>(absl::ToUnixMillis(Now())); }

template <typename T>
T ValueOf(absl::StatusOr<T> value) {
  Invariant(value.ok(), value.status().ToString());
  return *std::move(value);
}

inline record::ParticipantId Participant(absl::string_view text) { return ValueOf(record::ParticipantId::Parse(text)); }

inline std::unique_ptr<SigningKey> NewKey(record::KeyAlgorithm algorithm = record::KeyAlgorithm::kEd25519) {
  return ValueOf(SigningKey::Generate(algorithm));
}

inline std::string NodeUri(absl::string_view participant) {
  return Identity{kFederation, Participant(participant), Identity::Class::kNode, "main"}.ToUri();
}

inline registry::v1::MemberKey KeyMessage(const SigningKey& key, registry::v1::KeyPurpose purpose) {
  registry::v1::MemberKey message;
  message.set_purpose(purpose);
  message.set_algorithm(key.public_key().algorithm() == record::KeyAlgorithm::kEd25519
                            ? registry::v1::KEY_ALGORITHM_ED25519
                            : registry::v1::KEY_ALGORITHM_ECDSA_P256);
  message.set_public_key(key.public_key().spki());
  return message;
}

inline record::Hash KeyIdOf(absl::string_view participant, const SigningKey& key) {
  return record::KeyId(kFederation, Participant(participant), key.public_key().spki());
}

inline CertificateAuthority NewAuthority() {
  meguri::testing::SeededRandom random;
  return ValueOf(CertificateAuthority::Create("Test CA", random, Now()));
}

// The operator with its keys.
struct Operator {
  std::unique_ptr<SigningKey> record_key = NewKey(record::KeyAlgorithm::kEcdsaP256);
  std::unique_ptr<SigningKey> feed_key = NewKey();
  std::vector<std::unique_ptr<SigningKey>> bundle_keys;
  CertificateAuthority authority;

  explicit Operator(int bundle_key_count = 1) : authority(NewAuthority()) {
    for (int i = 0; i < bundle_key_count; ++i) {
      bundle_keys.push_back(NewKey());
    }
  }

  std::vector<const record::Signer*> Signers() const {
    std::vector<const record::Signer*> signers;
    signers.reserve(bundle_keys.size());
    for (const std::unique_ptr<SigningKey>& key : bundle_keys) {
      signers.push_back(key.get());
    }
    return signers;
  }

  registry::v1::TrustBundle BundleMessage(uint64_t version = 1, uint32_t threshold = 1) const {
    registry::v1::TrustBundle message;
    message.set_format_version(1);
    message.set_version(version);
    message.set_federation(kFederation);
    message.set_expires_ms(NowMs() + 86'400'000);
    message.set_operator_id(kOperator);
    message.set_registry_origin(kOrigin);
    *message.add_registry_record_keys() = KeyMessage(*record_key, registry::v1::KEY_PURPOSE_RECORD);
    *message.add_registry_feed_keys() = KeyMessage(*feed_key, registry::v1::KEY_PURPOSE_FEED);
    message.add_tls_roots(authority.certificate().ToDer());
    for (const std::unique_ptr<SigningKey>& key : bundle_keys) {
      *message.add_bundle_keys() = KeyMessage(*key, registry::v1::KEY_PURPOSE_BUNDLE);
    }
    message.set_bundle_threshold(threshold);
    message.add_operator_addresses("registry.meguri.example:7443");
    return message;
  }

  TrustBundle Bundle() const {
    return ValueOf(TrustBundle::Open(ValueOf(SignTrustBundle(BundleMessage(), Signers())), Now()));
  }
};

// A member with its keys.
struct Member {
  std::string id;
  std::unique_ptr<SigningKey> record_key = NewKey();
  std::unique_ptr<SigningKey> feed_key = NewKey();

  registry::v1::MemberEntry Entry() const {
    registry::v1::MemberEntry entry;
    entry.set_participant_id(id);
    entry.mutable_name()->set_ja("株式会社めぐり");
    entry.mutable_name()->set_en("Meguri Ltd.");
    entry.set_kind(registry::v1::MEMBER_KIND_COMPANY_SME);
    entry.set_status(registry::v1::MEMBER_STATUS_ACTIVE);
    entry.mutable_hosting()->set_node_identity(NodeUri(id));
    entry.mutable_hosting()->add_addresses("node.member.example:7443");
    *entry.add_keys() = KeyMessage(*record_key, registry::v1::KEY_PURPOSE_RECORD);
    *entry.add_keys() = KeyMessage(*feed_key, registry::v1::KEY_PURPOSE_FEED);
    return entry;
  }
};

inline registry::v1::Role RoleMessage(registry::v1::RoleKind kind, const std::vector<std::string>& scopes) {
  registry::v1::Role role;
  role.set_kind(kind);
  for (const std::string& scope : scopes) {
    role.add_scopes(scope);
  }
  if (kind == registry::v1::ROLE_KIND_RECYCLER) {
    role.mutable_permit()->set_type("産廃処分");
    role.mutable_permit()->set_number("0123456789");
    role.mutable_permit()->set_issuer("13");
  }
  return role;
}

// A new empty folder, removed with all that is in it.
class TemporaryFolder {
 public:
  TemporaryFolder() : path_(::testing::TempDir() + "meguri_certs_XXXXXX") {
    Invariant(::mkdtemp(path_.data()) != nullptr, "the test can make a folder");
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  std::string Path(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

}  // namespace meguri::certs::testing
