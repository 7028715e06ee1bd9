// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "absl/status/statusor.h"

namespace meguri::client {

// A file that one process at a time holds locked; the system lets go of it when the process ends, however it ends.
class FileLock {
 public:
  // Makes the file if need be. FAILED_PRECONDITION with reason FILE_LOCKED if another process holds it; UNAVAILABLE
  // with reason FILE_IO if it cannot be made.
  static absl::StatusOr<FileLock> Take(const std::string& path);
  ~FileLock();
  FileLock(FileLock&& other) noexcept : descriptor_(other.descriptor_) { other.descriptor_ = -1; }
  FileLock& operator=(FileLock&& other) noexcept;
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;

 private:
  explicit FileLock(int descriptor) : descriptor_(descriptor) {}
  int descriptor_;
};

}  // namespace meguri::client
