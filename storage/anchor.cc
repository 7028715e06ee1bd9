// SPDX-License-Identifier: Apache-2.0
#include "storage/anchor.h"

#include <cerrno>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "base/bytes.h"
#include "base/error.h"
#include "base/status_macros.h"

namespace meguri::storage {
namespace {

// A slot: magic[16] | u64 sequence | u64 commit | own heads[32] | u64 epoch | u64 fencing | SHA-256 of all that; zeros.
constexpr absl::string_view kMagic = "meguri/anchor/v1";
constexpr size_t kSlotSize = 4096;
constexpr size_t kSlotCount = 2;
constexpr size_t kBodySize = 16 + 8 + 8 + record::kHashSize + 8 + 8;

struct Slot {
  uint64_t sequence = 0;  // number of this write, from 1; write n goes to slot (n - 1) mod 2
  AnchorState state;
};

std::string EncodeSlot(const Slot& slot) {
  std::string bytes(kMagic);
  AppendU64(slot.sequence, bytes);
  AppendU64(slot.state.commit, bytes);
  bytes += slot.state.own_heads.ToString();
  AppendU64(slot.state.epoch, bytes);
  AppendU64(slot.state.fencing, bytes);
  bytes += record::Sha256(bytes).ToString();
  bytes.resize(kSlotSize);
  return bytes;
}

// nullopt unless the checksum holds.
absl::optional<Slot> DecodeSlot(absl::string_view bytes) {
  const absl::string_view body = bytes.substr(0, kBodySize);
  if (body.substr(0, kMagic.size()) != kMagic ||
      record::Sha256(body).view() != bytes.substr(kBodySize, record::kHashSize)) {
    return absl::nullopt;
  }
  absl::string_view rest = body.substr(kMagic.size());
  const auto take_u64 = [&rest] {
    const uint64_t number = ReadU64(rest);
    rest.remove_prefix(sizeof(uint64_t));
    return number;
  };
  Slot slot;
  slot.sequence = take_u64();
  slot.state.commit = take_u64();
  slot.state.own_heads = *record::Hash::Parse(rest.substr(0, record::kHashSize));
  rest.remove_prefix(record::kHashSize);
  slot.state.epoch = take_u64();
  slot.state.fencing = take_u64();
  return slot;
}

bool IsBlank(absl::string_view bytes) { return bytes.find_first_not_of('\0') == absl::string_view::npos; }

absl::Status DiskError(absl::string_view action, const std::string& path) {
  return Error(absl::StatusCode::kUnavailable, "STORE_FAILED",
               absl::StrCat("cannot ", action, " ", path, ": ", std::system_category().message(errno),
                            "; check the disk, then start the node again"));
}

class File {
 public:
  explicit File(int descriptor) : descriptor_(descriptor) {}
  ~File() {
    if (descriptor_ >= 0) {
      ::close(descriptor_);
    }
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  int descriptor() const { return descriptor_; }

 private:
  const int descriptor_;
};

absl::Status SyncFolderOf(const std::string& path) {
  const size_t slash = path.rfind('/');
  const std::string folder = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  const File file(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (file.descriptor() < 0 || ::fsync(file.descriptor()) != 0) {
    return DiskError("sync the folder", folder);
  }
  return absl::OkStatus();
}

class FileAnchor final : public Anchor {
 public:
  FileAnchor(std::string path, int descriptor, AnchorDisk disk)
      : path_(std::move(path)), file_(descriptor), disk_(std::move(disk)) {}

  absl::StatusOr<absl::optional<AnchorState>> Read() override;
  absl::Status Write(const AnchorState& state) override;
  // Takes the file for this process, and gives a new one its full size, so that later writes change no metadata.
  absl::Status Prepare();
  // Keeps writers away; other readers may come. Nothing is written then.
  absl::Status PrepareToRead() { return Take(LOCK_SH); }

 private:
  absl::Status Take(int lock) const;
  absl::StatusOr<std::string> ReadAll() const;
  // The newest good slot, or nullopt.
  absl::StatusOr<absl::optional<Slot>> ReadNewest() const;
  absl::Status WriteDurably(absl::string_view bytes, size_t offset);

  const std::string path_;
  const File file_;
  const AnchorDisk disk_;
  bool failed_ = false;
};

absl::Status FileAnchor::Take(int lock) const {
  return ::flock(file_.descriptor(), lock | LOCK_NB) == 0
             ? absl::OkStatus()
             : Error(absl::StatusCode::kUnavailable, "STORE_LOCKED",
                     absl::StrCat(path_, " is in use by another process: stop that one first"));
}

absl::Status FileAnchor::Prepare() {
  MEGURI_RETURN_IF_ERROR(Take(LOCK_EX));
  const off_t end = ::lseek(file_.descriptor(), 0, SEEK_END);
  if (end < 0) {
    return DiskError("read", path_);
  }
  const size_t size = static_cast<size_t>(end);
  if (size < kSlotSize * kSlotCount) {
    MEGURI_RETURN_IF_ERROR(WriteDurably(std::string(kSlotSize * kSlotCount - size, '\0'), size));
  }
  return SyncFolderOf(path_);
}

absl::StatusOr<std::string> FileAnchor::ReadAll() const {
  std::string bytes(kSlotSize * kSlotCount, '\0');
  size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t count =
        ::pread(file_.descriptor(), bytes.data() + done, bytes.size() - done, static_cast<off_t>(done));
    if (count < 0 && errno == EINTR) {
      continue;
    }
    if (count < 0) {
      return DiskError("read", path_);
    }
    if (count == 0) {
      break;  // Cut short from outside: what is missing counts as blank.
    }
    done += static_cast<size_t>(count);
  }
  return bytes;
}

absl::StatusOr<absl::optional<Slot>> FileAnchor::ReadNewest() const {
  MEGURI_ASSIGN_OR_RETURN(const std::string bytes, ReadAll());
  const absl::string_view all = bytes;
  absl::optional<Slot> newest;
  for (size_t index = 0; index < kSlotCount; ++index) {
    const absl::optional<Slot> slot = DecodeSlot(all.substr(index * kSlotSize, kSlotSize));
    if (slot.has_value() && (!newest.has_value() || slot->sequence > newest->sequence)) {
      newest = slot;
    }
  }
  // A blank second slot means that at most one write was begun, and that it was cut: nothing was ever anchored.
  if (!newest.has_value() && !IsBlank(all.substr(kSlotSize))) {
    return Error(absl::StatusCode::kDataLoss, "ANCHOR_DAMAGED",
                 absl::StrCat("neither half of ", path_,
                              " can be read, so nothing tells whether the store is whole: look at the disk, and put "
                              "back the ANCHOR that belongs to this store"));
  }
  return newest;
}

absl::StatusOr<absl::optional<AnchorState>> FileAnchor::Read() {
  MEGURI_ASSIGN_OR_RETURN(const absl::optional<Slot> newest, ReadNewest());
  return newest.has_value() ? absl::optional<AnchorState>(newest->state) : absl::nullopt;
}

absl::Status FileAnchor::Write(const AnchorState& state) {
  if (failed_) {
    return Error(absl::StatusCode::kUnavailable, "STORE_FAILED",
                 absl::StrCat("an earlier write to ", path_, " failed; check the disk, then start the node again"));
  }
  MEGURI_ASSIGN_OR_RETURN(const absl::optional<Slot> newest, ReadNewest());
  const uint64_t sequence = newest.has_value() ? newest->sequence + 1 : 1;
  const size_t offset = static_cast<size_t>((sequence - 1) % kSlotCount) * kSlotSize;
  return WriteDurably(EncodeSlot(Slot{sequence, state}), offset);
}

absl::Status FileAnchor::WriteDurably(absl::string_view bytes, size_t offset) {
  while (!bytes.empty()) {
    const ssize_t count = disk_.pwrite(file_.descriptor(), bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (count < 0 && errno == EINTR) {
      continue;
    }
    if (count <= 0) {
      failed_ = true;
      return DiskError("write", path_);
    }
    bytes.remove_prefix(static_cast<size_t>(count));
    offset += static_cast<size_t>(count);
  }
  // Never tried again: after a failed sync the kernel may forget the dirty page and call the next one a success.
  if (disk_.fdatasync(file_.descriptor()) != 0) {
    failed_ = true;
    return DiskError("sync", path_);
  }
  return absl::OkStatus();
}

class MemoryAnchor final : public Anchor {
 public:
  absl::StatusOr<absl::optional<AnchorState>> Read() override { return state_; }
  absl::Status Write(const AnchorState& state) override {
    state_ = state;
    return absl::OkStatus();
  }

 private:
  absl::optional<AnchorState> state_;
};

}  // namespace

AnchorDisk RealAnchorDisk() { return AnchorDisk{::pwrite, ::fdatasync}; }

absl::StatusOr<std::unique_ptr<Anchor>> OpenAnchorFile(const std::string& path, const AnchorDisk& disk) {
  const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (descriptor < 0) {
    return DiskError("open", path);
  }
  auto anchor = std::make_unique<FileAnchor>(path, descriptor, disk);
  MEGURI_RETURN_IF_ERROR(anchor->Prepare());
  return std::unique_ptr<Anchor>(std::move(anchor));
}

absl::StatusOr<std::unique_ptr<AnchorReader>> OpenAnchorFileToRead(const std::string& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0 && errno == ENOENT) {
    return Error(absl::StatusCode::kNotFound, "ANCHOR_MISSING", absl::StrCat("there is no file ", path));
  }
  if (descriptor < 0) {
    return DiskError("open", path);
  }
  auto anchor = std::make_unique<FileAnchor>(path, descriptor, RealAnchorDisk());
  MEGURI_RETURN_IF_ERROR(anchor->PrepareToRead());
  return std::unique_ptr<AnchorReader>(std::move(anchor));
}

std::unique_ptr<Anchor> MakeMemoryAnchor() { return std::make_unique<MemoryAnchor>(); }

}  // namespace meguri::storage
