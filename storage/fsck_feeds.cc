// SPDX-License-Identifier: Apache-2.0
#include "storage/fsck_feeds.h"

#include <algorithm>
#include <bitset>
#include <limits>
#include <memory>
#include <string>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "absl/types/optional.h"
#include "base/status_macros.h"
#include "meguri/storage/v1/stored.pb.h"
#include "record/checkpoint.h"
#include "record/feed.h"
#include "record/heads_feed.h"
#include "record/merkle.h"
#include "storage/feeds.h"
#include "storage/format.h"
#include "storage/fsck_audit.h"
#include "storage/key_layout.h"
#include "storage/records.h"
#include "storage/tile.h"
#include "storage/value.h"

namespace meguri::storage {
namespace {

// A set of arrivals at one bit each, in pages, so that a short feed takes little.
class ArrivalSet {
 public:
  void Insert(Arrival arrival) {
    std::unique_ptr<Page>& page = pages_[arrival / kPageBits];
    if (page == nullptr) {
      page = std::make_unique<Page>();
    }
    size_ += page->test(arrival % kPageBits) ? 0 : 1;
    page->set(arrival % kPageBits);
  }
  bool Contains(Arrival arrival) const {
    const auto page = pages_.find(arrival / kPageBits);
    return page != pages_.end() && page->second->test(arrival % kPageBits);
  }
  uint64_t size() const { return size_; }

 private:
  static constexpr size_t kPageBits = 4096;
  using Page = std::bitset<kPageBits>;
  absl::flat_hash_map<uint64_t, std::unique_ptr<Page>> pages_;
  uint64_t size_ = 0;
};

// Rebuilds the tree of one feed from its leaves and compares it with the tiles that are stored.
class TreeCheck {
 public:
  TreeCheck(const StoreReader& store, FeedId feed, const std::string& name, Findings& findings)
      : store_(store), feed_(feed), name_(name), findings_(findings) {}

  void Add(const record::Hash& leaf) {
    frontier_.Append(leaf, [this](uint32_t level, uint64_t, const record::Hash& hash) {
      if (level % kTileLevels == 0) {
        AddNode(level / kTileLevels, hash);
      }
    });
  }
  // Compares the tiles that are not full, and that there are no others.
  void Finish() {
    for (size_t level = 1; level < levels_.size(); ++level) {
      CompareTile(level);
    }
    uint64_t stored = 0;
    Walk(store_, Family::kLookup, TilePrefix(feed_), findings_,
         [&stored](absl::string_view, absl::string_view) { ++stored; });
    if (stored > tiles_) {
      findings_.AddProblem(absl::StrCat(name_, " has ", stored - tiles_, " tiles that its entries do not call for"));
    }
  }
  const record::Frontier& frontier() const { return frontier_; }

 private:
  struct Level {
    Tile tile;           // the last one
    uint64_t index = 0;  // of that tile
  };
  void AddNode(size_t level, const record::Hash& hash) {
    levels_.resize(std::max(levels_.size(), level + 1));
    levels_[level].tile.push_back(hash);
    if (levels_[level].tile.size() == kTileWidth) {
      CompareTile(level);
      levels_[level].tile.clear();
      ++levels_[level].index;
    }
  }
  void CompareTile(size_t level) {
    const Level& rebuilt = levels_[level];
    if (rebuilt.tile.empty()) {
      return;
    }
    const auto stored = store_.Get(Family::kLookup, TileKey(feed_, static_cast<uint8_t>(level), rebuilt.index));
    const std::string where = absl::StrCat(name_, ", tile ", rebuilt.index, " of level ", level);
    if (!findings_.IsOk(where, stored.status())) {
      return;
    }
    tiles_ += stored->has_value() ? 1 : 0;
    if (*stored != WrapTile(rebuilt.tile)) {
      findings_.AddProblem(absl::StrCat(where, stored->has_value() ? " differs from the entries" : " is missing"));
    }
  }

