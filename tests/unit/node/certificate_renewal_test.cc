// SPDX-License-Identifier: Apache-2.0
#include "node/app/certificate_renewal.h"

#include <filesystem>
#include <memory>
#include <string>

#include "certs/files.h"
#include "certs/signing_key.h"
#include "gtest/gtest.h"
#include "tests/testing/fakes.h"
#include "tests/testing/status.h"
#include "tests/unit/certs/federation.h"

namespace meguri::node {
namespace {

using certs::Certificate;
using certs::testing::kFederation;
using certs::testing::NodeUri;
using certs::testing::ValueOf;

// A node's folder with a key and a certificate, and an operator that issues what is asked for.
class CertificateRenewalTest : public ::testing::Test {
 protected:
  CertificateRenewalTest() {
    std::filesystem::create_directories(folder_.keys());
    std::filesystem::create_directories(folder_.certs());
    key_ = certs::testing::NewKey(record::KeyAlgorithm::kEcdsaP256);
    MEGURI_EXPECT_OK(key_->SaveTo(folder_.node_key()));
    const Certificate first = Issue(ValueOf(certs::MakeCertificateRequest(*key_, NodeUri(kMember))));
    MEGURI_EXPECT_OK(certs::WriteFileAtomically(folder_.node_certificate(), first.ToPem(), 0644));
    renewal_ = std::make_unique<CertificateRenewal>(
        folder_, NodeUri(kMember), bundle_, first,
        [this](const std::string& request) -> absl::StatusOr<Certificate> {
          ++asked_;
          return is_reachable_ ? absl::StatusOr<Certificate>(Issue(request)) : absl::UnavailableError("no operator");
        },
        clock_, log_);
  }

  Certificate Issue(const std::string& request) {
    return ValueOf(operator_.authority.Issue(request, ValueOf(certs::Identity::Parse(NodeUri(kMember))),
                                             api::v1::CLIENT_ROLE_UNSPECIFIED, certs::kNodeCertificateValidity, random_,
                                             clock_.Now()));
  }
  Certificate InFolder() const {
    return ValueOf(Certificate::ParsePem(ValueOf(certs::ReadFile(folder_.node_certificate(), 1 << 20))));
  }
  std::string KeyInFolder() const { return ValueOf(certs::SigningKey::Load(folder_.node_key()))->public_key().spki(); }
  std::unique_ptr<certs::SigningKey> PutNextKey() const {
    std::unique_ptr<certs::SigningKey> next = certs::testing::NewKey(record::KeyAlgorithm::kEcdsaP256);
    MEGURI_EXPECT_OK(next->SaveTo(folder_.next_node_key()));
    return next;
  }

  static constexpr char kMember[] = "0199:member";
  const certs::testing::TemporaryFolder temporary_;
  const Folder folder_{temporary_.Path("node")};
  testing::FakeClock clock_{certs::testing::Now()};
  testing::SeededRandom random_;
  Log log_{-1, LogLevel::kError, clock_};
  const certs::testing::Operator operator_;
  const certs::TrustBundle bundle_ = operator_.Bundle();
  std::unique_ptr<certs::SigningKey> key_;
  std::unique_ptr<CertificateRenewal> renewal_;
  bool is_reachable_ = true;
  int asked_ = 0;
};

TEST_F(CertificateRenewalTest, AsksAfterTwoThirdsOfTheLifeAndKeepsTheKey) {
  const absl::Time expires = renewal_->expires();
  renewal_->RenewIfDue();
  EXPECT_EQ(asked_, 0);
  clock_.Advance(certs::kNodeCertificateValidity * 2 / 3);
  renewal_->RenewIfDue();
  EXPECT_EQ(asked_, 1);
  EXPECT_GT(renewal_->expires(), expires);
  EXPECT_EQ(InFolder().not_after(), renewal_->expires());
  EXPECT_EQ(KeyInFolder(), key_->public_key().spki());
  renewal_->RenewIfDue();
  EXPECT_EQ(asked_, 1);
}

TEST_F(CertificateRenewalTest, TakesANewKeyUpAtOnceTogetherWithItsCertificate) {
  const std::unique_ptr<certs::SigningKey> next = PutNextKey();
  is_reachable_ = false;
  renewal_->RenewIfDue();
  EXPECT_EQ(KeyInFolder(), key_->public_key().spki());
  EXPECT_EQ(InFolder().spki(), key_->public_key().spki());
  is_reachable_ = true;
  renewal_->RenewIfDue();
  EXPECT_EQ(KeyInFolder(), next->public_key().spki());
  EXPECT_EQ(InFolder().spki(), next->public_key().spki());
  EXPECT_FALSE(std::filesystem::exists(folder_.next_node_key()));
  EXPECT_FALSE(std::filesystem::exists(folder_.next_node_certificate()));
}

TEST_F(CertificateRenewalTest, EndsWhatACrashLeftHalfDone) {
  const std::unique_ptr<certs::SigningKey> next = PutNextKey();
  const Certificate certificate = Issue(ValueOf(certs::MakeCertificateRequest(*next, NodeUri(kMember))));
  const auto check = [&] {
    MEGURI_EXPECT_OK(TakeUpNextCertificate(folder_));
    EXPECT_EQ(KeyInFolder(), next->public_key().spki());
    EXPECT_EQ(InFolder().spki(), next->public_key().spki());
  };
  // Before the first of the two files moved.
  MEGURI_EXPECT_OK(certs::WriteFileAtomically(folder_.next_node_certificate(), certificate.ToPem(), 0644));
  check();
  // Between the two: the key is in place, the certificate still waits, the one in place is that of the former key.
  MEGURI_EXPECT_OK(certs::WriteFileAtomically(folder_.next_node_certificate(), certificate.ToPem(), 0644));
  const Certificate former = Issue(ValueOf(certs::MakeCertificateRequest(*key_, NodeUri(kMember))));
  MEGURI_EXPECT_OK(certs::WriteFileAtomically(folder_.node_certificate(), former.ToPem(), 0644));
  check();
  MEGURI_EXPECT_OK(TakeUpNextCertificate(folder_));
}

}  // namespace
}  // namespace meguri::node
