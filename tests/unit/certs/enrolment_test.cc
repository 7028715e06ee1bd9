// SPDX-License-Identifier: Apache-2.0
#include "certs/enrolment.h"

#include <string>
#include <vector>

#include "certs/limits.h"
#include "certs/registry.h"
#include "google/protobuf/stubs/logging.h"
#include "gtest/gtest.h"
#include "record/dsse.h"
#include "tests/testing/status.h"
#include "tests/unit/certs/federation.h"

namespace meguri::certs {
namespace {

using meguri::testing::HasReason;
using registry::v1::EnrolmentRequest;
using testing::kFederation;
using testing::Member;
using testing::NewKey;
using testing::NodeUri;
using testing::ValueOf;

class EnrolmentTest : public ::testing::Test {
 protected:
  EnrolmentRequest Request() const {
    EnrolmentRequest request;
    *request.mutable_entry() = member_.Entry();
    request.set_certificate_request(ValueOf(MakeCertificateRequest(*tls_key_, NodeUri(member_.id))));
    return request;
  }
  std::vector<const record::Signer*> Signers() const { return {member_.record_key.get(), member_.feed_key.get()}; }

  // Signs a body that SignEnrolmentRequest would refuse.
  std::string SignBody(const std::string& body, const std::vector<const record::Signer*>& signers) const {
    record::v1::SignedBody signed_body;
    signed_body.set_payload_type(kEnrolmentPayloadType);
    signed_body.set_body(body);
    for (const record::Signer* signer : signers) {
      const record::Hash key_id =
          record::KeyId(kFederation, testing::Participant(member_.id), signer->public_key().spki());
      EXPECT_THAT(record::AddSignature(key_id, *signer, signed_body), meguri::testing::IsOk());
    }
    return signed_body.SerializeAsString();
  }

