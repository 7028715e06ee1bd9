// SPDX-License-Identifier: Apache-2.0
#include "certs/key_files.h"

#include <filesystem>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"

namespace meguri::certs {
namespace {

std::string FileOf(const std::string& path, int generation) {
  const std::filesystem::path first(path);
  return generation == 1
             ? path
             : (first.parent_path() / absl::StrCat(first.stem().string(), "-", generation, first.extension().string()))
                   .string();
}

bool Exists(const std::string& path) {
  std::error_code error;
  return std::filesystem::exists(path, error);
}

}  // namespace

std::vector<std::string> KeyFilesOf(const std::string& path) {
  std::vector<std::string> files;
  for (int generation = 1; generation <= kKeyGenerationsMax; ++generation) {
    std::string file = FileOf(path, generation);
    if (Exists(file)) {
      files.push_back(std::move(file));
    }
  }
  return files;
}

absl::StatusOr<std::string> NextKeyFile(const std::string& path) {
  int next = 1;
  for (int generation = 1; generation <= kKeyGenerationsMax; ++generation) {
    next = Exists(FileOf(path, generation)) ? generation + 1 : next;
  }
  if (next > kKeyGenerationsMax) {
    return Error(absl::StatusCode::kResourceExhausted, "KEY_GENERATIONS",
                 absl::StrCat("There are ", kKeyGenerationsMax, " keys beside ", path,
                              "; move those that have ended elsewhere."));
  }
  return FileOf(path, next);
}

absl::StatusOr<std::unique_ptr<SigningKey>> LoadKeyOf(const std::string& path, absl::string_view public_key) {
  for (const std::string& file : KeyFilesOf(path)) {
    MEGURI_ASSIGN_OR_RETURN(std::unique_ptr<SigningKey> key, SigningKey::Load(file));
    if (key->public_key().spki() == public_key) {
      return key;
    }
  }
  return Error(absl::StatusCode::kNotFound, "KEY_NOT_HERE",
               absl::StrCat("The key that the registry has in force is neither ", path, " nor a key file beside it."));
}

}  // namespace meguri::certs
