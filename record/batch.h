// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "base/mutex.h"
#include "base/random.h"
#include "meguri/record/v1/record.pb.h"
#include "record/hash.h"
#include "record/header.h"
#include "record/public_key.h"

namespace meguri::record {

inline constexpr char kBatchPayloadType[] = "application/vnd.meguri.batch.v1";
inline constexpr uint64_t kBatchSizeDefault = 256;

// Signs `headers` (1 … 65,536 hashes) with one signature. A batch of more than one is shuffled and padded with random
// leaves to a power of two. The signatures come back in the order of `headers`.
absl::StatusOr<std::vector<v1::BatchSignature>> SignBatch(absl::Span<const Hash> header_hashes, const Hash& key_id,
                                                          const Signer& signer, Random& random);

// Roots whose signature was checked before, so that a batch costs one signature check. Thread-safe; keeps at most
// `capacity` entries (then starts afresh).
class VerifiedRoots {
 public:
  explicit VerifiedRoots(size_t capacity = 4096) : capacity_(capacity) {}
  bool Contains(const Hash& key_id, uint64_t size, const Hash& root, absl::string_view signature) const;
  void Insert(const Hash& key_id, uint64_t size, const Hash& root, absl::string_view signature);

 private:
  static Hash EntryOf(const Hash& key_id, uint64_t size, const Hash& root, absl::string_view signature);
  const size_t capacity_;
  mutable Mutex mutex_;
  absl::flat_hash_set<Hash> entries_ ABSL_GUARDED_BY(mutex_);
};

// OK if `signature` says that `key` signed `header_hash`. `key` is the registered key whose ID is signature.key_id();
// that it belongs to the publisher and is meant for records is the caller's check. INVALID_ARGUMENT with reason
// BATCH_KEY, BATCH_SIZE, BATCH_INDEX, BATCH_PATH or BAD_SIGNATURE. `verified` may be null.
absl::Status VerifyBatchSignature(const Hash& header_hash, const v1::BatchSignature& signature, const PublicKey& key,
                                  VerifiedRoots* verified);

}  // namespace meguri::record
