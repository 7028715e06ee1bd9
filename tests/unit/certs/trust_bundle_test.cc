// SPDX-License-Identifier: Apache-2.0
#include "certs/trust_bundle.h"

#include <functional>

#include "absl/strings/str_cat.h"
#include "certs/limits.h"
#include "google/protobuf/stubs/logging.h"
#include "gtest/gtest.h"
#include "record/dsse.h"
#include "tests/testing/status.h"
#include "tests/unit/certs/federation.h"

namespace meguri::certs {
namespace {

using meguri::testing::HasCode;
using meguri::testing::HasReason;
using registry::v1::KEY_PURPOSE_BUNDLE;
using registry::v1::KEY_PURPOSE_FEED;
using registry::v1::KEY_PURPOSE_RECORD;
using testing::KeyMessage;
using testing::NewKey;
using testing::Now;
using testing::NowMs;
using testing::Operator;
using testing::ValueOf;

record::v1::SignedBody Signed(const std::string& bytes) {
  record::v1::SignedBody signed_body;
  EXPECT_TRUE(signed_body.ParseFromString(bytes));
  return signed_body;
}

// Signs whatever body there is, as an operator with broken software could.
std::string SignBody(const std::string& body, const std::vector<const record::Signer*>& signers,
                     const std::string& payload_type = kTrustBundlePayloadType) {
  record::v1::SignedBody signed_body;
  signed_body.set_payload_type(payload_type);
  signed_body.set_body(body);
  for (const record::Signer* signer : signers) {
    const record::Hash key_id =
        record::KeyId(testing::kFederation, testing::Participant(testing::kOperator), signer->public_key().spki());
    EXPECT_THAT(record::AddSignature(key_id, *signer, signed_body), meguri::testing::IsOk());
  }
  return signed_body.SerializeAsString();
}

registry::v1::MemberKey& AddWitness(registry::v1::TrustBundle& bundle, const std::string& member) {
  bundle.add_witnesses(member);
  registry::v1::MemberKey& key = *bundle.add_witness_keys();
  key = KeyMessage(*NewKey(), KEY_PURPOSE_FEED);
  return key;
}

TEST(TrustBundle, OpensWhatTheOperatorSigned) {
  const Operator op(3);
  const std::string bytes = ValueOf(SignTrustBundle(op.BundleMessage(1, 2), op.Signers()));
  const TrustBundle bundle = ValueOf(TrustBundle::Open(bytes, Now()));
  EXPECT_EQ(bundle.bytes(), bytes);
  EXPECT_EQ(bundle.federation(), testing::kFederation);
  EXPECT_EQ(bundle.operator_id().text(), testing::kOperator);
  EXPECT_EQ(bundle.registry_feed_key().spki(), op.feed_key->public_key().spki());
  ASSERT_EQ(bundle.tls_roots().size(), 1u);
  EXPECT_EQ(bundle.tls_roots()[0].ToDer(), op.authority.certificate().ToDer());
}

TEST(TrustBundle, RefusesEveryChangedByte) {
  const google::protobuf::LogSilencer no_complaints_about_text;
  const Operator op(2);
  const std::string bytes = ValueOf(SignTrustBundle(op.BundleMessage(1, 2), op.Signers()));
  for (size_t i = 0; i < bytes.size(); ++i) {
    for (const int flip : {0x01, 0x80}) {
      std::string changed = bytes;
      changed[i] = static_cast<char>(changed[i] ^ flip);
      ASSERT_FALSE(TrustBundle::Open(changed, Now()).ok()) << "byte " << i;
    }
    ASSERT_FALSE(TrustBundle::Open(bytes.substr(0, i), Now()).ok()) << "cut at " << i;
  }
  EXPECT_FALSE(TrustBundle::Open(bytes + "x", Now()).ok());
}

TEST(TrustBundle, NeedsItsThresholdOfSignatures) {
  const Operator op(3);
  const auto signers = op.Signers();
  const registry::v1::TrustBundle message = op.BundleMessage(1, 2);
  EXPECT_THAT(TrustBundle::Open(ValueOf(SignTrustBundle(message, {})), Now()), HasReason("BUNDLE_SIGNATURE"));
  EXPECT_THAT(TrustBundle::Open(ValueOf(SignTrustBundle(message, {signers[1]})), Now()), HasReason("BUNDLE_SIGNATURE"));
  MEGURI_EXPECT_OK(TrustBundle::Open(ValueOf(SignTrustBundle(message, {signers[2], signers[0]})), Now()));
}

TEST(TrustBundle, CountsAKeyOnceHoweverOftenItSigned) {
  const Operator op(3);
  const record::Signer* one = op.Signers()[0];
  const std::string bytes = ValueOf(SignTrustBundle(op.BundleMessage(1, 2), {one, one, one}));
  EXPECT_THAT(TrustBundle::Open(bytes, Now()), HasReason("BUNDLE_SIGNATURE"));
}

TEST(TrustBundle, DoesNotCountUnknownSigners) {
  const Operator op(2);
  const auto stranger = NewKey();
  const record::Signer* known = op.Signers()[0];
  EXPECT_THAT(TrustBundle::Open(ValueOf(SignTrustBundle(op.BundleMessage(1, 2), {known, stranger.get()})), Now()),
              HasReason("BUNDLE_SIGNATURE"));
  MEGURI_EXPECT_OK(TrustBundle::Open(ValueOf(SignTrustBundle(op.BundleMessage(1, 1), {known, stranger.get()})), Now()));
}

TEST(TrustBundle, DoesNotCountTheOperatorsOtherKeys) {
  const Operator op(1);
  EXPECT_THAT(
      TrustBundle::Open(ValueOf(SignTrustBundle(op.BundleMessage(), {op.feed_key.get(), op.record_key.get()})), Now()),
      HasReason("BUNDLE_SIGNATURE"));
}

TEST(TrustBundle, DoesNotTakeASignatureUnderAnotherKeysId) {
  const Operator op(2);
  record::v1::SignedBody signed_body =
      Signed(ValueOf(SignTrustBundle(op.BundleMessage(1, 2), {op.Signers()[0], op.Signers()[0]})));
  signed_body.mutable_signatures(1)->set_key_id(testing::KeyIdOf(testing::kOperator, *op.bundle_keys[1]).ToString());
  EXPECT_THAT(TrustBundle::Open(signed_body.SerializeAsString(), Now()), HasReason("BUNDLE_SIGNATURE"));
}

TEST(TrustBundle, ExpiresOnTheMillisecond) {
  const Operator op;
  registry::v1::TrustBundle message = op.BundleMessage();
  const std::string bytes = ValueOf(SignTrustBundle(message, op.Signers()));
  const absl::Time expires = absl::FromUnixMillis(static_cast<int64_t>(message.expires_ms()));
  MEGURI_EXPECT_OK(TrustBundle::Open(bytes, expires - absl::Milliseconds(1)));
  EXPECT_THAT(TrustBundle::Open(bytes, expires), HasReason("BUNDLE_EXPIRED"));
  EXPECT_THAT(TrustBundle::Open(bytes, expires), HasCode(absl::StatusCode::kFailedPrecondition));
}

TEST(TrustBundle, IsNoOtherSignedBody) {
  const Operator op;
  const std::string body = op.BundleMessage().SerializeAsString();
  MEGURI_EXPECT_OK(TrustBundle::Open(SignBody(body, op.Signers()), Now()));
  EXPECT_THAT(TrustBundle::Open(SignBody(body, op.Signers(), kHeartbeatPayloadType), Now()), HasReason("BUNDLE_FORM"));
}

TEST(TrustBundle, RefusesFieldsThatItDoesNotKnow) {
  const Operator op;
  const std::string unknown_field("\xfa\x3e\x01x", 4);  // field 1007
  const registry::v1::TrustBundle message = op.BundleMessage();
  EXPECT_THAT(TrustBundle::Open(SignBody(message.SerializeAsString() + unknown_field, op.Signers()), Now()),
              HasReason("BUNDLE_FORM"));
  registry::v1::TrustBundle nested = message;
  nested.mutable_bundle_keys(0)->GetReflection()->MutableUnknownFields(nested.mutable_bundle_keys(0))->AddVarint(99, 1);
  EXPECT_THAT(TrustBundle::Open(SignBody(nested.SerializeAsString(), op.Signers()), Now()), HasReason("BUNDLE_FORM"));
  EXPECT_THAT(TrustBundle::Open(ValueOf(SignTrustBundle(message, op.Signers())) + unknown_field, Now()),
              HasReason("BUNDLE_FORM"));
}

struct FormCase {
  const char* what;
  std::function<void(registry::v1::TrustBundle&, const Operator&)> change;
};

TEST(TrustBundle, RefusesWhatIsNotWellFormed) {
  const auto too_many = [](auto* list, const auto& value, int count_max) {
    while (list->size() <= count_max) {
      *list->Add() = value;
    }
  };
  const std::vector<FormCase> cases = {
      {"newer format", [](auto& m, auto&) { m.set_format_version(2); }},
      {"no version", [](auto& m, auto&) { m.clear_version(); }},
      {"upper-case federation", [](auto& m, auto&) { m.set_federation("Meguri.example"); }},
      {"no expiry", [](auto& m, auto&) { m.clear_expires_ms(); }},
      {"expiry out of range", [](auto& m, auto&) { m.set_expires_ms(UINT64_MAX); }},
      {"no operator", [](auto& m, auto&) { m.clear_operator_id(); }},
      {"origin of another feed",
       [](auto& m, auto&) { m.set_registry_origin("meguri.example/meguri/0199/operator/1/public"); }},
      {"origin of another member",
       [](auto& m, auto&) { m.set_registry_origin("meguri.example/meguri/0199/other/1/registry"); }},
      {"origin of epoch 0",
       [](auto& m, auto&) { m.set_registry_origin("meguri.example/meguri/0199/operator/0/registry"); }},
      {"origin of epoch 01",
       [](auto& m, auto&) { m.set_registry_origin("meguri.example/meguri/0199/operator/01/registry"); }},
      {"origin of nothing", [](auto& m, auto&) { m.set_registry_origin("/registry"); }},
      {"no record key", [](auto& m, auto&) { m.clear_registry_record_keys(); }},
      {"no feed key", [](auto& m, auto&) { m.clear_registry_feed_keys(); }},
      {"feed key revoked", [](auto& m, auto&) { m.mutable_registry_feed_keys(0)->set_revoked_ms(1); }},
      {"feed key of P-256",
       [](auto& m, auto&) {
         *m.mutable_registry_feed_keys(0) = KeyMessage(*NewKey(record::KeyAlgorithm::kEcdsaP256), KEY_PURPOSE_FEED);
       }},
      {"wrong algorithm",
       [](auto& m, auto&) { m.mutable_registry_feed_keys(0)->set_algorithm(registry::v1::KEY_ALGORITHM_ECDSA_P256); }},
      {"wrong purpose", [](auto& m, auto&) { m.mutable_registry_feed_keys(0)->set_purpose(KEY_PURPOSE_RECORD); }},
      {"key with times", [](auto& m, auto&) { m.mutable_bundle_keys(0)->set_not_after_ms(NowMs() * 2); }},
      {"key of nothing", [](auto& m, auto&) { m.mutable_registry_record_keys(0)->set_public_key("key"); }},
      {"key twice", [](auto& m, auto&) { *m.add_bundle_keys() = m.bundle_keys(0); }},
      {"key for two purposes",
       [](auto& m, const Operator& op) { *m.add_bundle_keys() = KeyMessage(*op.feed_key, KEY_PURPOSE_BUNDLE); }},
      {"too many keys",
       [](auto& m, auto&) {
         while (m.bundle_keys_size() <= kBundleKeysMax) {
           *m.add_bundle_keys() = KeyMessage(*NewKey(), KEY_PURPOSE_BUNDLE);
         }
       }},
      {"no root", [](auto& m, auto&) { m.clear_tls_roots(); }},
      {"root of nothing", [](auto& m, auto&) { m.set_tls_roots(0, "root"); }},
      {"too many roots", [&](auto& m, auto&) { too_many(m.mutable_tls_roots(), m.tls_roots(0), kTlsRootsMax); }},
      {"threshold 0", [](auto& m, auto&) { m.set_bundle_threshold(0); }},
      {"threshold beyond keys", [](auto& m, auto&) { m.set_bundle_threshold(2); }},
      {"quorum without witnesses", [](auto& m, auto&) { m.set_witness_quorum(1); }},
      {"quorum beyond witnesses",
       [](auto& m, auto&) {
         AddWitness(m, "0199:w1");
         AddWitness(m, "0199:w1");
         m.set_witness_quorum(2);
       }},
      {"quorum beyond keys that are not revoked",
       [](auto& m, auto&) {
         AddWitness(m, "0199:w1");
         AddWitness(m, "0199:w2").set_revoked_ms(NowMs());
         m.set_witness_quorum(2);
       }},
      {"witnesses without quorum", [](auto& m, auto&) { AddWitness(m, "0199:w1"); }},
      {"witness key of nobody",
       [](auto& m, auto&) {
         AddWitness(m, "0199:w1");
         m.clear_witnesses();
         m.set_witness_quorum(1);
       }},
      {"witness without a key", [](auto& m, auto&) { m.add_witnesses("0199:w1"); }},
      {"witness that is no member",
       [](auto& m, auto&) {
         AddWitness(m, "w1");
         m.set_witness_quorum(1);
       }},
      {"too many witnesses",
       [](auto& m, auto&) {
         for (int i = 0; i <= kWitnessKeysMax; ++i) {
           AddWitness(m, absl::StrCat("0199:w", i));
         }
         m.set_witness_quorum(1);
       }},
      {"size without root", [](auto& m, auto&) { m.set_registry_size_min(1); }},
      {"root without size", [](auto& m, auto&) { m.set_registry_root_min(std::string(32, 'r')); }},
      {"short root",
       [](auto& m, auto&) {
         m.set_registry_size_min(1);
         m.set_registry_root_min(std::string(31, 'r'));
       }},
      {"address without port", [](auto& m, auto&) { m.add_operator_addresses("registry.meguri.example"); }},
      {"too many addresses",
       [&](auto& m, auto&) { too_many(m.mutable_operator_addresses(), std::string("a.example:1"), kAddressesMax); }},
  };
  for (const FormCase& one : cases) {
    const Operator op;
    registry::v1::TrustBundle message = op.BundleMessage();
    one.change(message, op);
    EXPECT_THAT(TrustBundle::Open(SignBody(message.SerializeAsString(), op.Signers()), Now()), HasReason("BUNDLE_FORM"))
        << one.what;
    EXPECT_THAT(SignTrustBundle(message, op.Signers()), HasReason("BUNDLE_FORM")) << one.what;
  }
}

TEST(TrustBundle, RefusesALeafAsRoot) {
  const Operator op;
  meguri::testing::SeededRandom random;
  const auto key = NewKey(record::KeyAlgorithm::kEcdsaP256);
  const Identity identity = ValueOf(Identity::Parse(testing::NodeUri("0199:acme")));
  const std::string request = ValueOf(MakeCertificateRequest(*key, identity.ToUri()));
  registry::v1::TrustBundle message = op.BundleMessage();
  message.set_tls_roots(0, ValueOf(op.authority.Issue(request, identity, api::v1::CLIENT_ROLE_UNSPECIFIED,
                                                      kNodeCertificateValidity, random, Now()))
                               .ToDer());
  EXPECT_THAT(TrustBundle::Open(SignBody(message.SerializeAsString(), op.Signers()), Now()), HasReason("BUNDLE_FORM"));
}

TEST(TrustBundle, IsBoundedInSize) {
  EXPECT_THAT(TrustBundle::Open(std::string(kTrustBundleBytesMax + 1, '\0'), Now()), HasReason("BUNDLE_FORM"));
  const Operator op;
  record::v1::SignedBody signed_body = Signed(ValueOf(SignTrustBundle(op.BundleMessage(), op.Signers())));
  while (signed_body.signatures_size() < kSignaturesMax) {
    *signed_body.add_signatures() = signed_body.signatures(0);
  }
  MEGURI_EXPECT_OK(TrustBundle::Open(signed_body.SerializeAsString(), Now()));
  *signed_body.add_signatures() = signed_body.signatures(0);
  EXPECT_THAT(TrustBundle::Open(signed_body.SerializeAsString(), Now()), HasReason("BUNDLE_FORM"));
}

// A federation that changes its bundle keys from `op` to `next`.
class NextBundle : public ::testing::Test {
 protected:
  NextBundle() : op_(3), next_(3), current_(Current()) {}

