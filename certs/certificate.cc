// SPDX-License-Identifier: Apache-2.0
#include "certs/certificate.h"

#include <ctime>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "certs/certificate_parts.h"
#include "certs/limits.h"
#include "certs/pem.h"
#include "record/openssl_handle.h"

namespace meguri::certs {
namespace {

absl::Status RefuseForm(absl::string_view why) {
  return Error(absl::StatusCode::kInvalidArgument, "CERTIFICATE_FORM", absl::StrCat("not an X.509 certificate: ", why));
}

absl::Status RefuseChain(absl::string_view why) {
  return Error(absl::StatusCode::kUnauthenticated, "CERTIFICATE_CHAIN", why);
}

absl::StatusOr<absl::Time> ParseTime(const ASN1_TIME* time) {
  std::tm parts = {};
  if (time == nullptr || ASN1_TIME_to_tm(time, &parts) != 1) {
    return RefuseForm("a time in it is malformed");
  }
  return absl::FromTM(parts, absl::UTCTimeZone());
}

absl::Status CheckValidity(const Certificate& certificate, absl::string_view whose, absl::Time now) {
  if (now >= certificate.not_before() && now <= certificate.not_after()) {
    return absl::OkStatus();
  }
  return Error(absl::StatusCode::kUnauthenticated, "CERTIFICATE_EXPIRED",
               absl::StrCat("the certificate of the ", whose, " is valid from ",
                            absl::FormatTime(certificate.not_before(), absl::UTCTimeZone()), " to ",
                            absl::FormatTime(certificate.not_after(), absl::UTCTimeZone()), " and it is ",
                            absl::FormatTime(now, absl::UTCTimeZone()), "; renew it, or set the clock"));
}

// A certificate that is no CA must be one of ours in form: usable for TLS and for nothing else.
absl::Status CheckIsLeaf(X509* x509) {
  const uint32_t flags = X509_get_extension_flags(x509);
  if ((flags & EXFLAG_KUSAGE) == 0 || X509_get_key_usage(x509) != KU_DIGITAL_SIGNATURE) {
    return RefuseChain("the key usage of the certificate is not digitalSignature alone");
  }
  if ((flags & EXFLAG_XKUSAGE) == 0 || (X509_get_extended_key_usage(x509) & XKU_SSL_CLIENT) == 0) {
    return RefuseChain("the certificate is not meant for TLS: its extended key usage lacks clientAuth");
  }
  return absl::OkStatus();
}

bool IsKnownSignatureAlgorithm(const X509* x509) {
  const int algorithm = X509_get_signature_nid(x509);
  return algorithm == NID_ecdsa_with_SHA256 || algorithm == NID_ED25519;
}

}  // namespace

absl::StatusOr<Certificate> Certificate::ParseDer(absl::string_view der) {
  const record::OpenSslErrorScope errors;
  if (der.size() > kCertificateBytesMax) {
    return RefuseForm(absl::StrCat("it is larger than ", kCertificateBytesMax, " bytes"));
  }
  const unsigned char* next = BytesOf(der);
  X509Ptr x509(d2i_X509(nullptr, &next, static_cast<long>(der.size())));
  // The second half refuses BER: two byte strings must never be the same certificate.
  if (x509 == nullptr || next != BytesOf(der) + der.size() || EncodeDer(x509.get(), i2d_X509) != der) {
    return RefuseForm("its bytes are not the DER of one");
  }
  // Makes OpenSSL parse all extensions now, so that nothing is written when threads share the certificate.
  if (X509_check_purpose(x509.get(), -1, 0) != 1 || (X509_get_extension_flags(x509.get()) & EXFLAG_INVALID) != 0) {
    return RefuseForm("its extensions are malformed");
  }
  if (X509_get_version(x509.get()) != X509_VERSION_3) {
    return RefuseForm("it is not of version 3");
  }
  auto parts = std::make_shared<Parts>();
  MEGURI_ASSIGN_OR_RETURN(parts->not_before, ParseTime(X509_get0_notBefore(x509.get())));
  MEGURI_ASSIGN_OR_RETURN(parts->not_after, ParseTime(X509_get0_notAfter(x509.get())));
  parts->spki = EncodeDer(X509_get_X509_PUBKEY(x509.get()), i2d_X509_PUBKEY);
  parts->der = std::string(der);
  parts->x509 = std::move(x509);
  return Certificate(std::move(parts));
}

absl::StatusOr<Certificate> Certificate::ParsePem(absl::string_view pem) {
  MEGURI_ASSIGN_OR_RETURN(const std::string der, DecodePem(pem, "CERTIFICATE"));
  return ParseDer(der);
}

std::string Certificate::ToDer() const { return parts_->der; }
std::string Certificate::ToPem() const { return EncodePem(parts_->der, "CERTIFICATE"); }
absl::Time Certificate::not_before() const { return parts_->not_before; }
absl::Time Certificate::not_after() const { return parts_->not_after; }
std::string Certificate::spki() const { return parts_->spki; }

absl::StatusOr<std::string> OnlyUri(const GENERAL_NAMES* names, int occurrences) {
  const auto refuse = [](absl::string_view why) {
    return Error(absl::StatusCode::kInvalidArgument, "CERTIFICATE_IDENTITY",
                 absl::StrCat(why, "; expected exactly one subjectAltName, a URI"));
  };
  if (names == nullptr) {
    return refuse(occurrences == -2 ? "there is more than one subjectAltName extension" : "there is no subjectAltName");
  }
  if (sk_GENERAL_NAME_num(names) != 1) {
    return refuse(absl::StrCat("there are ", sk_GENERAL_NAME_num(names), " alternative names"));
  }
  const GENERAL_NAME* name = sk_GENERAL_NAME_value(names, 0);
  if (name->type != GEN_URI) {
    return refuse("the alternative name is not a URI");
  }
  const ASN1_IA5STRING* uri = name->d.uniformResourceIdentifier;
  return std::string(reinterpret_cast<const char*>(ASN1_STRING_get0_data(uri)),
                     static_cast<size_t>(ASN1_STRING_length(uri)));
}

absl::StatusOr<Identity> Certificate::identity() const {
  const record::OpenSslErrorScope errors;
  int occurrences = 0;
  const GeneralNamesPtr names(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(parts_->x509.get(), NID_subject_alt_name, &occurrences, nullptr)));
  MEGURI_ASSIGN_OR_RETURN(const std::string uri, OnlyUri(names.get(), occurrences));
  return Identity::Parse(uri);
}

