// SPDX-License-Identifier: Apache-2.0
#include "storage/sealed/section_keys.h"

#include <array>
#include <cerrno>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "absl/memory/memory.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/bytes.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "certs/files.h"
#include "storage/sealed/aead.h"

namespace meguri::storage {
namespace {

// The tree's file: magic[16] | id[16] | u64 generation | the tree, sealed under the epoch key of that generation in the
// context of all before it. An epoch key's file: magic[16] | u64 generation | key[32] | SHA-256 of all that.
constexpr absl::string_view kTreeMagic = "meguri/datakeys1";
constexpr absl::string_view kEpochMagic = "meguri/epochkey1";
constexpr size_t kTreeHeader = 16 + SectionKeys::kIdSize + 8;
constexpr size_t kEpochBody = 16 + 8 + record::kHashSize;
constexpr size_t kTreeFileMax = size_t{64} << 20;
constexpr uint32_t kCachedHeights[] = {4, 12};  // from the lower one on a key costs four hashes

absl::Status Unreadable(absl::string_view reason, const std::string& path, absl::string_view found) {
  return Error(
      absl::StatusCode::kDataLoss, reason,
      absl::StrCat(path, ": ", found,
                   ". Without it no section in the store can be read, and new keys would not open what the old "
                   "ones closed. Put back the newest copy of DATA_KEYS and of the epoch key in keys/, which "
                   "belong to each other"));
}

absl::Status SystemError(absl::string_view doing, const std::string& path) {
  return Error(absl::StatusCode::kUnavailable, "FILE_IO",
               absl::StrCat("cannot ", doing, " ", path, ": ", std::generic_category().message(errno)));
}

absl::Status SyncFolderOf(const std::string& path) {
  const size_t slash = path.rfind('/');
  const std::string folder = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  const int file = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const bool synced = file >= 0 && ::fsync(file) == 0;
  const absl::Status status = synced ? absl::OkStatus() : SystemError("sync the folder", folder);
  if (file >= 0) {
    ::close(file);
  }
  return status;
}

// On a disk that writes in place the old bytes are gone then. One that does not, as an SSD, may keep them in cells that
// nothing leads to: docs/operations.md says what follows.
absl::Status Overwrite(int file, const std::string& path) {
  const off_t end = ::lseek(file, 0, SEEK_END);
  if (end < 0) {
    return SystemError("read", path);
  }
  const std::string zeros(static_cast<size_t>(end), '\0');
  size_t done = 0;
  while (done < zeros.size()) {
    const ssize_t count = ::pwrite(file, zeros.data() + done, zeros.size() - done, static_cast<off_t>(done));
    if (count < 0 && errno == EINTR) {
      continue;
    }
    if (count <= 0) {
      return SystemError("overwrite", path);
    }
    done += static_cast<size_t>(count);
  }
  return ::fsync(file) == 0 ? absl::OkStatus() : SystemError("sync", path);
}

absl::Status Destroy(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW);
  if (file < 0) {
    return errno == ENOENT ? absl::OkStatus() : SystemError("open", path);
  }
  absl::Status status = Overwrite(file, path);
  ::close(file);
  MEGURI_RETURN_IF_ERROR(status);
  if (::unlink(path.c_str()) != 0) {
    return SystemError("remove", path);
  }
  return SyncFolderOf(path);
}

std::string EncodeEpoch(uint64_t generation, const Seed& key) {
  std::string bytes(kEpochMagic);
  AppendU64(generation, bytes);
  absl::StrAppend(&bytes, key.view());
  absl::StrAppend(&bytes, record::Sha256(bytes).view());
  return bytes;
}

// The key, if the file is whole and of this generation.
absl::optional<Seed> DecodeEpoch(absl::string_view bytes, uint64_t generation) {
  const absl::string_view body = bytes.substr(0, kEpochBody);
  if (bytes.size() != kEpochBody + record::kHashSize || !absl::StartsWith(body, kEpochMagic) ||
      record::Sha256(body).view() != bytes.substr(kEpochBody) || ReadU64(body.substr(16)) != generation) {
    return absl::nullopt;
  }
  return *record::Hash::Parse(body.substr(16 + 8));
}

const std::string& EpochFile(const SectionKeyFiles& files, uint64_t generation) { return files.epochs[generation % 2]; }

absl::StatusOr<Seed> ReadEpoch(const SectionKeyFiles& files, uint64_t generation) {
  const std::string& path = EpochFile(files, generation);
  const absl::StatusOr<std::string> bytes = certs::ReadPrivateFile(path, kEpochBody + record::kHashSize);
  if (absl::IsNotFound(bytes.status())) {
    return Unreadable("DATA_KEYS_MISSING", path, "the epoch key of the data keys is not there");
  }
  MEGURI_RETURN_IF_ERROR(bytes.status());
  const absl::optional<Seed> key = DecodeEpoch(*bytes, generation);
  if (!key.has_value()) {
    return Unreadable("DATA_KEYS_DAMAGED", path,
                      absl::StrCat("this is not the epoch key of generation ", generation, ", which DATA_KEYS is of"));
  }
  return *key;
}

std::string TreeHeader(absl::string_view id, uint64_t generation) {
  std::string bytes = absl::StrCat(kTreeMagic, id);
  AppendU64(generation, bytes);
  return bytes;
}

Seed RandomSeed(Random& random) { return Seed(random.Bytes<record::kHashSize>()); }

uint64_t CacheKey(uint64_t index, uint32_t height) { return index << 6 | height; }

}  // namespace

