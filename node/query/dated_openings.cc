// SPDX-License-Identifier: Apache-2.0
#include "node/query/dated_openings.h"

#include <utility>
#include <vector>

#include "base/status_macros.h"
#include "node/query/dated_heads.h"
#include "record/checkpoint.h"
#include "record/heads_feed.h"
#include "record/merkle.h"
#include "storage/openings.h"

namespace meguri::node {

absl::StatusOr<DatedOpenings> FindDatedOpenings(const storage::StoreReader& store, const storage::HeldFeed& feed,
                                                storage::FeedId id, uint64_t index, const certs::TrustBundle& bundle) {
  DatedOpenings dated;
  if (!record::IsCommittedInHeads(feed.key.name)) {
    return dated;
  }
  const storage::HeldFeed heads_feed{feed.holder, {feed.key.publisher, record::HeadsFeed(), 1}};
  MEGURI_ASSIGN_OR_RETURN(const absl::optional<storage::FeedId> heads, storage::Feeds(store).Find(heads_feed));
  if (!heads.has_value()) {
    return dated;
  }
  const storage::Openings openings(store);
  MEGURI_ASSIGN_OR_RETURN(std::vector<record::v1::Opening> kept, openings.KeptCovering(id, index, kDatedNotesMax));
  MEGURI_ASSIGN_OR_RETURN(const auto opened, openings.Opened(id));
  if (opened.has_value() && opened->newest().size() > index) {
    kept.push_back(opened->newest());
  }
  for (size_t i = 0; i < kept.size(); ++i) {
    record::v1::Opening& opening = kept[i];
    if (dated.time.has_value() && i + 1 < kept.size()) {
      continue;  // neither the earliest nor the newest
    }
    MEGURI_ASSIGN_OR_RETURN(DatedHeads notes, FindDatedHeads(store, *heads, opening.index(), bundle));
    if (!notes.time.has_value()) {
      continue;
    }
    if (!dated.time.has_value()) {
      dated.time = notes.time;
      dated.earliest = {opening, *heads, notes.earliest};
    }
    if (!notes.newest.empty()) {
      dated.newest = {std::move(opening), *heads, std::move(notes.newest)};
    }
  }
  return dated;
}

absl::StatusOr<record::v1::ProvenOpening> ProveOpening(const storage::StoreReader& store, const DatedOpening& dated,
                                                       const record::FeedKey& heads, absl::string_view federation) {
  record::v1::ProvenOpening proven;
  *proven.mutable_opening() = dated.opening;
  proven.set_epoch(heads.epoch);
  proven.set_checkpoint(dated.note);
  MEGURI_ASSIGN_OR_RETURN(const record::Checkpoint head,
                          record::ReadOpenedCheckpoint(dated.note, record::FeedOrigin(federation, heads)));
  const storage::Feeds feeds(store);
  MEGURI_ASSIGN_OR_RETURN(const std::vector<record::Hash> path,
                          record::InclusionProof(dated.opening.index(), head.size, [&](uint32_t level, uint64_t index) {
                            return feeds.ReadNode(dated.heads, level, index);
                          }));
  for (const record::Hash& hash : path) {
    proven.add_entry_path(hash.ToString());
  }
  return proven;
}

}  // namespace meguri::node
