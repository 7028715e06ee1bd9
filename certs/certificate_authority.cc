// SPDX-License-Identifier: Apache-2.0
#include <array>

#include <unistd.h>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "certs/certificate.h"
#include "certs/certificate_parts.h"
#include "certs/files.h"
#include "certs/grammar.h"
#include "certs/limits.h"
#include "certs/signing_key_parts.h"
#include "record/openssl_handle.h"

namespace meguri::certs {
namespace {

constexpr absl::Duration kAuthorityValidity = absl::Hours(24 * 3652);  // ten years
constexpr absl::Duration kClockTolerance = absl::Minutes(5);
constexpr size_t kCommonNameBytesMax = 64;  // RFC 5280, ub-common-name
constexpr size_t kSerialRandomBytes = 16;

absl::Status RefuseRequest(absl::string_view why) {
  return Error(absl::StatusCode::kInvalidArgument, "CERTIFICATE_REQUEST",
               absl::StrCat("the certificate request is refused: ", why));
}

void MustHold(int openssl_result, absl::string_view what) { Invariant(openssl_result > 0, what); }

const EVP_MD* DigestFor(const record::PublicKey& key) {
  return key.algorithm() == record::KeyAlgorithm::kEcdsaP256 ? EVP_sha256() : nullptr;
}

absl::StatusOr<RequestPtr> ParseRequest(absl::string_view der) {
  if (der.size() > kCertificateBytesMax) {
    return RefuseRequest(absl::StrCat("it is larger than ", kCertificateBytesMax, " bytes"));
  }
  const unsigned char* next = BytesOf(der);
  RequestPtr request(d2i_X509_REQ(nullptr, &next, static_cast<long>(der.size())));
  if (request == nullptr || next != BytesOf(der) + der.size()) {
    return RefuseRequest("its bytes are not the DER of a PKCS #10 request");
  }
  return request;
}

absl::StatusOr<std::string> RequestedUri(X509_REQ* request) {
  const ExtensionsPtr extensions(X509_REQ_get_extensions(request));
  int occurrences = -1;
  const GeneralNamesPtr names(static_cast<GENERAL_NAMES*>(
      extensions == nullptr ? nullptr : X509V3_get_d2i(extensions.get(), NID_subject_alt_name, &occurrences, nullptr)));
  return OnlyUri(names.get(), occurrences);
}

absl::Status CheckRequest(X509_REQ* request, absl::string_view identity) {
  const absl::StatusOr<record::PublicKey> key =
      record::PublicKey::ParseSpki(EncodeDer(X509_REQ_get_X509_PUBKEY(request), i2d_X509_PUBKEY));
  if (!key.ok()) {
    return RefuseRequest(key.status().message());
  }
  const int algorithm = X509_REQ_get_signature_nid(request);
  if ((algorithm != NID_ecdsa_with_SHA256 && algorithm != NID_ED25519) ||
      X509_REQ_verify(request, X509_REQ_get0_pubkey(request)) != 1) {
    return RefuseRequest("its own signature does not hold");
  }
  const absl::StatusOr<std::string> uri = RequestedUri(request);
  if (!uri.ok()) {
    return RefuseRequest(uri.status().message());
  }
  if (*uri != identity) {
    return RefuseRequest(absl::StrCat("it asks for ", Quoted(*uri), ", expected ", Quoted(identity)));
  }
  return absl::OkStatus();
}

// An identity can be put together by hand: only one that reads back equal is one.
absl::Status CheckIdentity(const Identity& identity, api::v1::ClientRole role) {
  const absl::StatusOr<Identity> parsed = Identity::Parse(identity.ToUri());
  if (!parsed.ok()) {
    return RefuseRequest(parsed.status().message());
  }
  const bool is_client = identity.certificate_class == Identity::Class::kClient;
  if (is_client != (role != api::v1::CLIENT_ROLE_UNSPECIFIED) || !api::v1::ClientRole_IsValid(role)) {
    return RefuseRequest("a client certificate has a role and a node certificate has none");
  }
  return absl::OkStatus();
}

void AddExtension(X509* x509, X509* issuer, int nid, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, x509, nullptr, nullptr, 0);
  const ExtensionPtr extension(X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str()));
  Invariant(extension != nullptr, "an extension with a constant value can be made");
  MustHold(X509_add_ext(x509, extension.get(), -1), "an extension can be added");
}

void AddClientRole(X509* x509, api::v1::ClientRole role) {
  const Asn1IntegerPtr integer(ASN1_INTEGER_new());
  MustHold(ASN1_INTEGER_set_int64(integer.get(), role), "an integer can be set");
  const std::string der = EncodeDer(integer.get(), i2d_ASN1_INTEGER);
  const Asn1OctetsPtr octets(ASN1_OCTET_STRING_new());
  MustHold(ASN1_OCTET_STRING_set(octets.get(), BytesOf(der), static_cast<int>(der.size())), "octets can be set");
  const Asn1ObjectPtr oid(OBJ_txt2obj(kClientRoleOid, 1));
  const ExtensionPtr extension(X509_EXTENSION_create_by_OBJ(nullptr, oid.get(), 0, octets.get()));
  MustHold(X509_add_ext(x509, extension.get(), -1), "an extension can be added");
}

