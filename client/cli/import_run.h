// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/cli/import_state.h"
#include "client/cli/publishing.h"
#include "client/cli/session.h"
#include "nlohmann/json.hpp"
#include "passport/formats/import.h"

namespace meguri::client {

// Values of one place that no section has room for; rows of a sheet are counted together.
struct Leftover {
  size_t count = 0;
  std::string first;  // value
};

// One file of an import, and what checking it found.
struct ImportFile {
  std::string name;
  std::string bytes;
  passport::ImportOptions options;
  std::unique_ptr<passport::Import> import;
  size_t records = 0;
  size_t refused = 0;
  size_t mapped = 0;
  size_t implied = 0;
  std::map<std::string, Leftover> leftovers;                    // by place
  std::vector<std::pair<uint32_t, std::string>> errors_by_row;  // of a sheet
};

// What checking all files found.
struct ImportCheck {
  std::vector<bool> is_refused;        // by record, in the order of the input
  std::vector<std::string> contents;   // of those that are not refused: digests of what they say
  std::vector<Violation> violations;   // as many as a person can read
  std::vector<Violation> warnings;     // likewise, each kind of them once for a file; they refuse nothing
  std::vector<size_t> warning_counts;  // how many records each of them is about
  size_t refused = 0;
};

inline constexpr size_t kImportViolationsMax = 200;

// Reads every record and judges it (client/cli/import_judge.h); keeps nothing but what it found.
absl::StatusOr<ImportCheck> CheckImport(Session& session, std::vector<ImportFile>& files);

// Publishes what was not refused, request by request, but for what `state` knows as published. Returns what was
// published by this run.
struct ImportOutcome {
  nlohmann::ordered_json records = nlohmann::ordered_json::array();
  absl::Status status;
  std::vector<Violation> warnings;  // as PublishOutcome's, as many as a person can read
};
ImportOutcome PublishImport(Session& session, std::vector<ImportFile>& files, const ImportCheck& check,
                            ImportState& state);

}  // namespace meguri::client
