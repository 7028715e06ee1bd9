// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "certs/signing_key.h"
#include "certs/x509_handle.h"

namespace meguri::certs {

// For this folder only: certificates and requests are signed with the OpenSSL key itself.
struct SigningKey::Parts {
  KeyPtr key;
  record::PublicKey public_key;
};

}  // namespace meguri::certs
