// SPDX-License-Identifier: Apache-2.0
#include "record/batch.h"

#include <algorithm>
#include <bit>
#include <numeric>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/bytes.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "record/dsse.h"
#include "record/merkle.h"

namespace meguri::record {
namespace {

absl::Status Refuse(absl::string_view reason, absl::string_view message) {
  return Error(absl::StatusCode::kInvalidArgument, reason, message);
}

std::string BatchBody(const Hash& key_id, uint64_t size, const Hash& root) {
  std::string body = key_id.ToString();
  AppendU64(size, body);
  absl::StrAppend(&body, root.view());
  return body;
}

std::string SignedBytes(const Hash& key_id, uint64_t size, const Hash& root) {
  return DssePae(kBatchPayloadType, BatchBody(key_id, size, root));
}

// Every level of a perfect tree, leaves first.
std::vector<std::vector<Hash>> LevelsOf(std::vector<Hash> leaves) {
  std::vector<std::vector<Hash>> levels;
  levels.push_back(std::move(leaves));
  while (levels.back().size() > 1) {
    const std::vector<Hash>& below = levels.back();
    std::vector<Hash> level;
    level.reserve(below.size() / 2);
    for (size_t i = 0; i < below.size(); i += 2) {
      level.push_back(NodeHash(below[i], below[i + 1]));
    }
    levels.push_back(std::move(level));
  }
  return levels;
}

// A random order of 0 … count - 1.
std::vector<size_t> Shuffled(size_t count, Random& random) {
  std::vector<size_t> order(count);
  std::iota(order.begin(), order.end(), size_t{0});
  for (size_t left = count; left > 1; --left) {
    std::swap(order[left - 1], order[random.Below(left)]);
  }
  return order;
}

// The batch's leaves: header i stands at place[i], random leaves everywhere else.
std::vector<Hash> LeavesOf(absl::Span<const Hash> header_hashes, absl::Span<const size_t> place, Random& random) {
  std::vector<Hash> leaves(place.size());
  for (size_t i = 0; i < place.size(); ++i) {
    const Hash content = i < header_hashes.size() ? header_hashes[i] : Hash(random.Bytes<kHashSize>());
    leaves[place[i]] = LeafHash(content.view());
  }
  return leaves;
}

}  // namespace

absl::StatusOr<std::vector<v1::BatchSignature>> SignBatch(absl::Span<const Hash> header_hashes, const Hash& key_id,
                                                          const Signer& signer, Random& random) {
  if (header_hashes.empty() || header_hashes.size() > kBatchSizeMax) {
    return Refuse("BATCH_SIZE",
                  absl::StrCat("a batch holds 1 to ", kBatchSizeMax, " headers, not ", header_hashes.size()));
  }
  const size_t size = std::bit_ceil(header_hashes.size());
  const std::vector<size_t> place = Shuffled(size, random);
  const std::vector<std::vector<Hash>> levels = LevelsOf(LeavesOf(header_hashes, place, random));
  MEGURI_ASSIGN_OR_RETURN(const std::string signature, signer.Sign(SignedBytes(key_id, size, levels.back().front())));
  std::vector<v1::BatchSignature> signatures(header_hashes.size());
  for (size_t i = 0; i < header_hashes.size(); ++i) {
    v1::BatchSignature& leaf = signatures[i];
    leaf.set_key_id(key_id.ToString());
    leaf.set_size(size);
    leaf.set_index(place[i]);
    for (size_t level = 0; level + 1 < levels.size(); ++level) {
      leaf.add_path(levels[level][place[i] >> level ^ 1].ToString());
    }
    leaf.set_signature(signature);
  }
  return signatures;
}

// The signature is part of the entry: a peer that swaps it for garbage under a root known to be good must not get a
// record stored that nobody after us could verify.
Hash VerifiedRoots::EntryOf(const Hash& key_id, uint64_t size, const Hash& root, absl::string_view signature) {
  return Sha256({BatchBody(key_id, size, root), signature});
}

bool VerifiedRoots::Contains(const Hash& key_id, uint64_t size, const Hash& root, absl::string_view signature) const {
  const Hash entry = EntryOf(key_id, size, root, signature);
  MutexLock lock(mutex_);
  return entries_.contains(entry);
}

void VerifiedRoots::Insert(const Hash& key_id, uint64_t size, const Hash& root, absl::string_view signature) {
  const Hash entry = EntryOf(key_id, size, root, signature);
  MutexLock lock(mutex_);
  if (entries_.size() >= capacity_) {
    entries_.clear();
  }
  entries_.insert(entry);
}

namespace {

// The root that `path` leads to from leaf `index` of a perfect tree. BATCH_PATH if a hash has the wrong size.
absl::StatusOr<Hash> RootFrom(const Hash& leaf_hash, uint64_t index,
                              const google::protobuf::RepeatedPtrField<std::string>& path) {
  Hash hash = leaf_hash;
  for (const std::string& bytes : path) {
    const absl::StatusOr<Hash> sibling = Hash::Parse(bytes);
    if (!sibling.ok()) {
      return Refuse("BATCH_PATH", "every hash of the batch path is 32 bytes");
    }
    hash = (index & 1) == 0 ? NodeHash(hash, *sibling) : NodeHash(*sibling, hash);
    index >>= 1;
  }
  return hash;
}

}  // namespace

absl::Status VerifyBatchSignature(const Hash& header_hash, const v1::BatchSignature& signature, const PublicKey& key,
                                  VerifiedRoots* verified) {
  const absl::StatusOr<Hash> key_id = Hash::Parse(signature.key_id());
  if (!key_id.ok()) {
    return Refuse("BATCH_KEY", "the key ID of the batch signature is not 32 bytes");
  }
  const uint64_t size = signature.size();
  if (!std::has_single_bit(size) || size > kBatchSizeMax) {
    return Refuse("BATCH_SIZE", absl::StrCat("the batch size ", size, " is not a power of two up to ", kBatchSizeMax));
  }
  if (signature.index() >= size) {
    return Refuse("BATCH_INDEX", absl::StrCat("leaf ", signature.index(), " is not in a batch of ", size));
  }
  const int path_size = std::countr_zero(size);
  if (signature.path_size() != path_size) {
    return Refuse("BATCH_PATH", absl::StrCat("the path in a batch of ", size, " has ", path_size, " hashes, not ",
                                             signature.path_size()));
  }
  MEGURI_ASSIGN_OR_RETURN(const Hash root, RootFrom(LeafHash(header_hash.view()), signature.index(), signature.path()));
  if (verified != nullptr && verified->Contains(*key_id, size, root, signature.signature())) {
    return absl::OkStatus();
  }
  MEGURI_RETURN_IF_ERROR(key.Verify(SignedBytes(*key_id, size, root), signature.signature()));
  if (verified != nullptr) {
    verified->Insert(*key_id, size, root, signature.signature());
  }
  return absl::OkStatus();
}

}  // namespace meguri::record
