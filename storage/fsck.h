// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "storage/anchor.h"
#include "storage/ordered_store.h"

namespace meguri::storage {

inline constexpr size_t kFsckProblemsMax = 1000;  // sentences; further problems are counted

struct FsckReport {
  uint64_t records = 0;
  uint64_t sections = 0;
  uint64_t feeds = 0;
  uint64_t entries = 0;
  uint64_t index_entries = 0;
  std::vector<std::string> problems;  // one sentence each; empty: all is well
};

// Rebuilds every tree from the stored bytes and compares: headers with their hashes, sections with their digests,
// look-up keys with records, entries with tiles and heads, memberships with entries, postings with records, own heads
// with the anchor (which may be null), counts of replicas with what is stored, audit rows with the entries that name
// them. Reads only; if others write, `store` is a snapshot. Damage of any kind ends up in the report. Signatures are
// not checked: that takes the registry. Memory grows with the number of feeds and by one bit a record, not with what is
// stored. `progress` is called now and then with (done, total) records and feed entries.
absl::StatusOr<FsckReport> Fsck(const StoreReader& store, AnchorReader* anchor,
                                const std::function<void(uint64_t, uint64_t)>& progress);

}  // namespace meguri::storage
