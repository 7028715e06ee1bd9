// SPDX-License-Identifier: Apache-2.0
#include "record/erasure.h"

#include "base/error.h"
#include "tests/fuzz/target.h"

namespace meguri::fuzz {
namespace {

template <typename Message>
void Check(const absl::StatusOr<Message>& parsed, absl::string_view input,
           absl::StatusOr<std::string> (*encode)(const Message&)) {
  if (!parsed.ok()) {
    Invariant(!ReasonOf(parsed.status()).empty(), "a refusal has a reason");
    return;
  }
  const absl::StatusOr<std::string> again = encode(*parsed);
  Invariant(again.ok() && *again == input, "one message has one form");
  Invariant(parsed->record_id().size() == 16 && parsed->tombstone_hash().size() == 32, "it names a record");
}

}  // namespace
}  // namespace meguri::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  namespace record = meguri::record;
  const absl::string_view input = meguri::fuzz::BytesOf(data, size);
  meguri::fuzz::Check(record::ParseErasureRequest(input), input, &record::EncodeErasureRequest);
  meguri::fuzz::Check(record::ParseErasureAck(input), input, &record::EncodeErasureAck);
  meguri::fuzz::Check(record::ParseErasureAccount(input), input, &record::EncodeErasureAccount);
  return 0;
}