  const StoreReader& store_;
  const FeedId feed_;
  const std::string& name_;
  Findings& findings_;
  record::Frontier frontier_;
  std::vector<Level> levels_;
  uint64_t tiles_ = 0;
};

// Compares the entries of one feed with the memberships of the records that they name.
class MembershipCheck {
 public:
  MembershipCheck(const StoreReader& store, FeedId feed, const std::string& name, Findings& findings)
      : store_(store), records_(store), feed_(feed), name_(name), findings_(findings) {}

  absl::Status Add(const record::FeedEntry& entry) {
    MEGURI_ASSIGN_OR_RETURN(const auto arrival, records_.FindByHash(entry.header_hash));
    if (!arrival.has_value()) {
      MEGURI_ASSIGN_OR_RETURN(const bool is_conflict, records_.IsConflict(entry.header_hash));
      return is_conflict ? absl::OkStatus() : ValueMissing("the record that the entry names");
    }
    MEGURI_ASSIGN_OR_RETURN(const auto stored, store_.Get(Family::kLookup, MembershipKey(*arrival, feed_)));
    if (!stored.has_value()) {
      return ValueMissing("the membership of the record that the entry names");
    }
    MEGURI_ASSIGN_OR_RETURN(const FeedMembership membership, ParseMembership(feed_, *stored));
    MEGURI_RETURN_IF_ERROR(CheckNamed(membership, entry));
    return Compare(*arrival, membership.slots, entry.slots);
  }
  // `stored` is how many memberships this feed has.
  void Finish(uint64_t stored) {
    for (const auto& [arrival, slots] : unopened_) {
      findings_.AddProblem(
          absl::StrCat(name_, " opens fewer slots of record number ", arrival, " than its membership says"));
    }
    const uint64_t with_entry = settled_.size() + unopened_.size();
    if (stored > with_entry) {
      findings_.AddProblem(absl::StrCat(name_, " has ", stored - with_entry, " memberships without a sound entry"));
    }
  }

 private:
  static constexpr size_t kUnopenedMax = 65536;

  // That the entry which the membership names is one of the same record.
  absl::Status CheckNamed(const FeedMembership& membership, const record::FeedEntry& entry) const {
    if (!membership.index.has_value()) {
      return HasFormat(store_, kFormatWithIndex, findings_) ? ValueMissing("the place of the entry") : absl::OkStatus();
    }
    MEGURI_ASSIGN_OR_RETURN(const auto stored, store_.Get(Family::kLookup, EntryKey(feed_, *membership.index)));
    if (!stored.has_value()) {
      return ValueMissing("the entry that a membership names");
    }
    MEGURI_ASSIGN_OR_RETURN(const absl::string_view bytes, UnwrapValue(*stored));
    const auto named = record::FeedEntry::Parse(bytes);
    return named.ok() && named->header_hash == entry.header_hash
               ? absl::OkStatus()
               : ValueDamaged("membership, which names an entry of another record,");
  }

  // A publisher may put a record into its feed again; its membership is what all of its entries open together.
  absl::Status Compare(Arrival arrival, uint64_t membership, uint64_t entry) {
    if ((entry & ~membership) != 0) {
      settled_.Insert(arrival);
      return ValueDamaged("membership, which opens fewer slots than the entry,");
    }
    if (settled_.Contains(arrival)) {
      return absl::OkStatus();
    }
    const auto known = unopened_.find(arrival);
    const uint64_t missing = (known == unopened_.end() ? membership : known->second) & ~entry;
    if (missing == 0) {
      unopened_.erase(arrival);
      settled_.Insert(arrival);
    } else if (known == unopened_.end() && unopened_.size() >= kUnopenedMax) {
      settled_.Insert(arrival);
      return ValueDamaged("membership, which opens more slots than the entry,");
    } else {
      unopened_[arrival] = missing;
    }
    return absl::OkStatus();
  }

