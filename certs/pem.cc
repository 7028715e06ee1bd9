// SPDX-License-Identifier: Apache-2.0
#include "certs/pem.h"

#include <openssl/crypto.h>
#include <openssl/pem.h>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "certs/limits.h"
#include "certs/x509_handle.h"
#include "record/openssl_handle.h"

namespace meguri::certs {
namespace {

absl::Status Refuse(absl::string_view message) { return Error(absl::StatusCode::kInvalidArgument, "PEM", message); }

}  // namespace

absl::StatusOr<std::string> DecodePem(absl::string_view pem, absl::string_view label) {
  if (pem.size() > kPemBytesMax) {
    return Refuse(absl::StrCat("a PEM text may have ", kPemBytesMax, " bytes"));
  }
  if (pem.empty()) {
    return Refuse("the text is empty");  // OpenSSL makes no BIO of nothing
  }
  const record::OpenSslErrorScope errors;
  const BioPtr memory(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  Invariant(memory != nullptr, "OpenSSL has memory for a BIO");
  while (true) {
    char* name = nullptr;
    char* header = nullptr;
    unsigned char* data = nullptr;
    long size = 0;
    if (PEM_read_bio(memory.get(), &name, &header, &data, &size) != 1) {
      return Refuse(absl::StrCat("there is no block -----BEGIN ", label, "----- in the PEM text"));
    }
    const auto free_block = absl::MakeCleanup([&] {
      OPENSSL_free(name);
      OPENSSL_free(header);
      OPENSSL_clear_free(data, static_cast<size_t>(size));
    });
    if (label != name) {
      continue;
    }
    if (header[0] != '\0') {
      return Refuse("PEM blocks with headers (old encrypted keys) are not read");
    }
    return std::string(reinterpret_cast<const char*>(data), static_cast<size_t>(size));
  }
}

std::string EncodePem(absl::string_view der, const std::string& label) {
  const BioPtr memory(BIO_new(BIO_s_mem()));
  Invariant(memory != nullptr &&
                PEM_write_bio(memory.get(), label.c_str(), "", BytesOf(der), static_cast<long>(der.size())) > 0,
            "OpenSSL has memory for a PEM text");
  return BytesIn(memory.get());
}

}  // namespace meguri::certs
