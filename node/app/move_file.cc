// SPDX-License-Identifier: Apache-2.0
#include "node/app/move_file.h"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

#include "absl/strings/str_cat.h"
#include "base/bytes.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "certs/strict_parse.h"

namespace meguri::node {
namespace {

constexpr absl::string_view kMagic = "meguri-move 1\n";
constexpr absl::string_view kDigestDomain("meguri/move/v1\0", 15);
constexpr char kReason[] = "MOVE_FILE";
constexpr size_t kLengthBytes = 4;
constexpr mode_t kPrivateMode = 0600;

absl::Status FileError(absl::string_view what, const std::string& path) {
  const int error = errno;
  return Error(error == EEXIST ? absl::StatusCode::kAlreadyExists : absl::StatusCode::kUnavailable,
               error == EEXIST ? "FILE_EXISTS" : "FILE_IO",
               absl::StrCat("cannot ", what, " ", path, ": ", std::strerror(error)));
}

absl::Status Refuse(absl::string_view why) {
  return Error(absl::StatusCode::kInvalidArgument, kReason,
               absl::StrCat("the file of the move is refused: ", why, ". Carry it over again, or export it anew."));
}

// Over all frames so far.
record::Hash Extend(const record::Hash& before, absl::string_view frame) {
  return record::Sha256({kDigestDomain, before.view(), frame});
}

}  // namespace

MoveFileWriter::MoveFileWriter(std::string path, int descriptor) : path_(std::move(path)), descriptor_(descriptor) {}

MoveFileWriter::MoveFileWriter(MoveFileWriter&& other) noexcept
    : path_(std::move(other.path_)), descriptor_(std::exchange(other.descriptor_, -1)), digest_(other.digest_) {}

MoveFileWriter::~MoveFileWriter() {
  if (descriptor_ >= 0) {
    ::close(descriptor_);
    ::unlink(path_.c_str());
  }
}

absl::StatusOr<MoveFileWriter> MoveFileWriter::Create(const std::string& path) {
  const int descriptor = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, kPrivateMode);
  if (descriptor < 0) {
    return FileError("make", path);
  }
  MoveFileWriter writer(path, descriptor);
  MEGURI_RETURN_IF_ERROR(writer.Write(kMagic));
  return writer;
}

absl::Status MoveFileWriter::Write(absl::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor_, bytes.data(), bytes.size());
    if (written < 0 && errno != EINTR) {
      return FileError("write", path_);
    }
    bytes.remove_prefix(written < 0 ? 0 : static_cast<size_t>(written));
  }
  return absl::OkStatus();
}

absl::Status MoveFileWriter::Add(const storage::v1::MoveFrame& frame) {
  const std::string bytes = certs::SerializeForSigning(frame);
  std::string length;
  AppendU32(static_cast<uint32_t>(bytes.size()), length);
  MEGURI_RETURN_IF_ERROR(Write(length));
  MEGURI_RETURN_IF_ERROR(Write(bytes));
  digest_ = Extend(digest_, bytes);
  return absl::OkStatus();
}

absl::StatusOr<record::Hash> MoveFileWriter::Finish() {
  const record::Hash digest = digest_;
  storage::v1::MoveFrame last;
  last.set_digest(digest.ToString());
  MEGURI_RETURN_IF_ERROR(Add(last));
  if (::fsync(descriptor_) != 0) {
    return FileError("sync", path_);
  }
  ::close(std::exchange(descriptor_, -1));
  return digest;
}

MoveFileReader::MoveFileReader(MoveFileReader&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)), digest_(other.digest_), is_at_end_(other.is_at_end_) {}

MoveFileReader::~MoveFileReader() {
  if (descriptor_ >= 0) {
    ::close(descriptor_);
  }
}

absl::StatusOr<MoveFileReader> MoveFileReader::Open(const std::string& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) {
    return FileError("open", path);
  }
  MoveFileReader reader(descriptor);
  MEGURI_ASSIGN_OR_RETURN(const std::string magic, reader.Read(kMagic.size()));
  return magic == kMagic ? absl::StatusOr<MoveFileReader>(std::move(reader))
                         : Refuse("it does not begin as a file that `meguri-node host export` has written");
}

absl::StatusOr<std::string> MoveFileReader::Read(size_t size) {
  std::string bytes(size, '\0');
  size_t done = 0;
  while (done < size) {
    const ssize_t got = ::read(descriptor_, &bytes[done], size - done);
    if (got < 0 && errno != EINTR) {
      return Error(absl::StatusCode::kUnavailable, "FILE_IO",
                   absl::StrCat("cannot read the file of the move: ", std::strerror(errno)));
    }
    if (got == 0) {
      break;
    }
    done += got < 0 ? 0 : static_cast<size_t>(got);
  }
  if (done != 0 && done != size) {
    return Refuse("it is cut short");
  }
  bytes.resize(done);
  return bytes;
}

absl::StatusOr<storage::v1::MoveFrame> MoveFileReader::Next() {
  storage::v1::MoveFrame frame;
  MEGURI_ASSIGN_OR_RETURN(const std::string length, Read(kLengthBytes));
  if (is_at_end_) {
    return length.empty() ? absl::StatusOr<storage::v1::MoveFrame>(std::move(frame))
                          : Refuse("it goes on after its digest");
  }
  if (length.empty() || ReadU32(length) > kMoveFrameBytesMax) {
    return Refuse(length.empty() ? "it is cut short" : "one of its frames is larger than any that is written");
  }
  MEGURI_ASSIGN_OR_RETURN(const std::string bytes, Read(ReadU32(length)));
  if (bytes.size() != ReadU32(length)) {
    return Refuse("it is cut short");
  }
  MEGURI_RETURN_IF_ERROR(certs::ParseStrictly(bytes, kMoveFrameBytesMax, kReason, frame));
  if (frame.content_case() == storage::v1::MoveFrame::CONTENT_NOT_SET) {
    return Refuse("one of its frames is empty");
  }
  if (!frame.has_digest()) {
    digest_ = Extend(digest_, bytes);
    return frame;
  }
  is_at_end_ = true;
  if (frame.digest() != digest_.view()) {
    return Refuse("its digest is not that of what it holds");
  }
  return Next();
}

}  // namespace meguri::node