  const StoreReader& store_;
  const Records records_;
  const FeedId feed_;
  const std::string& name_;
  Findings& findings_;
  // Every record that an entry has named is in one of these.
  ArrivalSet settled_;
  absl::flat_hash_map<Arrival, uint64_t> unopened_;  // slots that only the membership has so far
};

class FeedCheck {
 public:
  FeedCheck(const StoreReader& store, Findings& findings) : store_(store), feeds_(store), findings_(findings) {}

  void CountMemberships() {
    Walk(store_, Family::kLookup, KindPrefix(KeyKind::kMembership), findings_,
         [this](absl::string_view key, absl::string_view) {
           const auto parts = ParseMembershipKey(key);
           if (parts.has_value()) {
             ++memberships_[parts->feed];
           } else {
             findings_.AddProblem(absl::StrCat(NameOfKey(key), " names no membership"));
           }
         });
  }

  void CheckHeads() {
    Walk(store_, Family::kLookup, KindPrefix(KeyKind::kHead), findings_,
         [this](absl::string_view key, absl::string_view) {
           const auto id = ParseFeedIdKey(key);
           if (id.has_value()) {
             CheckFeed(*id);
           } else {
             findings_.AddProblem(absl::StrCat(NameOfKey(key), " names no feed head"));
           }
         });
    for (const auto& [id, count] : memberships_) {
      findings_.AddProblem(absl::StrCat(count, " memberships name feed number ", id, ", which has no head"));
    }
  }

  // Names and descriptions that lead to no feed.
  void CheckNames() {
    Walk(store_, Family::kLookup, KindPrefix(KeyKind::kFeedName), findings_,
         [this](absl::string_view key, absl::string_view stored) { CheckName(key, stored); });
    Walk(store_, Family::kLookup, KindPrefix(KeyKind::kFeed), findings_,
         [this](absl::string_view key, absl::string_view) {
           const auto id = ParseFeedIdKey(key);
           CheckHasHead(key, id);
           last_id_ = std::max(last_id_, id.value_or(0));
         });
  }

  void CheckNextFeed() {
    const auto stored = store_.Get(Family::kLookup, NextFeedKey());
    if (!findings_.IsOk("number of the next feed", stored.status()) || (!stored->has_value() && last_id_ == 0)) {
      return;
    }
    const auto next = stored->has_value() ? UnwrapU64(**stored, "number") : ValueMissing("it");
    if (findings_.IsOk("number of the next feed", next.status()) &&
        (*next <= last_id_ || *next > std::numeric_limits<FeedId>::max())) {
      findings_.AddProblem(absl::StrCat("the next feed would get number ", *next, ", which is taken or too large"));
    }
  }

  // Entries and tiles under a number that has no head. Goes from feed to feed, not from key to key.
  void CheckNoneIsLeft() {
    for (const KeyKind kind : {KeyKind::kEntry, KeyKind::kTile}) {
      const std::unique_ptr<Cursor> cursor = store_.NewCursor(Family::kLookup, KindPrefix(kind));
      while (cursor->Valid()) {
        const std::string key(cursor->key().data(), cursor->key().size());
        const auto id = kind == KeyKind::kEntry ? FeedOf(ParseEntryKey(key)) : FeedOf(ParseTileKey(key));
        CheckHasHead(key, id);
        if (!id.has_value()) {
          cursor->Next();
        } else if (*id == std::numeric_limits<FeedId>::max()) {
          break;
        } else {
          cursor->Seek(kind == KeyKind::kEntry ? EntryPrefix(*id + 1) : TilePrefix(*id + 1));
        }
      }
      findings_.IsOk("feed entries and tiles", cursor->status());
    }
  }

  std::vector<OwnHead> TakeOwnHeads() { return std::move(own_heads_); }