api::v1::ClientRole Certificate::client_role() const {
  const record::OpenSslErrorScope errors;
  const Asn1ObjectPtr oid(OBJ_txt2obj(kClientRoleOid, 1));
  const int position = X509_get_ext_by_OBJ(parts_->x509.get(), oid.get(), -1);
  // A malformed or doubled role gives no right.
  if (position < 0 || X509_get_ext_by_OBJ(parts_->x509.get(), oid.get(), position) >= 0) {
    return api::v1::CLIENT_ROLE_UNSPECIFIED;
  }
  const ASN1_OCTET_STRING* value = X509_EXTENSION_get_data(X509_get_ext(parts_->x509.get(), position));
  const unsigned char* const start = ASN1_STRING_get0_data(value);
  const unsigned char* next = start;
  const Asn1IntegerPtr integer(d2i_ASN1_INTEGER(nullptr, &next, ASN1_STRING_length(value)));
  int64_t role = 0;
  if (integer == nullptr || next != start + ASN1_STRING_length(value) ||
      ASN1_INTEGER_get_int64(&role, integer.get()) != 1 || role < 0 || role > api::v1::ClientRole_MAX ||
      !api::v1::ClientRole_IsValid(static_cast<int>(role))) {
    return api::v1::CLIENT_ROLE_UNSPECIFIED;
  }
  return static_cast<api::v1::ClientRole>(role);
}

absl::Status Certificate::CheckIsAuthority() const {
  const record::OpenSslErrorScope errors;
  X509* const x509 = parts_->x509.get();
  const uint32_t flags = X509_get_extension_flags(x509);
  if ((flags & EXFLAG_BCONS) == 0 || (flags & EXFLAG_CA) == 0) {
    return RefuseChain("the issuer's certificate is not that of a CA");
  }
  if ((flags & EXFLAG_KUSAGE) == 0 || (X509_get_key_usage(x509) & KU_KEY_CERT_SIGN) == 0) {
    return RefuseChain("the issuer's certificate may not sign certificates: keyCertSign is missing");
  }
  if ((flags & EXFLAG_CRITICAL) != 0) {
    return RefuseChain("the issuer's certificate has a critical extension that is not understood");
  }
  const absl::StatusOr<record::PublicKey> key = record::PublicKey::ParseSpki(parts_->spki);
  return key.ok() ? absl::OkStatus() : RefuseChain(absl::StrCat("the issuer's key: ", key.status().message()));
}

absl::Status Certificate::VerifyIssuedBy(const Certificate& issuer, absl::Time now) const {
  const record::OpenSslErrorScope errors;
  X509* const x509 = parts_->x509.get();
  X509* const issuer_x509 = issuer.parts_->x509.get();
  MEGURI_RETURN_IF_ERROR(issuer.CheckIsAuthority());
  const uint32_t flags = X509_get_extension_flags(x509);
  if ((flags & EXFLAG_CRITICAL) != 0) {
    return RefuseChain("the certificate has a critical extension that is not understood");
  }
  if ((flags & EXFLAG_CA) == 0) {
    MEGURI_RETURN_IF_ERROR(CheckIsLeaf(x509));
  } else if (parts_->der != issuer.parts_->der && X509_get_pathlen(issuer_x509) == 0) {
    return RefuseChain("the issuer may not issue certificates of CAs: its path length is 0");
  }
  const absl::StatusOr<record::PublicKey> key = record::PublicKey::ParseSpki(parts_->spki);
  if (!key.ok()) {
    return RefuseChain(absl::StrCat("the key of the certificate: ", key.status().message()));
  }
  if (!IsKnownSignatureAlgorithm(x509)) {
    return RefuseChain("the certificate is signed with another algorithm than ECDSA with SHA-256 or Ed25519");
  }
  // Names and key identifiers, then the signature over the bytes.
  if (X509_check_issued(issuer_x509, x509) != X509_V_OK || X509_verify(x509, X509_get0_pubkey(issuer_x509)) != 1) {
    return RefuseChain("the certificate was not issued by this CA");
  }
  MEGURI_RETURN_IF_ERROR(CheckValidity(*this, "holder", now));
  return CheckValidity(issuer, "issuer", now);
}

}  // namespace meguri::certs
