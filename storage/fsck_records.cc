// SPDX-License-Identifier: Apache-2.0
#include "storage/fsck_records.h"

#include <algorithm>
#include <map>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/types/optional.h"
#include "base/status_macros.h"
#include "meguri/record/v1/record.pb.h"
#include "meguri/storage/v1/stored.pb.h"
#include "record/header.h"
#include "record/section.h"
#include "storage/erasures.h"
#include "storage/format.h"
#include "storage/key_layout.h"
#include "storage/records.h"
#include "storage/transaction.h"
#include "storage/value.h"

namespace meguri::storage {
namespace {

// Takes records and sections in the order of their keys: a record, then its sections.
class RecordWalk {
 public:
  RecordWalk(const StoreReader& store, Findings& findings)
      : findings_(findings), records_(store), erasures_(store), view_(store) {}

  void Take(absl::string_view key, absl::string_view stored) {
    const auto place = ParseArrivalKey(key);
    if (!place.has_value()) {
      findings_.AddProblem(absl::StrCat(NameOfKey(key), " names neither a record nor a section"));
    } else if (!place->slot.has_value()) {
      EndRecord();
      TakeRecord(place->arrival, stored);
    } else {
      TakeSection(place->arrival, *place->slot, stored);
    }
  }
  void EndRecord() {
    // What is erased is absent by right.
    const auto erased = erasures_.Find(last_arrival_);
    if (!awaited_.empty() && findings_.IsOk(name_, erased.status()) && !erased->has_value()) {
      for (const auto& [slot, expected] : awaited_) {
        findings_.AddProblem(absl::StrCat(name_, " has lost the section in slot ", slot));
      }
    }
    awaited_.clear();
    header_.reset();
  }

  Arrival last_arrival() const { return last_arrival_; }
  uint64_t found_by_hash() const { return found_by_hash_; }
  uint64_t found_by_version() const { return found_by_version_; }

 private:
  void TakeRecord(Arrival arrival, absl::string_view stored) {
    ++findings_.report.records;
    findings_.Step();
    last_arrival_ = arrival;
    name_ = absl::StrCat("record number ", arrival);
    v1::StoredRecord record;
    if (!findings_.IsOk(name_, UnwrapMessage(stored, "record", record))) {
      return;
    }
    if (record.unread()) {
      CheckHash(record::HeaderHash(record.header()));
      return;
    }
    auto header = record::Header::Parse(record.header());
    if (!findings_.IsOk(name_, header.status())) {
      return;
    }
    header_ = *std::move(header);
    CheckLookups();
    own_ = record.own();
    for (const v1::StoredSlot& slot : record.slots()) {
      if (slot.slot() >= header_->slot_count() || !awaited_.emplace(slot.slot(), slot).second) {
        findings_.AddProblem(absl::StrCat(name_, " lists slot ", slot.slot(), " twice or beyond its last slot"));
      }
    }
  }

  void CheckHash(const record::Hash& hash) {
    const auto by_hash = records_.FindByHash(hash);
    if (findings_.IsOk(name_, by_hash.status())) {
      if (*by_hash == absl::make_optional(last_arrival_)) {
        ++found_by_hash_;
      } else {
        findings_.AddProblem(absl::StrCat(name_, " is not what the hash of its header leads to"));
      }
    }
  }

  void CheckLookups() {
    CheckHash(header_->hash());
    const auto by_version = records_.FindVersion(view_, header_->publisher(), header_->record_id(), header_->version());
    if (findings_.IsOk(name_, by_version.status())) {
      if (by_version->has_value() && (*by_version)->arrival == last_arrival_ &&
          (*by_version)->header_hash == header_->hash()) {
        ++found_by_version_;
      } else {
        findings_.AddProblem(absl::StrCat(name_, " is not what its publisher, record ID and version lead to"));
      }
    }
  }

  void TakeSection(Arrival arrival, uint32_t slot, absl::string_view stored) {
    ++findings_.report.sections;
    if (arrival != last_arrival_ || findings_.report.records == 0) {
      findings_.AddProblem(absl::StrCat("the section in slot ", slot, " of record number ", arrival, " has no record"));
      return;
    }
    if (!header_.has_value()) {
      return;  // the record itself is a problem already
    }
    const std::string where = absl::StrCat(name_, ", slot ", slot);
    const auto listed = awaited_.find(slot);
    const absl::optional<v1::StoredSlot> expected =
        listed == awaited_.end() ? absl::nullopt : absl::make_optional(listed->second);
    if (expected.has_value()) {
      awaited_.erase(listed);
    }
    google::protobuf::RepeatedPtrField<record::v1::Section> sections;
    record::v1::Section& section = *sections.Add();
    if (!findings_.IsOk(where, UnwrapMessage(stored, "section", section))) {
      return;
    }
    if (section.slot() != slot) {
      findings_.AddProblem(absl::StrCat(where, " holds the section of slot ", section.slot()));
      return;
    }
    findings_.IsOk(where, record::VerifySections(*header_, sections));
    if (own_ &&
        !(expected.has_value() && expected->type() == section.type() && expected->audiences() == section.audiences())) {
      findings_.AddProblem(absl::StrCat(where, " is not what the record's own list of slots says"));
    }
  }