 private:
  template <typename Parts>
  static absl::optional<FeedId> FeedOf(const absl::optional<Parts>& parts) {
    return parts.has_value() ? absl::make_optional(parts->feed) : absl::nullopt;
  }

  void CheckHasHead(absl::string_view key, absl::optional<FeedId> id) {
    if (!id.has_value()) {
      findings_.AddProblem(absl::StrCat(NameOfKey(key), " names no feed"));
      return;
    }
    const auto head = store_.Get(Family::kLookup, HeadKey(*id));
    if (!head.ok() || !head->has_value()) {
      findings_.AddProblem(absl::StrCat("feed number ", *id, " has no head"));
    }
  }

  void CheckName(absl::string_view key, absl::string_view stored) {
    const std::string where = absl::StrCat("name of a feed at ", NameOfKey(key));
    const auto name = ParseFeedNameKey(key);
    const auto id = UnwrapU64(stored, "feed number");
    if (!findings_.IsOk(where, name.has_value() ? id.status() : ValueDamaged("name"))) {
      return;
    }
    const auto described = *id <= std::numeric_limits<FeedId>::max() ? feeds_.Describe(static_cast<FeedId>(*id))
                                                                     : ValueDamaged("feed number");
    if (findings_.IsOk(where, described.status()) && *described != *name) {
      findings_.AddProblem(absl::StrCat(where, " leads to another feed"));
    }
  }

  void CheckFeed(FeedId id) {
    ++findings_.report.feeds;
    std::string name = absl::StrCat("feed number ", id);
    const auto feed = feeds_.Describe(id);
    if (findings_.IsOk(name, feed.status())) {
      absl::StrAppend(&name, " (", feed->key.publisher.text(), " ", feed->key.name.text(), ", held by ",
                      feed->holder.text(), ")");
      const auto found = feeds_.Find(*feed);
      if (findings_.IsOk(name, found.status()) && *found != absl::make_optional(id)) {
        findings_.AddProblem(absl::StrCat(name, " is not found by its name"));
      }
    }
    const record::Frontier rebuilt =
        CheckEntries(id, name, feed.ok() ? absl::make_optional(feed->key.name) : absl::nullopt);
    const auto head = feeds_.ReadHead(id);
    if (findings_.IsOk(name, head.status())) {
      if (head->frontier != rebuilt) {
        findings_.AddProblem(absl::StrCat(name, " has a head of size ", head->size(), " that is not that of its ",
                                          rebuilt.size(), " entries"));
      }
      if (feed.ok() && feed->is_own() && !head->checkpoint.empty()) {
        findings_.AddProblem(absl::StrCat(name, " is an own feed and keeps the checkpoint of a replica"));
      }
      CheckCosigned(name, id, *head);
    }
    if (feed.ok() && feed->is_own()) {
      own_heads_.push_back({*feed, rebuilt.size(), rebuilt.Root()});
    }
  }

  // What witnesses signed must be heads of the entries that are here.
  void CheckCosigned(const std::string& name, FeedId id, const FeedHead& head) {
    Walk(store_, Family::kLookup, CosignedKey(id), findings_, [&](absl::string_view key, absl::string_view stored) {
      const auto parts = ParseCosignedKey(key);
      const auto note = UnwrapValue(stored);
      if (!parts.has_value() || !findings_.IsOk(name, note.status())) {
        return;  // the name of the setting is looked at with all others
      }
      const auto cosigned = record::ReadOpenedCheckpoint(*note, std::string(note->substr(0, note->find('\n'))));
      if (!findings_.IsOk(name, cosigned.status())) {
        return;
      }
      if (parts->size.has_value() && *parts->size != cosigned->size) {
        findings_.AddProblem(
            absl::StrCat(name, " keeps a cosigned note of ", cosigned->size, " entries as one of ", *parts->size));
      }
      const auto frontier = cosigned->size > head.size()
                                ? ValueDamaged("cosigned note, which speaks of entries that are not here,")
                                : record::ReadFrontier(cosigned->size, [&](uint32_t level, uint64_t index) {
                                    return feeds_.ReadNode(id, level, index);
                                  });
      if (findings_.IsOk(name, frontier.status()) && frontier->Root() != cosigned->root) {
        findings_.AddProblem(absl::StrCat(name, " has a cosigned note that is not of its entries"));
      }
    });
  }

