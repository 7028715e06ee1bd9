// SPDX-License-Identifier: Apache-2.0
#include "passport/formats/export_record_files.h"

#include "base/status_macros.h"
#include "passport/formats/canonical_json.h"

namespace meguri::passport {

absl::StatusOr<std::string> WriteRecordFiles(ExportSources& records) {
  const bool is_one = records.envelopes().size() == 1;
  std::string file;
  MEGURI_RETURN_IF_ERROR(records.ForEach([&](ExportSource& record) -> absl::Status {
    MEGURI_ASSIGN_OR_RETURN(const std::string text, PrintRecordJson(record.draft()));
    file += is_one ? "" : file.empty() ? "[\n" : ",\n";
    file += text;
    record.TakeAll();
    return absl::OkStatus();
  }));
  return is_one ? file : file + "]\n";
}

}  // namespace meguri::passport