  const Member member_{.id = "0199:newcomer"};
  const std::unique_ptr<SigningKey> tls_key_ = NewKey(record::KeyAlgorithm::kEcdsaP256);
};

TEST_F(EnrolmentTest, OpensWhatTheMemberSigned) {
  const std::string bytes = ValueOf(SignEnrolmentRequest(Request(), kFederation, Signers()));
  const EnrolmentRequest opened = ValueOf(OpenEnrolmentRequest(bytes, kFederation));
  EXPECT_EQ(opened.entry().participant_id(), member_.id);
  MEGURI_EXPECT_OK(CheckCertificateRequest(opened.certificate_request(), NodeUri(member_.id)));
}

TEST_F(EnrolmentTest, NeedsTheSignatureOfEveryKeyItNames) {
  const std::string body = Request().SerializeAsString();
  MEGURI_EXPECT_OK(OpenEnrolmentRequest(SignBody(body, Signers()), kFederation));
  for (const std::vector<const record::Signer*>& signers :
       {std::vector<const record::Signer*>{}, {member_.record_key.get()}, {member_.feed_key.get()}}) {
    EXPECT_THAT(OpenEnrolmentRequest(SignBody(body, signers), kFederation), HasReason("ENROLMENT_SIGNATURE"));
    EXPECT_THAT(SignEnrolmentRequest(Request(), kFederation, signers), HasReason("ENROLMENT_SIGNATURE"));
  }
}

TEST_F(EnrolmentTest, CallsWhatWasDamagedOnItsWayDamaged) {
  std::string bytes = ValueOf(SignEnrolmentRequest(Request(), kFederation, Signers()));
  bytes[bytes.find("spiffe://")] ^= 1;
  EXPECT_THAT(OpenEnrolmentRequest(bytes, kFederation), HasReason("ENROLMENT_SIGNATURE"));
}

TEST_F(EnrolmentTest, DoesNotRegisterAnothersKey) {
  const auto others_key = NewKey();
  EnrolmentRequest request = Request();
  *request.mutable_entry()->add_keys() = testing::KeyMessage(*others_key, registry::v1::KEY_PURPOSE_RECORD);
  EXPECT_THAT(SignEnrolmentRequest(request, kFederation, Signers()), HasReason("ENROLMENT_SIGNATURE"));
}

TEST_F(EnrolmentTest, IsRefusedWithEveryChangedByte) {
  const google::protobuf::LogSilencer no_complaints_about_text;
  const std::string bytes = ValueOf(SignEnrolmentRequest(Request(), kFederation, Signers()));
  for (size_t i = 0; i < bytes.size(); ++i) {
    std::string changed = bytes;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    ASSERT_FALSE(OpenEnrolmentRequest(changed, kFederation).ok()) << i;
    ASSERT_FALSE(OpenEnrolmentRequest(bytes.substr(0, i), kFederation).ok()) << i;
  }
}

TEST_F(EnrolmentTest, IsForOneFederation) {
  const std::string bytes = ValueOf(SignEnrolmentRequest(Request(), kFederation, Signers()));
  EXPECT_FALSE(OpenEnrolmentRequest(bytes, "other.example").ok());
}

TEST_F(EnrolmentTest, NeedsBothKindsOfKeys) {
  EnrolmentRequest request = Request();
  request.mutable_entry()->mutable_keys()->RemoveLast();
  EXPECT_THAT(SignEnrolmentRequest(request, kFederation, {member_.record_key.get()}), HasReason("ENROLMENT_FORM"));
}

TEST_F(EnrolmentTest, ChecksTheEntry) {
  EnrolmentRequest request = Request();
  request.mutable_entry()->clear_kind();
  EXPECT_THAT(SignEnrolmentRequest(request, kFederation, Signers()), HasReason("MEMBER_KIND"));
  request = Request();
  request.mutable_entry()->set_status(registry::v1::MEMBER_STATUS_LEFT);
  EXPECT_THAT(SignEnrolmentRequest(request, kFederation, Signers()), HasReason("ENROLMENT_FORM"));
}

TEST_F(EnrolmentTest, AsksForTheCertificateOfItsOwnNode) {
  EnrolmentRequest request = Request();
  request.clear_certificate_request();
  EXPECT_THAT(SignEnrolmentRequest(request, kFederation, Signers()), HasReason("CERTIFICATE_REQUEST"));
  request.set_certificate_request(ValueOf(MakeCertificateRequest(*tls_key_, NodeUri("0199:other"))));
  EXPECT_THAT(SignEnrolmentRequest(request, kFederation, Signers()), HasReason("CERTIFICATE_REQUEST"));
}

TEST_F(EnrolmentTest, OfAGuestAsksForNoCertificate) {
  EnrolmentRequest request = Request();
  request.mutable_entry()->mutable_hosting()->set_node_identity(NodeUri("0199:host"));
  EXPECT_THAT(SignEnrolmentRequest(request, kFederation, Signers()), HasReason("ENROLMENT_FORM"));
  request.clear_certificate_request();
  MEGURI_EXPECT_OK(SignEnrolmentRequest(request, kFederation, Signers()));
}

TEST_F(EnrolmentTest, OfAGuestIsSignedInTwoPlaces) {
  EnrolmentRequest request = Request();
  request.mutable_entry()->mutable_hosting()->set_node_identity(NodeUri("0199:host"));
  request.clear_certificate_request();
  const std::string begun = ValueOf(BeginEnrolmentRequest(request, kFederation, *member_.feed_key));
  EXPECT_THAT(OpenEnrolmentRequest(begun, kFederation), HasReason("ENROLMENT_SIGNATURE"));
  EXPECT_EQ(ValueOf(ReadEnrolmentDraft(begun)).entry().participant_id(), member_.id);
  const std::string whole = ValueOf(AddEnrolmentSignature(begun, *member_.record_key));
  EXPECT_EQ(ValueOf(OpenEnrolmentRequest(whole, kFederation)).SerializeAsString(), request.SerializeAsString());
}

TEST_F(EnrolmentTest, IsCompletedByNoOtherKey) {
  EnrolmentRequest request = Request();
  const std::string begun = ValueOf(BeginEnrolmentRequest(request, kFederation, *member_.feed_key));
  EXPECT_THAT(AddEnrolmentSignature(begun, *NewKey()), HasReason("KEY_NOT_NAMED"));
  // Whoever changes what the host has signed has no use for the member's signature.
  record::v1::SignedBody changed;
  ASSERT_TRUE(changed.ParseFromString(begun));
  request.mutable_entry()->mutable_name()->set_en("Other Ltd.");
  changed.set_body(request.SerializeAsString());
  EXPECT_THAT(AddEnrolmentSignature(changed.SerializeAsString(), *member_.record_key),
              HasReason("ENROLMENT_SIGNATURE"));
}

TEST_F(EnrolmentTest, IsNotBegunInAWrongForm) {
  EnrolmentRequest request = Request();
  request.clear_certificate_request();
  EXPECT_THAT(BeginEnrolmentRequest(request, kFederation, *member_.feed_key), HasReason("CERTIFICATE_REQUEST"));
  request = Request();
  request.mutable_entry()->clear_kind();
  EXPECT_THAT(BeginEnrolmentRequest(request, kFederation, *member_.feed_key), HasReason("MEMBER_KIND"));
}

TEST_F(EnrolmentTest, IsBoundedAndStrict) {
  EXPECT_THAT(OpenEnrolmentRequest(std::string(kEnrolmentBytesMax + 1, '\0'), kFederation),
              HasReason("ENROLMENT_FORM"));
  EXPECT_THAT(OpenEnrolmentRequest(SignBody(Request().SerializeAsString() + "\x50\x01", Signers()), kFederation),
              HasReason("ENROLMENT_FORM"));
  record::v1::SignedBody retyped;
  ASSERT_TRUE(retyped.ParseFromString(ValueOf(SignEnrolmentRequest(Request(), kFederation, Signers()))));
  retyped.set_payload_type(kHeartbeatPayloadType);
  EXPECT_THAT(OpenEnrolmentRequest(retyped.SerializeAsString(), kFederation), HasReason("ENROLMENT_FORM"));
}

}  // namespace
}  // namespace meguri::certs
