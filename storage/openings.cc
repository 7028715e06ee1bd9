// SPDX-License-Identifier: Apache-2.0
#include "storage/openings.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/bytes.h"
#include "base/status_macros.h"
#include "record/heads.h"
#include "record/limits.h"
#include "storage/key_layout.h"
#include "storage/value.h"

namespace meguri::storage {

namespace {

constexpr absl::string_view kHeads = "heads/";      // own `heads`: u32 feed | u64 index -> StoredHeadsEntry
constexpr absl::string_view kOpened = "opened/";    // narrower feed: u32 feed -> StoredOpened
constexpr absl::string_view kOpening = "opening/";  // narrower feed: u32 feed | u64 size -> Opening, kept for good

std::string PrefixOf(absl::string_view table) { return absl::StrCat(KindPrefix(KeyKind::kSetting), table); }

std::string FeedPrefix(absl::string_view table, FeedId feed) {
  std::string key = PrefixOf(table);
  AppendU32(feed, key);
  return key;
}

std::string NumberedKey(absl::string_view table, FeedId feed, uint64_t number) {
  std::string key = FeedPrefix(table, feed);
  AppendU64(number, key);
  return key;
}

std::string HeadsEntryKey(FeedId heads, uint64_t index) { return NumberedKey(kHeads, heads, index); }
std::string OpenedKey(FeedId feed) { return FeedPrefix(kOpened, feed); }
std::string OpeningPrefix(FeedId feed) { return FeedPrefix(kOpening, feed); }
std::string OpeningKey(FeedId feed, uint64_t size) { return NumberedKey(kOpening, feed, size); }

}  // namespace

HeldFeed HeadsFeedOf(const record::ParticipantId& holder, const record::ParticipantId& publisher) {
  return {holder, {publisher, record::HeadsFeed(), 1}};
}

absl::StatusOr<uint64_t> Openings::Append(const record::ParticipantId& member, const record::FeedEntry& entry,
                                          const v1::StoredHeadsEntry& opens, const Feeds& feeds,
                                          Transaction& transaction) {
  MEGURI_ASSIGN_OR_RETURN(const FeedId heads, feeds.FindOrCreate(transaction, HeadsFeedOf(member, member)));
  MEGURI_ASSIGN_OR_RETURN(const uint64_t index, feeds.Append(transaction, heads, entry.Encode()));
  transaction.Put(Family::kLookup, HeadsEntryKey(heads, index), WrapMessage(opens));
  if (index >= kOpenableEntriesMax) {
    transaction.Delete(Family::kLookup, HeadsEntryKey(heads, index - kOpenableEntriesMax));
  }
  return index;
}

absl::optional<v1::StoredHeadsEntry> Openings::Find(FeedId heads, uint64_t index) const {
  const auto stored = store_.Get(Family::kLookup, HeadsEntryKey(heads, index));
  v1::StoredHeadsEntry entry;
  if (!stored.ok() || !stored->has_value() || !UnwrapMessage(**stored, "opening of heads", entry).ok()) {
    return absl::nullopt;
  }
  return entry;
}

namespace {

absl::StatusOr<absl::optional<v1::StoredOpened>> ParseOpened(const absl::optional<std::string>& stored) {
  if (!stored.has_value()) {
    return absl::optional<v1::StoredOpened>();
  }
  v1::StoredOpened opened;
  MEGURI_RETURN_IF_ERROR(UnwrapMessage(*stored, "opened head", opened));
  return absl::make_optional(std::move(opened));
}

}  // namespace

absl::StatusOr<absl::optional<v1::StoredOpened>> Openings::Opened(FeedId feed) const {
  MEGURI_ASSIGN_OR_RETURN(const auto stored, store_.Get(Family::kLookup, OpenedKey(feed)));
  return ParseOpened(stored);
}

absl::StatusOr<absl::optional<v1::StoredOpened>> Openings::Opened(const Transaction& transaction, FeedId feed) const {
  MEGURI_ASSIGN_OR_RETURN(const auto stored, transaction.Get(Family::kLookup, OpenedKey(feed)));
  return ParseOpened(stored);
}

absl::Status Openings::PutOpened(Transaction& transaction, FeedId feed, const v1::StoredOpened& opened) const {
  MEGURI_ASSIGN_OR_RETURN(const absl::optional<v1::StoredOpened> before, Opened(transaction, feed));
  const record::v1::Opening& newest = opened.newest();
  const bool has_grown = !before.has_value() || before->kept_size() < newest.size();
  v1::StoredOpened kept = opened;
  kept.set_kept_size(before.has_value() ? before->kept_size() : 0);
  kept.set_kept_index(before.has_value() ? before->kept_index() : 0);
  if (has_grown && newest.size() > 0) {
    if (before.has_value() && before->kept_size() > 0 &&
        before->kept_index() / kOpeningSpan == newest.index() / kOpeningSpan) {
      transaction.Delete(Family::kLookup, OpeningKey(feed, before->kept_size()));
    }
    MEGURI_ASSIGN_OR_RETURN(const auto known, transaction.Get(Family::kLookup, OpeningKey(feed, newest.size())));
    if (!known.has_value()) {  // else it is from before the feed was followed anew, and shows more
      transaction.Put(Family::kLookup, OpeningKey(feed, newest.size()), WrapMessage(newest));
    }
    kept.set_kept_size(newest.size());
    kept.set_kept_index(newest.index());
  }
  transaction.Put(Family::kLookup, OpenedKey(feed), WrapMessage(kept));
  return absl::OkStatus();
}

absl::StatusOr<std::vector<record::v1::Opening>> Openings::KeptCovering(FeedId feed, uint64_t index,
                                                                        size_t count) const {
  std::vector<record::v1::Opening> openings;
  const std::unique_ptr<Cursor> cursor = store_.NewCursor(Family::kLookup, OpeningPrefix(feed));
  for (cursor->Seek(OpeningKey(feed, index + 1)); cursor->Valid() && openings.size() < count; cursor->Next()) {
    MEGURI_RETURN_IF_ERROR(UnwrapMessage(cursor->value(), "kept opening", openings.emplace_back()));
  }
  MEGURI_RETURN_IF_ERROR(cursor->status());
  return openings;
}

void Openings::ForgetOpened(Transaction& transaction, FeedId feed) {
  transaction.Delete(Family::kLookup, OpenedKey(feed));
}

namespace {

absl::Status CheckStoredHeadsEntry(const StoreReader& store, FeedId heads, uint64_t index, absl::string_view stored) {
  const Feeds feeds(store);
  MEGURI_ASSIGN_OR_RETURN(const HeldFeed of, feeds.Describe(heads));
  MEGURI_ASSIGN_OR_RETURN(const FeedHead head, feeds.ReadHead(heads));
  v1::StoredHeadsEntry entry;
  MEGURI_RETURN_IF_ERROR(UnwrapMessage(stored, "opening of heads", entry));
  if (of.key.name != record::HeadsFeed() || !of.is_own() || index >= head.size() ||
      entry.key().size() != record::kHashSize) {
    return ValueDamaged("opening of heads");
  }
  if (index + 1 < head.size()) {
    return absl::OkStatus();  // to rebuild what the newest one commits is enough: feeds only grow
  }
  for (const v1::StoredHeadsEntry::Head& committed : entry.heads()) {
    const FeedId id = committed.feed();
    MEGURI_ASSIGN_OR_RETURN(const HeldFeed feed, feeds.Describe(id));
    MEGURI_ASSIGN_OR_RETURN(const record::Frontier frontier,
                            record::ReadFrontier(committed.size(), [&](uint32_t level, uint64_t node) {
                              return feeds.ReadNode(id, level, node);
                            }));
    if (!feed.is_own() || frontier.Root().view() != committed.root()) {
      return ValueDamaged("opening of heads, which is not of the feeds that are here,");
    }
  }
  return absl::OkStatus();
}

absl::Status CheckKeptOpening(const StoreReader& store, FeedId feed, uint64_t size, absl::string_view stored) {
  const Feeds feeds(store);
  MEGURI_ASSIGN_OR_RETURN(const FeedHead head, feeds.ReadHead(feed));
  record::v1::Opening message;
  MEGURI_RETURN_IF_ERROR(UnwrapMessage(stored, "kept opening", message));
  const absl::StatusOr<record::Opening> opening = record::ParseOpening(message);
  if (!opening.ok() || opening->size != size || size > head.size()) {
    return ValueDamaged("kept opening");
  }
  MEGURI_ASSIGN_OR_RETURN(
      const record::Frontier frontier,
      record::ReadFrontier(size, [&](uint32_t level, uint64_t node) { return feeds.ReadNode(feed, level, node); }));
  return frontier.Root() == opening->root ? absl::OkStatus()
                                          : ValueDamaged("kept opening, which is not of the entries that are here,");
}

absl::Status CheckStoredOpened(absl::string_view stored) {
  v1::StoredOpened opened;
  MEGURI_RETURN_IF_ERROR(UnwrapMessage(stored, "opened head", opened));
  return !opened.has_newest() || record::ParseOpening(opened.newest()).ok() ? absl::OkStatus()
                                                                            : ValueDamaged("opened head");
}

}  // namespace

bool IsOpeningKey(absl::string_view key) {
  const size_t number = sizeof(uint64_t);
  for (const absl::string_view table : {kHeads, kOpened, kOpening}) {
    const std::string prefix = PrefixOf(table);
    const size_t size = prefix.size() + sizeof(FeedId) + (table == kOpened ? 0 : number);
    if (absl::StartsWith(key, prefix)) {
      return key.size() == size;
    }
  }
  return false;
}

absl::Status CheckOpeningSetting(const StoreReader& store, absl::string_view key, absl::string_view stored) {
  if (absl::StartsWith(key, PrefixOf(kOpened))) {
    return CheckStoredOpened(stored);
  }
  const bool is_entry = absl::StartsWith(key, PrefixOf(kHeads));
  absl::string_view rest = key.substr(PrefixOf(is_entry ? kHeads : kOpening).size());
  const FeedId feed = ReadU32(rest);
  const uint64_t number = ReadU64(rest.substr(sizeof(FeedId)));
  return is_entry ? CheckStoredHeadsEntry(store, feed, number, stored) : CheckKeptOpening(store, feed, number, stored);
}

}  // namespace meguri::storage
