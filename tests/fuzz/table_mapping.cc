// SPDX-License-Identifier: Apache-2.0
#include "passport/formats/table_mapping.h"

#include <string>

#include "base/error.h"
#include "passport/formats/table_import.h"
#include "passport/readers/csv.h"
#include "tests/fuzz/target.h"

// A mapping file, a zero byte, and a sheet that it is applied to.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using meguri::Invariant;
  namespace passport = meguri::passport;
  const absl::string_view input = meguri::fuzz::BytesOf(data, size);
  const size_t zero = input.find('\0');
  auto mapping = passport::ParseTableMapping(input.substr(0, zero));
  if (!mapping.ok()) {
    Invariant(!meguri::ReasonOf(mapping.status()).empty(), "a refusal has a reason");
    return 0;
  }
  if (zero == absl::string_view::npos) {
    return 0;
  }
  const auto take = [](passport::ImportedRecord& record) {
    for (const meguri::Violation& problem : record.problems) {
      Invariant(!problem.field.empty() && !problem.reason.empty(), "a problem has a place and a reason");
    }
    return absl::OkStatus();
  };
  passport::TableImporter importer(*std::move(mapping), take);
  absl::Status status = passport::ReadCsv(input.substr(zero + 1),
                                          [&importer](const passport::TableRow& row) { return importer.TakeRow(row); });
  status.Update(importer.Finish());
  Invariant(status.ok() || !meguri::ReasonOf(status).empty(), "a refusal has a reason");
  return 0;
}
