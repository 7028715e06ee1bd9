// SPDX-License-Identifier: Apache-2.0
#include <functional>
#include <string>
#include <vector>

#include "certs/limits.h"
#include "certs/registry.h"
#include "gtest/gtest.h"
#include "record/dsse.h"
#include "record/merkle.h"
#include "tests/testing/status.h"
#include "tests/unit/certs/federation.h"

namespace meguri::certs {
namespace {

using meguri::testing::HasReason;
using registry::v1::Heartbeat;
using testing::kFederation;
using testing::kOperator;
using testing::NowMs;
using testing::Operator;
using testing::Participant;
using testing::ValueOf;

class HeartbeatTest : public ::testing::Test {
 protected:
  static Heartbeat Message() {
    Heartbeat heartbeat;
    heartbeat.set_origin(testing::kOrigin);
    heartbeat.set_size(42);
    heartbeat.set_root(std::string(32, 'r'));
    heartbeat.set_time_ms(NowMs());
    heartbeat.set_next_update_ms(NowMs() + 60'000);
    return heartbeat;
  }
  record::v1::SignedBody Sign(const Heartbeat& heartbeat) const {
    return ValueOf(SignHeartbeat(heartbeat, kFederation, Participant(kOperator), *operator_.feed_key));
  }
  // Signs a body that SignHeartbeat would refuse.
  record::v1::SignedBody SignBody(const std::string& body) const {
    record::v1::SignedBody signed_body;
    signed_body.set_payload_type(kHeartbeatPayloadType);
    signed_body.set_body(body);
    EXPECT_THAT(
        record::AddSignature(testing::KeyIdOf(kOperator, *operator_.feed_key), *operator_.feed_key, signed_body),
        meguri::testing::IsOk());
    return signed_body;
  }

  const Operator operator_;
  const TrustBundle bundle_ = operator_.Bundle();
};

TEST_F(HeartbeatTest, OpensWhatTheOperatorSigned) {
  const Heartbeat opened = ValueOf(OpenHeartbeat(Sign(Message()), bundle_));
  EXPECT_EQ(opened.SerializeAsString(), Message().SerializeAsString());
}

TEST_F(HeartbeatTest, IsSignedWithThePinnedFeedKeyAlone) {
  const auto other = testing::NewKey();
  EXPECT_THAT(OpenHeartbeat(ValueOf(SignHeartbeat(Message(), kFederation, Participant(kOperator), *other)), bundle_),
              HasReason("SIGNATURE_MISSING"));
  EXPECT_THAT(
      OpenHeartbeat(ValueOf(SignHeartbeat(Message(), kFederation, Participant(kOperator), *operator_.record_key)),
                    bundle_),
      HasReason("SIGNATURE_MISSING"));
  EXPECT_THAT(
      OpenHeartbeat(ValueOf(SignHeartbeat(Message(), "other.example", Participant(kOperator), *operator_.feed_key)),
                    bundle_),
      HasReason("SIGNATURE_MISSING"));
}

TEST_F(HeartbeatTest, IsRefusedWithEveryChangedByte) {
  const record::v1::SignedBody signed_body = Sign(Message());
  for (size_t i = 0; i < signed_body.body().size(); ++i) {
    record::v1::SignedBody changed = signed_body;
    (*changed.mutable_body())[i] = static_cast<char>((*changed.mutable_body())[i] ^ 1);
    ASSERT_THAT(OpenHeartbeat(changed, bundle_), HasReason("BAD_SIGNATURE")) << i;
  }
  for (size_t i = 0; i < 64; ++i) {
    record::v1::SignedBody changed = signed_body;
    std::string& signature = *changed.mutable_signatures(0)->mutable_signature();
    signature[i] = static_cast<char>(signature[i] ^ 1);
    ASSERT_THAT(OpenHeartbeat(changed, bundle_), HasReason("BAD_SIGNATURE")) << i;
  }
  record::v1::SignedBody retyped = signed_body;
  retyped.set_payload_type(kTrustBundlePayloadType);
  EXPECT_THAT(OpenHeartbeat(retyped, bundle_), HasReason("PAYLOAD_TYPE"));
}

TEST_F(HeartbeatTest, IsRefusedUnlessWellFormed) {
  const std::vector<std::function<void(Heartbeat&)>> changes = {
      [](Heartbeat& h) { h.clear_root(); },
      [](Heartbeat& h) { h.set_root(std::string(33, 'r')); },
      [](Heartbeat& h) { h.clear_size(); },
      [](Heartbeat& h) { h.clear_time_ms(); },
      [](Heartbeat& h) { h.set_time_ms(UINT64_MAX); },
      [](Heartbeat& h) { h.clear_next_update_ms(); },
      [](Heartbeat& h) { h.set_next_update_ms(h.time_ms()); },
      [](Heartbeat& h) { h.set_next_update_ms(h.time_ms() + 86'400'001); },
      [](Heartbeat& h) { h.set_next_update_ms(UINT64_MAX); },
  };
  for (size_t i = 0; i < changes.size(); ++i) {
    Heartbeat heartbeat = Message();
    changes[i](heartbeat);
    EXPECT_THAT(OpenHeartbeat(SignBody(heartbeat.SerializeAsString()), bundle_), HasReason("HEARTBEAT_FORM")) << i;
    EXPECT_THAT(SignHeartbeat(heartbeat, kFederation, Participant(kOperator), *operator_.feed_key),
                HasReason("HEARTBEAT_FORM"))
        << i;
  }
  Heartbeat last = Message();
  last.set_next_update_ms(last.time_ms() + 86'400'000);
  MEGURI_EXPECT_OK(OpenHeartbeat(Sign(last), bundle_));
}

TEST_F(HeartbeatTest, OfAnEmptyRegistryHasTheEmptyRoot) {
  Heartbeat heartbeat = Message();
  heartbeat.clear_size();
  heartbeat.set_root(record::EmptyRoot().ToString());
  MEGURI_EXPECT_OK(OpenHeartbeat(Sign(heartbeat), bundle_));
}

TEST_F(HeartbeatTest, IsForTheRegistryFeedOnly) {
  Heartbeat heartbeat = Message();
  heartbeat.set_origin("meguri.example/meguri/0199/operator/1/public");
  EXPECT_THAT(OpenHeartbeat(Sign(heartbeat), bundle_), HasReason("HEARTBEAT_FORM"));
}

TEST_F(HeartbeatTest, IsRefusedWithUnknownFieldsAndBeyondItsSize) {
  const std::string body = Message().SerializeAsString();
  EXPECT_THAT(OpenHeartbeat(SignBody(body + "\x50\x01"), bundle_), HasReason("HEARTBEAT_FORM"));
  EXPECT_THAT(OpenHeartbeat(SignBody(std::string(kHeartbeatBytesMax + 1, 'x')), bundle_), HasReason("HEARTBEAT_FORM"));
  record::v1::SignedBody crowded = Sign(Message());
  while (crowded.signatures_size() <= kSignaturesMax) {
    *crowded.add_signatures() = crowded.signatures(0);
  }
  EXPECT_THAT(OpenHeartbeat(crowded, bundle_), HasReason("HEARTBEAT_FORM"));
}

TEST_F(HeartbeatTest, NeverFallsBelowWhatTheBundlePins) {
  registry::v1::TrustBundle message = operator_.BundleMessage();
  message.set_registry_size_min(42);
  message.set_registry_root_min(std::string(32, 'r'));
  const TrustBundle bundle =
      ValueOf(TrustBundle::Open(ValueOf(SignTrustBundle(message, operator_.Signers())), testing::Now()));
  MEGURI_EXPECT_OK(OpenHeartbeat(Sign(Message()), bundle));
  Heartbeat smaller = Message();
  smaller.set_size(41);
  EXPECT_THAT(OpenHeartbeat(Sign(smaller), bundle), HasReason("HEARTBEAT_FORM"));
  Heartbeat other_root = Message();
  other_root.set_root(std::string(32, 's'));
  EXPECT_THAT(OpenHeartbeat(Sign(other_root), bundle), HasReason("HEARTBEAT_FORM"));
  other_root.set_size(43);
  MEGURI_EXPECT_OK(OpenHeartbeat(Sign(other_root), bundle));
}

}  // namespace
}  // namespace meguri::certs
