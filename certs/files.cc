// SPDX-License-Identifier: Apache-2.0
#include "certs/files.h"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <system_error>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"

namespace meguri::certs {
namespace {

class FileDescriptor {
 public:
  explicit FileDescriptor(int fd) : fd_(fd) {}
  ~FileDescriptor() {
    if (fd_ >= 0) {
      ::close(fd_);
    }
  }
  FileDescriptor(const FileDescriptor&) = delete;
  FileDescriptor& operator=(const FileDescriptor&) = delete;
  int get() const { return fd_; }

 private:
  const int fd_;
};

absl::Status SystemError(int error, absl::string_view doing, absl::string_view path) {
  const std::string message = absl::StrCat("cannot ", doing, " ", path, ": ", std::generic_category().message(error));
  switch (error) {
    case ENOENT:
    case ENOTDIR:
      return Error(absl::StatusCode::kNotFound, "FILE_NOT_FOUND", message);
    case EEXIST:
      return Error(absl::StatusCode::kAlreadyExists, "FILE_EXISTS", message);
    default:
      return Error(absl::StatusCode::kUnavailable, "FILE_IO", message);
  }
}

std::string FolderOf(const std::string& path) {
  const size_t slash = path.find_last_of('/');
  if (slash == std::string::npos) {
    return ".";
  }
  return slash == 0 ? "/" : path.substr(0, slash);
}

absl::Status SyncFolderOf(const std::string& path) {
  const std::string folder = FolderOf(path);
  const FileDescriptor fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (fd.get() < 0 || ::fsync(fd.get()) != 0) {
    return SystemError(errno, "sync the folder", folder);
  }
  return absl::OkStatus();
}

absl::Status WriteAndSync(int fd, absl::string_view bytes, const std::string& path) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) {
      continue;
    }
    if (written < 0) {
      return SystemError(errno, "write", path);
    }
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  if (::fsync(fd) != 0) {
    return SystemError(errno, "sync", path);
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> ReadAll(int fd, size_t size_max, const std::string& path) {
  std::string bytes;
  char block[4096];
  while (true) {
    const ssize_t count = ::read(fd, block, sizeof(block));
    if (count < 0 && errno == EINTR) {
      continue;
    }
    if (count < 0) {
      return SystemError(errno, "read", path);
    }
    if (count == 0) {
      return bytes;
    }
    bytes.append(block, static_cast<size_t>(count));
    if (bytes.size() > size_max) {
      return Error(absl::StatusCode::kFailedPrecondition, "FILE_TOO_LARGE",
                   absl::StrCat(path, " is larger than the ", size_max, " bytes that such a file may have"));
    }
  }
}

absl::StatusOr<std::string> Read(const std::string& path, size_t size_max, mode_t forbidden_mode) {
  // O_NONBLOCK: opening a named pipe must not hang.
  const FileDescriptor fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (fd.get() < 0) {
    return SystemError(errno, "open", path);
  }
  struct stat status = {};
  if (::fstat(fd.get(), &status) != 0) {
    return SystemError(errno, "look at", path);
  }
  if (!S_ISREG(status.st_mode)) {
    return Error(absl::StatusCode::kUnavailable, "FILE_IO", absl::StrCat(path, " is not a regular file"));
  }
  if ((status.st_mode & forbidden_mode) != 0) {
    return Error(absl::StatusCode::kFailedPrecondition, "KEY_FILE_MODE",
                 absl::StrCat("others than its owner may use the key file ", path, "; run: chmod 600 ", path));
  }
  return ReadAll(fd.get(), size_max, path);
}

}  // namespace

absl::StatusOr<std::string> ReadFile(const std::string& path, size_t size_max) { return Read(path, size_max, 0); }

absl::StatusOr<std::string> ReadPrivateFile(const std::string& path, size_t size_max) {
  return Read(path, size_max, S_IRWXG | S_IRWXO);
}

absl::Status WriteFileAtomically(const std::string& path, absl::string_view bytes, mode_t mode) {
  std::string temporary = path + ".XXXXXX";
  const FileDescriptor fd(::mkostemp(temporary.data(), O_CLOEXEC));
  if (fd.get() < 0) {
    return SystemError(errno, "create a file beside", path);
  }
  absl::Status status =
      ::fchmod(fd.get(), mode) == 0 ? absl::OkStatus() : SystemError(errno, "set the mode of", temporary);
  if (status.ok()) {
    status = WriteAndSync(fd.get(), bytes, temporary);
  }
  if (status.ok() && std::rename(temporary.c_str(), path.c_str()) != 0) {
    status = SystemError(errno, "replace", path);
  }
  if (!status.ok()) {
    ::unlink(temporary.c_str());
    return status;
  }
  return SyncFolderOf(path);
}

absl::Status WriteNewFile(const std::string& path, absl::string_view bytes, mode_t mode) {
  const FileDescriptor fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode));
  if (fd.get() < 0) {
    return SystemError(errno, "create", path);
  }
  absl::Status status = WriteAndSync(fd.get(), bytes, path);
  if (status.ok()) {
    status = SyncFolderOf(path);
  }
  if (!status.ok()) {
    ::unlink(path.c_str());
  }
  return status;
}

}  // namespace meguri::certs
