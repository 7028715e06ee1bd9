// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "storage/feeds.h"
#include "storage/ordered_store.h"
#include "storage/transaction.h"

namespace meguri::storage {

// The key under which the cosigned note of a feed lies, a setting: kSetting "cosigned/" u32 feed -> signed note.
std::string CosignedKey(FeedId feed);
bool IsCosignedKey(absl::string_view key);

// The newest note of each feed, own or replica, that witnesses have signed too, and all of whose entries are here.
// Stateless; thread-safe.
class CosignedNotes {
 public:
  explicit CosignedNotes(const StoreReader& store) : store_(store) {}

  // "" if nobody has cosigned a head of the feed.
  absl::StatusOr<std::string> Find(FeedId feed) const;
  absl::StatusOr<std::string> Find(const Transaction& transaction, FeedId feed) const;
  static void Put(Transaction& transaction, FeedId feed, absl::string_view note);

 private:
  const StoreReader& store_;
};

}  // namespace meguri::storage
