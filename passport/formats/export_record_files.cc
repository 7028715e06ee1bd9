// SPDX-License-Identifier: Apache-2.0
#include "passport/formats/export_record_files.h"

#include "base/status_macros.h"
#include "passport/formats/canonical_json.h"

namespace meguri::passport {

absl::StatusOr<std::string> WriteRecordFiles(std::vector<ExportSource>& records) {
  std::string file = records.size() == 1 ? "" : "[\n";
  for (size_t i = 0; i < records.size(); ++i) {
    MEGURI_ASSIGN_OR_RETURN(const std::string record, PrintRecordJson(records[i].draft()));
    file += i == 0 ? "" : ",\n";
    file += record;
    records[i].TakeAll();
  }
  return records.size() == 1 ? file : file + "]\n";
}

}  // namespace meguri::passport
