// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "absl/types/span.h"
#include "base/mutex.h"
#include "base/random.h"
#include "storage/sealed/key_tree.h"

namespace meguri::storage {

// Where the keys lie: the tree in a file beside the store, and in one of two files of another folder the epoch key
// under which it is encrypted. Both are used by turns, so that one holds while the other is made.
struct SectionKeyFiles {
  std::string tree;
  std::string epochs[2];
};

// What the key files need of the system; a test may put failures here.
struct KeyDisk {
  // Replaces a file, open to its owner alone, at once; durable when it returns OK.
  std::function<absl::Status(const std::string& path, absl::string_view bytes)> write;
  // Overwrites a file and removes it; durable when it returns OK. OK if there is none.
  std::function<absl::Status(const std::string& path)> destroy;
};
KeyDisk RealKeyDisk();

// The data keys of a store: one for the sections of each record, by the number of its arrival. Thread-safe.
class SectionKeys {
 public:
  static constexpr size_t kIdSize = 16;
  static constexpr size_t kCachedSeedsMax = 8192;  // in memory, at 32 bytes and what a table adds

  enum class Use { kOwn, kLookAt };

  // Whether the file of the tree is there.
  static bool Exist(const SectionKeyFiles& files);
  // Makes keys. ALREADY_EXISTS with reason DATA_KEYS_EXIST if there are some.
  static absl::StatusOr<std::unique_ptr<SectionKeys>> Create(const SectionKeyFiles& files, Random& random,
                                                             const KeyDisk& disk = RealKeyDisk());
  // Reads them. Whoever owns them finishes what a crash has interrupted; who only looks at them changes nothing.
  // DATA_LOSS with reason DATA_KEYS_MISSING or DATA_KEYS_DAMAGED: the sections of the store cannot be read.
  static absl::StatusOr<std::unique_ptr<SectionKeys>> Open(const SectionKeyFiles& files, Use use, Random& random,
                                                           const KeyDisk& disk = RealKeyDisk());

  // 16 random bytes that a store keeps, so that keys of another store are recognised.
  const std::string& id() const { return id_; }
  // The key of the record that arrived as number `arrival`; nullopt if it is erased.
  absl::optional<Seed> Find(uint64_t arrival) const;
  bool IsErased(uint64_t arrival) const;
  // The greatest number that is erased; 0 if none is.
  uint64_t last_erased() const;

  // Destroys the keys of these records: once it returns OK, nothing that is left in any file leads to them. After an
  // error the old keys or the new ones are whole, which of them shows at the next Open; until then nothing is erased.
  absl::Status Erase(absl::Span<const uint64_t> arrivals);

 private:
  SectionKeys(SectionKeyFiles files, Random& random, KeyDisk disk, std::string id, uint64_t generation, KeyTree tree);
  // Makes `tree` durable under a new epoch key, and destroys the one before.
  absl::Status WriteAnew(const KeyTree& tree) ABSL_EXCLUSIVE_LOCKS_REQUIRED(writer_);

  const SectionKeyFiles files_;
  Random& random_;
  const KeyDisk disk_;
  const std::string id_;

  Mutex writer_;  // held by whoever writes the files
  uint64_t generation_ ABSL_GUARDED_BY(writer_);
  absl::Status failure_ ABSL_GUARDED_BY(writer_);

  mutable Mutex mutex_;
  KeyTree tree_ ABSL_GUARDED_BY(mutex_);
  // Seeds on the way to keys that were asked for, by index and height.
  mutable absl::flat_hash_map<uint64_t, Seed> cached_ ABSL_GUARDED_BY(mutex_);
  mutable uint64_t last_arrival_ ABSL_GUARDED_BY(mutex_) = kKeyTreeLeaves;
  mutable Seed last_key_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace meguri::storage