KeyDisk RealKeyDisk() {
  return {
      [](const std::string& path, absl::string_view bytes) { return certs::WriteFileAtomically(path, bytes, 0600); },
      Destroy};
}

SectionKeys::SectionKeys(SectionKeyFiles files, Random& random, KeyDisk disk, std::string id, uint64_t generation,
                         KeyTree tree)
    : files_(std::move(files)),
      random_(random),
      disk_(std::move(disk)),
      id_(std::move(id)),
      generation_(generation),
      tree_(std::move(tree)) {}

bool SectionKeys::Exist(const SectionKeyFiles& files) {
  struct stat status = {};
  return ::stat(files.tree.c_str(), &status) == 0;
}

absl::StatusOr<std::unique_ptr<SectionKeys>> SectionKeys::Create(const SectionKeyFiles& files, Random& random,
                                                                 const KeyDisk& disk) {
  if (Exist(files)) {
    return Error(absl::StatusCode::kAlreadyExists, "DATA_KEYS_EXIST",
                 absl::StrCat(files.tree, " is there already: it may be all that opens a store"));
  }
  const auto id = random.Bytes<kIdSize>();
  const KeyTree tree(RandomSeed(random));
  auto keys = absl::WrapUnique(new SectionKeys(files, random, disk, std::string(id.begin(), id.end()), 0, tree));
  MutexLock writing(keys->writer_);
  MEGURI_RETURN_IF_ERROR(keys->WriteAnew(tree));
  return keys;
}

absl::StatusOr<std::unique_ptr<SectionKeys>> SectionKeys::Open(const SectionKeyFiles& files, Use use, Random& random,
                                                               const KeyDisk& disk) {
  const absl::StatusOr<std::string> bytes = certs::ReadPrivateFile(files.tree, kTreeFileMax);
  if (absl::IsNotFound(bytes.status())) {
    return Unreadable("DATA_KEYS_MISSING", files.tree, "the file of the data keys is not there");
  }
  MEGURI_RETURN_IF_ERROR(bytes.status());
  const absl::string_view all = *bytes;
  if (all.size() < kTreeHeader || !absl::StartsWith(all, kTreeMagic)) {
    return Unreadable("DATA_KEYS_DAMAGED", files.tree, "this is no file of data keys");
  }
  const absl::string_view header = all.substr(0, kTreeHeader);
  const uint64_t generation = ReadU64(header.substr(16 + kIdSize));
  MEGURI_ASSIGN_OR_RETURN(const Seed epoch, ReadEpoch(files, generation));
  std::string plain;
  if (!AppendOpened(epoch, header, all.substr(kTreeHeader), plain)) {
    return Unreadable("DATA_KEYS_DAMAGED", files.tree, "the file is damaged, or the epoch key is that of another one");
  }
  absl::StatusOr<KeyTree> tree = KeyTree::Parse(plain);
  if (!tree.ok()) {
    return Unreadable("DATA_KEYS_DAMAGED", files.tree, tree.status().message());
  }
  if (use == Use::kOwn) {
    // What a crash left: an epoch key that was never used, or the one before, which was to be destroyed.
    MEGURI_RETURN_IF_ERROR(disk.destroy(EpochFile(files, generation + 1)));
  }
  return absl::WrapUnique(
      new SectionKeys(files, random, disk, std::string(header.substr(16, kIdSize)), generation, *std::move(tree)));
}

