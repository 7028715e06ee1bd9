// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "node/policy/decision.h"
#include "record/header.h"
#include "record/participant_id.h"
#include "record/section.h"
#include "record/system_random.h"
#include "storage/feeds.h"
#include "storage/index.h"
#include "storage/ordered_store.h"
#include "storage/records.h"
#include "storage/transaction.h"

namespace meguri::bench {

// A participant ID that is one.
record::ParticipantId Member(absl::string_view text);

// Fills a store with first versions of product passports as a node does, in the feeds and under the terms that policy
// says. Only signatures are missing, which nothing that is measured here reads.
class Filling {
 public:
  // `holder` keeps what `scope.publisher` publishes: its own, or a replica.
  Filling(storage::OrderedStore& store, record::ParticipantId holder, node::RecordScope scope);

  // Adds `count` records; `next` says what is in the next one. Returns the seconds that it took.
  absl::StatusOr<double> Add(size_t count, const std::function<std::vector<record::SectionDraft>()>& next);

 private:
  absl::Status AddOne(storage::Transaction& transaction, const std::vector<record::SectionDraft>& drafts);
  absl::StatusOr<record::Header> MakeHeader(const record::SealedSections& sealed, const record::RecordId& id) const;
  absl::Status Enter(storage::Transaction& transaction, const record::Header& header,
                     const storage::PutVersion& version, const node::FeedSlots& feed,
                     const std::vector<record::IndexTerm>& terms);

  storage::OrderedStore& store_;
  const storage::Records records_;
  const storage::Index index_;
  const storage::Feeds feeds_;
  const record::ParticipantId holder_;
  const node::RecordScope scope_;
  record::SystemRandom random_;
};

}  // namespace meguri::bench
