// SPDX-License-Identifier: Apache-2.0
#include "passport/readers/xlsx.h"

#include "base/error.h"
#include "tests/fuzz/target.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using meguri::Invariant;
  namespace passport = meguri::passport;
  const auto workbook = passport::XlsxWorkbook::Open(meguri::fuzz::BytesOf(data, size));
  if (!workbook.ok()) {
    Invariant(!meguri::ReasonOf(workbook.status()).empty(), "a refusal has a reason");
    return 0;
  }
  for (const std::string& name : (*workbook)->sheet_names()) {
    uint32_t last = 0;
    const absl::Status status = (*workbook)->ReadSheet(name, [&last](const passport::TableRow& row) {
      Invariant(row.number > last && row.cells.size() <= passport::kTableColumnsMax,
                "rows come in order, within limits");
      last = row.number;
      return absl::OkStatus();
    });
    Invariant(status.ok() || !meguri::ReasonOf(status).empty(), "a refusal has a reason");
  }
  return 0;
}
