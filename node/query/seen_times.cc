// SPDX-License-Identifier: Apache-2.0
#include "node/query/seen_times.h"

#include <utility>

#include "absl/types/optional.h"
#include "base/status_macros.h"
#include "certs/receipts.h"

namespace meguri::node {
namespace {

void TakeEarlier(absl::optional<absl::Time>& time, const absl::optional<absl::Time>& other) {
  if (other.has_value() && (!time.has_value() || *other < *time)) {
    time = other;
  }
}

}  // namespace

absl::StatusOr<std::vector<CountedReceipt>> FindReceipts(const storage::StoreReader& store,
                                                         const storage::HeldFeed& feed, storage::FeedId id,
                                                         uint64_t index, const certs::Registry& registry,
                                                         absl::Time now) {
  std::vector<CountedReceipt> counted;
  const registry::v1::MemberEntry* publisher = registry.Find(feed.key.publisher);
  const auto counts = [&](const storage::GivenReceipt& given) {
    const absl::StatusOr<record::Hash> key_id = record::Hash::Parse(given.receipt.key_id());
    const certs::RegisteredKey* key = key_id.ok() ? registry.FindKey(*key_id) : nullptr;
    const registry::v1::MemberEntry* giver = registry.Find(given.giver);
    if (publisher == nullptr || giver == nullptr || key == nullptr || key->owner != given.giver ||
        certs::IsOfFormerHost(registry.FeedKeyLineOf(given.giver, now), *key)) {
      return false;
    }
    absl::StatusOr<certs::SeenBy> seen = certs::CheckGiver(*giver, *key, *publisher, certs::TimeOf(given.receipt), now);
    if (seen.ok()) {
      counted.push_back({given, *std::move(seen)});
    }
    return seen.ok();
  };
  MEGURI_RETURN_IF_ERROR(storage::Receipts(store).Covering(id, index, counts).status());
  return counted;
}

void Join(certs::SeenTimes& seen, const certs::SeenTimes& of_feed) {
  TakeEarlier(seen.witnesses, of_feed.witnesses);
  TakeEarlier(seen.own, of_feed.own);
  seen.receipts.insert(seen.receipts.end(), of_feed.receipts.begin(), of_feed.receipts.end());
}

}  // namespace meguri::node
