// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "meguri/storage/v1/moved.pb.h"
#include "record/hash.h"

// The file in which a member moves to another host, or in which a follower gives back what it has of one, as a sequence
// of frames whose last is a digest over all before it: docs/format/move.md.
namespace meguri::node {

inline constexpr uint32_t kMoveFormatVersion = 1;
inline constexpr uint32_t kCopyFormatVersion = 1;                 // of a file of GiveBack
inline constexpr size_t kMoveFrameBytesMax = size_t{48} << 20;    // more than the largest value
inline constexpr size_t kMoveFrameBytesTarget = size_t{1} << 20;  // from which on a frame takes nothing more

// Writes a new file that nobody but its owner may read. It is there once Finish has returned OK; otherwise it leaves
// nothing behind.
class MoveFileWriter {
 public:
  // ALREADY_EXISTS with reason FILE_EXISTS; UNAVAILABLE with reason FILE_IO.
  static absl::StatusOr<MoveFileWriter> Create(const std::string& path);
  MoveFileWriter(MoveFileWriter&& other) noexcept;
  MoveFileWriter& operator=(MoveFileWriter&&) = delete;
  ~MoveFileWriter();

  absl::Status Add(const storage::v1::MoveFrame& frame);
  // Writes the digest, and makes the file durable. Returns the digest.
  absl::StatusOr<record::Hash> Finish();

 private:
  MoveFileWriter(std::string path, int descriptor);
  absl::Status Write(absl::string_view bytes);

  std::string path_;
  int descriptor_;  // -1 once it is closed
  record::Hash digest_;
};

// Reads such a file frame by frame. Nothing of it counts before IsAtEnd: the digest comes last.
class MoveFileReader {
 public:
  // INVALID_ARGUMENT with reason MOVE_FILE if it is another kind of file.
  static absl::StatusOr<MoveFileReader> Open(const std::string& path);
  MoveFileReader(MoveFileReader&& other) noexcept;
  MoveFileReader& operator=(MoveFileReader&&) = delete;
  ~MoveFileReader();

  // The next frame; after the digest, which is checked, one without content. INVALID_ARGUMENT with reason MOVE_FILE if
  // the file is cut short, changed, or goes on after its digest.
  absl::StatusOr<storage::v1::MoveFrame> Next();
  // The digest, once Next has come to it.
  const record::Hash& digest() const { return digest_; }

 private:
  explicit MoveFileReader(int descriptor) : descriptor_(descriptor) {}
  // Reads exactly `size` bytes, or none at the end of the file.
  absl::StatusOr<std::string> Read(size_t size);

  int descriptor_;
  record::Hash digest_;
  bool is_at_end_ = false;
};

}  // namespace meguri::node
