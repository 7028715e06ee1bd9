// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include <sys/types.h>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/optional.h"
#include "record/hash.h"

namespace meguri::storage {

// What the last acknowledged commit was. Kept outside the store, which alone may lose acknowledged writes silently.
struct AnchorState {
  uint64_t commit = 0;     // number of the last commit
  record::Hash own_heads;  // digest over the heads of all own feeds
  uint64_t epoch = 1;
  uint64_t fencing = 0;  // grows at every start: a second process that writes is detected

  friend bool operator==(const AnchorState&, const AnchorState&) = default;
};

// Looks at an anchor. Thread-compatible.
class AnchorReader {
 public:
  virtual ~AnchorReader() = default;
  // The newest state whose checksum holds; nullopt if none was ever written whole. DATA_LOSS (reason ANCHOR_DAMAGED) if
  // both slots are bad.
  virtual absl::StatusOr<absl::optional<AnchorState>> Read() = 0;
};

// The ANCHOR file: two 4 KiB slots written in turn. Thread-compatible; one writer.
class Anchor : public AnchorReader {
 public:
  // Durable (fdatasync) once it returns OK. After an error nothing more can be written: the disk is not to be trusted.
  virtual absl::Status Write(const AnchorState& state) = 0;
};

// What a write needs of the system; a test may put failures here.
struct AnchorDisk {
  std::function<ssize_t(int file, const void* bytes, size_t size, off_t offset)> pwrite;
  std::function<int(int file)> fdatasync;
};
AnchorDisk RealAnchorDisk();

// Opens or creates the file at `path`, and its folder entry. UNAVAILABLE (reason STORE_LOCKED) if it is open already.
absl::StatusOr<std::unique_ptr<Anchor>> OpenAnchorFile(const std::string& path,
                                                       const AnchorDisk& disk = RealAnchorDisk());
// Opens the file at `path` to look at it, and changes nothing. NOT_FOUND (reason ANCHOR_MISSING) if there is none;
// UNAVAILABLE (reason STORE_LOCKED) while a node has it open, and none opens it meanwhile.
absl::StatusOr<std::unique_ptr<AnchorReader>> OpenAnchorFileToRead(const std::string& path);
// For tests and the memory engine.
std::unique_ptr<Anchor> MakeMemoryAnchor();

}  // namespace meguri::storage
