// SPDX-License-Identifier: Apache-2.0
#include "record/onward_report.h"

#include "base/error.h"
#include "tests/fuzz/target.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  namespace record = meguri::record;
  using meguri::Invariant;
  const absl::string_view input = meguri::fuzz::BytesOf(data, size);
  const auto report = record::ParseOnwardReport(input);
  if (!report.ok()) {
    Invariant(!meguri::ReasonOf(report.status()).empty(), "a refusal has a reason");
    return 0;
  }
  const absl::StatusOr<std::string> again = record::EncodeOnwardReport(*report);
  Invariant(again.ok() && *again == input, "one report has one form");
  Invariant(record::BeginOf(report->month()) < absl::InfiniteFuture(), "its month is one");
  return 0;
}