  TrustBundle Current() const {
    return ValueOf(TrustBundle::Open(ValueOf(SignTrustBundle(op_.BundleMessage(5, 2), op_.Signers())), Now()));
  }
  absl::StatusOr<TrustBundle> OpenNext(const registry::v1::TrustBundle& message,
                                       const std::vector<const record::Signer*>& signers) const {
    return TrustBundle::OpenNext(SignBody(message.SerializeAsString(), signers), current_, Now());
  }

  const Operator op_;
  const Operator next_;
  const TrustBundle current_;
};

TEST_F(NextBundle, NeedsTheThresholdsOfBothVersions) {
  const auto old_keys = op_.Signers();
  const auto new_keys = next_.Signers();
  const registry::v1::TrustBundle message = next_.BundleMessage(6, 2);
  MEGURI_EXPECT_OK(OpenNext(message, {old_keys[0], old_keys[2], new_keys[0], new_keys[1]}));
  EXPECT_THAT(OpenNext(message, {old_keys[0], new_keys[0], new_keys[1]}), HasReason("BUNDLE_SIGNATURE"));
  EXPECT_THAT(OpenNext(message, {old_keys[0], old_keys[2], new_keys[0]}), HasReason("BUNDLE_SIGNATURE"));
  EXPECT_THAT(OpenNext(message, new_keys), HasReason("BUNDLE_SIGNATURE"));
  EXPECT_THAT(OpenNext(message, old_keys), HasReason("BUNDLE_SIGNATURE"));
}

TEST_F(NextBundle, LetsOneSignatureServeOldAndNew) {
  MEGURI_EXPECT_OK(OpenNext(op_.BundleMessage(6, 2), {op_.Signers()[0], op_.Signers()[1]}));
}

TEST_F(NextBundle, RefusesRollbackAndGap) {
  for (const uint64_t version : {1u, 4u, 5u}) {
    EXPECT_THAT(OpenNext(op_.BundleMessage(version, 2), op_.Signers()), HasReason("BUNDLE_ROLLBACK")) << version;
  }
  for (const uint64_t version : {uint64_t{7}, UINT64_MAX}) {
    EXPECT_THAT(OpenNext(op_.BundleMessage(version, 2), op_.Signers()), HasReason("BUNDLE_GAP")) << version;
  }
}

TEST_F(NextBundle, RefusesAnExpiredVersionUnlessTheTimeIsLeftOpen) {
  registry::v1::TrustBundle message = op_.BundleMessage(6, 2);
  message.set_expires_ms(NowMs());
  EXPECT_THAT(OpenNext(message, op_.Signers()), HasReason("BUNDLE_EXPIRED"));
  // A node that was away walks through versions that have expired in between.
  MEGURI_EXPECT_OK(
      TrustBundle::OpenNext(SignBody(message.SerializeAsString(), op_.Signers()), current_, absl::InfinitePast()));
}

TEST_F(NextBundle, StaysInItsFederationAndNeverAsksForASmallerRegistry) {
  registry::v1::TrustBundle larger = op_.BundleMessage(6, 2);
  larger.set_registry_size_min(10);
  larger.set_registry_root_min(std::string(32, 'r'));
  const TrustBundle second = ValueOf(OpenNext(larger, op_.Signers()));
  EXPECT_THAT(
      TrustBundle::OpenNext(SignBody(op_.BundleMessage(7, 2).SerializeAsString(), op_.Signers()), second, Now()),
      HasReason("BUNDLE_ROLLBACK"));
  registry::v1::TrustBundle other = op_.BundleMessage(6, 2);
  other.set_federation("other.example");
  other.set_registry_origin("other.example/meguri/0199/operator/1/registry");
  EXPECT_THAT(OpenNext(other, op_.Signers()), HasReason("BUNDLE_FORM"));
}

TEST_F(NextBundle, CanPassTheFederationToAnotherOperator) {
  registry::v1::TrustBundle message = next_.BundleMessage(6, 2);
  message.set_operator_id("0199:successor");
  message.set_registry_origin("meguri.example/meguri/0199/successor/1/registry");
  std::vector<const record::Signer*> signers = op_.Signers();
  const auto new_keys = next_.Signers();
  signers.insert(signers.end(), new_keys.begin(), new_keys.end());
  const TrustBundle bundle =
      ValueOf(TrustBundle::OpenNext(ValueOf(SignTrustBundle(message, signers)), current_, Now()));
  EXPECT_EQ(bundle.operator_id().text(), "0199:successor");
}

}  // namespace
}  // namespace meguri::certs