  // An entry of `heads` names no record.
  static absl::Status CheckCommits(const record::FeedEntry& entry) {
    return entry.slots == 0 ? absl::OkStatus() : ValueDamaged("entry of heads");
  }

  // The frontier of the entries up to the first one that cannot be read.
  record::Frontier CheckEntries(FeedId id, const std::string& name, const absl::optional<record::FeedName>& feed) {
    TreeCheck tree(store_, id, name, findings_);
    MembershipCheck memberships(store_, id, name, findings_);
    bool is_whole = true;
    Walk(store_, Family::kLookup, EntryPrefix(id), findings_, [&](absl::string_view key, absl::string_view stored) {
      ++findings_.report.entries;
      findings_.Step();
      const std::string where = absl::StrCat(name, ", entry ", tree.frontier().size());
      const auto bytes = UnwrapValue(stored);
      // After a gap or an unreadable entry the rest has no place in the tree.
      if (!is_whole || key != EntryKey(id, tree.frontier().size()) || !bytes.ok()) {
        findings_.IsOk(where, !is_whole || bytes.ok() ? absl::OkStatus() : bytes.status());
        is_whole = false;
        return;
      }
      const uint64_t index = tree.frontier().size();
      tree.Add(record::LeafHash(*bytes));
      const auto entry = record::FeedEntry::Parse(*bytes);
      if (findings_.IsOk(where, entry.status())) {
        findings_.IsOk(where, feed == record::FeedName::Audit() ? CheckNamedRow(store_, id, index, *entry)
                              : feed == record::HeadsFeed()     ? CheckCommits(*entry)
                                                                : memberships.Add(*entry));
      }
    });
    if (is_whole) {
      tree.Finish();
      const auto stored = memberships_.find(id);
      memberships.Finish(stored == memberships_.end() ? 0 : stored->second);
    } else {
      findings_.AddProblem(absl::StrCat(name, " cannot be rebuilt beyond entry ", tree.frontier().size()));
    }
    memberships_.erase(id);
    return tree.frontier();
  }

  const StoreReader& store_;
  const Feeds feeds_;
  Findings& findings_;
  absl::flat_hash_map<FeedId, uint64_t> memberships_;  // of feeds that are not checked yet
  std::vector<OwnHead> own_heads_;
  FeedId last_id_ = 0;
};

}  // namespace

std::vector<OwnHead> CheckFeeds(const StoreReader& store, Findings& findings) {
  FeedCheck check(store, findings);
  check.CountMemberships();
  check.CheckHeads();
  check.CheckNames();
  check.CheckNextFeed();
  check.CheckNoneIsLeft();
  return check.TakeOwnHeads();
}

uint64_t CountRecordsAndEntries(const StoreReader& store) {
  uint64_t count = 0;
  const auto next = store.Get(Family::kLookup, NextArrivalKey());
  if (next.ok() && next->has_value()) {
    const auto number = UnwrapU64(**next, "number");
    count += number.ok() && *number > 0 ? *number - 1 : 0;
  }
  const Feeds feeds(store);
  const std::unique_ptr<Cursor> cursor = store.NewCursor(Family::kLookup, KindPrefix(KeyKind::kHead));
  for (; cursor->Valid(); cursor->Next()) {
    const auto id = ParseFeedIdKey(cursor->key());
    const auto head = id.has_value() ? feeds.ReadHead(*id) : ValueDamaged("key");
    count += head.ok() ? head->size() : 0;
  }
  return count;
}

}  // namespace meguri::storage
