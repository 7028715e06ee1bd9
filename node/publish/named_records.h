// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/optional.h"
#include "absl/types/span.h"
#include "base/error.h"
#include "passport/record_links.h"
#include "passport/rules/record_graph.h"
#include "record/header.h"
#include "record/participant_id.h"
#include "storage/feeds.h"
#include "storage/index.h"
#include "storage/records.h"
#include "storage/transaction.h"

namespace meguri::node {

// Judges a publication by the records that it names: the parents that it inherits from, which are its publisher's, and
// what it is made of and was before, whoever published that. They are looked up as a transaction sees them, those of
// the same call first; which other records list the same piece, as it is durable now. How much is looked up for one
// publication is limited (node/publish/limits.h). Of one call; not thread-safe.
class NamedRecords {
 public:
  // All three outlive it.
  NamedRecords(const storage::StoreReader& store, const storage::Transaction& transaction,
               const record::ParticipantId& publisher);

  // A publication of the call. What it refers to outlives this object.
  struct OfCall {
    const record::Header& header;
    const std::vector<record::v1::Section>& sections;
    const std::vector<passport::RecordLink>& links;
  };
  // Makes it known, wherever it stands in the call.
  void Add(const OfCall& record);

  // Every problem, warnings included; fields are those of passport/validate.h.
  absl::StatusOr<std::vector<Violation>> Judge(const OfCall& record);

 private:
  // What is known of a record that was looked up.
  struct Known {
    bool is_here = false;
    std::vector<passport::RecordLink> links;
    bool is_piece_in_use = false;
  };
  // The sections of an own record from which others inherit; nullopt if it is not here or has ended.
  using Parent = absl::optional<std::vector<record::v1::Section>>;
  enum class Relation { kMadeOf, kFollows };

  absl::StatusOr<absl::optional<storage::VersionRef>> NewestOf(const std::string& record_id);
  absl::StatusOr<const Known*> LookUp(const std::string& record_id);
  absl::StatusOr<Parent> ReadParent(const std::string& record_id);
  absl::StatusOr<const Parent*> FindParent(const std::string& record_id);
  absl::StatusOr<std::vector<std::vector<record::v1::Section>>> ReadParents(const passport::RecordLink& first);
  // Fills `graph` with what the record leads to. False if that is more than the limits allow.
  absl::StatusOr<bool> Follow(const OfCall& record, Relation relation, passport::RecordGraph& graph);
  absl::Status JudgeGraph(const OfCall& record, Relation relation, std::vector<Violation>& found);
  absl::StatusOr<bool> IsPieceInUse(const std::string& record_id);
  // Whether the newest version of `record_id` names `part` as a component and is about a piece in use.
  absl::StatusOr<bool> Holds(const std::string& record_id, const std::string& part);
  // Another own record that lists the piece; "" if there is none.
  absl::StatusOr<std::string> FindOtherHolder(const std::string& own_id, const std::string& part);
  absl::Status JudgeSuccessor(const record::Header& header, std::vector<Violation>& found);
  absl::Status JudgeParts(const OfCall& record, std::vector<Violation>& found);

  const storage::Records records_;
  const storage::Feeds feeds_;
  const storage::Index index_;
  const storage::Transaction& transaction_;
  const record::ParticipantId& publisher_;
  std::map<std::string, const OfCall> of_call_;  // by record ID in hex, the newest version
  std::map<std::string, Known> known_;
  absl::optional<std::vector<storage::FeedId>> own_feeds_;  // read when they are asked for
  std::map<std::string, Parent> parents_;                   // those that were read last
  size_t parent_bytes_ = 0;                                 // of them
  size_t looked_up_ = 0;                                    // for the publication that is judged
  size_t bytes_read_ = 0;                                   // likewise
};

}  // namespace meguri::node
