// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "certs/trust_bundle.h"
#include "meguri/registry/v1/member.pb.h"
#include "record/public_key.h"

// A bundle on its way from holder to holder: it has its form, and not all of its signatures yet.
namespace meguri::certs {

inline constexpr int kBundleValidDaysMax = 3650;

// What the bundle would say; its form is checked, no signature is. INVALID_ARGUMENT with reason BUNDLE_FORM.
absl::StatusOr<registry::v1::TrustBundle> ReadBundleDraft(absl::string_view bytes);

// `bytes` with the signature of one more holder. INVALID_ARGUMENT with reason BUNDLE_FORM. Whether `signer` is a
// holder, here or in the version before, only who opens the bundle can say.
absl::StatusOr<std::string> AddBundleSignature(absl::string_view bytes, const record::Signer& signer);

// The TLS roots of a bundle as a PEM text.
std::string RootsOf(const TrustBundle& bundle);

}  // namespace meguri::certs
