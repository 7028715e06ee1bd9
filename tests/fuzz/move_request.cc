// SPDX-License-Identifier: Apache-2.0
#include "certs/move_request.h"

#include <string>

#include "base/error.h"
#include "certs/registry.h"
#include "google/protobuf/stubs/logging.h"
#include "meguri/registry/v1/move.pb.h"
#include "tests/fuzz/fixed_federation.h"
#include "tests/fuzz/record_file_seed.h"
#include "tests/fuzz/target.h"

namespace meguri::fuzz {
namespace {

void Check(absl::string_view bytes, const record::Signer& record_key) {
  const auto request = certs::ReadMoveRequest(bytes);
  if (!request.ok()) {
    Invariant(!ReasonOf(request.status()).empty() || !ViolationsOf(request.status()).empty(), "a refusal has a reason");
    return;
  }
  Invariant(certs::IsMoveRequest(bytes), "a request is known as one");
  const registry::v1::MemberEntry& present = request->present.entry;
  Invariant(request->next.keys_size() == present.keys_size() + 1, "a move adds a key, and no more");
  Invariant(request->next.hosting().node_identity() != present.hosting().node_identity(), "a move leads elsewhere");
  const auto change = certs::SignMoveRequest(*request, record_key, Now());
  if (!change.ok()) {
    Invariant(!ReasonOf(change.status()).empty() || !ViolationsOf(change.status()).empty(), "a refusal has a reason");
    return;
  }
  Invariant(certs::OpenChangeRequest(*change, request->federation, request->present, Now()).ok(),
            "what a member signs is a change that the operator takes");
}

}  // namespace
}  // namespace meguri::fuzz

// An input is a request, or one without the digest, which is then added.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const auto record_key = meguri::fuzz::FixedSigner(meguri::fuzz::kMemberRecordKey);
  const google::protobuf::LogSilencer no_complaints_about_text;
  const absl::string_view input = meguri::fuzz::BytesOf(data, size);
  meguri::fuzz::Check(input, *record_key);
  meguri::registry::v1::MoveRequest request;
  if (request.ParseFromArray(input.data(), static_cast<int>(input.size()))) {
    const auto made = meguri::certs::MakeMoveRequest(request);
    if (made.ok()) {
      meguri::fuzz::Check(*made, *record_key);
    }
  }
  return 0;
}
