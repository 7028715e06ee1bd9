// SPDX-License-Identifier: Apache-2.0
#include "record/audit_row.h"

#include "base/error.h"
#include "tests/fuzz/target.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using meguri::Invariant;
  using meguri::record::AuditRow;
  const absl::string_view input = meguri::fuzz::BytesOf(data, size);
  const absl::StatusOr<AuditRow> row = AuditRow::Parse(input);
  if (!row.ok()) {
    Invariant(!meguri::ReasonOf(row.status()).empty(), "a refusal has a reason");
    return 0;
  }
  Invariant(row->bytes() == input, "the bytes are carried as they came");
  Invariant(row->message().number() > 0 && row->entry().slots == 0, "a row has a place, and opens nothing");
  const absl::StatusOr<AuditRow> made = AuditRow::Make(row->message());
  Invariant(made.ok() && made->bytes() == input, "one message has one form");
  return 0;
}
