// SPDX-License-Identifier: Apache-2.0
#include "storage/key_layout.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/strip.h"
#include "base/bytes.h"
#include "base/error.h"
#include "record/limits.h"

namespace meguri::storage {
namespace {

// Puts a key together.
class KeyWriter {
 public:
  KeyWriter() = default;
  explicit KeyWriter(KeyKind kind) { U8(static_cast<uint8_t>(kind)); }

  KeyWriter& U8(uint8_t number) {
    key_.push_back(static_cast<char>(number));
    return *this;
  }
  KeyWriter& U32(uint32_t number) {
    AppendU32(number, key_);
    return *this;
  }
  KeyWriter& U64(uint64_t number) {
    AppendU64(number, key_);
    return *this;
  }
  KeyWriter& Raw(absl::string_view bytes) {
    key_.append(bytes.data(), bytes.size());
    return *this;
  }
  KeyWriter& Text(absl::string_view text) {
    Invariant(text.find('\0') == absl::string_view::npos, "a text in a key holds no zero byte");
    return Raw(text).U8(0);
  }
  KeyWriter& Short(absl::string_view bytes) {
    Invariant(bytes.size() <= UINT8_MAX, "a short string in a key has at most 255 bytes");
    return U8(static_cast<uint8_t>(bytes.size())).Raw(bytes);
  }
  KeyWriter& Name(const record::FeedKey& feed) {
    return Text(feed.publisher.text()).Text(feed.name.text()).U64(feed.epoch);
  }
  std::string Take() { return std::move(key_); }

 private:
  std::string key_;
};

// Takes a key apart from the front. Once something does not fit, everything is zero or empty and Ends() is false.
class KeyReader {
 public:
  explicit KeyReader(absl::string_view key) : rest_(key) {}
  KeyReader(absl::string_view key, KeyKind kind) : rest_(key) { fits_ = U8() == static_cast<uint8_t>(kind) && fits_; }

  uint8_t U8() {
    const absl::string_view bytes = Fixed(1);
    return bytes.empty() ? uint8_t{0} : static_cast<uint8_t>(bytes[0]);
  }
  uint32_t U32() {
    const absl::string_view bytes = Fixed(4);
    return bytes.empty() ? 0 : ReadU32(bytes);
  }
  uint64_t U64() {
    const absl::string_view bytes = Fixed(8);
    return bytes.empty() ? 0 : ReadU64(bytes);
  }
  // `size` bytes, or none.
  absl::string_view Fixed(size_t size) {
    if (!fits_ || rest_.size() < size) {
      fits_ = false;
      return {};
    }
    const absl::string_view bytes = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return bytes;
  }
  absl::string_view Text() {
    const size_t end = rest_.find('\0');
    if (!fits_ || end == absl::string_view::npos) {
      fits_ = false;
      return {};
    }
    const absl::string_view text = Fixed(end);
    Fixed(1);
    return text;
  }
  absl::string_view Rest() { return Fixed(rest_.size()); }
  // Whether everything fitted and nothing is left.
  bool Ends() const { return fits_ && rest_.empty(); }

