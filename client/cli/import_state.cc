// SPDX-License-Identifier: Apache-2.0
#include "client/cli/import_state.h"

#include <filesystem>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "certs/files.h"
#include "nlohmann/json.hpp"

namespace meguri::client {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kStateVersion = 2;
constexpr size_t kStateBytesMax = size_t{1} << 20;
constexpr size_t kListBytesMax = size_t{1} << 30;
constexpr size_t kPendingBytesMax = size_t{64} << 20;
constexpr mode_t kMode = 0600;

std::string RequestPath(const std::string& path) { return absl::StrCat(path, ".request"); }
std::string ListPath(const std::string& path) { return absl::StrCat(path, ".records"); }
std::string LockPath(const std::string& path) { return absl::StrCat(path, ".lock"); }

// Whether `json` is an object with a text under `name`.
bool IsText(const Json& json, const char* name) {
  return json.is_object() && json.contains(name) && json[name].is_string();
}

absl::Status Changed(absl::string_view what) {
  return Error(absl::StatusCode::kFailedPrecondition, "IMPORT_CHANGED",
               absl::StrCat(what,
                            "; leave what is published as it was (`meguri record update` changes it), or name another "
                            "--state to import everything as new records"));
}

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
  if (path.empty()) {
    return state;
  }
  absl::StatusOr<FileLock> lock = FileLock::Take(LockPath(path));
  if (!lock.ok()) {
    return ReasonOf(lock.status()) == "FILE_LOCKED"
               ? Error(absl::StatusCode::kFailedPrecondition, "IMPORT_RUNNING",
                       "this file is being imported by another process; wait until it has ended")
               : lock.status();
  }
  state.lock_ = *std::move(lock);
  if (!Exists(path)) {
    return state;
  }
  MEGURI_RETURN_IF_ERROR(state.Load());
  if (state.is_complete_ && !resume) {
    return Error(absl::StatusCode::kFailedPrecondition, "IMPORT_DONE",
                 absl::StrCat("this file is imported already: ", ListPath(path),
                              " lists its records; --resume imports what is new in it; remove ", path,
                              " to import all of it once more as new records"));
  }
  if (!resume) {
    return Error(absl::StatusCode::kFailedPrecondition, "IMPORT_BROKEN_OFF",
                 absl::StrCat("an import of this file broke off when ", state.done_,
                              " records were published; --resume goes on with it"));
  }
  state.is_complete_ = false;
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
    return Changed(absl::StrCat(path_, " belongs to another mapping, member or choice of options"));
  }
  done_ = json["done"].get<size_t>();
  list_bytes_ = json["list_bytes"].get<size_t>();
  is_complete_ = json["complete"].get<bool>();
  for (const Json& item : json["signed"]) {
    if (!IsText(item, "name") || !IsText(item, "content")) {
      return Unreadable(path_);
    }
    pending_items_.push_back({item["name"].get<std::string>(), item["content"].get<std::string>()});
  }
  MEGURI_RETURN_IF_ERROR(LoadList());
  if (pending_items_.empty()) {
    return absl::OkStatus();
  }
  MEGURI_ASSIGN_OR_RETURN(const std::string bytes, certs::ReadFile(RequestPath(path_), kPendingBytesMax));
  record::v1::PublishRequest request;
  if (!request.ParseFromString(bytes) || static_cast<size_t>(request.publications_size()) != pending_items_.size()) {
    return Unreadable(RequestPath(path_));
  }
  pending_ = std::move(request);
  return absl::OkStatus();
}

absl::Status ImportState::LoadList() {
  if (done_ == 0) {
    return absl::OkStatus();
  }
  MEGURI_ASSIGN_OR_RETURN(const std::string list, certs::ReadFile(ListPath(path_), kListBytesMax));
  if (list.size() < list_bytes_) {
    return Unreadable(ListPath(path_));
  }
  for (const absl::string_view line :
       absl::StrSplit(absl::string_view(list).substr(0, list_bytes_), '\n', absl::SkipEmpty())) {
    const Json json = Json::parse(line, /*cb=*/nullptr, /*allow_exceptions=*/false);
    if (!IsText(json, "content")) {
      return Unreadable(ListPath(path_));
    }
    published_.push_back(json["content"].get<std::string>());
  }
  return published_.size() == done_ ? absl::OkStatus() : Unreadable(ListPath(path_));
}

absl::StatusOr<std::vector<bool>> ImportState::ToPublish(const std::vector<std::string>& contents) const {
  absl::flat_hash_map<std::string, size_t> known;
  for (const std::string& content : published_) {
    ++known[content];
  }
  for (const ImportItem& item : pending_items_) {
    ++known[item.content];
  }
  size_t missing = published_.size() + pending_items_.size();
  std::vector<bool> to_publish;
  to_publish.reserve(contents.size());
  for (const std::string& content : contents) {
    const auto found = known.find(content);
    const bool is_known = found != known.end() && found->second > 0;
    if (is_known) {
      --found->second;
      --missing;
    }
    to_publish.push_back(!is_known);
  }
  if (missing > 0) {
    return Changed(absl::StrCat(missing, " of the ", published_.size() + pending_items_.size(),
                                " records that are published already are not in the input any more as they were"));
  }
  return to_publish;
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
  json["signed"] = Json::array();
  for (const ImportItem& item : pending_items_) {
    json["signed"].push_back({{"name", item.name}, {"content", item.content}});
  }
  return certs::WriteFileAtomically(path_, absl::StrCat(json.dump(2, ' ', false, Json::error_handler_t::replace), "\n"),
                                    kMode);
}

absl::Status ImportState::Begin(const record::v1::PublishRequest& request, std::vector<ImportItem> items) {
  pending_ = request;
  pending_items_ = std::move(items);
  if (!path_.empty()) {
    MEGURI_RETURN_IF_ERROR(certs::WriteFileAtomically(RequestPath(path_), request.SerializeAsString(), kMode));
  }
  return Save();
}

absl::Status ImportState::Finish(const std::vector<std::string>& lines) {
  const std::string text = lines.empty() ? "" : absl::StrCat(absl::StrJoin(lines, "\n"), "\n");
  if (!path_.empty()) {
    MEGURI_RETURN_IF_ERROR(AppendDurably(ListPath(path_), list_bytes_, text));
  }
  list_bytes_ += text.size();
  done_ += pending_items_.size();
  return Drop();
}

absl::Status ImportState::Drop() {
  pending_.reset();
  pending_items_.clear();
  if (done_ > 0 || path_.empty()) {
    return Save();
  }
  std::error_code ignored;
  for (const std::string& file : {path_, RequestPath(path_), LockPath(path_)}) {
    std::filesystem::remove(file, ignored);
  }
  return absl::OkStatus();
}

absl::Status ImportState::Complete() {
  is_complete_ = true;
  MEGURI_RETURN_IF_ERROR(Save());
  std::error_code ignored;
  if (!path_.empty()) {
    std::filesystem::remove(RequestPath(path_), ignored);
    std::filesystem::remove(LockPath(path_), ignored);
  }
  return absl::OkStatus();
}

}  // namespace meguri::client
