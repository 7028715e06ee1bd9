// SPDX-License-Identifier: Apache-2.0
#include "node/witness/cosigned_order.h"

#include <cstddef>
#include <cstdint>
#include <tuple>

#include "certs/witnesses.h"
#include "record/checkpoint.h"

namespace meguri::node {
namespace {

std::tuple<bool, uint64_t, size_t> WorthOf(absl::string_view note, const std::string& origin,
                                           const certs::TrustBundle& bundle) {
  const absl::StatusOr<record::Checkpoint> head = record::ReadOpenedCheckpoint(note, origin);
  const absl::StatusOr<certs::Cosigners> cosigners = certs::CosignersOf(note, bundle);
  if (!head.ok() || !cosigners.ok()) {
    return {false, 0, 0};
  }
  return {cosigners->HasQuorum(), head->size, cosigners->cosigned.size()};
}

}  // namespace

bool IsWorthKeeping(absl::string_view note, absl::string_view kept, const std::string& origin,
                    const certs::TrustBundle& bundle) {
  return WorthOf(note, origin, bundle) >= WorthOf(kept, origin, bundle);
}

}  // namespace meguri::node