void SetTime(ASN1_TIME* field, absl::Time time) {
  Invariant(ASN1_TIME_set(field, absl::ToTimeT(time)) != nullptr, "a time of our own fits X.509");
}

void SetSubject(X509* x509, absl::string_view common_name) {
  MustHold(X509_NAME_add_entry_by_NID(X509_get_subject_name(x509), NID_commonName, MBSTRING_UTF8, BytesOf(common_name),
                                      static_cast<int>(common_name.size()), -1, 0),
           "a common name that was checked fits");
}

// A 1 before the random bytes makes the serial positive and all serials equally long.
void SetSerial(X509* x509, Random& random) {
  std::array<uint8_t, 1 + kSerialRandomBytes> serial = {1};
  random.Fill(absl::MakeSpan(serial).subspan(1));
  const BignumPtr number(BN_bin2bn(serial.data(), static_cast<int>(serial.size()), nullptr));
  Invariant(number != nullptr && BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(x509)) != nullptr,
            "OpenSSL has memory for a serial number");
}

X509Ptr NewCertificate(EVP_PKEY* subject_key, absl::string_view common_name, absl::Time not_before,
                       absl::Time not_after, Random& random) {
  X509Ptr x509(X509_new());
  Invariant(x509 != nullptr, "OpenSSL has memory for a certificate");
  MustHold(X509_set_version(x509.get(), X509_VERSION_3), "version 3 exists");
  MustHold(X509_set_pubkey(x509.get(), subject_key), "a key that was checked can be set");
  SetSerial(x509.get(), random);
  SetSubject(x509.get(), common_name);
  SetTime(X509_getm_notBefore(x509.get()), not_before);
  SetTime(X509_getm_notAfter(x509.get()), not_after);
  return x509;
}

void SetIssuer(X509* x509, X509* issuer) {
  MustHold(X509_set_issuer_name(x509, X509_get_subject_name(issuer)), "a name can be copied");
  AddExtension(x509, issuer, NID_subject_key_identifier, "hash");
  AddExtension(x509, issuer, NID_authority_key_identifier, "keyid:always");
}

absl::StatusOr<Certificate> Sign(X509* x509, EVP_PKEY* key, const EVP_MD* digest) {
  if (X509_sign(x509, key, digest) <= 0) {
    return Error(absl::StatusCode::kUnavailable, "SIGNING", "OpenSSL cannot sign with this key");
  }
  return Certificate::ParseDer(EncodeDer(x509, i2d_X509));
}

}  // namespace

struct CertificateAuthority::Parts {
  std::unique_ptr<SigningKey> key;
  Certificate certificate;
};

absl::StatusOr<std::string> MakeCertificateRequest(const SigningKey& key, absl::string_view identity) {
  const record::OpenSslErrorScope errors;
  MEGURI_ASSIGN_OR_RETURN(const Identity parsed, Identity::Parse(identity));
  const RequestPtr request(X509_REQ_new());
  Invariant(request != nullptr, "OpenSSL has memory for a request");
  EVP_PKEY* const pkey = key.parts_->key.get();
  MustHold(X509_REQ_set_pubkey(request.get(), pkey), "a key of ours can be set");
  const ExtensionPtr name(
      X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, absl::StrCat("URI:", parsed.ToUri()).c_str()));
  Invariant(name != nullptr, "a checked identity fits a subjectAltName");
  const ExtensionsPtr extensions(sk_X509_EXTENSION_new_null());
  // The stack takes over the copy.
  MustHold(sk_X509_EXTENSION_push(extensions.get(), X509_EXTENSION_dup(name.get())),
           "OpenSSL has memory for extensions");
  MustHold(X509_REQ_add_extensions(request.get(), extensions.get()), "extensions can be added");
  if (X509_REQ_sign(request.get(), pkey, DigestFor(key.public_key())) <= 0) {
    return Error(absl::StatusCode::kUnavailable, "SIGNING", "OpenSSL cannot sign with this key");
  }
  return EncodeDer(request.get(), i2d_X509_REQ);
}

absl::Status CheckCertificateRequest(absl::string_view request_der, absl::string_view identity) {
  const record::OpenSslErrorScope errors;
  MEGURI_ASSIGN_OR_RETURN(const RequestPtr request, ParseRequest(request_der));
  return CheckRequest(request.get(), identity);
}