absl::optional<Seed> SectionKeys::Find(uint64_t arrival) const {
  MutexLock lock(mutex_);
  if (arrival == last_arrival_) {
    return last_key_;
  }
  const TreeSeed* const above = tree_.Above(arrival);
  if (above == nullptr) {
    return absl::nullopt;
  }
  TreeSeed at = *above;
  for (const uint32_t height : kCachedHeights) {
    const auto found = height < at.height ? cached_.find(CacheKey(arrival >> height, height)) : cached_.end();
    if (found != cached_.end()) {
      at = TreeSeed{height, arrival >> height, found->second};
      break;
    }
  }
  while (at.height > 0) {
    --at.height;
    at.seed = ChildOf(at.seed, static_cast<uint8_t>((arrival >> at.height) & 1));
    if (at.height == kCachedHeights[0] || at.height == kCachedHeights[1]) {
      if (cached_.size() >= kCachedSeedsMax) {
        cached_.clear();
      }
      cached_.emplace(CacheKey(arrival >> at.height, at.height), at.seed);
    }
  }
  last_arrival_ = arrival;
  last_key_ = at.seed;
  return at.seed;
}

bool SectionKeys::IsErased(uint64_t arrival) const {
  MutexLock lock(mutex_);
  return tree_.Above(arrival) == nullptr;
}

uint64_t SectionKeys::last_erased() const {
  MutexLock lock(mutex_);
  return tree_.LastPunctured().value_or(0);
}

absl::Status SectionKeys::Erase(absl::Span<const uint64_t> arrivals) {
  MutexLock writing(writer_);
  MEGURI_RETURN_IF_ERROR(failure_);
  absl::optional<KeyTree> tree;
  {
    MutexLock lock(mutex_);
    tree = tree_;
  }
  for (const uint64_t arrival : arrivals) {
    MEGURI_RETURN_IF_ERROR(tree->Puncture(arrival));
  }
  failure_ = WriteAnew(*tree);
  MEGURI_RETURN_IF_ERROR(failure_);
  MutexLock lock(mutex_);
  tree_ = *std::move(tree);
  cached_.clear();
  last_arrival_ = kKeyTreeLeaves;
  last_key_ = Seed();
  return absl::OkStatus();
}

// A crash after any of the steps leaves a tree and the epoch key under which it lies. The old tree can be opened until
// its epoch key is destroyed; that is the last step, and the next Open finishes it.
absl::Status SectionKeys::WriteAnew(const KeyTree& tree) {
  const uint64_t generation = generation_ + 1;
  const Seed epoch = RandomSeed(random_);
  MEGURI_RETURN_IF_ERROR(disk_.write(EpochFile(files_, generation), EncodeEpoch(generation, epoch)));
  std::string bytes = TreeHeader(id_, generation);
  const std::string header = bytes;
  AppendSealed(epoch, random_.Bytes<kNonceSize>(), header, tree.Serialize(), bytes);
  MEGURI_RETURN_IF_ERROR(disk_.write(files_.tree, bytes));
  MEGURI_RETURN_IF_ERROR(disk_.destroy(EpochFile(files_, generation_)));
  generation_ = generation;
  return absl::OkStatus();
}

}  // namespace meguri::storage
