// SPDX-License-Identifier: Apache-2.0
#include "storage/feeds.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "meguri/storage/v1/stored.pb.h"
#include "record/hash.h"
#include "record/limits.h"
#include "storage/key_layout.h"
#include "storage/tile.h"
#include "storage/value.h"

namespace meguri::storage {
namespace {

absl::Status FeedUnknown(FeedId id) {
  return Error(absl::StatusCode::kNotFound, "FEED_UNKNOWN", absl::StrCat("this store holds no feed number ", id));
}

absl::StatusOr<FeedHead> ParseHead(FeedId id, const absl::optional<std::string>& stored) {
  if (!stored.has_value()) {
    return FeedUnknown(id);
  }
  v1::StoredHead message;
  MEGURI_RETURN_IF_ERROR(UnwrapMessage(*stored, "feed head", message));
  std::vector<record::Hash> hashes;
  for (const std::string& bytes : message.frontier()) {
    const auto hash = record::Hash::Parse(bytes);
    if (!hash.ok()) {
      return ValueDamaged("feed head");
    }
    hashes.push_back(*hash);
  }
  auto frontier = record::Frontier::Make(message.size(), std::move(hashes));
  if (!frontier.ok()) {
    return ValueDamaged("feed head");
  }
  return FeedHead{
      id,
      *std::move(frontier),
      std::move(*message.mutable_checkpoint()),
      {message.promises().begin(), message.promises().end()},
      std::move(*message.mutable_settled()),
      message.heard_ms() == 0 ? absl::InfinitePast() : absl::FromUnixMillis(static_cast<int64_t>(message.heard_ms()))};
}

void PutHead(Transaction& transaction, const FeedHead& head) {
  v1::StoredHead message;
  message.set_size(head.size());
  for (const record::Hash& hash : head.frontier.hashes()) {
    message.add_frontier(hash.ToString());
  }
  message.set_checkpoint(head.checkpoint);
  message.mutable_promises()->Assign(head.promises.begin(), head.promises.end());
  message.set_settled(head.settled);
  if (head.heard != absl::InfinitePast()) {
    message.set_heard_ms(static_cast<uint64_t>(absl::ToUnixMillis(head.heard)));
  }
  transaction.Put(Family::kLookup, HeadKey(head.id), WrapMessage(message));
}

// The hashes of a tile, as `reader` (a store or a transaction) has them; empty if there is no such tile.
template <typename Reader>
absl::StatusOr<Tile> ReadTile(const Reader& reader, FeedId id, uint8_t level, uint64_t index) {
  MEGURI_ASSIGN_OR_RETURN(const auto stored, reader.Get(Family::kLookup, TileKey(id, level, index)));
  return stored.has_value() ? ParseTile(*stored) : Tile();
}

// The hashes of `count` entries from `start` on, as a transaction sees them.
absl::StatusOr<Tile> HashEntries(const Transaction& transaction, FeedId id, uint64_t start, uint64_t count) {
  Tile hashes;
  for (uint64_t index = start; index < start + count; ++index) {
    MEGURI_ASSIGN_OR_RETURN(const auto stored, transaction.Get(Family::kLookup, EntryKey(id, index)));
    if (!stored.has_value()) {
      return ValueMissing("a feed entry");
    }
    MEGURI_ASSIGN_OR_RETURN(const absl::string_view entry, UnwrapValue(*stored));
    hashes.push_back(record::LeafHash(entry));
  }
  return hashes;
}

// Puts the hashes `added`, which follow each other from `start` on, into the tiles of one level.
absl::Status ExtendTiles(Transaction& transaction, FeedId id, uint8_t level, uint64_t start,
                         absl::Span<const record::Hash> added) {
  while (!added.empty()) {
    const uint64_t before = start % kTileWidth;
    const size_t count = std::min<size_t>(kTileWidth - before, added.size());
    const bool is_full = before + count == kTileWidth;
    // An unfinished tile of level 0 is what the entries themselves say; it is not stored.
    if (level > 0 || is_full) {
      Tile tile;
      if (before > 0) {
        MEGURI_ASSIGN_OR_RETURN(tile, level == 0 ? HashEntries(transaction, id, start - before, before)
                                                 : ReadTile(transaction, id, level, start / kTileWidth));
        if (tile.size() != before) {
          return ValueDamaged("feed tile");
        }
      }
      tile.insert(tile.end(), added.begin(), added.begin() + static_cast<std::ptrdiff_t>(count));
      transaction.Put(Family::kLookup, TileKey(id, level, start / kTileWidth), WrapTile(tile));
    }
    start += count;
    added.remove_prefix(count);
  }
  return absl::OkStatus();
}

// The nodes of the levels that tiles hold, as they become perfect while entries are appended.
class TileNodes {
 public:
  void Add(uint32_t level, uint64_t index, const record::Hash& hash) {
    if (level % kTileLevels != 0) {
      return;
    }
    const size_t tile_level = level / kTileLevels;
    if (levels_.size() <= tile_level) {
      levels_.resize(tile_level + 1);
    }
    if (levels_[tile_level].hashes.empty()) {
      levels_[tile_level].start = index;
    }
    levels_[tile_level].hashes.push_back(hash);
  }
  absl::Status Write(Transaction& transaction, FeedId id) const {
    for (size_t level = 0; level < levels_.size(); ++level) {
      MEGURI_RETURN_IF_ERROR(
          ExtendTiles(transaction, id, static_cast<uint8_t>(level), levels_[level].start, levels_[level].hashes));
    }
    return absl::OkStatus();
  }

