// SPDX-License-Identifier: Apache-2.0
#include "node/app/folder.h"

#include <filesystem>
#include <system_error>

#include <sys/stat.h>

#include "absl/strings/str_cat.h"
#include "base/error.h"

namespace meguri::node {
namespace {

constexpr mode_t kFolderMode = 0700;

}  // namespace

std::string Folder::NameOf(const record::ParticipantId& member) {
  return absl::StrCat(member.icd(), "-", member.identifier());
}

absl::Status MakeFolder(const std::string& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (error || ::chmod(path.c_str(), kFolderMode) != 0) {
    return Error(absl::StatusCode::kUnavailable, "FOLDER", absl::StrCat("Cannot create ", path, "."));
  }
  return absl::OkStatus();
}

}  // namespace meguri::node
