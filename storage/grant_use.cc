// SPDX-License-Identifier: Apache-2.0
#include "storage/grant_use.h"

#include <algorithm>
#include <limits>
#include <memory>
#include <string>

#include "absl/types/optional.h"
#include "base/bytes.h"
#include "base/status_macros.h"
#include "storage/key_layout.h"
#include "storage/value.h"

namespace meguri::storage {
namespace {

absl::StatusOr<uint64_t> ParseCount(absl::string_view stored) {
  MEGURI_ASSIGN_OR_RETURN(const absl::string_view bytes, UnwrapValue(stored));
  return bytes.size() == sizeof(uint64_t) ? absl::StatusOr<uint64_t>(ReadU64(bytes)) : ValueDamaged("use of a grant");
}

}  // namespace

uint64_t DeliveriesByGrant(const audit::v1::Row& row) {
  if (row.grant_id().empty() || row.decision() != audit::v1::DECISION_DELIVERED) {
    return 0;
  }
  return row.records().empty() ? row.feed().to() - std::min(row.feed().from(), row.feed().to())
                               : static_cast<uint64_t>(row.records_size());
}

absl::StatusOr<uint64_t> GrantUses::Add(Transaction& transaction, const record::RecordId& grant, uint64_t deliveries) {
  MEGURI_ASSIGN_OR_RETURN(const auto stored, transaction.Get(Family::kLookup, GrantUseKey(grant)));
  uint64_t count = 0;
  if (stored.has_value()) {
    MEGURI_ASSIGN_OR_RETURN(count, ParseCount(*stored));
  }
  count += std::min(deliveries, std::numeric_limits<uint64_t>::max() - count);
  std::string bytes;
  AppendU64(count, bytes);
  transaction.Put(Family::kLookup, GrantUseKey(grant), WrapValue(bytes));
  return count;
}

absl::StatusOr<std::vector<GrantUse>> GrantUses::All() const {
  std::vector<GrantUse> uses;
  const std::unique_ptr<Cursor> cursor = store_.NewCursor(Family::kLookup, GrantUsePrefix());
  for (; cursor->Valid(); cursor->Next()) {
    const absl::optional<record::RecordId> grant = ParseGrantUseKey(cursor->key());
    if (!grant.has_value()) {
      return ValueDamaged("key of the use of a grant");
    }
    MEGURI_ASSIGN_OR_RETURN(const uint64_t deliveries, ParseCount(cursor->value()));
    uses.push_back({*grant, deliveries});
  }
  MEGURI_RETURN_IF_ERROR(cursor->status());
  return uses;
}

}  // namespace meguri::storage
