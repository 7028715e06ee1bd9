// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/optional.h"
#include "meguri/record/v1/record_service.pb.h"

namespace meguri::client {

// How far an import has come, in a small file: what is published, and the one request that is signed and may or may not
// have arrived. Beside it lie that request (.request) and a list of the published records (.records, a JSON object a
// line). Every step is durable before the next one begins, so that an import that breaks off can go on and never
// publishes a record twice. Without a path nothing is kept. Not thread-safe.
class ImportState {
 public:
  // `key` stands for the input and all that decides what becomes of it. FAILED_PRECONDITION with reason
  // IMPORT_BROKEN_OFF (there is a state, and `resume` is false), IMPORT_DONE (it is complete) or IMPORT_CHANGED (it is
  // of another input); DATA_LOSS with reason IMPORT_STATE if the files cannot be understood; the errors of
  // certs/files.h.
  static absl::StatusOr<ImportState> Open(const std::string& path, const std::string& key, bool resume);

  // Records that are published, in the order of the input.
  size_t done() const { return done_; }
  // The request that was signed but never answered, and the names of its records.
  const absl::optional<record::v1::PublishRequest>& pending() const { return pending_; }
  const std::vector<std::string>& pending_names() const { return pending_names_; }

  // The request is about to be sent.
  absl::Status Begin(const record::v1::PublishRequest& request, const std::vector<std::string>& names);
  // The node has it: `lines` go into the list of published records.
  absl::Status Finish(const std::string& lines);
  // The node refused it: nothing of it was stored.
  absl::Status Drop();
  // Everything is published.
  absl::Status Complete();

 private:
  ImportState(std::string path, std::string key) : path_(std::move(path)), key_(std::move(key)) {}
  absl::Status Load();
  absl::Status Save() const;

  std::string path_;
  std::string key_;
  size_t done_ = 0;
  size_t list_bytes_ = 0;  // of the list that are known to be right
  bool is_complete_ = false;
  absl::optional<record::v1::PublishRequest> pending_;
  std::vector<std::string> pending_names_;
};

}  // namespace meguri::client
