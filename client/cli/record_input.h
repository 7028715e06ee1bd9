// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <istream>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "client/cli/publishing.h"
#include "client/cli/session.h"
#include "client/sign.h"
#include "passport/formats/canonical_json.h"

namespace meguri::client {

inline constexpr size_t kRecordJsonBytesMax = size_t{64} << 20;

struct NamedDraft {
  std::string name;
  passport::RecordDraft draft;
};

struct NamedVersion {
  std::string name;
  VersionDraft version;
};

// Reads to the end. INVALID_ARGUMENT with reason FILE_TOO_LARGE beyond `size_max` bytes.
absl::StatusOr<std::string> ReadAll(std::istream& in, size_t size_max);

// Reads record files and adds what follows from their values (passport/derived_values.h); "-" is standard input.
// Reports the problems of all files at once: INVALID_ARGUMENT with violations whose fields are "<file>: <JSON path>". A
// file that cannot be read ends it.
absl::StatusOr<std::vector<NamedDraft>> ReadRecordFiles(Session& session, const std::vector<std::string>& files);

// Seals each version for the acting member, and checks it by every rule of passport before anything is sent. Violations
// as above; warnings are shown and stop nothing.
absl::StatusOr<std::vector<NamedPublication>> SealAndCheck(Session& session, const std::vector<NamedVersion>& versions);

}  // namespace meguri::client
