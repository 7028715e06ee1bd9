// SPDX-License-Identifier: Apache-2.0
#include "client/cli/import_state.h"

#include <filesystem>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "certs/files.h"
#include "nlohmann/json.hpp"

namespace meguri::client {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kStateVersion = 1;
constexpr size_t kStateBytesMax = size_t{1} << 20;
constexpr size_t kPendingBytesMax = size_t{64} << 20;
constexpr mode_t kMode = 0600;

std::string RequestPath(const std::string& path) { return absl::StrCat(path, ".request"); }
std::string ListPath(const std::string& path) { return absl::StrCat(path, ".records"); }

absl::Status Unreadable(const std::string& path) {
  return Error(absl::StatusCode::kDataLoss, "IMPORT_STATE",
               absl::StrCat(path,
                            " is no state of an import; look with `meguri record list` what is published, then "
                            "remove it"));
}

// Appends to the list at `size`, and cuts off what a broken run left behind it. Durable when it returns OK.
absl::Status AppendDurably(const std::string& path, size_t size, const std::string& lines) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, kMode);
  const bool written =
      fd >= 0 && ::ftruncate(fd, static_cast<off_t>(size)) == 0 &&
      ::pwrite(fd, lines.data(), lines.size(), static_cast<off_t>(size)) == static_cast<ssize_t>(lines.size()) &&
      ::fsync(fd) == 0;
  if (fd >= 0) {
    ::close(fd);
  }
  return written ? absl::OkStatus()
                 : Error(absl::StatusCode::kUnavailable, "FILE_IO", absl::StrCat("cannot write ", path));
}

bool Exists(const std::string& path) {
  std::error_code ignored;
  return std::filesystem::exists(path, ignored);
}

}  // namespace

absl::StatusOr<ImportState> ImportState::Open(const std::string& path, const std::string& key, bool resume) {
  ImportState state(path, key);
  if (path.empty() || !Exists(path)) {
    return state;
  }
  MEGURI_RETURN_IF_ERROR(state.Load());
  if (state.is_complete_) {
    return Error(absl::StatusCode::kFailedPrecondition, "IMPORT_DONE",
                 absl::StrCat("this file is imported already: ", ListPath(path), " lists its records; remove ", path,
                              " to import it once more as new records"));
  }
  if (!resume) {
    return Error(absl::StatusCode::kFailedPrecondition, "IMPORT_BROKEN_OFF",
                 absl::StrCat("an import of this file broke off when ", state.done_,
                              " records were published; --resume goes on with it"));
  }
  return state;
}

absl::Status ImportState::Load() {
  MEGURI_ASSIGN_OR_RETURN(const std::string text, certs::ReadFile(path_, kStateBytesMax));
  const Json json = Json::parse(text, /*cb=*/nullptr, /*allow_exceptions=*/false);
  const bool is_whole = json.is_object() && json.contains("import") && json["import"] == kStateVersion &&
                        json.contains("key") && json["key"].is_string() && json.contains("done") &&
                        json["done"].is_number_unsigned() && json.contains("list_bytes") &&
                        json["list_bytes"].is_number_unsigned() && json.contains("complete") &&
                        json["complete"].is_boolean() && json.contains("signed") && json["signed"].is_array();
  if (!is_whole) {
    return Unreadable(path_);
  }
  if (json["key"] != key_) {
    return Error(absl::StatusCode::kFailedPrecondition, "IMPORT_CHANGED",
                 absl::StrCat(path_,
                              " belongs to another content, mapping or member; import the file as it was, or name "
                              "another --state"));
  }
  done_ = json["done"].get<size_t>();
  list_bytes_ = json["list_bytes"].get<size_t>();
  is_complete_ = json["complete"].get<bool>();
  for (const Json& name : json["signed"]) {
    pending_names_.push_back(name.is_string() ? name.get<std::string>() : "");
  }
  if (pending_names_.empty()) {
    return absl::OkStatus();
  }
  MEGURI_ASSIGN_OR_RETURN(const std::string bytes, certs::ReadFile(RequestPath(path_), kPendingBytesMax));
  record::v1::PublishRequest request;
  if (!request.ParseFromString(bytes) || static_cast<size_t>(request.publications_size()) != pending_names_.size()) {
    return Unreadable(RequestPath(path_));
  }
  pending_ = std::move(request);
  return absl::OkStatus();
}

absl::Status ImportState::Save() const {
  if (path_.empty()) {
    return absl::OkStatus();
  }
  Json json = {{"import", kStateVersion},
               {"key", key_},
               {"done", done_},
               {"list_bytes", list_bytes_},
               {"complete", is_complete_}};
  json["request_id"] = pending_.has_value() ? pending_->request_id() : "";
  json["signed"] = pending_names_;
  return certs::WriteFileAtomically(path_, absl::StrCat(json.dump(2, ' ', false, Json::error_handler_t::replace), "\n"),
                                    kMode);
}

absl::Status ImportState::Begin(const record::v1::PublishRequest& request, const std::vector<std::string>& names) {
  pending_ = request;
  pending_names_ = names;
  if (!path_.empty()) {
    MEGURI_RETURN_IF_ERROR(certs::WriteFileAtomically(RequestPath(path_), request.SerializeAsString(), kMode));
  }
  return Save();
}

absl::Status ImportState::Finish(const std::string& lines) {
  if (!path_.empty()) {
    MEGURI_RETURN_IF_ERROR(AppendDurably(ListPath(path_), list_bytes_, lines));
  }
  list_bytes_ += lines.size();
  done_ += pending_names_.size();
  return Drop();
}

absl::Status ImportState::Drop() {
  pending_.reset();
  pending_names_.clear();
  return Save();
}

absl::Status ImportState::Complete() {
  is_complete_ = true;
  MEGURI_RETURN_IF_ERROR(Save());
  std::error_code ignored;
  if (!path_.empty()) {
    std::filesystem::remove(RequestPath(path_), ignored);
  }
  return absl::OkStatus();
}

}  // namespace meguri::client
