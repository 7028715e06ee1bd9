// SPDX-License-Identifier: Apache-2.0
#include "storage/records.h"

#include <algorithm>
#include <bit>
#include <limits>
#include <utility>

#include "absl/container/btree_set.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/bytes.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "record/limits.h"
#include "storage/key_layout.h"
#include "storage/usage.h"
#include "storage/value.h"
#include "storage/versions.h"

namespace meguri::storage {
namespace {

constexpr absl::string_view kKeyIdBegin = "\x0a\x20";  // field 1 of a BatchSignature, 32 bytes
constexpr size_t kKeyIdEnd = kKeyIdBegin.size() + record::kHashSize;

// What `source`, a store or a transaction over it, knows of a record ID.
template <typename Source>
absl::StatusOr<Newest> NewestIn(const Source& source, const record::RecordId& record_id) {
  MEGURI_ASSIGN_OR_RETURN(const auto stored, source.Get(Family::kLookup, NewestKey(record_id)));
  return stored.has_value() ? ParseNewest(*stored) : Newest();
}

// Gives a version its place among those of its record, of which so far `known` is known.
void PutPlace(Transaction& transaction, const record::Header& header, Arrival arrival, Newest known) {
  transaction.Put(Family::kLookup, VersionKey(header.record_id(), header.publisher(), header.version()),
                  WrapVersion(arrival, header.hash()));
  const Newest now =
      WithVersion(std::move(known), VersionRef{header.publisher(), header.version(), arrival, header.hash()});
  transaction.Put(Family::kLookup, NewestKey(header.record_id()), WrapNewest(now));
}

absl::StatusOr<Arrival> TakeNextArrival(Transaction& transaction) {
  MEGURI_ASSIGN_OR_RETURN(const auto stored, transaction.Get(Family::kLookup, NextArrivalKey()));
  Arrival arrival = 1;
  if (stored.has_value()) {
    MEGURI_ASSIGN_OR_RETURN(arrival, UnwrapU64(*stored, "number of the next record"));
  }
  if (arrival == 0 || arrival == std::numeric_limits<Arrival>::max()) {
    return ValueDamaged("number of the next record");
  }
  transaction.Put(Family::kLookup, NextArrivalKey(), WrapU64(arrival + 1));
  return arrival;
}

absl::Status UnwrapRecord(const absl::optional<std::string>& stored, v1::StoredRecord& message) {
  return stored.has_value() ? UnwrapMessage(*stored, "record", message) : ValueMissing("a record");
}

// Puts a value that is counted. Returns its bytes.
int64_t PutCounted(Transaction& transaction, Family family, std::string key, std::string value) {
  const int64_t bytes = CountedBytes(key, value);
  transaction.Put(family, std::move(key), std::move(value));
  return bytes;
}

void AddSignedHeader(const std::string& header, const record::v1::BatchSignature& signature,
                     v1::StoredEvidence& evidence) {
  auto* entry = evidence.add_headers();
  entry->set_header(header);
  *entry->mutable_signature() = signature;
}

// Calls `take` with every section that a store, or a transaction over it, holds in `slots`, ascending.
template <typename Source, typename Take>
absl::Status ForEachSection(const Source& source, Arrival arrival, uint64_t slots, const Take& take) {
  for (; slots != 0; slots &= slots - 1) {
    const auto slot = static_cast<uint32_t>(std::countr_zero(slots));
    MEGURI_ASSIGN_OR_RETURN(absl::optional<std::string> stored,
                            source.Get(Family::kArrival, SectionKey(arrival, slot)));
    if (stored.has_value()) {
      MEGURI_RETURN_IF_ERROR(take(*stored));
    }
  }
  return absl::OkStatus();
}

template <typename Source>
absl::StatusOr<std::vector<record::v1::Section>> SectionsIn(const Source& source, Arrival arrival, uint64_t slots) {
  std::vector<record::v1::Section> sections;
  MEGURI_RETURN_IF_ERROR(ForEachSection(source, arrival, slots, [&sections](const std::string& stored) {
    return UnwrapMessage(stored, "section", sections.emplace_back());
  }));
  return sections;
}

}  // namespace

absl::StatusOr<record::v1::BatchSignature> ParseSignature(const v1::StoredRecord& stored) {
  record::v1::BatchSignature signature;
  if (!signature.ParseFromString(stored.signature())) {
    return ValueDamaged("signature of a record");
  }
  return signature;
}

absl::StatusOr<std::string> ParseKeyId(const v1::StoredRecord& stored) {
  // It comes first, and the hashes behind it would each cost an allocation.
  if (absl::StartsWith(stored.signature(), kKeyIdBegin) && stored.signature().size() >= kKeyIdEnd) {
    return stored.signature().substr(kKeyIdBegin.size(), record::kHashSize);
  }
  MEGURI_ASSIGN_OR_RETURN(record::v1::BatchSignature signature, ParseSignature(stored));
  return std::move(*signature.mutable_key_id());
}

absl::StatusOr<v1::StoredRecord> Records::Read(Arrival arrival) const {
  v1::StoredRecord stored;
  MEGURI_RETURN_IF_ERROR(Read(arrival, stored));
  return stored;
}

absl::Status Records::Read(Arrival arrival, v1::StoredRecord& stored) const {
  MEGURI_ASSIGN_OR_RETURN(const auto value, store_.Get(Family::kArrival, RecordKey(arrival)));
  return UnwrapRecord(value, stored);
}

absl::StatusOr<v1::StoredRecord> Records::Read(const Transaction& transaction, Arrival arrival) const {
  MEGURI_ASSIGN_OR_RETURN(const auto value, transaction.Get(Family::kArrival, RecordKey(arrival)));
  v1::StoredRecord stored;
  MEGURI_RETURN_IF_ERROR(UnwrapRecord(value, stored));
  return stored;
}

absl::StatusOr<uint64_t> Records::Count() const {
  MEGURI_ASSIGN_OR_RETURN(const auto stored, store_.Get(Family::kLookup, NextArrivalKey()));
  if (!stored.has_value()) {
    return 0;
  }
  MEGURI_ASSIGN_OR_RETURN(const uint64_t next, UnwrapU64(*stored, "number of the next record"));
  return next == 0 ? 0 : next - 1;
}

absl::StatusOr<std::vector<record::v1::Section>> Records::ReadSections(Arrival arrival, uint64_t slots) const {
  return SectionsIn(store_, arrival, slots);
}

absl::StatusOr<std::vector<std::string>> Records::ReadSectionBytes(Arrival arrival, uint64_t slots) const {
  std::vector<std::string> sections;
  MEGURI_RETURN_IF_ERROR(ForEachSection(store_, arrival, slots, [&sections](std::string& stored) -> absl::Status {
    MEGURI_ASSIGN_OR_RETURN(const absl::string_view bytes, UnwrapValue(stored));
    stored.erase(0, stored.size() - bytes.size());
    sections.push_back(std::move(stored));
    return absl::OkStatus();
  }));
  return sections;
}

absl::StatusOr<std::vector<record::v1::Section>> Records::ReadSections(const Transaction& transaction, Arrival arrival,
                                                                       uint64_t slots) const {
  return SectionsIn(transaction, arrival, slots);
}

absl::StatusOr<absl::optional<Arrival>> Records::FindByHash(const record::Hash& header_hash) const {
  MEGURI_ASSIGN_OR_RETURN(const auto stored, store_.Get(Family::kLookup, HeaderKey(header_hash)));
  if (!stored.has_value()) {
    return absl::optional<Arrival>();
  }
  MEGURI_ASSIGN_OR_RETURN(const Arrival arrival, UnwrapU64(*stored, "place of a header"));
  return absl::make_optional(arrival);
}

absl::StatusOr<std::vector<VersionRef>> Records::FindVersions(const record::RecordId& record_id) const {
  std::vector<VersionRef> versions;
  const std::unique_ptr<Cursor> cursor = store_.NewCursor(Family::kLookup, VersionPrefix(record_id));
  for (; cursor->Valid(); cursor->Next()) {
    const auto key = ParseVersionKey(cursor->key());
    if (!key.has_value()) {
      return ValueDamaged("key of a version");
    }
    MEGURI_ASSIGN_OR_RETURN(VersionRef version, ParseVersion(key->publisher, key->version, cursor->value()));
    versions.push_back(std::move(version));
  }
  MEGURI_RETURN_IF_ERROR(cursor->status());
  return versions;
}

absl::StatusOr<Newest> Records::FindNewest(const record::RecordId& record_id) const {
  return NewestIn(store_, record_id);
}

absl::StatusOr<Newest> Records::FindNewest(const Transaction& transaction, const record::RecordId& record_id) const {
  MEGURI_ASSIGN_OR_RETURN(const auto stored, transaction.Get(Family::kLookup, NewestKey(record_id)));
  return stored.has_value() ? ParseNewest(*stored) : Newest();
}

absl::StatusOr<std::vector<FeedMembership>> Records::FeedsOf(Arrival arrival) const {
  std::vector<FeedMembership> memberships;
  const std::unique_ptr<Cursor> cursor = store_.NewCursor(Family::kLookup, MembershipPrefix(arrival));
  for (; cursor->Valid(); cursor->Next()) {
    const auto key = ParseMembershipKey(cursor->key());
    if (!key.has_value()) {
      return ValueDamaged("key of a membership");
    }
    MEGURI_ASSIGN_OR_RETURN(const FeedMembership membership, ParseMembership(key->feed, cursor->value()));
    memberships.push_back(membership);
  }
  MEGURI_RETURN_IF_ERROR(cursor->status());
  return memberships;
}

absl::StatusOr<bool> Records::IsConflict(const record::Hash& header_hash) const {
  MEGURI_ASSIGN_OR_RETURN(const auto stored, store_.Get(Family::kLookup, ConflictKey(header_hash)));
  return stored.has_value();
}

absl::StatusOr<bool> Records::IsFrozen(const record::ParticipantId& publisher,
                                       const record::RecordId& record_id) const {
  MEGURI_ASSIGN_OR_RETURN(const auto stored, store_.Get(Family::kLookup, FrozenKey(record_id, publisher)));
  return stored.has_value();
}

absl::StatusOr<std::vector<std::pair<record::ParticipantId, v1::StoredEvidence>>> Records::FindEvidence(
    const record::RecordId& record_id) const {
  std::vector<std::pair<record::ParticipantId, v1::StoredEvidence>> found;
  const std::unique_ptr<Cursor> cursor = store_.NewCursor(Family::kLookup, FrozenPrefix(record_id));
  for (; cursor->Valid(); cursor->Next()) {
    const auto key = ParseFrozenKey(cursor->key());
    if (!key.has_value()) {
      return ValueDamaged("key of evidence");
    }
    v1::StoredEvidence evidence;
    MEGURI_RETURN_IF_ERROR(UnwrapMessage(cursor->value(), "evidence", evidence));
    found.emplace_back(key->publisher, std::move(evidence));
  }
  MEGURI_RETURN_IF_ERROR(cursor->status());
  return found;
}

absl::StatusOr<PutVersion> Records::Put(Transaction& transaction, const record::Header& header,
                                        const v1::StoredRecord& stored) const {
  MEGURI_ASSIGN_OR_RETURN(Newest newest, NewestIn(transaction, header.record_id()));
  if (newest.is_unknown()) {
    return PutAfter(transaction, header, stored, std::move(newest));
  }
  MEGURI_ASSIGN_OR_RETURN(const auto known,
                          FindVersion(transaction, header.publisher(), header.record_id(), header.version()));
  if (known.has_value() && known->header_hash == header.hash()) {
    return PutVersion{known->arrival, false};
  }
  if (known.has_value()) {
    return Error(absl::StatusCode::kAborted, "TWO_HEADERS",
                 absl::StrCat(header.publisher().text(), " signed two different headers for version ", header.version(),
                              " of record ", header.record_id().ToHex(), "; the record is to be frozen"));
  }
  return PutAfter(transaction, header, stored, std::move(newest));
}

absl::StatusOr<PutVersion> Records::PutNew(Transaction& transaction, const record::Header& header,
                                           const v1::StoredRecord& stored) const {
  MEGURI_ASSIGN_OR_RETURN(Newest newest, NewestIn(transaction, header.record_id()));
  return PutAfter(transaction, header, stored, std::move(newest));
}

absl::StatusOr<PutVersion> Records::PutAfter(Transaction& transaction, const record::Header& header,
                                             const v1::StoredRecord& stored, Newest newest) {
  Invariant(stored.header() == header.bytes(), "a record is stored with the header that was checked");
  MEGURI_ASSIGN_OR_RETURN(const Arrival arrival, TakeNextArrival(transaction));
  const int64_t grown = PutCounted(transaction, Family::kArrival, RecordKey(arrival), WrapMessage(stored));
  transaction.Put(Family::kLookup, HeaderKey(header.hash()), WrapU64(arrival));
  const bool is_first = newest.is_unknown();
  PutPlace(transaction, header, arrival, std::move(newest));
  return PutVersion{arrival, true, is_first, grown};
}

absl::StatusOr<PutVersion> Records::PutUnread(Transaction& transaction, FeedId feed,
                                              const v1::StoredRecord& stored) const {
  const std::string header_key = HeaderKey(record::HeaderHash(stored.header()));
  MEGURI_ASSIGN_OR_RETURN(const auto known, transaction.Get(Family::kLookup, header_key));
  Arrival arrival = 0;
  int64_t grown = 0;
  if (known.has_value()) {
    MEGURI_ASSIGN_OR_RETURN(arrival, UnwrapU64(*known, "place of a header"));
  } else {
    MEGURI_ASSIGN_OR_RETURN(arrival, TakeNextArrival(transaction));
    v1::StoredRecord unread = stored;
    unread.set_unread(true);
    grown = PutCounted(transaction, Family::kArrival, RecordKey(arrival), WrapMessage(unread));
    transaction.Put(Family::kLookup, header_key, WrapU64(arrival));
  }
  transaction.Put(Family::kLookup, UnreadKey(feed, arrival), WrapValue(""));
  return PutVersion{arrival, !known.has_value(), false, grown};
}

absl::StatusOr<std::vector<Arrival>> Records::ListUnread() const {
  absl::btree_set<Arrival> unread;  // several feeds may bring one record
  const std::unique_ptr<Cursor> cursor = store_.NewCursor(Family::kLookup, KindPrefix(KeyKind::kUnread));
  for (; cursor->Valid(); cursor->Next()) {
    const auto key = ParseUnreadKey(cursor->key());
    if (!key.has_value()) {
      return ValueDamaged("key of a record of a newer format");
    }
    unread.insert(key->arrival);
  }
  MEGURI_RETURN_IF_ERROR(cursor->status());
  return std::vector<Arrival>(unread.begin(), unread.end());
}

absl::StatusOr<uint64_t> Records::CountUnread(FeedId feed) const {
  uint64_t count = 0;
  const std::unique_ptr<Cursor> cursor = store_.NewCursor(Family::kLookup, UnreadPrefix(feed));
  for (; cursor->Valid(); cursor->Next()) {
    ++count;
  }
  MEGURI_RETURN_IF_ERROR(cursor->status());
  return count;
}

absl::StatusOr<InterpretedRecord> Records::Interpret(Transaction& transaction, Arrival arrival,
                                                     const record::Header& header) const {
  MEGURI_ASSIGN_OR_RETURN(v1::StoredRecord stored, Read(transaction, arrival));
  const int64_t before = CountedBytes(RecordKey(arrival), WrapMessage(stored));
  Invariant(stored.header() == header.bytes(), "a record is interpreted by its own header");
  MEGURI_ASSIGN_OR_RETURN(const std::vector<FeedMembership> memberships, FeedsOf(arrival));
  MEGURI_ASSIGN_OR_RETURN(const auto known,
                          FindVersion(transaction, header.publisher(), header.record_id(), header.version()));
  for (const FeedMembership& membership : memberships) {
    transaction.Delete(Family::kLookup, UnreadKey(membership.feed, arrival));
    if (known.has_value()) {
      transaction.Delete(Family::kLookup, MembershipKey(arrival, membership.feed));
    }
  }
  if (known.has_value()) {
    transaction.Delete(Family::kLookup, HeaderKey(header.hash()));
    transaction.Delete(Family::kArrival, RecordKey(arrival));
    MEGURI_ASSIGN_OR_RETURN(const record::v1::BatchSignature signature, ParseSignature(stored));
    MEGURI_ASSIGN_OR_RETURN(const int64_t grown, PutEvidence(transaction, header, signature, stored.brought_by()));
    return InterpretedRecord{false, grown - before};
  }
  stored.set_unread(false);
  const int64_t after = PutCounted(transaction, Family::kArrival, RecordKey(arrival), WrapMessage(stored));
  MEGURI_ASSIGN_OR_RETURN(Newest newest, NewestIn(transaction, header.record_id()));
  PutPlace(transaction, header, arrival, std::move(newest));
  return InterpretedRecord{true, after - before};
}

absl::StatusOr<int64_t> Records::PutSection(Transaction& transaction, const PutVersion& version,
                                            const record::v1::Section& section) const {
  if (section.slot() >= record::kSlotsMax) {
    return Error(absl::StatusCode::kInvalidArgument, "SECTION_SLOT",
                 absl::StrCat("a section lies in a slot below ", record::kSlotsMax, ", not in ", section.slot()));
  }
  std::string key = SectionKey(version.arrival, section.slot());
  std::string value = WrapMessage(section);
  if (version.is_new) {
    return PutCounted(transaction, Family::kArrival, std::move(key), std::move(value));
  }
  // Damage is no reason to fail here: what the caller has verified against the header takes its place.
  const auto stored = transaction.Get(Family::kArrival, key);
  if (!stored.ok() && !absl::IsDataLoss(stored.status())) {
    return stored.status();
  }
  if (stored.ok() && *stored == value) {
    return 0;
  }
  const int64_t bytes = PutCounted(transaction, Family::kArrival, key, std::move(value));
  if (!stored.ok()) {
    return 0;  // it was counted when it came first
  }
  return bytes - (stored->has_value() ? CountedBytes(key, **stored) : 0);
}

absl::Status Records::PutMembership(Transaction& transaction, const PutVersion& version,
                                    const FeedMembership& membership) const {
  std::string key = MembershipKey(version.arrival, membership.feed);
  absl::optional<std::string> stored = transaction.GetWritten(Family::kLookup, key);
  if (!stored.has_value() && !version.is_new) {
    MEGURI_ASSIGN_OR_RETURN(stored, transaction.Get(Family::kLookup, key));
  }
  FeedMembership joined = membership;
  if (stored.has_value()) {
    MEGURI_ASSIGN_OR_RETURN(const FeedMembership known, ParseMembership(membership.feed, *stored));
    joined = Joined(known, membership);
  }
  transaction.Put(Family::kLookup, std::move(key), WrapMembership(joined));
  return absl::OkStatus();
}

absl::Status Records::AddFeed(Transaction& transaction, Arrival arrival, FeedId feed) const {
  MEGURI_ASSIGN_OR_RETURN(v1::StoredRecord stored, Read(transaction, arrival));
  if (std::find(stored.feeds().begin(), stored.feeds().end(), feed) == stored.feeds().end()) {
    stored.add_feeds(feed);
    transaction.Put(Family::kArrival, RecordKey(arrival), WrapMessage(stored));
  }
  return absl::OkStatus();
}

absl::StatusOr<absl::optional<FeedMembership>> Records::FindMembership(const Transaction& transaction, Arrival arrival,
                                                                       FeedId feed) {
  MEGURI_ASSIGN_OR_RETURN(const auto stored, transaction.Get(Family::kLookup, MembershipKey(arrival, feed)));
  if (!stored.has_value()) {
    return absl::optional<FeedMembership>();
  }
  MEGURI_ASSIGN_OR_RETURN(const FeedMembership membership, ParseMembership(feed, *stored));
  return absl::make_optional(membership);
}

absl::StatusOr<int64_t> Records::PutEvidence(Transaction& transaction, const record::Header& header,
                                             const record::v1::BatchSignature& signature, FeedId feed) const {
  const std::string key = FrozenKey(header.record_id(), header.publisher());
  transaction.Put(Family::kLookup, ConflictKey(header.hash()),
                  WrapValue(absl::StrCat(header.record_id().view(), header.publisher().text())));
  MEGURI_ASSIGN_OR_RETURN(const auto frozen, transaction.Get(Family::kLookup, key));
  if (frozen.has_value()) {
    return 0;
  }
  MEGURI_ASSIGN_OR_RETURN(const auto known,
                          FindVersion(transaction, header.publisher(), header.record_id(), header.version()));
  Invariant(known.has_value() && known->header_hash != header.hash(), "evidence is a second header for one version");
  MEGURI_ASSIGN_OR_RETURN(const auto first, transaction.Get(Family::kArrival, RecordKey(known->arrival)));
  if (!first.has_value()) {
    return ValueMissing("a record");
  }
  v1::StoredRecord stored;
  MEGURI_RETURN_IF_ERROR(UnwrapMessage(*first, "record", stored));
  v1::StoredEvidence evidence;
  MEGURI_ASSIGN_OR_RETURN(const record::v1::BatchSignature first_signature, ParseSignature(stored));
  AddSignedHeader(stored.header(), first_signature, evidence);
  AddSignedHeader(header.bytes(), signature, evidence);
  evidence.set_brought_by(feed);
  const int64_t grown = PutCounted(transaction, Family::kLookup, key, WrapMessage(evidence));
  return feed == 0 ? 0 : grown;
}

absl::StatusOr<int64_t> Records::PutOpenings(Transaction& transaction, const PutVersion& version,
                                             const record::Header& header, FeedId feed) const {
  const std::string key = FrozenKey(header.record_id(), header.publisher());
  MEGURI_ASSIGN_OR_RETURN(const auto frozen, transaction.Get(Family::kLookup, key));
  if (frozen.has_value()) {
    return 0;
  }
  MEGURI_ASSIGN_OR_RETURN(const v1::StoredRecord stored, Read(transaction, version.arrival));
  MEGURI_ASSIGN_OR_RETURN(const record::v1::BatchSignature signature, ParseSignature(stored));
  v1::StoredEvidence evidence;
  AddSignedHeader(header.bytes(), signature, evidence);
  evidence.set_brought_by(feed);
  return PutCounted(transaction, Family::kLookup, key, WrapMessage(evidence));
}

absl::StatusOr<std::vector<record::v1::Section>> Records::FindOpenings(Arrival arrival) const {
  MEGURI_ASSIGN_OR_RETURN(std::vector<record::v1::Section> sections, ReadSections(arrival, ~uint64_t{0}));
  for (size_t i = 0; i < sections.size(); ++i) {
    for (size_t j = i + 1; j < sections.size(); ++j) {
      if (sections[i].type() == sections[j].type()) {
        return std::vector<record::v1::Section>{std::move(sections[i]), std::move(sections[j])};
      }
    }
  }
  return std::vector<record::v1::Section>();
}

absl::StatusOr<absl::optional<VersionRef>> Records::FindVersion(const Transaction& transaction,
                                                                const record::ParticipantId& publisher,
                                                                const record::RecordId& record_id,
                                                                uint64_t version) const {
  MEGURI_ASSIGN_OR_RETURN(const auto stored,
                          transaction.Get(Family::kLookup, VersionKey(record_id, publisher, version)));
  if (!stored.has_value()) {
    return absl::optional<VersionRef>();
  }
  MEGURI_ASSIGN_OR_RETURN(VersionRef ref, ParseVersion(publisher, version, *stored));
  return absl::make_optional(std::move(ref));
}

}  // namespace meguri::storage
