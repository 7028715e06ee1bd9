// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "record/hash.h"
#include "record/index_term.h"
#include "record/participant_id.h"
#include "record/record_id.h"
#include "storage/feeds.h"

// The one place that knows what keys look like. Numbers are big-endian, so keys sort as they count. A text that cannot
// hold a zero byte (participant IDs, feed names) ends with one; any other string that is followed by more is preceded
// by its length. So no key is the beginning of another of its kind, unless it is a prefix by intent.
//
// Family::kArrival holds records and sections: u64 arrival | u8 0 for the record, u8 1 + slot for a section.
// Family::kLookup holds everything else, the kind first.
namespace meguri::storage {

enum class KeyKind : char {
  kAuditRow = 'a',    // u32 feed | u64 index                              -> row of the audit feed
  kMembership = 'b',  // u64 arrival | u32 feed                            -> u64 slots | u64 index of an entry
  kConflict = 'c',    // header hash[32]                                   -> record ID[16] | publisher
  kHead = 'd',        // u32 feed                                          -> StoredHead
  kEntry = 'e',       // u32 feed | u64 index                              -> feed entry, 41 bytes
  kFeed = 'f',        // u32 feed                                          -> StoredFeed
  kUsage = 'g',       // holder 0 publisher 0                              -> StoredUsage
  kHeader = 'h',      // header hash[32]                                   -> u64 arrival
  kErasing = 'i',     // u64 arrival                                       -> nothing: erased, the key not destroyed yet
  kErased = 'k',      // u64 arrival                                       -> header hash[32] of the tombstone
  kNewest = 'l',      // record ID[16]                                    -> u64 version | u64 arrival | header hash[32]
                      //   | publisher; or nothing: several publishers, ask kVersion
  kReserved = 'm',    // the committer's and the format's own
  kFeedName = 'n',    // holder 0 publisher 0 name 0 u64 epoch             -> u64 feed
  kPosting = 'p',     // u32 feed | u8 n field | u8 n value | record ID[16] | publisher -> u64 version | u64 arrival
  kRequest = 'q',     // member 0 u32 n method | request ID                -> StoredAnswer
  kTerms = 'r',       // u32 feed | record ID[16] | publisher              -> StoredTerms
  kSetting = 's',     // name                                              -> by name
  kTile = 't',        // u32 feed | u8 level | u64 index                   -> 1 … 256 hashes
  kUnread = 'u',   // u32 feed | u64 arrival                            -> nothing: a record of a format too new for us
  kVersion = 'v',  // record ID[16] | publisher 0 u64 version           -> u64 arrival | header hash[32]
  kFollow = 'w',   // member 0 publisher 0 name 0 u64 epoch             -> StoredFollow
  kFrozen = 'x',   // record ID[16] | publisher                         -> StoredEvidence
  kRequestTime = 'y',  // u64 milliseconds | key of the request, kind left out -> nothing
  kAuditParty = 'z',   // u32 feed | participant 0 | u64 index              -> nothing: a row that concerns this member
};

// Everything of one kind.
std::string KindPrefix(KeyKind kind);

// Family::kArrival.
std::string RecordKey(uint64_t arrival);
std::string SectionKey(uint64_t arrival, uint32_t slot);
struct ArrivalKey {
  uint64_t arrival = 0;
  absl::optional<uint32_t> slot;  // nullopt: the record
};
absl::optional<ArrivalKey> ParseArrivalKey(absl::string_view key);

// Family::kLookup. Every Parse… is total: nullopt for anything that the matching function does not return.
std::string HeaderKey(const record::Hash& header_hash);

std::string VersionPrefix(const record::RecordId& record_id);
std::string VersionKey(const record::RecordId& record_id, const record::ParticipantId& publisher, uint64_t version);
struct VersionKeyParts {
  record::RecordId record_id;
  record::ParticipantId publisher;
  uint64_t version = 0;
};
absl::optional<VersionKeyParts> ParseVersionKey(absl::string_view key);

std::string NewestKey(const record::RecordId& record_id);

std::string MembershipPrefix(uint64_t arrival);
std::string MembershipKey(uint64_t arrival, FeedId feed);
struct MembershipKeyParts {
  uint64_t arrival = 0;
  FeedId feed = 0;
};
absl::optional<MembershipKeyParts> ParseMembershipKey(absl::string_view key);

std::string ErasedKey(uint64_t arrival);
std::string ErasingKey(uint64_t arrival);
// The arrival of a key of kind kErased or kErasing.
absl::optional<uint64_t> ParseErasureKey(absl::string_view key);

std::string UnreadPrefix(FeedId feed);
std::string UnreadKey(FeedId feed, uint64_t arrival);
struct UnreadKeyParts {
  FeedId feed = 0;
  uint64_t arrival = 0;
};
absl::optional<UnreadKeyParts> ParseUnreadKey(absl::string_view key);

struct RecordName {
  record::RecordId record_id;
  record::ParticipantId publisher;
};
std::string FrozenPrefix(const record::RecordId& record_id);
std::string FrozenKey(const record::RecordId& record_id, const record::ParticipantId& publisher);
absl::optional<RecordName> ParseFrozenKey(absl::string_view key);

// Headers that are not stored because their record is frozen lead to that record.
std::string ConflictKey(const record::Hash& header_hash);

std::string FeedNamePrefix(const record::ParticipantId& holder);
std::string FeedNameKey(const HeldFeed& feed);
absl::optional<HeldFeed> ParseFeedNameKey(absl::string_view key);

std::string FeedIdKey(FeedId feed);
std::string HeadKey(FeedId feed);
// The feed of a key of kind kFeed or kHead.
absl::optional<FeedId> ParseFeedIdKey(absl::string_view key);

std::string EntryPrefix(FeedId feed);
std::string EntryKey(FeedId feed, uint64_t index);
struct EntryKeyParts {
  FeedId feed = 0;
  uint64_t index = 0;
};
absl::optional<EntryKeyParts> ParseEntryKey(absl::string_view key);

std::string TilePrefix(FeedId feed);
std::string TileKey(FeedId feed, uint8_t level, uint64_t index);
struct TileKeyParts {
  FeedId feed = 0;
  uint8_t level = 0;
  uint64_t index = 0;
};
absl::optional<TileKeyParts> ParseTileKey(absl::string_view key);

std::string AuditRowKey(FeedId feed, uint64_t index);
struct AuditRowKeyParts {
  FeedId feed = 0;
  uint64_t index = 0;
};
absl::optional<AuditRowKeyParts> ParseAuditRowKey(absl::string_view key);

std::string AuditPartyPrefix(FeedId feed, const record::ParticipantId& party);
std::string AuditPartyKey(FeedId feed, const record::ParticipantId& party, uint64_t index);
struct AuditPartyKeyParts {
  FeedId feed = 0;
  record::ParticipantId party;
  uint64_t index = 0;
};
absl::optional<AuditPartyKeyParts> ParseAuditPartyKey(absl::string_view key);

inline constexpr size_t kIndexFieldMax = 64;

// `term` as it is stored: the field cut to kIndexFieldMax bytes, the value to record::kIndexValueMax.
record::IndexTerm CutTerm(const record::IndexTerm& term);
std::string PostingPrefix(FeedId feed, const record::IndexTerm& term);
// What the postings of `field` have in common whose values have `value_size` bytes; these sort by value.
std::string PostingFieldPrefix(FeedId feed, absl::string_view field, size_t value_size);
// A key under a PostingPrefix. `publisher` may be any bytes: a place to seek to need not be a key that exists.
std::string PostingKey(absl::string_view posting_prefix, const record::RecordId& record_id,
                       absl::string_view publisher);
// The end of a posting key, after its PostingPrefix.
absl::optional<RecordName> ParsePostingSuffix(absl::string_view suffix);

std::string TermsKey(FeedId feed, const record::RecordId& record_id, const record::ParticipantId& publisher);
struct TermsKeyParts {
  FeedId feed = 0;
  RecordName name;
};
absl::optional<TermsKeyParts> ParseTermsKey(absl::string_view key);
// How long the key of a posting is under one of the terms of `terms_key`. `field` and `value` are cut.
size_t PostingKeySize(absl::string_view terms_key, absl::string_view field, absl::string_view value);

std::string RequestLookupKey(const record::ParticipantId& member, absl::string_view method,
                             absl::string_view request_id);
std::string RequestTimeKey(uint64_t time_ms, absl::string_view request_key);
struct RequestTimeParts {
  uint64_t time_ms = 0;
  std::string request_key;
};
absl::optional<RequestTimeParts> ParseRequestTimeKey(absl::string_view key);

std::string FollowKey(const record::ParticipantId& member, const record::FeedKey& feed);
struct FollowKeyParts {
  record::ParticipantId member;
  record::FeedKey feed;
};
absl::optional<FollowKeyParts> ParseFollowKey(absl::string_view key);

// What is counted of the replicas that `holder` keeps of `publisher`.
std::string UsagePrefix(const record::ParticipantId& holder);
std::string UsageKey(const record::ParticipantId& holder, const record::ParticipantId& publisher);
struct UsageKeyParts {
  record::ParticipantId holder;
  record::ParticipantId publisher;
};
absl::optional<UsageKeyParts> ParseUsageKey(absl::string_view key);

std::string HeartbeatKey();                                     // -> SignedBody
std::string MemberRecordKey(absl::string_view participant_id);  // -> record ID[16]
bool IsMemberRecordKey(absl::string_view key);
std::string BackfillKey(const record::RecordId& offer);  // -> StoredBackfill
bool IsBackfillKey(absl::string_view key);
std::string GrantUsePrefix();
std::string GrantUseKey(const record::RecordId& grant);  // -> u64 deliveries
absl::optional<record::RecordId> ParseGrantUseKey(absl::string_view key);
std::string FeedHeartbeatKey(FeedId feed);  // of a replica -> SignedBody
bool IsFeedHeartbeatKey(absl::string_view key);
// The newest note of a feed that witnesses signed too, and older ones by the size of their heads -> signed note.
std::string CosignedKey(FeedId feed);
std::string CosignedKey(FeedId feed, uint64_t size);
struct CosignedKeyParts {
  FeedId feed = 0;
  absl::optional<uint64_t> size;  // nullopt: the newest
};
absl::optional<CosignedKeyParts> ParseCosignedKey(absl::string_view key);
// -> participant ID: whose node is asked for feeds of `publisher` while the publisher's own does not answer
std::string RelayKey(const record::ParticipantId& member, const record::ParticipantId& publisher);
bool IsRelayKey(absl::string_view key);
std::string NextArrivalKey();  // -> u64
std::string NextFeedKey();     // -> u64

}  // namespace meguri::storage
