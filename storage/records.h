// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/optional.h"
#include "meguri/record/v1/record.pb.h"
#include "meguri/storage/v1/stored.pb.h"
#include "record/hash.h"
#include "record/header.h"
#include "record/record_id.h"
#include "storage/feeds.h"
#include "storage/membership.h"
#include "storage/ordered_store.h"
#include "storage/transaction.h"
#include "storage/versions.h"

namespace meguri::storage {

// Where a version was put.
struct PutVersion {
  Arrival arrival = 0;
  bool is_new = false;    // nothing was stored under this arrival before, so nothing has to be looked for
  bool is_first = false;  // likewise under this record ID, by any publisher
  int64_t grown = 0;      // bytes by which the store grew, as storage/usage.h counts them
};

// What became of an unread record that can be read now.
struct InterpretedRecord {
  bool has_place = false;  // among the versions; otherwise another header has it, and the record is frozen
  int64_t grown = 0;       // as above
};

// DATA_LOSS if it cannot be read.
absl::StatusOr<record::v1::BatchSignature> ParseSignature(const v1::StoredRecord& stored);
// The ID of the key that signed: of all in the signature the one thing that every reader of a record asks for.
absl::StatusOr<std::string> ParseKeyId(const v1::StoredRecord& stored);

// Records and their sections: bytes under arrival keys, small look-up keys beside them. Stateless; thread-safe.
class Records {
 public:
  explicit Records(const StoreReader& store) : store_(store) {}

  // NOT_FOUND-free: an arrival that a look-up key names and that is missing is DATA_LOSS.
  absl::StatusOr<v1::StoredRecord> Read(Arrival arrival) const;
  // The same, into `stored`, which may lie in an arena.
  absl::Status Read(Arrival arrival, v1::StoredRecord& stored) const;
  // The same as `transaction` sees it.
  absl::StatusOr<v1::StoredRecord> Read(const Transaction& transaction, Arrival arrival) const;
  // How many versions are stored.
  absl::StatusOr<uint64_t> Count() const;
  // The stored sections whose bit is set in `slots`, ascending. Missing ones are left out.
  absl::StatusOr<std::vector<record::v1::Section>> ReadSections(Arrival arrival, uint64_t slots) const;
  // The same, each as the bytes of a record::v1::Section.
  absl::StatusOr<std::vector<std::string>> ReadSectionBytes(Arrival arrival, uint64_t slots) const;
  // The same as `transaction` sees them.
  absl::StatusOr<std::vector<record::v1::Section>> ReadSections(const Transaction& transaction, Arrival arrival,
                                                                uint64_t slots) const;
  absl::StatusOr<absl::optional<Arrival>> FindByHash(const record::Hash& header_hash) const;
  // All versions of a record ID by publisher and version, ascending. Empty if there is none.
  absl::StatusOr<std::vector<VersionRef>> FindVersions(const record::RecordId& record_id) const;
  // The newest version of a record at the price of one look-up, if one member alone has published under its ID.
  absl::StatusOr<Newest> FindNewest(const record::RecordId& record_id) const;
  // The same as `transaction` sees it.
  absl::StatusOr<Newest> FindNewest(const Transaction& transaction, const record::RecordId& record_id) const;
  absl::StatusOr<std::vector<FeedMembership>> FeedsOf(Arrival arrival) const;
  // Whether PutEvidence was called for a header with this hash: an entry may name it although no record is stored.
  absl::StatusOr<bool> IsConflict(const record::Hash& header_hash) const;
  // Whether two headers for one version were seen.
  absl::StatusOr<bool> IsFrozen(const record::ParticipantId& publisher, const record::RecordId& record_id) const;

  // The two signed headers of every frozen record under this ID, by publisher.
  absl::StatusOr<std::vector<std::pair<record::ParticipantId, v1::StoredEvidence>>> FindEvidence(
      const record::RecordId& record_id) const;

  // Stores a version, unless this very header is there already. ABORTED with reason TWO_HEADERS if another header of
  // the same version is there: then write nothing else and call PutEvidence.
  absl::StatusOr<PutVersion> Put(Transaction& transaction, const record::Header& header,
                                 const v1::StoredRecord& stored) const;
  // The same for a version of which FindVersion has just said that it is not there.
  absl::StatusOr<PutVersion> PutNew(Transaction& transaction, const record::Header& header,
                                    const v1::StoredRecord& stored) const;
  // Stores a header that `feed` brings and that this program is too old to read (record::IsNewerFormat): it is found by
  // its hash alone until Interpret is called.
  absl::StatusOr<PutVersion> PutUnread(Transaction& transaction, FeedId feed, const v1::StoredRecord& stored) const;
  // Everything that was stored so and is not interpreted yet, ascending.
  absl::StatusOr<std::vector<Arrival>> ListUnread() const;
  absl::StatusOr<uint64_t> CountUnread(FeedId feed) const;
  // Gives an unread record, whose header this program can read now, its place among the versions. If another header has
  // that place, both are kept as evidence, as PutEvidence does.
  absl::StatusOr<InterpretedRecord> Interpret(Transaction& transaction, Arrival arrival,
                                              const record::Header& header) const;
  // Keeps a section; an equal one that is there already is left alone. Returns the bytes by which the store grew.
  absl::StatusOr<int64_t> PutSection(Transaction& transaction, const PutVersion& version,
                                     const record::v1::Section& section) const;
  // Says that an entry of a feed names the version and opens slots, beside what entries before it opened.
  absl::Status PutMembership(Transaction& transaction, const PutVersion& version,
                             const FeedMembership& membership) const;
  // Adds `feed` to those that an own version, or one before it, has entered.
  absl::Status AddFeed(Transaction& transaction, Arrival arrival, FeedId feed) const;
  // That an entry of `feed` names a version, as `transaction` sees it; nullopt if none does.
  static absl::StatusOr<absl::optional<FeedMembership>> FindMembership(const Transaction& transaction, Arrival arrival,
                                                                       FeedId feed);
  // Keeps both signed headers as evidence and freezes the record: `header` and the one that is stored for the same
  // version. The first evidence stays; of further headers only the hashes are kept. `feed` is charged with the bytes
  // that are returned, by which the store grew.
  absl::StatusOr<int64_t> PutEvidence(Transaction& transaction, const record::Header& header,
                                      const record::v1::BatchSignature& signature, FeedId feed) const;
  // Freezes a record of which one header was opened in two ways, and keeps that header as evidence; the sections are
  // stored as any others, and go as they do. Otherwise as PutEvidence.
  absl::StatusOr<int64_t> PutOpenings(Transaction& transaction, const PutVersion& version, const record::Header& header,
                                      FeedId feed) const;
  // Two stored sections of one type, the smaller slot first; empty if there are none.
  absl::StatusOr<std::vector<record::v1::Section>> FindOpenings(Arrival arrival) const;
  // The version ref as `transaction` sees it, or nullopt.
  absl::StatusOr<absl::optional<VersionRef>> FindVersion(const Transaction& transaction,
                                                         const record::ParticipantId& publisher,
                                                         const record::RecordId& record_id, uint64_t version) const;

 private:
  // Stores a version that is not there; `newest` is what is known of its record ID.
  static absl::StatusOr<PutVersion> PutAfter(Transaction& transaction, const record::Header& header,
                                             const v1::StoredRecord& stored, Newest newest);

  const StoreReader& store_;
};

}  // namespace meguri::storage
