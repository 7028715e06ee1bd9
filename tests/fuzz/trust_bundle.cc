// SPDX-License-Identifier: Apache-2.0
#include "certs/trust_bundle.h"

#include "certs/registry.h"
#include "google/protobuf/stubs/logging.h"
#include "tests/fuzz/fixed_federation.h"
#include "tests/fuzz/target.h"

namespace meguri::fuzz {
namespace {

void Check(const absl::StatusOr<certs::TrustBundle>& bundle, absl::string_view bytes) {
  if (!bundle.ok()) {
    Invariant(!ReasonOf(bundle.status()).empty(), "a refusal has a reason");
    return;
  }
  Invariant(bundle->bytes() == bytes, "the bytes are carried as they came");
  Invariant(!bundle->tls_roots().empty(), "a bundle has a root");
  Invariant(certs::TrustBundle::Open(bytes, Now()).ok(), "what was accepted is accepted again");
  Invariant(ReasonOf(certs::TrustBundle::OpenNext(bytes, *bundle, Now()).status()) == "BUNDLE_ROLLBACK",
            "no bundle follows itself");
  Invariant(certs::Registry::Make(*bundle, {}).ok(), "a registry starts with nothing but the bundle");
}

}  // namespace
}  // namespace meguri::fuzz

// An input is a bundle file, or a bundle without signatures, which the operator then signs.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using meguri::certs::TrustBundle;
  static const meguri::fuzz::FixedFederation federation;
  static const TrustBundle current = federation.Bundle(1);
  const google::protobuf::LogSilencer no_complaints_about_text;
  const absl::string_view input = meguri::fuzz::BytesOf(data, size);
  meguri::fuzz::Check(TrustBundle::Open(input, meguri::fuzz::Now()), input);
  const std::string bytes =
      federation.Signed(meguri::certs::kTrustBundlePayloadType, input, federation.bundle_signer()).SerializeAsString();
  meguri::fuzz::Check(TrustBundle::Open(bytes, meguri::fuzz::Now()), bytes);
  meguri::fuzz::Check(TrustBundle::OpenNext(bytes, current, meguri::fuzz::Now()), bytes);
  return 0;
}
