// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "gtest/gtest.h"
#include "storage/sealed/section_keys.h"

namespace meguri::testing {

inline std::string ReadWhole(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

// The files below `folder` that hold `bytes`.
inline std::vector<std::string> FilesWith(const std::filesystem::path& folder, absl::string_view bytes) {
  std::vector<std::string> found;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file() && absl::StrContains(ReadWhole(entry.path()), bytes)) {
      found.push_back(entry.path().string());
    }
  }
  return found;
}

// A folder for a store, its data keys and their epoch keys.
class KeyFolder {
 public:
  KeyFolder() {
    std::string pattern = ::testing::TempDir() + "meguri_data_keys_XXXXXX";
    path_ = ::mkdtemp(pattern.data());
    std::filesystem::create_directory(path_ + "/keys");
  }
  ~KeyFolder() { std::filesystem::remove_all(path_); }
  KeyFolder(const KeyFolder&) = delete;
  KeyFolder& operator=(const KeyFolder&) = delete;

  const std::string& path() const { return path_; }
  storage::SectionKeyFiles files() const {
    return {path_ + "/DATA_KEYS", {path_ + "/keys/data-epoch-0.key", path_ + "/keys/data-epoch-1.key"}};
  }
  // Takes the key files to `to`, as a backup is taken.
  void CopyTo(const KeyFolder& to) const {
    std::filesystem::copy(path_, to.path(),
                          std::filesystem::copy_options::recursive | std::filesystem::copy_options::overwrite_existing);
  }

 private:
  std::string path_;
};

}  // namespace meguri::testing
