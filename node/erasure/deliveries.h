// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "meguri/audit/v1/row.pb.h"
#include "record/header.h"
#include "record/participant_id.h"
#include "storage/ordered_store.h"

namespace meguri::node {

// In which feeds of a member, its own or its copies, the versions of a record lie that a tombstone erases, and so which
// rows of its audit feed tell that somebody was given sections of one. Immutable.
class Deliveries {
 public:
  static absl::StatusOr<Deliveries> Of(const storage::StoreReader& store, const record::ParticipantId& holder,
                                       const record::Header& tombstone);

  // Whether every member may have it: a version lies in `public`, of which there are no rows, or in `members`, which
  // others hand on.
  bool opened_to_everyone() const { return opened_to_everyone_; }
  // Whether the reader of `row` was given some of it. A row of a stream names entries of a feed: whoever follows it has
  // all entries up to there.
  bool Tells(const audit::v1::Row& row) const;
  // Whether whoever has the entries of the feed `name` up to `to` was given some of it.
  bool TellsOfFeed(absl::string_view name, uint64_t to) const;

 private:
  explicit Deliveries(const record::Header& tombstone) : tombstone_(tombstone) {}

  const record::Header tombstone_;
  bool opened_to_everyone_ = false;
  std::map<std::string, uint64_t> first_entries_;  // by the name of the feed: the first entry that opens any of it
};

}  // namespace meguri::node
