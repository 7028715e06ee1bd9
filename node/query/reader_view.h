// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/btree_set.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "absl/types/span.h"
#include "meguri/record/v1/carried.pb.h"
#include "meguri/storage/v1/stored.pb.h"
#include "node/policy/decision.h"
#include "node/policy/own_version.h"
#include "node/query/disclosure.h"
#include "node/query/list_scan.h"
#include "record/hash.h"
#include "record/participant_id.h"
#include "record/record_id.h"
#include "storage/feeds.h"
#include "storage/ordered_store.h"
#include "storage/records.h"
#include "storage/versions.h"

namespace meguri::node {

// Who asks, and what of this node stands open to it: what its hosted members published, and, for a client, the
// replicas that its member holds.
struct QueryReader {
  Reader reader;
  bool is_client = false;
  bool sees_public_copies = false;  // and to whoever asks: replicas of feeds that are open to everyone
};

// Where a record was found.
enum class RecordSource { kOwn, kReplica, kPublisher, kCopy };

struct RecordView {
  record::v1::CarriedEnvelope envelope;  // as it is stored: whoever needs its parts parses it
  record::Hash header_hash;
  uint64_t latest_version = 0;  // of this publisher, that the reader may see
  RecordSource source = RecordSource::kOwn;
  bool is_frozen = false;
  std::string key_id;  // that signed it, whatever the mask
  // What of it is not open to everyone, and was not published by the reader itself: an answer leaves once that is
  // written down. Empty for what is public, which costs nothing.
  std::vector<Disclosure> disclosed;
};

// What of a record is asked for. Masks apply after access: they never tell whether something is hidden.
struct ReadMask {
  bool header = true;
  bool signature = true;
  bool sections = true;
  absl::btree_set<uint32_t> section_types;  // empty: all
};

// Absent, or hidden: the same words for both.
absl::Status RecordNotFound();

// What the scoped audiences of a stored record mean, but for offers.
RecordScope ScopeOf(const storage::v1::StoredRecord& stored, const record::ParticipantId& publisher);

// The offers into whose feeds an own version was entered; none if nothing of it is for partners.
absl::StatusOr<std::vector<OfferedSlots>> ReadOffers(const storage::Records& records, const storage::Feeds& feeds,
                                                     storage::Arrival arrival, absl::Span<const SectionFacts> facts);

// What one reader sees of the store at one moment. Which slots are visible is decided before sections are read. Not
// thread-safe; `hosted` (the members whose records this node publishes) and `reader` outlive it.
class ReaderView {
 public:
  ReaderView(const storage::SnapshotReader& store, const std::vector<record::ParticipantId>& hosted,
             const QueryReader& reader);

  // What the reader may see of one version. nullopt: nothing.
  absl::StatusOr<absl::optional<RecordView>> Open(const storage::VersionRef& ref, const ReadMask& mask);
  // The newest visible version of `versions` (of one publisher, ascending), with its sections.
  absl::StatusOr<absl::optional<RecordView>> OpenNewest(absl::Span<const storage::VersionRef> versions,
                                                        const ReadMask& mask);
  // The newest visible version of a record that one member alone has published, if that is its newest version of all.
  // nullopt: look at every version.
  absl::StatusOr<absl::optional<RecordView>> OpenOnlyNewest(const record::RecordId& record_id,
                                                            absl::string_view publisher, const ReadMask& mask);
  // As Query::Get.
  absl::StatusOr<RecordView> Get(const record::RecordId& record_id, absl::string_view publisher, uint64_t version,
                                 const ReadMask& mask);
  // The current candidate with its sections, if it matches and nothing newer is visible: a newer version, which the
  // reader may see through another feed, need not match any more.
  absl::StatusOr<absl::optional<RecordView>> OpenMatch(const ListScan& scan, const ReadMask& mask);
  // The number of the newest visible version of `versions` (as above), 0 if there is none.
  absl::StatusOr<uint64_t> LatestVisible(absl::Span<const storage::VersionRef> versions);
  // The version that is asked for, 0: the newest, if it is visible.
  absl::StatusOr<absl::optional<RecordView>> OpenVersion(absl::Span<const storage::VersionRef> versions,
                                                         uint64_t version, const ReadMask& mask);
  absl::StatusOr<std::vector<storage::VersionRef>> Versions(const record::RecordId& record_id,
                                                            absl::string_view publisher);
  // The feeds that the reader holds here: its own and its replicas if it is a client, and what it may follow of the
  // members that this node hosts. The registry has questions of its own, so its records are listed only when asked for.
  absl::StatusOr<std::vector<ReadableFeed>> ReadableFeeds(bool with_registry);
  // Whether entries of this feed are for the reader.
  absl::StatusOr<bool> Holds(storage::FeedId id);

  const QueryReader& reader() const { return reader_; }
  const storage::StoreReader& snapshot() const { return *snapshot_; }

 private:
  absl::Status AddSections(storage::Arrival arrival, uint64_t slots, const ReadMask& mask,
                           record::v1::CarriedEnvelope& envelope);
  absl::StatusOr<std::vector<Disclosure>> DisclosedBy(const storage::VersionRef& ref,
                                                      const storage::v1::StoredRecord& stored,
                                                      const record::v1::CarriedEnvelope& envelope);
  // What is decided about each section of an own version; none of a copy.
  absl::StatusOr<std::vector<Decision>> DecisionsFor(const storage::VersionRef& ref,
                                                     const storage::v1::StoredRecord& stored) const;
  // With the offers that the version was entered for, if the reader was granted any.
  absl::StatusOr<RecordScope> ScopeWithOffers(const storage::VersionRef& ref, const storage::v1::StoredRecord& stored,
                                              absl::Span<const SectionFacts> facts) const;
  absl::StatusOr<absl::optional<uint64_t>> VisibleSlots(const storage::VersionRef& ref,
                                                        const storage::v1::StoredRecord& stored);
  // Whether a replica stands open to the reader.
  bool HoldsReplica(const storage::HeldFeed& feed) const;
  absl::StatusOr<bool> IsFrozen(const storage::VersionRef& ref, const storage::v1::StoredRecord& stored);

  const std::vector<record::ParticipantId>& hosted_;
  const QueryReader& reader_;
  std::unique_ptr<storage::StoreReader> snapshot_;
  storage::Records records_;
  storage::Feeds feeds_;
  absl::flat_hash_map<storage::FeedId, bool> holds_;
  absl::optional<std::vector<ReadableFeed>> readable_[2];  // without and with the registry
};

}  // namespace meguri::node
