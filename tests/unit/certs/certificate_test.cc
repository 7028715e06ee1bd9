// SPDX-License-Identifier: Apache-2.0
#include "certs/certificate.h"

#include <functional>

#include <openssl/x509v3.h>

#include "certs/files.h"
#include "certs/limits.h"
#include "certs/x509_handle.h"
#include "gtest/gtest.h"
#include "tests/testing/status.h"
#include "tests/unit/certs/federation.h"

namespace meguri::certs {
namespace {

using api::v1::CLIENT_ROLE_PUBLISH;
using api::v1::CLIENT_ROLE_UNSPECIFIED;
using meguri::testing::HasCode;
using meguri::testing::HasReason;
using meguri::testing::SeededRandom;
using record::KeyAlgorithm;
using testing::NewAuthority;
using testing::NewKey;
using testing::NodeUri;
using testing::Now;
using testing::TemporaryFolder;
using testing::ValueOf;

Identity NodeIdentity() { return ValueOf(Identity::Parse(NodeUri("0199:acme"))); }
Identity ClientIdentity() {
  return ValueOf(Identity::Parse("spiffe://meguri.example/member/0199/acme/client/importer"));
}

X509Ptr ToX509(const Certificate& certificate) {
  const std::string der = certificate.ToDer();
  const unsigned char* next = BytesOf(der);
  return X509Ptr(d2i_X509(nullptr, &next, static_cast<long>(der.size())));
}

// A PKCS #10 request of any content, as a stranger's software makes it.
std::string ForeignRequest(EVP_PKEY* key, const char* names, bool is_signed_by_another = false) {
  const RequestPtr request(X509_REQ_new());
  X509_REQ_set_pubkey(request.get(), key);
  if (names != nullptr) {
    const ExtensionsPtr extensions(sk_X509_EXTENSION_new_null());
    sk_X509_EXTENSION_push(extensions.get(), X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, names));
    sk_X509_EXTENSION_push(extensions.get(),
                           X509V3_EXT_conf_nid(nullptr, nullptr, NID_basic_constraints, "critical,CA:TRUE"));
    X509_REQ_add_extensions(request.get(), extensions.get());
  }
  const KeyPtr other(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256"));
  X509_REQ_sign(request.get(), is_signed_by_another ? other.get() : key, EVP_sha256());
  return EncodeDer(request.get(), i2d_X509_REQ);
}

class CertificateAuthorityTest : public ::testing::Test {
 protected:
  absl::StatusOr<Certificate> Issue(const Identity& identity, api::v1::ClientRole role) {
    return authority_.Issue(ValueOf(MakeCertificateRequest(*key_, identity.ToUri())), identity, role,
                            kNodeCertificateValidity, random_, Now());
  }