 private:
  struct Level {
    uint64_t start = 0;
    std::vector<record::Hash> hashes;
  };
  std::vector<Level> levels_;
};

absl::StatusOr<FeedId> ToFeedId(absl::string_view stored) {
  MEGURI_ASSIGN_OR_RETURN(const uint64_t id, UnwrapU64(stored, "feed number"));
  if (id > std::numeric_limits<FeedId>::max()) {
    return ValueDamaged("feed number");
  }
  return static_cast<FeedId>(id);
}

absl::StatusOr<FeedId> TakeNextFeedId(Transaction& transaction) {
  MEGURI_ASSIGN_OR_RETURN(const auto stored, transaction.Get(Family::kLookup, NextFeedKey()));
  FeedId id = 1;
  if (stored.has_value()) {
    MEGURI_ASSIGN_OR_RETURN(id, ToFeedId(*stored));
  }
  if (id == std::numeric_limits<FeedId>::max()) {
    return Error(absl::StatusCode::kResourceExhausted, "FEED_NUMBERS_USED_UP",
                 "this store has no feed number left; move some members to another node");
  }
  // Two feeds with one number would destroy each other.
  MEGURI_ASSIGN_OR_RETURN(const auto taken, transaction.Get(Family::kLookup, HeadKey(id)));
  if (id == 0 || taken.has_value()) {
    return ValueDamaged("number of the next feed");
  }
  transaction.Put(Family::kLookup, NextFeedKey(), WrapU64(uint64_t{id} + 1));
  return id;
}

// The feeds under `prefix` that `wanted` accepts, by key.
template <typename Wanted>
absl::StatusOr<std::vector<std::pair<HeldFeed, FeedId>>> ListFeeds(const StoreReader& store, const std::string& prefix,
                                                                   Wanted wanted) {
  std::vector<std::pair<HeldFeed, FeedId>> feeds;
  const std::unique_ptr<Cursor> cursor = store.NewCursor(Family::kLookup, prefix);
  for (; cursor->Valid(); cursor->Next()) {
    auto feed = ParseFeedNameKey(cursor->key());
    if (!feed.has_value()) {
      return ValueDamaged("name of a feed");
    }
    if (wanted(*feed)) {
      MEGURI_ASSIGN_OR_RETURN(const FeedId id, ToFeedId(cursor->value()));
      feeds.emplace_back(*std::move(feed), id);
    }
  }
  MEGURI_RETURN_IF_ERROR(cursor->status());
  return feeds;
}

}  // namespace

absl::StatusOr<absl::optional<FeedId>> Feeds::Find(const HeldFeed& feed) const {
  MEGURI_ASSIGN_OR_RETURN(const auto stored, store_.Get(Family::kLookup, FeedNameKey(feed)));
  if (!stored.has_value()) {
    return absl::optional<FeedId>();
  }
  MEGURI_ASSIGN_OR_RETURN(const FeedId id, ToFeedId(*stored));
  return absl::make_optional(id);
}

absl::StatusOr<HeldFeed> Feeds::Describe(FeedId id) const { return Describe(Transaction(store_), id); }

absl::StatusOr<HeldFeed> Feeds::Describe(const Transaction& transaction, FeedId id) const {
  MEGURI_ASSIGN_OR_RETURN(const auto stored, transaction.Get(Family::kLookup, FeedIdKey(id)));
  if (!stored.has_value()) {
    return FeedUnknown(id);
  }
  v1::StoredFeed message;
  MEGURI_RETURN_IF_ERROR(UnwrapMessage(*stored, "feed", message));
  auto holder = record::ParticipantId::Parse(message.holder());
  auto publisher = record::ParticipantId::Parse(message.publisher());
  auto name = record::FeedName::Parse(message.name());
  if (!holder.ok() || !publisher.ok() || !name.ok()) {
    return ValueDamaged("feed");
  }
  return HeldFeed{*std::move(holder), {*std::move(publisher), *std::move(name), message.epoch()}};
}

absl::StatusOr<std::vector<std::pair<HeldFeed, FeedId>>> Feeds::HeldBy(const record::ParticipantId& holder) const {
  return ListFeeds(store_, FeedNamePrefix(holder), [](const HeldFeed&) { return true; });
}

absl::StatusOr<std::vector<std::pair<HeldFeed, FeedId>>> Feeds::All() const {
  return ListFeeds(store_, KindPrefix(KeyKind::kFeedName), [](const HeldFeed& feed) { return feed.is_own(); });
}

absl::StatusOr<FeedHead> Feeds::ReadHead(FeedId id) const {
  MEGURI_ASSIGN_OR_RETURN(const auto stored, store_.Get(Family::kLookup, HeadKey(id)));
  return ParseHead(id, stored);
}

absl::StatusOr<FeedHead> Feeds::ReadHead(const Transaction& transaction, FeedId id) const {
  MEGURI_ASSIGN_OR_RETURN(const auto stored, transaction.Get(Family::kLookup, HeadKey(id)));
  return ParseHead(id, stored);
}

absl::StatusOr<std::vector<std::string>> Feeds::ReadEntries(FeedId id, uint64_t start, size_t count) const {
  std::vector<std::string> entries;
  const std::unique_ptr<Cursor> cursor = store_.NewCursor(Family::kLookup, EntryPrefix(id));
  for (cursor->Seek(EntryKey(id, start)); cursor->Valid() && entries.size() < count; cursor->Next()) {
    if (cursor->key() != EntryKey(id, start + entries.size())) {
      return ValueMissing("a feed entry");
    }
    MEGURI_ASSIGN_OR_RETURN(const absl::string_view entry, UnwrapValue(cursor->value()));
    entries.emplace_back(entry.data(), entry.size());
  }
  MEGURI_RETURN_IF_ERROR(cursor->status());
  return entries;
}

absl::StatusOr<record::Hash> Feeds::ReadNode(FeedId id, uint32_t level, uint64_t index) const {
  const auto tile_level = static_cast<uint8_t>(level / kTileLevels);
  const size_t width = size_t{1} << (level % kTileLevels);
  if (level >= 64 || index > std::numeric_limits<uint64_t>::max() >> level) {
    return ValueMissing("a node of a feed's tree");
  }
  const uint64_t start = index * width;
  MEGURI_ASSIGN_OR_RETURN(const Tile tile, ReadTile(store_, id, tile_level, start / kTileWidth));
  if (tile.size() >= start % kTileWidth + width) {
    return record::RootOf(absl::MakeConstSpan(tile).subspan(start % kTileWidth, width));
  }
  if (tile_level > 0 || !tile.empty()) {
    return ValueMissing("a node of a feed's tree");
  }
  MEGURI_ASSIGN_OR_RETURN(const std::vector<std::string> entries, ReadEntries(id, start, width));
  if (entries.size() < width) {
    return ValueMissing("a feed entry");
  }
  Tile leaves;
  for (const std::string& entry : entries) {
    leaves.push_back(record::LeafHash(entry));
  }
  return record::RootOf(leaves);
}

absl::StatusOr<FeedId> Feeds::FindOrCreate(Transaction& transaction, const HeldFeed& feed) const {
  MEGURI_ASSIGN_OR_RETURN(const auto stored, transaction.Get(Family::kLookup, FeedNameKey(feed)));
  if (stored.has_value()) {
    return ToFeedId(*stored);
  }
  MEGURI_ASSIGN_OR_RETURN(const FeedId id, TakeNextFeedId(transaction));
  v1::StoredFeed message;
  message.set_holder(feed.holder.text());
  message.set_publisher(feed.key.publisher.text());
  message.set_name(feed.key.name.text());
  message.set_epoch(feed.key.epoch);
  transaction.Put(Family::kLookup, FeedNameKey(feed), WrapU64(id));
  transaction.Put(Family::kLookup, FeedIdKey(id), WrapMessage(message));
  PutHead(transaction, FeedHead{id, record::Frontier(), "", {}, ""});
  return id;
}

absl::StatusOr<uint64_t> Feeds::Append(Transaction& transaction, FeedId id, absl::string_view entry) const {
  const std::string bytes(entry.data(), entry.size());
  return AppendMany(transaction, id, absl::MakeConstSpan(&bytes, 1));
}

absl::StatusOr<uint64_t> Feeds::AppendMany(Transaction& transaction, FeedId id,
                                           absl::Span<const std::string> entries) const {
  MEGURI_ASSIGN_OR_RETURN(FeedHead head, ReadHead(transaction, id));
  const uint64_t first = head.size();
  TileNodes nodes;
  for (const std::string& entry : entries) {
    if (entry.size() != record::FeedEntry::kSize) {
      return Error(absl::StatusCode::kInvalidArgument, "FEED_ENTRY",
                   absl::StrCat("a feed entry has ", record::FeedEntry::kSize, " bytes, this one has ", entry.size()));
    }
    transaction.Put(Family::kLookup, EntryKey(id, head.size()), WrapValue(entry));
    head.frontier.Append(record::LeafHash(entry), [&nodes](uint32_t level, uint64_t index, const record::Hash& hash) {
      nodes.Add(level, index, hash);
    });
  }
  MEGURI_RETURN_IF_ERROR(nodes.Write(transaction, id));
  PutHead(transaction, head);
  return first;
}

absl::Status Feeds::SetCheckpoint(Transaction& transaction, FeedId id, absl::string_view note) const {
  if (note.size() > record::kNoteBytesMax) {
    return Error(absl::StatusCode::kInvalidArgument, "CHECKPOINT_FORM",
                 absl::StrCat("a checkpoint has at most ", record::kNoteBytesMax, " bytes, not ", note.size()));
  }
  MEGURI_ASSIGN_OR_RETURN(FeedHead head, ReadHead(transaction, id));
  head.checkpoint = std::string(note.data(), note.size());
  PutHead(transaction, head);
  return absl::OkStatus();
}

absl::Status Feeds::SetHeard(Transaction& transaction, FeedId id, absl::Time heard) const {
  MEGURI_ASSIGN_OR_RETURN(FeedHead head, ReadHead(transaction, id));
  if (head.heard < heard) {
    head.heard = heard;
    PutHead(transaction, head);
  }
  return absl::OkStatus();
}

absl::Status Feeds::SetSettled(Transaction& transaction, FeedId id, absl::string_view note) const {
  MEGURI_ASSIGN_OR_RETURN(FeedHead head, ReadHead(transaction, id));
  if (head.settled != note) {
    head.settled = std::string(note.data(), note.size());
    PutHead(transaction, head);
  }
  return absl::OkStatus();
}

absl::Status Feeds::SetPromises(Transaction& transaction, FeedId id, absl::Span<const std::string> notes) const {
  MEGURI_ASSIGN_OR_RETURN(FeedHead head, ReadHead(transaction, id));
  if (!std::equal(notes.begin(), notes.end(), head.promises.begin(), head.promises.end())) {
    head.promises.assign(notes.begin(), notes.end());
    PutHead(transaction, head);
  }
  return absl::OkStatus();
}

}  // namespace meguri::storage
