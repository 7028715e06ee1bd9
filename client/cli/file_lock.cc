// SPDX-License-Identifier: Apache-2.0
#include "client/cli/file_lock.h"

#include <cerrno>
#include <utility>

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "absl/strings/str_cat.h"
#include "base/error.h"

namespace meguri::client {
namespace {

constexpr mode_t kMode = 0600;

}  // namespace

absl::StatusOr<FileLock> FileLock::Take(const std::string& path) {
  const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, kMode);
  if (descriptor < 0) {
    return Error(absl::StatusCode::kUnavailable, "FILE_IO", absl::StrCat("cannot write ", path));
  }
  FileLock lock(descriptor);
  if (::flock(descriptor, LOCK_EX | LOCK_NB) == 0) {
    return lock;
  }
  return errno == EWOULDBLOCK
             ? Error(absl::StatusCode::kFailedPrecondition, "FILE_LOCKED", absl::StrCat("another process holds ", path))
             : Error(absl::StatusCode::kUnavailable, "FILE_IO", absl::StrCat("cannot lock ", path));
}

FileLock::~FileLock() {
  if (descriptor_ >= 0) {
    ::close(descriptor_);
  }
}

FileLock& FileLock::operator=(FileLock&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  return *this;
}

}  // namespace meguri::client
