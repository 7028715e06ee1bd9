// SPDX-License-Identifier: Apache-2.0
#include "certs/registry.h"
#include "google/protobuf/stubs/logging.h"
#include "tests/fuzz/fixed_federation.h"
#include "tests/fuzz/target.h"

namespace meguri::fuzz {
namespace {

void Check(const absl::StatusOr<registry::v1::Heartbeat>& heartbeat) {
  if (heartbeat.ok()) {
    Invariant(heartbeat->origin() == kRegistryOrigin, "a heartbeat is of the registry that the bundle pins");
    Invariant(heartbeat->root().size() == record::kHashSize && heartbeat->next_update_ms() > heartbeat->time_ms(),
              "a heartbeat says what its reader relies on");
  } else {
    Invariant(!ReasonOf(heartbeat.status()).empty(), "a refusal has a reason");
  }
}

}  // namespace
}  // namespace meguri::fuzz

// An input is a signed heartbeat, or one without signature, which the operator then signs.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const meguri::fuzz::FixedFederation federation;
  static const meguri::certs::TrustBundle bundle = federation.Bundle(1);
  const google::protobuf::LogSilencer no_complaints_about_text;
  meguri::record::v1::SignedBody signed_body;
  if (signed_body.ParseFromArray(data, static_cast<int>(size))) {
    meguri::fuzz::Check(meguri::certs::OpenHeartbeat(signed_body, bundle));
  }
  signed_body = federation.Signed(meguri::certs::kHeartbeatPayloadType, meguri::fuzz::BytesOf(data, size),
                                  federation.feed_signer());
  meguri::fuzz::Check(meguri::certs::OpenHeartbeat(signed_body, bundle));
  return 0;
}
