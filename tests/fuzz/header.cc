// SPDX-License-Identifier: Apache-2.0
#include "record/header.h"

#include "base/error.h"
#include "tests/fuzz/target.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using meguri::Invariant;
  using meguri::record::Header;
  const absl::string_view input = meguri::fuzz::BytesOf(data, size);
  const absl::StatusOr<Header> header = Header::Parse(input);
  if (!header.ok()) {
    Invariant(!meguri::ReasonOf(header.status()).empty(), "a refusal has a reason");
    return 0;
  }
  Invariant(header->bytes() == input, "the bytes are carried as they came");
  const absl::StatusOr<Header> again = Header::Parse(header->bytes());
  Invariant(again.ok() && again->hash() == header->hash() && again->bytes() == header->bytes(),
            "what was accepted is accepted again");
  const absl::StatusOr<Header> made = Header::Make(header->message());
  Invariant(made.ok() && made->bytes() == header->bytes(), "one message has one form");
  return 0;
}
