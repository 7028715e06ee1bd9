// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/optional.h"
#include "certs/registry.h"
#include "certs/signature_time.h"
#include "certs/trust_bundle.h"
#include "record/feed.h"
#include "record/hash.h"
#include "storage/feeds.h"
#include "storage/ordered_store.h"

namespace meguri::node {

// Notes that are looked at for one entry; of a note without a quorum, as its witnesses were revoked since, the next
// may have one.
inline constexpr size_t kDatedNotesMax = 16;

// Cosigned heads of a stored feed that include an entry: what shows how early the entry was there.
struct DatedHeads {
  std::string earliest;             // "": there is none with a quorum
  std::string newest;               // "": there is none with a quorum
  absl::optional<absl::Time> time;  // when `earliest` was there at the latest
};
absl::StatusOr<DatedHeads> FindDatedHeads(const storage::StoreReader& store, storage::FeedId feed, uint64_t index,
                                          const certs::TrustBundle& bundle);

// What the signature under a record, by the key `key_id`, and the feed key's under `note`, a head of a feed of its
// publisher that includes the record, are worth together: certs/signature_time.h. Of the registry a head that is
// smaller than the bundle pins is INDETERMINATE.
certs::Judgement JudgeProof(const record::FeedKey& feed, absl::string_view note, const record::Hash& key_id,
                            const certs::Registry& registry, const certs::TrustBundle& bundle, absl::Time now);

}  // namespace meguri::node
