// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "storage/feeds.h"
#include "storage/ordered_store.h"

namespace meguri::storage {

// A feed that brings a version here.
struct FeedMembership {
  FeedId feed = 0;
  uint64_t slots = 0;              // that its entries open together
  absl::optional<uint64_t> index;  // of an entry that names the version; nullopt in a store of a format before 4

  friend bool operator==(const FeedMembership&, const FeedMembership&) = default;
};

// `known` together with a later entry of the same feed for the same version, whose index counts if it opens more.
FeedMembership Joined(const FeedMembership& known, const FeedMembership& added);

// The value under a MembershipKey.
std::string WrapMembership(const FeedMembership& membership);
// DATA_LOSS (reason VALUE_DAMAGED) if `stored` is none.
absl::StatusOr<FeedMembership> ParseMembership(FeedId feed, absl::string_view stored);

// Adds to the memberships of a store that was made before they said so which entry names the version: a migration.
absl::Status AddEntryIndices(OrderedStore& store);

}  // namespace meguri::storage
