// SPDX-License-Identifier: Apache-2.0
#include "passport/readers/csv.h"

#include <string>
#include <vector>

#include "base/error.h"
#include "passport/readers/text_encoding.h"
#include "tests/fuzz/target.h"

namespace meguri::fuzz {
namespace {

// The cells of every row; empty rows are skipped by the reader.
absl::Status Rows(absl::string_view text, std::vector<std::vector<std::string>>& rows) {
  return passport::ReadCsv(text, [&rows](const passport::TableRow& row) {
    rows.push_back(row.cells);
    return absl::OkStatus();
  });
}

}  // namespace
}  // namespace meguri::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using meguri::Invariant;
  namespace passport = meguri::passport;
  const absl::StatusOr<std::string> text = passport::DecodeText(meguri::fuzz::BytesOf(data, size));
  if (!text.ok()) {
    Invariant(!meguri::ReasonOf(text.status()).empty(), "a refusal has a reason");
    return 0;
  }
  Invariant(passport::IsUtf8(*text), "what is decoded is UTF-8");
  std::vector<std::vector<std::string>> rows;
  const absl::Status status = meguri::fuzz::Rows(*text, rows);
  if (!status.ok()) {
    Invariant(!meguri::ReasonOf(status).empty(), "a refusal has a reason");
    return 0;
  }
  // Two cells before all others settle the separator.
  std::string written = passport::CsvLine({"a", "b"});
  for (const std::vector<std::string>& row : rows) {
    written += passport::CsvLine(row);
  }
  std::vector<std::vector<std::string>> again;
  Invariant(meguri::fuzz::Rows(written, again).ok(), "what was written can be read");
  again.erase(again.begin());
  Invariant(again == rows, "and says the same");
  return 0;
}