 private:
  absl::string_view rest_;
  bool fits_ = true;
};

absl::optional<RecordName> MakeName(absl::string_view record_id, absl::string_view publisher) {
  auto id = record::RecordId::Parse(record_id);
  auto participant = record::ParticipantId::Parse(publisher);
  if (!id.ok() || !participant.ok()) {
    return absl::nullopt;
  }
  return RecordName{*std::move(id), *std::move(participant)};
}

absl::optional<HeldFeed> MakeHeldFeed(absl::string_view holder, absl::string_view publisher, absl::string_view name,
                                      uint64_t epoch) {
  auto holder_id = record::ParticipantId::Parse(holder);
  auto publisher_id = record::ParticipantId::Parse(publisher);
  auto feed_name = record::FeedName::Parse(name);
  if (!holder_id.ok() || !publisher_id.ok() || !feed_name.ok()) {
    return absl::nullopt;
  }
  return HeldFeed{*std::move(holder_id), {*std::move(publisher_id), *std::move(feed_name), epoch}};
}

// Keys of the kinds kFeedName and kFollow: a participant and a feed.
absl::optional<HeldFeed> ReadHeldFeed(KeyReader key) {
  const absl::string_view holder = key.Text();
  const absl::string_view publisher = key.Text();
  const absl::string_view name = key.Text();
  const uint64_t epoch = key.U64();
  return key.Ends() ? MakeHeldFeed(holder, publisher, name, epoch) : absl::nullopt;
}

std::string Cut(const std::string& text, size_t size_max) {
  return text.size() <= size_max ? text : text.substr(0, size_max);
}

}  // namespace

std::string KindPrefix(KeyKind kind) { return KeyWriter(kind).Take(); }

std::string RecordKey(uint64_t arrival) { return KeyWriter().U64(arrival).U8(0).Take(); }

std::string SectionKey(uint64_t arrival, uint32_t slot) {
  Invariant(slot < record::kSlotsMax, "a section key names a slot that exists");
  return KeyWriter().U64(arrival).U8(static_cast<uint8_t>(1 + slot)).Take();
}

absl::optional<ArrivalKey> ParseArrivalKey(absl::string_view key) {
  KeyReader reader(key);
  const uint64_t arrival = reader.U64();
  const uint8_t place = reader.U8();
  if (!reader.Ends() || place > record::kSlotsMax) {
    return absl::nullopt;
  }
  return place == 0 ? ArrivalKey{arrival, absl::nullopt} : ArrivalKey{arrival, uint32_t{place} - 1};
}

std::string HeaderKey(const record::Hash& header_hash) {
  return KeyWriter(KeyKind::kHeader).Raw(header_hash.view()).Take();
}

std::string VersionPrefix(const record::RecordId& record_id) {
  return KeyWriter(KeyKind::kVersion).Raw(record_id.view()).Take();
}

std::string VersionKey(const record::RecordId& record_id, const record::ParticipantId& publisher, uint64_t version) {
  return KeyWriter(KeyKind::kVersion).Raw(record_id.view()).Text(publisher.text()).U64(version).Take();
}

absl::optional<VersionKeyParts> ParseVersionKey(absl::string_view key) {
  KeyReader reader(key, KeyKind::kVersion);
  const absl::string_view record_id = reader.Fixed(record::kRecordIdSize);
  const absl::string_view publisher = reader.Text();
  const uint64_t version = reader.U64();
  auto name = reader.Ends() ? MakeName(record_id, publisher) : absl::nullopt;
  if (!name.has_value()) {
    return absl::nullopt;
  }
  return VersionKeyParts{name->record_id, std::move(name->publisher), version};
}

std::string NewestKey(const record::RecordId& record_id) {
  return KeyWriter(KeyKind::kNewest).Raw(record_id.view()).Take();
}

std::string MembershipPrefix(uint64_t arrival) { return KeyWriter(KeyKind::kMembership).U64(arrival).Take(); }

std::string MembershipKey(uint64_t arrival, FeedId feed) {
  return KeyWriter(KeyKind::kMembership).U64(arrival).U32(feed).Take();
}

absl::optional<MembershipKeyParts> ParseMembershipKey(absl::string_view key) {
  KeyReader reader(key, KeyKind::kMembership);
  const uint64_t arrival = reader.U64();
  const FeedId feed = reader.U32();
  return reader.Ends() ? absl::make_optional(MembershipKeyParts{arrival, feed}) : absl::nullopt;
}

std::string ErasedKey(uint64_t arrival) { return KeyWriter(KeyKind::kErased).U64(arrival).Take(); }

std::string ErasingKey(uint64_t arrival) { return KeyWriter(KeyKind::kErasing).U64(arrival).Take(); }

absl::optional<uint64_t> ParseErasureKey(absl::string_view key) {
  KeyReader reader(key);
  const auto kind = static_cast<KeyKind>(reader.U8());
  const uint64_t arrival = reader.U64();
  const bool fits = reader.Ends() && (kind == KeyKind::kErased || kind == KeyKind::kErasing);
  return fits ? absl::make_optional(arrival) : absl::nullopt;
}

std::string UnreadPrefix(FeedId feed) { return KeyWriter(KeyKind::kUnread).U32(feed).Take(); }

std::string UnreadKey(FeedId feed, uint64_t arrival) {
  return KeyWriter(KeyKind::kUnread).U32(feed).U64(arrival).Take();
}

absl::optional<UnreadKeyParts> ParseUnreadKey(absl::string_view key) {
  KeyReader reader(key, KeyKind::kUnread);
  const FeedId feed = reader.U32();
  const uint64_t arrival = reader.U64();
  return reader.Ends() ? absl::make_optional(UnreadKeyParts{feed, arrival}) : absl::nullopt;
}

std::string FrozenPrefix(const record::RecordId& record_id) {
  return KeyWriter(KeyKind::kFrozen).Raw(record_id.view()).Take();
}

std::string FrozenKey(const record::RecordId& record_id, const record::ParticipantId& publisher) {
  return KeyWriter(KeyKind::kFrozen).Raw(record_id.view()).Raw(publisher.text()).Take();
}

absl::optional<RecordName> ParseFrozenKey(absl::string_view key) {
  KeyReader reader(key, KeyKind::kFrozen);
  const absl::string_view record_id = reader.Fixed(record::kRecordIdSize);
  const absl::string_view publisher = reader.Rest();
  return reader.Ends() ? MakeName(record_id, publisher) : absl::nullopt;
}

std::string ConflictKey(const record::Hash& header_hash) {
  return KeyWriter(KeyKind::kConflict).Raw(header_hash.view()).Take();
}

std::string FeedNamePrefix(const record::ParticipantId& holder) {
  return KeyWriter(KeyKind::kFeedName).Text(holder.text()).Take();
}

std::string FeedNameKey(const HeldFeed& feed) {
  return KeyWriter(KeyKind::kFeedName).Text(feed.holder.text()).Name(feed.key).Take();
}

absl::optional<HeldFeed> ParseFeedNameKey(absl::string_view key) {
  return ReadHeldFeed(KeyReader(key, KeyKind::kFeedName));
}

std::string FeedIdKey(FeedId feed) { return KeyWriter(KeyKind::kFeed).U32(feed).Take(); }

std::string HeadKey(FeedId feed) { return KeyWriter(KeyKind::kHead).U32(feed).Take(); }

absl::optional<FeedId> ParseFeedIdKey(absl::string_view key) {
  KeyReader reader(key);
  const auto kind = static_cast<KeyKind>(reader.U8());
  const FeedId feed = reader.U32();
  const bool fits = reader.Ends() && (kind == KeyKind::kFeed || kind == KeyKind::kHead);
  return fits ? absl::make_optional(feed) : absl::nullopt;
}

std::string EntryPrefix(FeedId feed) { return KeyWriter(KeyKind::kEntry).U32(feed).Take(); }

std::string EntryKey(FeedId feed, uint64_t index) { return KeyWriter(KeyKind::kEntry).U32(feed).U64(index).Take(); }

absl::optional<EntryKeyParts> ParseEntryKey(absl::string_view key) {
  KeyReader reader(key, KeyKind::kEntry);
  const FeedId feed = reader.U32();
  const uint64_t index = reader.U64();
  return reader.Ends() ? absl::make_optional(EntryKeyParts{feed, index}) : absl::nullopt;
}

std::string TilePrefix(FeedId feed) { return KeyWriter(KeyKind::kTile).U32(feed).Take(); }

std::string TileKey(FeedId feed, uint8_t level, uint64_t index) {
  return KeyWriter(KeyKind::kTile).U32(feed).U8(level).U64(index).Take();
}

absl::optional<TileKeyParts> ParseTileKey(absl::string_view key) {
  KeyReader reader(key, KeyKind::kTile);
  const FeedId feed = reader.U32();
  const uint8_t level = reader.U8();
  const uint64_t index = reader.U64();
  return reader.Ends() ? absl::make_optional(TileKeyParts{feed, level, index}) : absl::nullopt;
}

std::string AuditRowKey(FeedId feed, uint64_t index) {
  return KeyWriter(KeyKind::kAuditRow).U32(feed).U64(index).Take();
}

absl::optional<AuditRowKeyParts> ParseAuditRowKey(absl::string_view key) {
  KeyReader reader(key, KeyKind::kAuditRow);
  const FeedId feed = reader.U32();
  const uint64_t index = reader.U64();
  return reader.Ends() ? absl::make_optional(AuditRowKeyParts{feed, index}) : absl::nullopt;
}

std::string AuditPartyPrefix(FeedId feed, const record::ParticipantId& party) {
  return KeyWriter(KeyKind::kAuditParty).U32(feed).Text(party.text()).Take();
}

std::string AuditPartyKey(FeedId feed, const record::ParticipantId& party, uint64_t index) {
  return KeyWriter(KeyKind::kAuditParty).U32(feed).Text(party.text()).U64(index).Take();
}

absl::optional<AuditPartyKeyParts> ParseAuditPartyKey(absl::string_view key) {
  KeyReader reader(key, KeyKind::kAuditParty);
  const FeedId feed = reader.U32();
  auto party = record::ParticipantId::Parse(reader.Text());
  const uint64_t index = reader.U64();
  if (!reader.Ends() || !party.ok()) {
    return absl::nullopt;
  }
  return AuditPartyKeyParts{feed, *std::move(party), index};
}

record::IndexTerm CutTerm(const record::IndexTerm& term) {
  return {Cut(term.field, kIndexFieldMax), Cut(term.value, record::kIndexValueMax)};
}

std::string PostingPrefix(FeedId feed, const record::IndexTerm& term) {
  const record::IndexTerm cut = CutTerm(term);
  return KeyWriter(KeyKind::kPosting).U32(feed).Short(cut.field).Short(cut.value).Take();
}

std::string PostingFieldPrefix(FeedId feed, absl::string_view field, size_t value_size) {
  Invariant(value_size <= record::kIndexValueMax, "a value in the index is short");
  return KeyWriter(KeyKind::kPosting)
      .U32(feed)
      .Short(Cut(std::string(field), kIndexFieldMax))
      .U8(static_cast<uint8_t>(value_size))
      .Take();
}

std::string PostingKey(absl::string_view posting_prefix, const record::RecordId& record_id,
                       absl::string_view publisher) {
  return KeyWriter().Raw(posting_prefix).Raw(record_id.view()).Raw(publisher).Take();
}

absl::optional<RecordName> ParsePostingSuffix(absl::string_view suffix) {
  KeyReader reader(suffix);
  const absl::string_view record_id = reader.Fixed(record::kRecordIdSize);
  const absl::string_view publisher = reader.Rest();
  return reader.Ends() ? MakeName(record_id, publisher) : absl::nullopt;
}

std::string TermsKey(FeedId feed, const record::RecordId& record_id, const record::ParticipantId& publisher) {
  return KeyWriter(KeyKind::kTerms).U32(feed).Raw(record_id.view()).Raw(publisher.text()).Take();
}

absl::optional<TermsKeyParts> ParseTermsKey(absl::string_view key) {
  KeyReader reader(key, KeyKind::kTerms);
  const FeedId feed = reader.U32();
  const absl::string_view record_id = reader.Fixed(record::kRecordIdSize);
  const absl::string_view publisher = reader.Rest();
  auto name = reader.Ends() ? MakeName(record_id, publisher) : absl::nullopt;
  if (!name.has_value()) {
    return absl::nullopt;
  }
  return TermsKeyParts{feed, *std::move(name)};
}

// The same, with the term and the sizes of its two parts in between.
size_t PostingKeySize(absl::string_view terms_key, absl::string_view field, absl::string_view value) {
  return terms_key.size() + 1 + field.size() + 1 + value.size();
}

std::string RequestLookupKey(const record::ParticipantId& member, absl::string_view method,
                             absl::string_view request_id) {
  Invariant(method.size() <= UINT32_MAX, "the name of a method is short");
  return KeyWriter(KeyKind::kRequest)
      .Text(member.text())
      .U32(static_cast<uint32_t>(method.size()))
      .Raw(method)
      .Raw(request_id)
      .Take();
}

std::string RequestTimeKey(uint64_t time_ms, absl::string_view request_key) {
  Invariant(!request_key.empty() && request_key.front() == static_cast<char>(KeyKind::kRequest),
            "a time key is made from the key of a request");
  return KeyWriter(KeyKind::kRequestTime).U64(time_ms).Raw(request_key.substr(1)).Take();
}

absl::optional<RequestTimeParts> ParseRequestTimeKey(absl::string_view key) {
  KeyReader reader(key, KeyKind::kRequestTime);
  const uint64_t time_ms = reader.U64();
  const absl::string_view request = reader.Rest();
  if (!reader.Ends()) {
    return absl::nullopt;
  }
  return RequestTimeParts{time_ms, KeyWriter(KeyKind::kRequest).Raw(request).Take()};
}

std::string FollowKey(const record::ParticipantId& member, const record::FeedKey& feed) {
  return KeyWriter(KeyKind::kFollow).Text(member.text()).Name(feed).Take();
}

absl::optional<FollowKeyParts> ParseFollowKey(absl::string_view key) {
  auto held = ReadHeldFeed(KeyReader(key, KeyKind::kFollow));
  if (!held.has_value()) {
    return absl::nullopt;
  }
  return FollowKeyParts{std::move(held->holder), std::move(held->key)};
}

std::string UsagePrefix(const record::ParticipantId& holder) {
  return KeyWriter(KeyKind::kUsage).Text(holder.text()).Take();
}

std::string UsageKey(const record::ParticipantId& holder, const record::ParticipantId& publisher) {
  return KeyWriter(KeyKind::kUsage).Text(holder.text()).Text(publisher.text()).Take();
}

absl::optional<UsageKeyParts> ParseUsageKey(absl::string_view key) {
  KeyReader reader(key, KeyKind::kUsage);
  auto holder = record::ParticipantId::Parse(reader.Text());
  auto publisher = record::ParticipantId::Parse(reader.Text());
  if (!reader.Ends() || !holder.ok() || !publisher.ok()) {
    return absl::nullopt;
  }
  return UsageKeyParts{*std::move(holder), *std::move(publisher)};
}

std::string MemberRecordKey(absl::string_view participant_id) {
  return KeyWriter(KeyKind::kSetting).Raw("member/").Raw(participant_id).Take();
}

bool IsMemberRecordKey(absl::string_view key) { return absl::StartsWith(key, MemberRecordKey("")); }

constexpr char kBackfill[] = "backfill/";

std::string BackfillKey(const record::RecordId& offer) {
  return KeyWriter(KeyKind::kSetting).Raw(kBackfill).Raw(offer.view()).Take();
}

bool IsBackfillKey(absl::string_view key) {
  const std::string prefix = KeyWriter(KeyKind::kSetting).Raw(kBackfill).Take();
  return absl::StartsWith(key, prefix) && key.size() == prefix.size() + record::kRecordIdSize;
}

std::string GrantUsePrefix() { return KeyWriter(KeyKind::kSetting).Raw("grant-use/").Take(); }

std::string GrantUseKey(const record::RecordId& grant) {
  return KeyWriter(KeyKind::kSetting).Raw("grant-use/").Raw(grant.view()).Take();
}

absl::optional<record::RecordId> ParseGrantUseKey(absl::string_view key) {
  if (!absl::ConsumePrefix(&key, GrantUsePrefix())) {
    return absl::nullopt;
  }
  const absl::StatusOr<record::RecordId> grant = record::RecordId::Parse(key);
  return grant.ok() ? absl::make_optional(*grant) : absl::nullopt;
}

constexpr char kFeedHeartbeat[] = "feed-heartbeat/";

std::string FeedHeartbeatKey(FeedId feed) { return KeyWriter(KeyKind::kSetting).Raw(kFeedHeartbeat).U32(feed).Take(); }

bool IsFeedHeartbeatKey(absl::string_view key) {
  const std::string first = FeedHeartbeatKey(0);
  return key.size() == first.size() && absl::StartsWith(key, first.substr(0, first.size() - sizeof(FeedId)));
}

constexpr char kCosigned[] = "cosigned/";

std::string CosignedKey(FeedId feed) { return KeyWriter(KeyKind::kSetting).Raw(kCosigned).U32(feed).Take(); }

std::string CosignedKey(FeedId feed, uint64_t size) {
  return KeyWriter(KeyKind::kSetting).Raw(kCosigned).U32(feed).U64(size).Take();
}

absl::optional<CosignedKeyParts> ParseCosignedKey(absl::string_view key) {
  CosignedKeyParts parts;
  if (!absl::ConsumePrefix(&key, KeyWriter(KeyKind::kSetting).Raw(kCosigned).Take()) || key.size() < sizeof(FeedId)) {
    return absl::nullopt;
  }
  parts.feed = ReadU32(key);
  key.remove_prefix(sizeof(FeedId));
  if (key.empty()) {
    return parts;
  }
  if (key.size() != sizeof(uint64_t)) {
    return absl::nullopt;
  }
  parts.size = ReadU64(key);
  return parts;
}

constexpr char kRelay[] = "relay/";

std::string RelayKey(const record::ParticipantId& member, const record::ParticipantId& publisher) {
  return KeyWriter(KeyKind::kSetting).Raw(kRelay).Text(member.text()).Text(publisher.text()).Take();
}

bool IsRelayKey(absl::string_view key) {
  const std::string prefix = KeyWriter(KeyKind::kSetting).Raw(kRelay).Take();
  if (!absl::ConsumePrefix(&key, prefix)) {
    return false;
  }
  KeyReader reader(key);
  const bool is_member = record::ParticipantId::Parse(reader.Text()).ok();
  const bool is_publisher = record::ParticipantId::Parse(reader.Text()).ok();
  return is_member && is_publisher && reader.Ends();
}

std::string HeartbeatKey() { return KeyWriter(KeyKind::kSetting).Raw("heartbeat").Take(); }

std::string NextArrivalKey() { return KeyWriter(KeyKind::kSetting).Raw("next_arrival").Take(); }

std::string NextFeedKey() { return KeyWriter(KeyKind::kSetting).Raw("next_feed").Take(); }

}  // namespace meguri::storage