absl::StatusOr<CertificateAuthority> CertificateAuthority::Create(absl::string_view common_name, Random& random,
                                                                  absl::Time now) {
  const record::OpenSslErrorScope errors;
  if (common_name.empty() || common_name.size() > kCommonNameBytesMax || !IsPlainText(common_name)) {
    return Error(absl::StatusCode::kInvalidArgument, "COMMON_NAME",
                 absl::StrCat("the name of a CA is 1-", kCommonNameBytesMax, " bytes without control characters"));
  }
  MEGURI_ASSIGN_OR_RETURN(std::unique_ptr<SigningKey> key, SigningKey::Generate(record::KeyAlgorithm::kEcdsaP256));
  EVP_PKEY* const pkey = key->parts_->key.get();
  const X509Ptr x509 = NewCertificate(pkey, common_name, now - kClockTolerance, now + kAuthorityValidity, random);
  AddExtension(x509.get(), x509.get(), NID_basic_constraints, "critical,CA:TRUE,pathlen:0");
  AddExtension(x509.get(), x509.get(), NID_key_usage, "critical,keyCertSign,cRLSign");
  SetIssuer(x509.get(), x509.get());
  MEGURI_ASSIGN_OR_RETURN(Certificate certificate, Sign(x509.get(), pkey, DigestFor(key->public_key())));
  return CertificateAuthority(std::make_shared<const Parts>(Parts{std::move(key), std::move(certificate)}));
}

absl::StatusOr<CertificateAuthority> CertificateAuthority::Load(const std::string& key_path,
                                                                const std::string& certificate_path) {
  MEGURI_ASSIGN_OR_RETURN(std::unique_ptr<SigningKey> key, SigningKey::Load(key_path));
  MEGURI_ASSIGN_OR_RETURN(const std::string pem, ReadFile(certificate_path, kPemBytesMax));
  MEGURI_ASSIGN_OR_RETURN(Certificate certificate, Certificate::ParsePem(pem));
  MEGURI_RETURN_IF_ERROR(certificate.CheckIsAuthority());
  if (certificate.spki() != key->public_key().spki()) {
    return Error(absl::StatusCode::kFailedPrecondition, "CERTIFICATE_KEY",
                 absl::StrCat("the certificate in ", certificate_path, " is not that of the key in ", key_path));
  }
  return CertificateAuthority(std::make_shared<const Parts>(Parts{std::move(key), std::move(certificate)}));
}

absl::Status CertificateAuthority::SaveTo(const std::string& key_path, const std::string& certificate_path) const {
  MEGURI_RETURN_IF_ERROR(parts_->key->SaveTo(key_path));
  const absl::Status status = WriteNewFile(certificate_path, parts_->certificate.ToPem(), 0644);
  if (!status.ok()) {
    // A key without its certificate would only make the next attempt fail.
    ::unlink(key_path.c_str());
  }
  return status;
}

const Certificate& CertificateAuthority::certificate() const { return parts_->certificate; }

absl::StatusOr<Certificate> CertificateAuthority::Issue(absl::string_view request_der, const Identity& identity,
                                                        api::v1::ClientRole client_role, absl::Duration validity,
                                                        Random& random, absl::Time now) const {
  const record::OpenSslErrorScope errors;
  MEGURI_RETURN_IF_ERROR(CheckIdentity(identity, client_role));
  MEGURI_ASSIGN_OR_RETURN(const RequestPtr request, ParseRequest(request_der));
  MEGURI_RETURN_IF_ERROR(CheckRequest(request.get(), identity.ToUri()));
  const Certificate& issuer = parts_->certificate;
  const absl::Time not_before = std::max(now - kClockTolerance, issuer.not_before());
  const absl::Time not_after = std::min(now + validity, issuer.not_after());
  if (not_after <= now || now < not_before) {
    return Error(absl::StatusCode::kFailedPrecondition, "CERTIFICATE_EXPIRED",
                 "the certificate would not be valid: the CA has expired, or the validity asked for is not positive");
  }
  const bool is_client = identity.certificate_class == Identity::Class::kClient;
  const X509Ptr x509 =
      NewCertificate(X509_REQ_get0_pubkey(request.get()), identity.name, not_before, not_after, random);
  X509* const issuer_x509 = issuer.parts_->x509.get();
  AddExtension(x509.get(), issuer_x509, NID_basic_constraints, "critical,CA:FALSE");
  AddExtension(x509.get(), issuer_x509, NID_key_usage, "critical,digitalSignature");
  AddExtension(x509.get(), issuer_x509, NID_ext_key_usage, is_client ? "clientAuth" : "serverAuth,clientAuth");
  AddExtension(x509.get(), issuer_x509, NID_subject_alt_name, absl::StrCat("URI:", identity.ToUri()));
  SetIssuer(x509.get(), issuer_x509);
  if (is_client) {
    AddClientRole(x509.get(), client_role);
  }
  return Sign(x509.get(), parts_->key->parts_->key.get(), DigestFor(parts_->key->public_key()));
}

}  // namespace meguri::certs
