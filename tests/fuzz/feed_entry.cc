// SPDX-License-Identifier: Apache-2.0
#include "base/error.h"
#include "record/feed.h"
#include "tests/fuzz/target.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view input = meguri::fuzz::BytesOf(data, size);
  const absl::StatusOr<meguri::record::FeedEntry> entry = meguri::record::FeedEntry::Parse(input);
  if (entry.ok()) {
    meguri::Invariant(entry->Encode() == input, "one entry has one form");
  } else {
    meguri::Invariant(!meguri::ReasonOf(entry.status()).empty(), "a refusal has a reason");
  }
  return 0;
}
