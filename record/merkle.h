// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "record/hash.h"

// The Merkle tree of RFC 9162 §2.1.
namespace meguri::record {

Hash LeafHash(absl::string_view leaf);
Hash NodeHash(const Hash& left, const Hash& right);
// Root of the tree of no leaves: SHA-256 of nothing.
Hash EmptyRoot();
Hash RootOf(absl::Span<const Hash> leaf_hashes);

// The roots of the perfect subtrees that make up a tree, largest first: all that is needed to append.
class Frontier {
 public:
  Frontier() = default;
  // INVALID_ARGUMENT unless there is one hash for every bit set in `size`.
  static absl::StatusOr<Frontier> Make(uint64_t size, std::vector<Hash> hashes);

  // A perfect subtree of 2^level leaves that starts at leaf index << level.
  using Visitor = absl::FunctionRef<void(uint32_t level, uint64_t index, const Hash& hash)>;

  // Appends a leaf. Tells `visit` of every subtree that becomes perfect, the leaf itself (level 0) first.
  void Append(const Hash& leaf_hash, Visitor visit);
  void Append(const Hash& leaf_hash) {
    Append(leaf_hash, [](uint32_t, uint64_t, const Hash&) {});
  }

  uint64_t size() const { return size_; }
  const std::vector<Hash>& hashes() const { return hashes_; }
  Hash Root() const;

  friend bool operator==(const Frontier&, const Frontier&) = default;

 private:
  uint64_t size_ = 0;
  std::vector<Hash> hashes_;
};

// Returns the hash of the perfect subtree (level, index). May fail (I/O).
using NodeReader = absl::FunctionRef<absl::StatusOr<Hash>(uint32_t level, uint64_t index)>;

// Proofs over a tree of `size` leaves, O(log size) reads. OUT_OF_RANGE if index >= size, or from > size.
absl::StatusOr<std::vector<Hash>> InclusionProof(uint64_t index, uint64_t size, NodeReader read);
absl::StatusOr<std::vector<Hash>> ConsistencyProof(uint64_t from, uint64_t size, NodeReader read);
// Reads the frontier of the first `size` leaves.
absl::StatusOr<Frontier> ReadFrontier(uint64_t size, NodeReader read);

// OK, or INVALID_ARGUMENT with reason INCLUSION_PROOF / CONSISTENCY_PROOF. Paths of the wrong length are refused.
absl::Status VerifyInclusion(const Hash& leaf_hash, uint64_t index, uint64_t size, absl::Span<const Hash> path,
                             const Hash& root);
// From size 0 anything follows with an empty path; equal sizes need an empty path and equal roots.
absl::Status VerifyConsistency(uint64_t from_size, const Hash& from_root, uint64_t size, const Hash& root,
                               absl::Span<const Hash> path);

}  // namespace meguri::record
