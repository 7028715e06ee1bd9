// SPDX-License-Identifier: Apache-2.0
#include "storage/fsck_audit.h"

#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "absl/types/optional.h"
#include "base/status_macros.h"
#include "record/audit_row.h"
#include "storage/audit_rows.h"
#include "storage/grant_use.h"
#include "storage/key_layout.h"
#include "storage/value.h"

namespace meguri::storage {
namespace {

class AuditCheck {
 public:
  AuditCheck(const StoreReader& store, Findings& findings) : store_(store), feeds_(store), findings_(findings) {}

  void Take(absl::string_view key, absl::string_view stored) {
    const auto parts = ParseAuditRowKey(key);
    if (!parts.has_value()) {
      findings_.AddProblem(absl::StrCat(NameOfKey(key), " names no audit row"));
      return;
    }
    const std::string where = absl::StrCat("audit row ", parts->index, " of feed number ", parts->feed);
    findings_.IsOk(where, CheckRow(*parts, stored));
  }
  uint64_t parties() const { return parties_; }

  // Rows from before deliveries were counted may tell of more.
  void CheckUse(const GrantUse& use) {
    const uint64_t told = by_grant_[use.grant];
    if (use.deliveries > told) {
      findings_.AddProblem(absl::StrCat("grant ", use.grant.ToHex(), " counts ", use.deliveries,
                                        " deliveries and the audit rows tell of ", told));
    }
  }

 private:
  absl::Status CheckRow(const AuditRowKeyParts& parts, absl::string_view stored) {
    MEGURI_ASSIGN_OR_RETURN(const HeldFeed* const feed, FeedOf(parts.feed));
    MEGURI_ASSIGN_OR_RETURN(const auto entry, store_.Get(Family::kLookup, EntryKey(parts.feed, parts.index)));
    if (!entry.has_value()) {
      return ValueMissing("the feed entry of the row");
    }
    MEGURI_ASSIGN_OR_RETURN(const absl::string_view bytes, UnwrapValue(stored));
    MEGURI_ASSIGN_OR_RETURN(const record::AuditRow row, record::AuditRow::Parse(bytes));
    if (row.index() != parts.index) {
      return ValueDamaged("number of the row");
    }
    if (const uint64_t deliveries = DeliveriesByGrant(row.message()); deliveries > 0) {
      MEGURI_ASSIGN_OR_RETURN(const record::RecordId grant, record::RecordId::Parse(row.message().grant_id()));
      by_grant_[grant] += deliveries;
    }
    for (const record::ParticipantId& party : PartiesOf(row.message(), feed->holder)) {
      MEGURI_ASSIGN_OR_RETURN(const auto found,
                              store_.Get(Family::kLookup, AuditPartyKey(parts.feed, party, parts.index)));
      if (!found.has_value()) {
        return ValueMissing(absl::StrCat("the key by which ", party.text(), " finds the row"));
      }
      ++parties_;
    }
    return absl::OkStatus();
  }

  absl::StatusOr<const HeldFeed*> FeedOf(FeedId id) {
    auto known = known_.find(id);
    if (known == known_.end()) {
      MEGURI_ASSIGN_OR_RETURN(HeldFeed feed, feeds_.Describe(id));
      known = known_.emplace(id, std::move(feed)).first;
    }
    return known->second == AuditFeedOf(known->second.holder)
               ? absl::StatusOr<const HeldFeed*>(&known->second)
               : ValueDamaged("feed of the row, which is no audit feed,");
  }

  const StoreReader& store_;
  const Feeds feeds_;
  Findings& findings_;
  absl::flat_hash_map<FeedId, HeldFeed> known_;
  absl::flat_hash_map<record::RecordId, uint64_t> by_grant_;  // what the rows tell of
  uint64_t parties_ = 0;
};

}  // namespace

absl::Status CheckNamedRow(const StoreReader& store, FeedId feed, uint64_t index, const record::FeedEntry& entry) {
  MEGURI_ASSIGN_OR_RETURN(const auto stored, store.Get(Family::kLookup, AuditRowKey(feed, index)));
  if (!stored.has_value()) {
    return ValueMissing("the audit row that the entry names");
  }
  MEGURI_ASSIGN_OR_RETURN(const absl::string_view bytes, UnwrapValue(*stored));
  return entry == record::FeedEntry{record::AuditRowHash(bytes), 0}
             ? absl::OkStatus()
             : ValueDamaged("audit row, which is not the one that the entry names,");
}

void CheckAudit(const StoreReader& store, Findings& findings) {
  AuditCheck check(store, findings);
  Walk(store, Family::kLookup, KindPrefix(KeyKind::kAuditRow), findings,
       [&check](absl::string_view key, absl::string_view stored) { check.Take(key, stored); });
  const absl::StatusOr<std::vector<GrantUse>> uses = GrantUses(store).All();
  if (findings.IsOk("the use of grants", uses.status())) {
    for (const GrantUse& use : *uses) {
      check.CheckUse(use);
    }
  }
  uint64_t parties = 0;
  Walk(store, Family::kLookup, KindPrefix(KeyKind::kAuditParty), findings,
       [&](absl::string_view, absl::string_view stored) {
         ++parties;
         const auto nothing = UnwrapValue(stored);
         if (!nothing.ok() || !nothing->empty()) {
           findings.AddProblem("a key by which a member finds an audit row has a value");
         }
       });
  if (parties > check.parties()) {
    findings.AddProblem(absl::StrCat(parties - check.parties(), " keys by which members find audit rows lead nowhere"));
  }
}

}  // namespace meguri::storage
