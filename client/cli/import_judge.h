// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/optional.h"
#include "base/error.h"
#include "client/cli/session.h"
#include "meguri/record/v1/record_service.pb.h"
#include "passport/formats/import.h"
#include "record/header.h"

namespace meguri::client {

// A draft as a first version that is sealed and not yet signed, with the values that follow from what it declares.
absl::StatusOr<record::v1::Publication> SealRecord(Session& session, const passport::RecordDraft& draft);

// Judges imported records as the node will that publishes them: by every rule of the record, and together with the
// parents that it names, for which the own node is asked. Not thread-safe.
class ImportJudge {
 public:
  explicit ImportJudge(Session& session) : session_(session) {}

  // Every problem, warnings included. Fields are those of passport/validate.h, or places in the file. What `import`
  // could not read is said once, and no sum is judged to which it belongs.
  std::vector<Violation> Judge(const passport::Import& import, const passport::ImportedRecord& record);

  // Why the node could not be asked for parents, so that records were judged without them; OK if it could.
  const absl::Status& parents() const { return parents_status_; }

 private:
  using Sections = std::vector<record::v1::Section>;

  // What the header of the record will be, but for its ID: one header serves all records of a kind.
  absl::StatusOr<const record::Header*> HeaderFor(const passport::RecordDraft& draft);
  absl::StatusOr<absl::optional<Sections>> Find(const std::string& record_id);
  // The record with this ID and those above it, nearest first.
  absl::StatusOr<std::vector<Sections>> ParentsOf(const std::string& nearest);

  Session& session_;
  std::map<std::pair<uint32_t, size_t>, record::Header> headers_;  // by record type and number of slots
  absl::Status parents_status_;
  std::map<std::string, absl::optional<Sections>> known_;  // by record ID: those that were asked for last
};

}  // namespace meguri::client
