// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/optional.h"
#include "meguri/audit/v1/row.pb.h"
#include "node/query/page_token.h"
#include "record/checkpoint.h"
#include "record/feed.h"
#include "record/participant_id.h"
#include "storage/audit_rows.h"
#include "storage/ordered_store.h"

namespace meguri::node {

inline constexpr int kAuditPageSizeDefault = 50;
inline constexpr int kAuditPageSizeMax = 256;
// After so many rows were looked at a page ends, full or not.
inline constexpr uint64_t kAuditRowsLookedAtMax = 4096;
inline constexpr size_t kAuditPageBytesMax = size_t{2} << 20;  // a page ends early rather than exceed a message

// Signs a head of a feed that this node publishes: a C2SP note. Thread-safe.
using SignCheckpointOf =
    std::function<absl::StatusOr<std::string>(const record::FeedKey& feed, const record::Checkpoint& checkpoint)>;

// Shows rows of the audit feed of one member, with proofs. Thread-safe.
class AuditList {
 public:
  // Borrowed arguments outlive the list.
  AuditList(const storage::SnapshotReader& store, record::ParticipantId member, std::string federation,
            SignCheckpointOf sign, PageTokens tokens);

  const record::ParticipantId& member() const { return member_; }

  // Rows by number, ascending, or descending if the newest are asked for first. That a filter names a record means also
  // batches of streams that brought it, as its feed entries show; of the feed of an offer, which may open a record more
  // than once, all batches up to the last that did. `party`: whom they must concern (storage::PartiesOf), and who asks;
  // nullopt: the member itself, who sees all of them. INVALID_ARGUMENT with reason AUDIT_FILTER or PAGE_TOKEN;
  // OUT_OF_RANGE with reason AUDIT_SHORTER if the feed has fewer rows than `query.known_size`; DATA_LOSS if a row is
  // not what its entry names.
  absl::StatusOr<audit::v1::RowPage> List(const absl::optional<record::ParticipantId>& party,
                                          const audit::v1::RowQuery& query) const;

 private:
  class Scan;
  absl::Status AddHead(const storage::Feeds& feeds, absl::optional<storage::FeedId> feed, uint64_t size,
                       uint64_t known_size, audit::v1::ProvenHead& head) const;

  const storage::SnapshotReader& store_;
  const record::ParticipantId member_;
  const std::string federation_;
  const SignCheckpointOf sign_;
  const PageTokens tokens_;
};

inline constexpr absl::Duration kAuditAskTimeout = absl::Seconds(10);
inline constexpr size_t kAuditAsksMax = 8;  // at a time

// What another member's node is asked for rows.
struct AuditQuestion {
  record::ParticipantId acting_member;  // who asks
  record::ParticipantId member;         // whose rows
  std::string node_identity;
  std::vector<std::string> addresses;  // host:port
  audit::v1::RowQuery query;
};

// Calls the nodes of others for their audit rows. Thread-safe.
class AuditPeer {
 public:
  using Done = absl::AnyInvocable<void(absl::StatusOr<audit::v1::RowPage>)>;

  virtual ~AuditPeer() = default;
  // Never blocks. Answers once, on any thread, within kAuditAskTimeout. What comes was not checked: whoever reads it
  // does.
  virtual void ListRows(const AuditQuestion& question, Done done) = 0;
};

}  // namespace meguri::node
