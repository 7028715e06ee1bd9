// SPDX-License-Identifier: Apache-2.0
#include "storage/cosigned_order.h"

#include <cstddef>
#include <cstdint>
#include <tuple>

#include "absl/time/time.h"
#include "absl/types/optional.h"
#include "base/status_macros.h"
#include "certs/signature_time.h"
#include "certs/witnesses.h"
#include "record/checkpoint.h"
#include "storage/cosigned.h"

namespace meguri::storage {
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

// When the head of `note` was there at the latest; nullopt without a quorum.
absl::optional<absl::Time> TimeOf(absl::string_view note, const certs::TrustBundle& bundle) {
  const absl::StatusOr<certs::Cosigners> cosigners = certs::CosignersOf(note, bundle);
  return cosigners.ok() ? certs::ProvenTime(*cosigners) : absl::nullopt;
}

int64_t SpanOf(absl::Time time) { return (time - absl::UnixEpoch()) / kCosignedSpan; }

}  // namespace

bool IsWorthKeeping(absl::string_view note, absl::string_view kept, const std::string& origin,
                    const certs::TrustBundle& bundle) {
  return WorthOf(note, origin, bundle) >= WorthOf(kept, origin, bundle);
}

absl::Status KeepCosigned(FeedId feed, absl::string_view note, const std::string& origin,
                          const certs::TrustBundle& bundle, const StoreReader& store, CommitScope& scope) {
  MEGURI_ASSIGN_OR_RETURN(const std::string newest, CosignedNotes(store).Find(scope.transaction, feed));
  if (!IsWorthKeeping(note, newest, origin, bundle)) {
    return absl::OkStatus();
  }
  const absl::optional<absl::Time> before = TimeOf(newest, bundle);
  const absl::optional<absl::Time> after = TimeOf(note, bundle);
  if (before.has_value() && after.has_value() && SpanOf(*before) < SpanOf(*after)) {
    MEGURI_ASSIGN_OR_RETURN(const record::Checkpoint head, record::ReadOpenedCheckpoint(newest, origin));
    MEGURI_RETURN_IF_ERROR(CosignedNotes::Keep(scope.transaction, feed, head.size, newest));
  }
  CosignedNotes::Put(scope.transaction, feed, note);
  return absl::OkStatus();
}

}  // namespace meguri::storage