  Findings& findings_;
  const Records records_;
  const Erasures erasures_;
  const Transaction view_;

  Arrival last_arrival_ = 0;
  std::string name_;
  absl::optional<record::Header> header_;  // nullopt if it cannot be read
  bool own_ = false;
  std::map<uint32_t, v1::StoredSlot> awaited_;  // listed slots whose section has not come yet

  uint64_t found_by_hash_ = 0;
  uint64_t found_by_version_ = 0;
};

// Every record has been found under its own key, so further keys lead nowhere.
void CheckNoneIsLeft(const StoreReader& store, KeyKind kind, uint64_t expected, absl::string_view what,
                     Findings& findings) {
  uint64_t count = 0;
  Walk(store, Family::kLookup, KindPrefix(kind), findings, [&count](absl::string_view, absl::string_view) { ++count; });
  if (count > expected) {
    findings.AddProblem(absl::StrCat(count - expected, " keys for ", what, " lead to no such record"));
  }
}

// What one look at a record ID tells is what its versions say.
void CheckNewest(const StoreReader& store, Findings& findings) {
  if (!HasFormat(store, kFormatWithNewest, findings)) {
    return;
  }
  uint64_t records = 0;
  const absl::Status walked = ForEachNewest(store, [&](const record::RecordId& record_id, const Newest& newest) {
    ++records;
    const auto stored = store.Get(Family::kLookup, NewestKey(record_id));
    const std::string where = absl::StrCat("newest version of record ", record_id.ToHex());
    if (findings.IsOk(where, stored.status()) && *stored != WrapNewest(newest)) {
      findings.AddProblem(absl::StrCat(where, " is not what its versions say"));
    }
    return absl::OkStatus();
  });
  findings.IsOk("versions", walked);
  CheckNoneIsLeft(store, KeyKind::kNewest, records, "newest versions", findings);
}

void CheckNextArrival(const StoreReader& store, Arrival last_arrival, Findings& findings) {
  const auto stored = store.Get(Family::kLookup, NextArrivalKey());
  if (!findings.IsOk("number of the next record", stored.status()) || (!stored->has_value() && last_arrival == 0)) {
    return;
  }
  const auto next = stored->has_value() ? UnwrapU64(**stored, "number") : ValueMissing("it");
  if (findings.IsOk("number of the next record", next.status()) && *next <= last_arrival) {
    findings.AddProblem(absl::StrCat("the next record would get number ", *next, ", which is taken"));
  }
}

// Of a header that was opened in two ways both sections are here, unless the record was erased since.
absl::Status CheckOpenings(const record::Header& header, const StoreReader& store) {
  const Records records(store);
  MEGURI_ASSIGN_OR_RETURN(const auto arrival, records.FindByHash(header.hash()));
  if (!arrival.has_value()) {
    return ValueMissing("the record of a header that was opened in two ways");
  }
  MEGURI_ASSIGN_OR_RETURN(const auto erased, store.Get(Family::kLookup, ErasedKey(*arrival)));
  MEGURI_ASSIGN_OR_RETURN(const auto openings, records.FindOpenings(*arrival));
  return erased.has_value() || !openings.empty() ? absl::OkStatus() : ValueMissing("a section of the evidence");
}

absl::Status CheckOneEvidence(absl::string_view key, absl::string_view stored, const StoreReader& store) {
  const auto name = ParseFrozenKey(key);
  if (!name.has_value()) {
    return ValueDamaged("key of evidence");
  }
  v1::StoredEvidence evidence;
  MEGURI_RETURN_IF_ERROR(UnwrapMessage(stored, "evidence", evidence));
  if (evidence.headers_size() != 1 && evidence.headers_size() != 2) {
    return ValueDamaged("pair of headers");
  }
  MEGURI_ASSIGN_OR_RETURN(const record::Header first, record::Header::Parse(evidence.headers(0).header()));
  if (evidence.headers_size() == 1) {
    return first.record_id() == name->record_id && first.publisher() == name->publisher
               ? CheckOpenings(first, store)
               : ValueDamaged("header that was opened in two ways");
  }
  MEGURI_ASSIGN_OR_RETURN(const record::Header second, record::Header::Parse(evidence.headers(1).header()));
  for (const record::Header& header : {first, second}) {
    if (header.record_id() != name->record_id || header.publisher() != name->publisher ||
        header.version() != first.version()) {
      return ValueDamaged("pair of headers of one version");
    }
  }
  MEGURI_ASSIGN_OR_RETURN(const auto known, Records(store).FindByHash(first.hash()));
  MEGURI_ASSIGN_OR_RETURN(const bool is_conflict, Records(store).IsConflict(second.hash()));
  return known.has_value() && is_conflict ? absl::OkStatus() : ValueDamaged("pair of different headers");
}

absl::Status CheckOneConflict(absl::string_view key, absl::string_view stored, const StoreReader& store) {
  MEGURI_ASSIGN_OR_RETURN(const absl::string_view name, UnwrapValue(stored));
  MEGURI_ASSIGN_OR_RETURN(const record::Hash hash, record::Hash::Parse(key.substr(1)));
  MEGURI_ASSIGN_OR_RETURN(const auto known, Records(store).FindByHash(hash));
  if (known.has_value()) {
    return ValueDamaged("header that is stored and in conflict with itself");
  }
  MEGURI_ASSIGN_OR_RETURN(const auto evidence,
                          store.Get(Family::kLookup, absl::StrCat(KindPrefix(KeyKind::kFrozen), name)));
  return evidence.has_value() ? absl::OkStatus() : ValueMissing("the evidence");
}

// A record that is unread is marked so, and is in the feed under which it is listed.
absl::Status CheckOneUnread(absl::string_view key, const StoreReader& store) {
  const auto parts = ParseUnreadKey(key);
  if (!parts.has_value()) {
    return ValueDamaged("key of an unread record");
  }
  MEGURI_ASSIGN_OR_RETURN(const v1::StoredRecord record, Records(store).Read(parts->arrival));
  MEGURI_ASSIGN_OR_RETURN(const auto membership,
                          store.Get(Family::kLookup, MembershipKey(parts->arrival, parts->feed)));
  return record.unread() && membership.has_value() ? absl::OkStatus() : ValueDamaged("mark of an unread record");
}

// A version that is erased is here without sections, and so is the tombstone of its publisher; unless a feed has only
// told of it so far.
absl::Status CheckOneErased(absl::string_view key, const StoreReader& store) {
  const auto arrival = ParseErasureKey(key);
  if (!arrival.has_value()) {
    return ValueDamaged("key of an erased version");
  }
  const Records records(store);
  MEGURI_ASSIGN_OR_RETURN(const auto hash, Erasures(store).Find(*arrival));
  if (!hash.has_value()) {
    return ValueMissing("the mark of an erased version");
  }
  MEGURI_ASSIGN_OR_RETURN(const v1::StoredRecord stored, records.Read(*arrival));
  MEGURI_ASSIGN_OR_RETURN(const record::Header header, record::Header::Parse(stored.header()));
  MEGURI_ASSIGN_OR_RETURN(const auto sections, records.ReadSectionBytes(*arrival, ~uint64_t{0}));
  if (!sections.empty()) {
    return ValueDamaged("erased version, which still has sections,");
  }
  MEGURI_ASSIGN_OR_RETURN(const auto place, records.FindByHash(*hash));
  if (!place.has_value()) {
    return stored.own() ? ValueMissing("the tombstone of an erased version") : absl::OkStatus();
  }
  MEGURI_ASSIGN_OR_RETURN(const v1::StoredRecord by, records.Read(*place));
  MEGURI_ASSIGN_OR_RETURN(const record::Header tombstone, record::Header::Parse(by.header()));
  const bool covers = IsErasure(tombstone) && tombstone.record_id() == header.record_id() &&
                      tombstone.publisher() == header.publisher() && tombstone.version() > header.version();
  return covers ? absl::OkStatus() : ValueDamaged("tombstone of an erased version");
}

}  // namespace

void CheckRecords(const StoreReader& store, Findings& findings) {
  RecordWalk walk(store, findings);
  Walk(store, Family::kArrival, "", findings,
       [&walk](absl::string_view key, absl::string_view stored) { walk.Take(key, stored); });
  walk.EndRecord();
  CheckNoneIsLeft(store, KeyKind::kHeader, walk.found_by_hash(), "header hashes", findings);
  CheckNoneIsLeft(store, KeyKind::kVersion, walk.found_by_version(), "versions", findings);
  CheckNewest(store, findings);
  CheckNextArrival(store, walk.last_arrival(), findings);
  for (const KeyKind kind : {KeyKind::kErased, KeyKind::kErasing}) {
    Walk(store, Family::kLookup, KindPrefix(kind), findings, [&](absl::string_view key, absl::string_view) {
      findings.IsOk(absl::StrCat("erased version at ", NameOfKey(key)), CheckOneErased(key, store));
    });
  }
  Walk(store, Family::kLookup, KindPrefix(KeyKind::kUnread), findings, [&](absl::string_view key, absl::string_view) {
    findings.IsOk(absl::StrCat("unread record at ", NameOfKey(key)), CheckOneUnread(key, store));
  });
}

void CheckEvidence(const StoreReader& store, Findings& findings) {
  const Records records(store);
  Walk(store, Family::kLookup, KindPrefix(KeyKind::kFrozen), findings,
       [&](absl::string_view key, absl::string_view stored) {
         findings.IsOk(absl::StrCat("evidence at ", NameOfKey(key)), CheckOneEvidence(key, stored, store));
       });
  Walk(store, Family::kLookup, KindPrefix(KeyKind::kConflict), findings,
       [&](absl::string_view key, absl::string_view stored) {
         findings.IsOk(absl::StrCat("conflicting header at ", NameOfKey(key)), CheckOneConflict(key, stored, store));
       });
}

}  // namespace meguri::storage
