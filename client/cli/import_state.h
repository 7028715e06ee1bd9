// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/optional.h"
#include "client/cli/file_lock.h"
#include "meguri/record/v1/record_service.pb.h"

namespace meguri::client {

// A record of an import on its way: what the person calls it, and a digest of what it says.
struct ImportItem {
  std::string name;
  std::string content;  // hexadecimal digits
};

// How far an import has come, in a small file: what is published, and the one request that is signed and may or may not
// have arrived. Beside it lie that request (.request), a list of the published records (.records, a JSON object a
// line), and a lock (.lock) while it runs. Every step is durable before the next one begins, so that an import that
// breaks off can go on and never publishes a record twice; records are known by what they say, so that those which are
// not published may be mended meanwhile. Without a path nothing is kept. Not thread-safe.
class ImportState {
 public:
  // `key` stands for all but the input that decides what becomes of it. FAILED_PRECONDITION with reason IMPORT_RUNNING
  // (another process has it), IMPORT_BROKEN_OFF (there is a state, and `resume` is false), IMPORT_DONE (likewise, and
  // it is complete) or IMPORT_CHANGED (it is of another key); DATA_LOSS with reason IMPORT_STATE if the files cannot be
  // understood; the errors of certs/files.h.
  static absl::StatusOr<ImportState> Open(const std::string& path, const std::string& key, bool resume);

  // How many of `contents`, the digests of all records of the input, are still to be published, as bits in their order.
  // A record that is there several times is published so often. FAILED_PRECONDITION with reason IMPORT_CHANGED if one
  // that is published, or may have arrived, is not among them.
  absl::StatusOr<std::vector<bool>> ToPublish(const std::vector<std::string>& contents) const;

  // How many records are published.
  size_t done() const { return done_; }
  // The request that was signed but never answered, and its records.
  const absl::optional<record::v1::PublishRequest>& pending() const { return pending_; }
  const std::vector<ImportItem>& pending_items() const { return pending_items_; }

  // The request is about to be sent.
  absl::Status Begin(const record::v1::PublishRequest& request, std::vector<ImportItem> items);
  // The node has it: `lines`, one for each of its items, go into the list of published records.
  absl::Status Finish(const std::vector<std::string>& lines);
  // The node refused it: nothing of it was stored. If nothing else was, there is no state any more.
  absl::Status Drop();
  // Everything is published.
  absl::Status Complete();

 private:
  ImportState(std::string path, std::string key) : path_(std::move(path)), key_(std::move(key)) {}
  absl::Status Load();
  absl::Status LoadList();
  absl::Status Save() const;

  std::string path_;
  std::string key_;
  absl::optional<FileLock> lock_;
  size_t done_ = 0;
  std::vector<std::string> published_;  // contents, by earlier runs
  size_t list_bytes_ = 0;               // of the list that are known to be right
  bool is_complete_ = false;
  absl::optional<record::v1::PublishRequest> pending_;
  std::vector<ImportItem> pending_items_;
};

}  // namespace meguri::client