  SeededRandom random_;
  const CertificateAuthority authority_ = NewAuthority();
  const std::unique_ptr<SigningKey> key_ = NewKey(KeyAlgorithm::kEcdsaP256);
};

TEST_F(CertificateAuthorityTest, HasASelfSignedCertificateThatMayIssueLeavesOnly) {
  const Certificate& root = authority_.certificate();
  MEGURI_EXPECT_OK(root.CheckIsAuthority());
  MEGURI_EXPECT_OK(root.VerifyIssuedBy(root, Now()));
  const X509Ptr x509 = ToX509(root);
  EXPECT_EQ(X509_check_ca(x509.get()), 1);
  EXPECT_EQ(X509_get_pathlen(x509.get()), 0);
  EXPECT_EQ(X509_get_key_usage(x509.get()), uint32_t{KU_KEY_CERT_SIGN | KU_CRL_SIGN});
  EXPECT_NE(X509_get0_subject_key_id(x509.get()), nullptr);
  EXPECT_NE(X509_get0_authority_key_id(x509.get()), nullptr);
  EXPECT_GT(root.not_after() - root.not_before(), absl::Hours(24 * 3650));
}

TEST_F(CertificateAuthorityTest, IssuesNodeCertificates) {
  const Certificate leaf = ValueOf(Issue(NodeIdentity(), CLIENT_ROLE_UNSPECIFIED));
  MEGURI_EXPECT_OK(leaf.VerifyIssuedBy(authority_.certificate(), Now()));
  EXPECT_EQ(ValueOf(leaf.identity()), NodeIdentity());
  EXPECT_EQ(leaf.client_role(), CLIENT_ROLE_UNSPECIFIED);
  EXPECT_EQ(leaf.spki(), key_->public_key().spki());
  EXPECT_EQ(leaf.not_before(), Now() - absl::Minutes(5));
  EXPECT_EQ(leaf.not_after(), Now() + kNodeCertificateValidity);
  const X509Ptr x509 = ToX509(leaf);
  EXPECT_EQ(X509_check_ca(x509.get()), 0);
  EXPECT_EQ(X509_get_key_usage(x509.get()), uint32_t{KU_DIGITAL_SIGNATURE});
  EXPECT_EQ(X509_get_extended_key_usage(x509.get()), uint32_t{XKU_SSL_SERVER | XKU_SSL_CLIENT});
}

TEST_F(CertificateAuthorityTest, IssuesClientCertificatesWithTheirRole) {
  for (const api::v1::ClientRole role : {api::v1::CLIENT_ROLE_READ, api::v1::CLIENT_ROLE_PUBLISH,
                                         api::v1::CLIENT_ROLE_APPROVE, api::v1::CLIENT_ROLE_ADMIN}) {
    const Certificate leaf = ValueOf(Issue(ClientIdentity(), role));
    MEGURI_EXPECT_OK(leaf.VerifyIssuedBy(authority_.certificate(), Now()));
    EXPECT_EQ(leaf.client_role(), role);
    EXPECT_EQ(ValueOf(leaf.identity()), ClientIdentity());
    EXPECT_EQ(X509_get_extended_key_usage(ToX509(leaf).get()), uint32_t{XKU_SSL_CLIENT});
  }
}

TEST_F(CertificateAuthorityTest, IsAcceptedByOpenSslsOwnStrictChainCheck) {
  for (const Identity& identity : {NodeIdentity(), ClientIdentity()}) {
    const bool is_node = identity.certificate_class == Identity::Class::kNode;
    const Certificate leaf = ValueOf(Issue(identity, is_node ? CLIENT_ROLE_UNSPECIFIED : CLIENT_ROLE_PUBLISH));
    const X509Ptr root = ToX509(authority_.certificate());
    const X509Ptr x509 = ToX509(leaf);
    const std::unique_ptr<X509_STORE, Freer<X509_STORE_free>> store(X509_STORE_new());
    X509_STORE_add_cert(store.get(), root.get());
    const std::unique_ptr<X509_STORE_CTX, Freer<X509_STORE_CTX_free>> context(X509_STORE_CTX_new());
    ASSERT_EQ(X509_STORE_CTX_init(context.get(), store.get(), x509.get(), nullptr), 1);
    X509_VERIFY_PARAM* const rules = X509_STORE_CTX_get0_param(context.get());
    X509_VERIFY_PARAM_set_flags(rules, X509_V_FLAG_X509_STRICT);
    X509_VERIFY_PARAM_set_time(rules, absl::ToTimeT(Now()));
    X509_VERIFY_PARAM_set_purpose(rules, is_node ? X509_PURPOSE_SSL_SERVER : X509_PURPOSE_SSL_CLIENT);
    EXPECT_EQ(X509_verify_cert(context.get()), 1)
        << X509_verify_cert_error_string(X509_STORE_CTX_get_error(context.get()));
  }
}

TEST_F(CertificateAuthorityTest, GivesARoleToClientsAndToClientsOnly) {
  EXPECT_THAT(Issue(NodeIdentity(), CLIENT_ROLE_PUBLISH), HasReason("CERTIFICATE_REQUEST"));
  EXPECT_THAT(Issue(ClientIdentity(), CLIENT_ROLE_UNSPECIFIED), HasReason("CERTIFICATE_REQUEST"));
  EXPECT_THAT(Issue(ClientIdentity(), static_cast<api::v1::ClientRole>(77)), HasReason("CERTIFICATE_REQUEST"));
}

TEST_F(CertificateAuthorityTest, IssuesOnlyTheIdentityThatWasAskedFor) {
  const std::string request = ValueOf(MakeCertificateRequest(*key_, NodeUri("0199:mallory")));
  EXPECT_THAT(
      authority_.Issue(request, NodeIdentity(), CLIENT_ROLE_UNSPECIFIED, kNodeCertificateValidity, random_, Now()),
      HasReason("CERTIFICATE_REQUEST"));
  Identity forged = NodeIdentity();
  forged.name = "main,DNS:other.example";
  EXPECT_THAT(authority_.Issue(request, forged, CLIENT_ROLE_UNSPECIFIED, kNodeCertificateValidity, random_, Now()),
              HasReason("CERTIFICATE_REQUEST"));
}

TEST_F(CertificateAuthorityTest, TakesNothingButTheKeyFromARequest) {
  const KeyPtr key(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256"));
  const std::string uri = NodeIdentity().ToUri();
  const Certificate leaf = ValueOf(authority_.Issue(ForeignRequest(key.get(), ("URI:" + uri).c_str()), NodeIdentity(),
                                                    CLIENT_ROLE_UNSPECIFIED, kNodeCertificateValidity, random_, Now()));
  EXPECT_EQ(X509_check_ca(ToX509(leaf).get()), 0);
  MEGURI_EXPECT_OK(leaf.VerifyIssuedBy(authority_.certificate(), Now()));
}

TEST_F(CertificateAuthorityTest, RefusesBadRequests) {
  const std::string uri = "URI:" + NodeIdentity().ToUri();
  const KeyPtr key(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256"));
  const KeyPtr rsa(EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", size_t{2048}));
  const KeyPtr p384(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-384"));
  const std::string good = ForeignRequest(key.get(), uri.c_str());
  MEGURI_EXPECT_OK(CheckCertificateRequest(good, NodeIdentity().ToUri()));
  const std::vector<std::string> requests = {
      "",
      "request",
      good + "x",
      good.substr(0, good.size() - 1),
      ForeignRequest(key.get(), uri.c_str(), /*is_signed_by_another=*/true),
      ForeignRequest(key.get(), nullptr),
      ForeignRequest(key.get(), "DNS:meguri.example"),
      ForeignRequest(key.get(), (uri + ",DNS:meguri.example").c_str()),
      ForeignRequest(key.get(), (uri + "," + uri).c_str()),
      ForeignRequest(rsa.get(), uri.c_str()),
      ForeignRequest(p384.get(), uri.c_str()),
      std::string(kCertificateBytesMax + 1, '\x30'),
  };
  for (size_t i = 0; i < requests.size(); ++i) {
    EXPECT_THAT(CheckCertificateRequest(requests[i], NodeIdentity().ToUri()), HasReason("CERTIFICATE_REQUEST")) << i;
    EXPECT_THAT(authority_.Issue(requests[i], NodeIdentity(), CLIENT_ROLE_UNSPECIFIED, kNodeCertificateValidity,
                                 random_, Now()),
                HasReason("CERTIFICATE_REQUEST"))
        << i;
  }
}

TEST_F(CertificateAuthorityTest, AcceptsEd25519RequestsToo) {
  const auto key = NewKey(KeyAlgorithm::kEd25519);
  const std::string request = ValueOf(MakeCertificateRequest(*key, NodeIdentity().ToUri()));
  const Certificate leaf = ValueOf(
      authority_.Issue(request, NodeIdentity(), CLIENT_ROLE_UNSPECIFIED, kNodeCertificateValidity, random_, Now()));
  MEGURI_EXPECT_OK(leaf.VerifyIssuedBy(authority_.certificate(), Now()));
}

TEST_F(CertificateAuthorityTest, NeverIssuesBeyondItsOwnLife) {
  const std::string request = ValueOf(MakeCertificateRequest(*key_, NodeIdentity().ToUri()));
  const absl::Time end = authority_.certificate().not_after();
  const Certificate leaf = ValueOf(authority_.Issue(request, NodeIdentity(), CLIENT_ROLE_UNSPECIFIED,
                                                    kNodeCertificateValidity, random_, end - absl::Hours(1)));
  EXPECT_EQ(leaf.not_after(), end);
  EXPECT_THAT(authority_.Issue(request, NodeIdentity(), CLIENT_ROLE_UNSPECIFIED, kNodeCertificateValidity, random_,
                               end + absl::Seconds(1)),
              HasReason("CERTIFICATE_EXPIRED"));
  EXPECT_THAT(authority_.Issue(request, NodeIdentity(), CLIENT_ROLE_UNSPECIFIED, absl::ZeroDuration(), random_, Now()),
              HasReason("CERTIFICATE_EXPIRED"));
}

TEST_F(CertificateAuthorityTest, GivesEveryCertificateAnotherSerial) {
  const X509Ptr first = ToX509(ValueOf(Issue(NodeIdentity(), CLIENT_ROLE_UNSPECIFIED)));
  const X509Ptr second = ToX509(ValueOf(Issue(NodeIdentity(), CLIENT_ROLE_UNSPECIFIED)));
  EXPECT_NE(ASN1_INTEGER_cmp(X509_get0_serialNumber(first.get()), X509_get0_serialNumber(second.get())), 0);
  EXPECT_EQ(ASN1_STRING_length(X509_get0_serialNumber(first.get())), 17);
}

TEST_F(CertificateAuthorityTest, IsTheSameAfterSavingAndLoading) {
  const TemporaryFolder folder;
  MEGURI_ASSERT_OK(authority_.SaveTo(folder.Path("ca.key"), folder.Path("ca.pem")));
  const CertificateAuthority loaded = ValueOf(CertificateAuthority::Load(folder.Path("ca.key"), folder.Path("ca.pem")));
  EXPECT_EQ(loaded.certificate().ToDer(), authority_.certificate().ToDer());
  const std::string request = ValueOf(MakeCertificateRequest(*key_, NodeIdentity().ToUri()));
  const Certificate leaf =
      ValueOf(loaded.Issue(request, NodeIdentity(), CLIENT_ROLE_UNSPECIFIED, kNodeCertificateValidity, random_, Now()));
  MEGURI_EXPECT_OK(leaf.VerifyIssuedBy(authority_.certificate(), Now()));
}

TEST_F(CertificateAuthorityTest, LeavesNoKeyBehindWhenItsCertificateCannotBeSaved) {
  const TemporaryFolder folder;
  MEGURI_ASSERT_OK(WriteNewFile(folder.Path("ca.pem"), "taken", 0644));
  EXPECT_THAT(authority_.SaveTo(folder.Path("ca.key"), folder.Path("ca.pem")), HasReason("FILE_EXISTS"));
  EXPECT_THAT(ReadFile(folder.Path("ca.key"), 10'000), HasReason("FILE_NOT_FOUND"));
}

TEST_F(CertificateAuthorityTest, DoesNotLoadAnothersKeyOrALeaf) {
  const TemporaryFolder folder;
  MEGURI_ASSERT_OK(authority_.SaveTo(folder.Path("a.key"), folder.Path("a.pem")));
  MEGURI_ASSERT_OK(NewAuthority().SaveTo(folder.Path("b.key"), folder.Path("b.pem")));
  EXPECT_THAT(CertificateAuthority::Load(folder.Path("a.key"), folder.Path("b.pem")), HasReason("CERTIFICATE_KEY"));
  MEGURI_ASSERT_OK(key_->SaveTo(folder.Path("leaf.key")));
  const Certificate leaf = ValueOf(Issue(NodeIdentity(), CLIENT_ROLE_UNSPECIFIED));
  MEGURI_ASSERT_OK(WriteNewFile(folder.Path("leaf.pem"), leaf.ToPem(), 0644));
  EXPECT_THAT(CertificateAuthority::Load(folder.Path("leaf.key"), folder.Path("leaf.pem")),
              HasReason("CERTIFICATE_CHAIN"));
}

TEST_F(CertificateAuthorityTest, HasAReadableName) {
  MEGURI_EXPECT_OK(CertificateAuthority::Create(std::string(64, 'n'), random_, Now()));
  for (const std::string& name : {std::string(), std::string(65, 'n'), std::string("a\nb")}) {
    EXPECT_THAT(CertificateAuthority::Create(name, random_, Now()), HasReason("COMMON_NAME"));
  }
}

class CertificateTest : public CertificateAuthorityTest {
 protected:
  // A certificate of any content under `issuer`, or under itself.
  Certificate Forge(const std::function<void(X509*)>& change, EVP_PKEY* issuer_key = nullptr,
                    const Certificate* issuer = nullptr) {
    return ValueOf(Certificate::ParseDer(ForgeDer(change, issuer_key, issuer)));
  }

  std::string ForgeDer(const std::function<void(X509*)>& change, EVP_PKEY* issuer_key = nullptr,
                       const Certificate* issuer = nullptr) {
    const X509Ptr x509(X509_new());
    X509_set_version(x509.get(), X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(x509.get()), 7);
    X509_set_pubkey(x509.get(), forged_key_.get());
    ASN1_TIME_set(X509_getm_notBefore(x509.get()), absl::ToTimeT(Now() - absl::Hours(1)));
    ASN1_TIME_set(X509_getm_notAfter(x509.get()), absl::ToTimeT(Now() + absl::Hours(1)));
    X509_NAME_add_entry_by_txt(X509_get_subject_name(x509.get()), "CN", MBSTRING_ASC, BytesOf("forged"), -1, -1, 0);
    const X509Ptr issuer_x509 = issuer == nullptr ? nullptr : ToX509(*issuer);
    X509_set_issuer_name(x509.get(), X509_get_subject_name(issuer_x509 == nullptr ? x509.get() : issuer_x509.get()));
    change(x509.get());
    X509_sign(x509.get(), issuer_key == nullptr ? forged_key_.get() : issuer_key, EVP_sha256());
    return EncodeDer(x509.get(), i2d_X509);
  }

  static void Add(X509* x509, int nid, const char* value) {
    const ExtensionPtr extension(X509V3_EXT_conf_nid(nullptr, nullptr, nid, value));
    X509_add_ext(x509, extension.get(), -1);
  }

  const KeyPtr forged_key_{EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256")};
};

TEST_F(CertificateTest, ReadsBackFromDerAndPem) {
  const Certificate leaf = ValueOf(Issue(NodeIdentity(), CLIENT_ROLE_UNSPECIFIED));
  EXPECT_EQ(ValueOf(Certificate::ParseDer(leaf.ToDer())).ToPem(), leaf.ToPem());
  EXPECT_EQ(ValueOf(Certificate::ParsePem(leaf.ToPem())).ToDer(), leaf.ToDer());
  const std::string chain = "a comment\n" + leaf.ToPem() + authority_.certificate().ToPem();
  EXPECT_EQ(ValueOf(Certificate::ParsePem(chain)).ToDer(), leaf.ToDer());
}

TEST_F(CertificateTest, RefusesWhatIsNoCertificate) {
  const std::string der = authority_.certificate().ToDer();
  for (const std::string& bytes :
       {std::string(), std::string("x"), der + "x", der.substr(1), std::string(kCertificateBytesMax + 1, '\x30')}) {
    EXPECT_THAT(Certificate::ParseDer(bytes), HasReason("CERTIFICATE_FORM"));
  }
  EXPECT_THAT(Certificate::ParsePem(""), HasReason("PEM"));
  EXPECT_THAT(Certificate::ParsePem(std::string(kPemBytesMax + 1, '-')), HasReason("PEM"));
}

TEST_F(CertificateTest, RefusesOrDistrustsEveryChangedByte) {
  const std::string der = ValueOf(Issue(NodeIdentity(), CLIENT_ROLE_UNSPECIFIED)).ToDer();
  for (size_t i = 0; i < der.size(); ++i) {
    std::string changed = der;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    const absl::StatusOr<Certificate> certificate = Certificate::ParseDer(changed);
    ASSERT_FALSE(certificate.ok() && certificate->VerifyIssuedBy(authority_.certificate(), Now()).ok()) << i;
  }
}

TEST_F(CertificateTest, IsNotTrustedUnderAnotherAuthority) {
  const Certificate leaf = ValueOf(Issue(NodeIdentity(), CLIENT_ROLE_UNSPECIFIED));
  // Same name, other key.
  EXPECT_THAT(leaf.VerifyIssuedBy(NewAuthority().certificate(), Now()), HasReason("CERTIFICATE_CHAIN"));
  EXPECT_THAT(leaf.VerifyIssuedBy(leaf, Now()), HasReason("CERTIFICATE_CHAIN"));
  EXPECT_THAT(leaf.VerifyIssuedBy(leaf, Now()), HasCode(absl::StatusCode::kUnauthenticated));
}

TEST_F(CertificateTest, IsValidBetweenItsTimesAndItsIssuers) {
  const Certificate leaf = ValueOf(Issue(NodeIdentity(), CLIENT_ROLE_UNSPECIFIED));
  const Certificate& root = authority_.certificate();
  MEGURI_EXPECT_OK(leaf.VerifyIssuedBy(root, leaf.not_before()));
  MEGURI_EXPECT_OK(leaf.VerifyIssuedBy(root, leaf.not_after()));
  EXPECT_THAT(leaf.VerifyIssuedBy(root, leaf.not_before() - absl::Seconds(1)), HasReason("CERTIFICATE_EXPIRED"));
  EXPECT_THAT(leaf.VerifyIssuedBy(root, leaf.not_after() + absl::Seconds(1)), HasReason("CERTIFICATE_EXPIRED"));
  EXPECT_THAT(root.VerifyIssuedBy(root, root.not_after() + absl::Seconds(1)), HasReason("CERTIFICATE_EXPIRED"));
}

TEST_F(CertificateTest, OfAnIssuerMustBeThatOfACa) {
  const auto leaf_of = [&](const Certificate& issuer) {
    return Forge(
        [](X509* x509) {
          Add(x509, NID_key_usage, "critical,digitalSignature");
          Add(x509, NID_ext_key_usage, "clientAuth");
        },
        forged_key_.get(), &issuer);
  };
  const Certificate good = Forge([](X509* x509) {
    Add(x509, NID_basic_constraints, "critical,CA:TRUE");
    Add(x509, NID_key_usage, "critical,keyCertSign");
  });
  MEGURI_EXPECT_OK(leaf_of(good).VerifyIssuedBy(good, Now()));
  const std::vector<Certificate> bad = {
      Forge([](X509* x509) { Add(x509, NID_key_usage, "critical,keyCertSign"); }),
      Forge([](X509* x509) {
        Add(x509, NID_basic_constraints, "critical,CA:FALSE");
        Add(x509, NID_key_usage, "critical,keyCertSign");
      }),
      Forge([](X509* x509) { Add(x509, NID_basic_constraints, "critical,CA:TRUE"); }),
      Forge([](X509* x509) {
        Add(x509, NID_basic_constraints, "critical,CA:TRUE");
        Add(x509, NID_key_usage, "critical,digitalSignature");
      }),
  };
  for (size_t i = 0; i < bad.size(); ++i) {
    EXPECT_THAT(leaf_of(bad[i]).VerifyIssuedBy(bad[i], Now()), HasReason("CERTIFICATE_CHAIN")) << i;
  }
}

TEST_F(CertificateTest, OfAnIssuerWithPathLengthZeroIssuesNoFurtherCa) {
  const auto ca = [](const char* constraints) {
    return [constraints](X509* x509) {
      Add(x509, NID_basic_constraints, constraints);
      Add(x509, NID_key_usage, "critical,keyCertSign");
    };
  };
  const Certificate narrow = Forge(ca("critical,CA:TRUE,pathlen:0"));
  const Certificate wide = Forge(ca("critical,CA:TRUE"));
  EXPECT_THAT(Forge(ca("critical,CA:TRUE"), forged_key_.get(), &narrow).VerifyIssuedBy(narrow, Now()),
              HasReason("CERTIFICATE_CHAIN"));
  MEGURI_EXPECT_OK(Forge(ca("critical,CA:TRUE"), forged_key_.get(), &wide).VerifyIssuedBy(wide, Now()));
}

TEST_F(CertificateTest, OfALeafMustHaveALeafsUses) {
  const Certificate root = Forge([](X509* x509) {
    Add(x509, NID_basic_constraints, "critical,CA:TRUE");
    Add(x509, NID_key_usage, "critical,keyCertSign");
  });
  struct Uses {
    const char* key_usage;
    const char* extended;
  };
  for (const Uses& uses : {Uses{nullptr, "clientAuth"}, Uses{"critical,digitalSignature,keyCertSign", "clientAuth"},
                           Uses{"critical,keyEncipherment", "clientAuth"}, Uses{"critical,digitalSignature", nullptr},
                           Uses{"critical,digitalSignature", "codeSigning"}}) {
    const Certificate leaf = Forge(
        [&](X509* x509) {
          if (uses.key_usage != nullptr) {
            Add(x509, NID_key_usage, uses.key_usage);
          }
          if (uses.extended != nullptr) {
            Add(x509, NID_ext_key_usage, uses.extended);
          }
        },
        forged_key_.get(), &root);
    EXPECT_THAT(leaf.VerifyIssuedBy(root, Now()), HasReason("CERTIFICATE_CHAIN"));
  }
}

TEST_F(CertificateTest, HasExactlyOneUriAsItsName) {
  const std::string uri = "URI:" + NodeIdentity().ToUri();
  const auto named = [&](const std::string& names) {
    return Forge([&](X509* x509) { Add(x509, NID_subject_alt_name, names.c_str()); }).identity();
  };
  EXPECT_EQ(ValueOf(named(uri)), NodeIdentity());
  for (const std::string& names :
       {std::string("DNS:meguri.example"), uri + ",DNS:meguri.example", uri + "," + uri, uri + ",IP:192.0.2.1",
        std::string("URI:https://meguri.example/"), std::string("email:a@meguri.example")}) {
    EXPECT_THAT(named(names), HasReason("CERTIFICATE_IDENTITY")) << names;
  }
  EXPECT_THAT(authority_.certificate().identity(), HasReason("CERTIFICATE_IDENTITY"));
  EXPECT_THAT(Certificate::ParseDer(ForgeDer([&](X509* x509) {
                Add(x509, NID_subject_alt_name, uri.c_str());
                Add(x509, NID_subject_alt_name, uri.c_str());
              })),
              HasReason("CERTIFICATE_FORM"));
}

TEST_F(CertificateTest, HasNoRoleUnlessItIsOneWellFormedInteger) {
  const auto with_roles = [&](const std::vector<std::string>& values) {
    return Forge([&](X509* x509) {
             for (const std::string& value : values) {
               const Asn1ObjectPtr oid(OBJ_txt2obj("2.25.90079193073659722774981224856383244586", 1));
               const Asn1OctetsPtr octets(ASN1_OCTET_STRING_new());
               ASN1_OCTET_STRING_set(octets.get(), BytesOf(value), static_cast<int>(value.size()));
               const ExtensionPtr extension(X509_EXTENSION_create_by_OBJ(nullptr, oid.get(), 0, octets.get()));
               X509_add_ext(x509, extension.get(), -1);
             }
           })
        .client_role();
  };
  const std::string read("\x02\x01\x01", 3);
  EXPECT_EQ(with_roles({read}), api::v1::CLIENT_ROLE_READ);
  EXPECT_EQ(with_roles({std::string("\x02\x01\x04", 3)}), api::v1::CLIENT_ROLE_ADMIN);
  for (const std::vector<std::string>& roles :
       std::vector<std::vector<std::string>>{{},
                                             {read, read},
                                             {""},
                                             {"x"},
                                             {std::string("\x02\x01\x05", 3)},
                                             {std::string("\x02\x01\x84", 3)},
                                             {std::string("\x02\x01\x01\x00", 4)},
                                             {std::string("\x02\x09\x01\x00\x00\x00\x00\x00\x00\x00\x01", 11)}}) {
    EXPECT_EQ(with_roles(roles), CLIENT_ROLE_UNSPECIFIED);
  }
}

TEST_F(CertificateTest, IsDistrustedWithACriticalExtensionThatNobodyKnows) {
  const Certificate root = Forge([](X509* x509) {
    Add(x509, NID_basic_constraints, "critical,CA:TRUE");
    Add(x509, NID_key_usage, "critical,keyCertSign");
  });
  const Certificate leaf = Forge(
      [](X509* x509) {
        Add(x509, NID_key_usage, "critical,digitalSignature");
        Add(x509, NID_ext_key_usage, "clientAuth");
        const Asn1ObjectPtr oid(OBJ_txt2obj("1.2.3.4.5", 1));
        const Asn1OctetsPtr octets(ASN1_OCTET_STRING_new());
        const ExtensionPtr extension(X509_EXTENSION_create_by_OBJ(nullptr, oid.get(), 1, octets.get()));
        X509_add_ext(x509, extension.get(), -1);
      },
      forged_key_.get(), &root);
  EXPECT_THAT(leaf.VerifyIssuedBy(root, Now()), HasReason("CERTIFICATE_CHAIN"));
}

}  // namespace
}  // namespace meguri::certs
