// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "record/hash.h"
#include "record/public_key.h"

namespace meguri::record {

// A signed feed head in the form of C2SP tlog-checkpoint.
struct Checkpoint {
  std::string origin;
  uint64_t size = 0;
  Hash root;

  friend bool operator==(const Checkpoint&, const Checkpoint&) = default;
};

// Returns the C2SP signed note of `checkpoint`, signed as Ed25519 type 0x01 under the key name `checkpoint.origin`.
absl::StatusOr<std::string> SignCheckpoint(const Checkpoint& checkpoint, const Signer& feed_signer);

// Parses a note and checks the signature by `feed_key` under `origin`. Other signature lines are ignored (witnesses).
// INVALID_ARGUMENT with reason CHECKPOINT_FORM, CHECKPOINT_ORIGIN or CHECKPOINT_SIGNATURE.
absl::StatusOr<Checkpoint> OpenCheckpoint(absl::string_view note, absl::string_view origin, const PublicKey& feed_key);

// A checkpoint, and which of several keys signed it.
struct SoleSigned {
  Checkpoint checkpoint;
  size_t key = 0;
};

// As OpenCheckpoint, for a note that is kept as a proof: it carries one signature, by one of `feed_keys`, and nothing
// that is not checked. CHECKPOINT_SIGNATURE if it carries more.
absl::StatusOr<SoleSigned> OpenSoleSigned(absl::string_view note, absl::string_view origin,
                                          absl::Span<const PublicKey> feed_keys);

// Reads a note whose signature was checked when it came: its key may have been replaced since. INVALID_ARGUMENT with
// reason CHECKPOINT_FORM or CHECKPOINT_ORIGIN.
absl::StatusOr<Checkpoint> ReadOpenedCheckpoint(absl::string_view note, absl::string_view origin);

}  // namespace meguri::record
