// SPDX-License-Identifier: Apache-2.0
#include "storage/fsck_lookups.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/bytes.h"
#include "base/status_macros.h"
#include "meguri/record/v1/record.pb.h"
#include "meguri/storage/v1/stored.pb.h"
#include "record/limits.h"
#include "storage/commit_keys.h"
#include "storage/erasure_requests.h"
#include "storage/first_seen.h"
#include "storage/format.h"
#include "storage/index.h"
#include "storage/key_layout.h"
#include "storage/onward_reports.h"
#include "storage/openings.h"
#include "storage/receipts.h"
#include "storage/records.h"
#include "storage/transaction.h"
#include "storage/usage_count.h"
#include "storage/value.h"

namespace meguri::storage {
namespace {

constexpr KeyKind kKnownKinds[] = {KeyKind::kMembership,  KeyKind::kConflict,   KeyKind::kHead,     KeyKind::kEntry,
                                   KeyKind::kFeed,        KeyKind::kHeader,     KeyKind::kReserved, KeyKind::kFeedName,
                                   KeyKind::kPosting,     KeyKind::kRequest,    KeyKind::kTerms,    KeyKind::kSetting,
                                   KeyKind::kTile,        KeyKind::kVersion,    KeyKind::kFollow,   KeyKind::kFrozen,
                                   KeyKind::kRequestTime, KeyKind::kUnread,     KeyKind::kUsage,    KeyKind::kNewest,
                                   KeyKind::kAuditRow,    KeyKind::kAuditParty, KeyKind::kErased,   KeyKind::kErasing};

bool IsKnown(KeyKind kind) {
  return std::find(std::begin(kKnownKinds), std::end(kKnownKinds), kind) != std::end(kKnownKinds);
}

class IndexCheck {
 public:
  IndexCheck(const StoreReader& store, Findings& findings)
      : store_(store), findings_(findings), records_(store), view_(store) {}

  void Take(absl::string_view key, absl::string_view stored) {
    const auto parts = ParseTermsKey(key);
    if (!parts.has_value()) {
      findings_.AddProblem(absl::StrCat(NameOfKey(key), " names no index terms"));
      return;
    }
    const std::string where =
        absl::StrCat("index of record ", parts->name.record_id.ToHex(), " in feed number ", parts->feed);
    findings_.IsOk(where, CheckTerms(*parts, stored, where));
  }
  uint64_t postings_found() const { return postings_found_; }

 private:
  absl::Status CheckTerms(const TermsKeyParts& parts, absl::string_view stored, const std::string& where) {
    v1::StoredTerms terms;
    MEGURI_RETURN_IF_ERROR(UnwrapMessage(stored, "index terms", terms));
    MEGURI_ASSIGN_OR_RETURN(const auto ref,
                            records_.FindVersion(view_, parts.name.publisher, parts.name.record_id, terms.version()));
    if (!ref.has_value()) {
      return ValueMissing(absl::StrCat("version ", terms.version(), ", which is indexed"));
    }
    // What a feed does not bring, its index must not tell.
    MEGURI_ASSIGN_OR_RETURN(const auto membership,
                            store_.Get(Family::kLookup, MembershipKey(ref->arrival, parts.feed)));
    if (!membership.has_value()) {
      return ValueMissing("the feed's entry of what is indexed");
    }
    const std::string expected = WrapPosting(terms.version(), ref->arrival);
    for (const v1::StoredTerms::Term& term : terms.terms()) {
      const std::string prefix = PostingPrefix(parts.feed, {term.field(), term.value()});
      MEGURI_ASSIGN_OR_RETURN(const auto posting, store_.Get(Family::kLookup, PostingKey(prefix, parts.name.record_id,
                                                                                         parts.name.publisher.text())));
      postings_found_ += posting.has_value() ? 1 : 0;
      if (posting != expected) {
        findings_.AddProblem(absl::StrCat(
            where, posting.has_value() ? " leads elsewhere from a term of field " : " lacks a term of field ",
            ToHex(term.field())));
      }
    }
    return absl::OkStatus();
  }

  const StoreReader& store_;
  Findings& findings_;
  const Records records_;
  const Transaction view_;
  uint64_t postings_found_ = 0;
};

absl::Status CheckAnswer(const StoreReader& store, const std::string& key, absl::string_view stored) {
  v1::StoredAnswer answer;
  MEGURI_RETURN_IF_ERROR(UnwrapMessage(stored, "answer to a request", answer));
  if (answer.body_hash().size() != record::kHashSize) {
    return ValueDamaged("hash of a request");
  }
  MEGURI_ASSIGN_OR_RETURN(const auto time, store.Get(Family::kLookup, RequestTimeKey(answer.time_ms(), key)));
  if (!time.has_value()) {
    return ValueMissing("the time at which an answer ends");
  }
  MEGURI_ASSIGN_OR_RETURN(const absl::string_view nothing, UnwrapValue(*time));
  return nothing.empty() ? absl::OkStatus() : ValueDamaged("time at which an answer ends");
}

void CheckRequests(const StoreReader& store, Findings& findings) {
  uint64_t answers = 0;
  Walk(store, Family::kLookup, KindPrefix(KeyKind::kRequest), findings,
       [&](absl::string_view key, absl::string_view stored) {
         ++answers;
         findings.IsOk(absl::StrCat("request at ", NameOfKey(key)),
                       CheckAnswer(store, std::string(key.data(), key.size()), stored));
       });
  uint64_t times = 0;
  Walk(store, Family::kLookup, KindPrefix(KeyKind::kRequestTime), findings,
       [&times](absl::string_view, absl::string_view) { ++times; });
  if (times != answers) {
    findings.AddProblem(absl::StrCat("there are ", answers, " remembered answers but ", times, " times when they end"));
  }
}

absl::Status CheckFollow(absl::string_view key, absl::string_view stored) {
  v1::StoredFollow follow;
  MEGURI_RETURN_IF_ERROR(UnwrapMessage(stored, "followed feed", follow));
  if (!follow.via().empty() && !record::ParticipantId::Parse(follow.via()).ok()) {
    return ValueDamaged("relay of a followed feed");
  }
  return ParseFollowKey(key).has_value() ? absl::OkStatus() : ValueDamaged("name of a followed feed");
}

absl::Status CheckSetting(const StoreReader& store, absl::string_view key, absl::string_view stored) {
  if (IsMemberRecordKey(key)) {
    MEGURI_ASSIGN_OR_RETURN(const absl::string_view record_id, UnwrapValue(stored));
    return record_id.size() == record::kRecordIdSize ? absl::OkStatus() : ValueDamaged("record of a member");
  }
  if (IsBackfillKey(key)) {
    v1::StoredBackfill backfill;
    return UnwrapMessage(stored, "backfill", backfill);
  }
  if (ParseGrantUseKey(key).has_value()) {  // compared with the audit rows where these are checked
    MEGURI_ASSIGN_OR_RETURN(const absl::string_view deliveries, UnwrapValue(stored));
    return deliveries.size() == sizeof(uint64_t) ? absl::OkStatus() : ValueDamaged("use of a grant");
  }
  if (IsRelayKey(key)) {
    MEGURI_ASSIGN_OR_RETURN(const absl::string_view relay, UnwrapValue(stored));
    return record::ParticipantId::Parse(relay).ok() ? absl::OkStatus() : ValueDamaged("relay of a publisher");
  }
  if (ParseCosignedKey(key).has_value()) {  // whether it is of the entries that are here, is checked with the feed
    return UnwrapValue(stored).status();
  }
  if (IsOpeningKey(key)) {
    return CheckOpeningSetting(store, key, stored);
  }
  if (IsFirstSeenKey(key)) {
    return CheckFirstSeen(store, key, stored);
  }
  if (IsReceiptKey(key)) {
    return CheckReceipts(store, key, stored);
  }
  if (IsOnwardKey(key)) {
    return CheckOnward(key, stored);
  }
  if (IsErasureRequestKey(key)) {
    return CheckErasureRequest(key, stored);
  }
  if (key == HeartbeatKey() || IsFeedHeartbeatKey(key)) {
    record::v1::SignedBody heartbeat;
    MEGURI_RETURN_IF_ERROR(UnwrapMessage(stored, "heartbeat", heartbeat));
    return heartbeat.body().empty() || heartbeat.signatures().empty() ? ValueDamaged("heartbeat") : absl::OkStatus();
  }
  // The numbers are compared with what they count where that is checked.
  return key == NextArrivalKey() || key == NextFeedKey() ? absl::OkStatus() : ValueDamaged("name of a setting");
}

// Takes what is compared out of `expected`.
absl::Status CheckOneUsage(absl::string_view key, absl::string_view stored, std::map<UsageAccount, Usage>& expected) {
  const auto parts = ParseUsageKey(key);
  if (!parts.has_value()) {
    return ValueDamaged("key of a replica's count");
  }
  const auto found = expected.extract({parts->holder, parts->publisher});
  const Usage counted = found.empty() ? Usage{} : found.mapped();
  v1::StoredUsage message;
  MEGURI_RETURN_IF_ERROR(UnwrapMessage(stored, "count of a replica", message));
  if (message.entries() != counted.entries || message.bytes() != counted.bytes) {
    return ValueDamaged(absl::StrCat("count of what ", parts->holder.text(), " holds of ", parts->publisher.text(),
                                     " (", message.entries(), " entries and ", message.bytes(), " bytes, not ",
                                     counted.entries, " and ", counted.bytes, ")"));
  }
  return absl::OkStatus();
}

// Goes from kind to kind, not from key to key.
void CheckKinds(const StoreReader& store, Findings& findings) {
  const std::unique_ptr<Cursor> cursor = store.NewCursor(Family::kLookup, "");
  while (cursor->Valid()) {
    const absl::string_view key = cursor->key();
    if (key.empty()) {
      findings.AddProblem("there is an empty key");
      cursor->Next();
      continue;
    }
    const char kind = key.front();
    if (!IsKnown(static_cast<KeyKind>(kind))) {
      findings.AddProblem(absl::StrCat(NameOfKey(key), " is of an unknown kind"));
    }
    if (static_cast<unsigned char>(kind) == UINT8_MAX) {
      break;
    }
    cursor->Seek(std::string(1, static_cast<char>(kind + 1)));
  }
  findings.IsOk("kinds of keys", cursor->status());
}

}  // namespace

void CheckIndex(const StoreReader& store, Findings& findings) {
  IndexCheck check(store, findings);
  Walk(store, Family::kLookup, KindPrefix(KeyKind::kTerms), findings,
       [&check](absl::string_view key, absl::string_view stored) { check.Take(key, stored); });
  Walk(store, Family::kLookup, KindPrefix(KeyKind::kPosting), findings,
       [&findings](absl::string_view, absl::string_view) { ++findings.report.index_entries; });
  if (findings.report.index_entries > check.postings_found()) {
    findings.AddProblem(absl::StrCat(findings.report.index_entries - check.postings_found(),
                                     " index entries belong to no record's terms"));
  }
}

void CheckUsage(const StoreReader& store, Findings& findings) {
  if (!HasFormat(store, kFormatWithUsage, findings)) {
    return;
  }
  auto expected = CountUsage(store);
  if (!expected.ok()) {
    // What cannot be counted is a problem of its own that another check tells.
    if (findings.report.problems.empty()) {
      findings.IsOk("counts of replicas", expected.status());
    }
    return;
  }
  Walk(store, Family::kLookup, KindPrefix(KeyKind::kUsage), findings,
       [&](absl::string_view key, absl::string_view stored) {
         findings.IsOk(absl::StrCat("count of a replica at ", NameOfKey(key)), CheckOneUsage(key, stored, *expected));
       });
  for (const auto& [account, usage] : *expected) {
    findings.AddProblem(absl::StrCat("what ", account.holder.text(), " holds of ", account.publisher.text(),
                                     " is not counted: ", usage.entries, " entries, ", usage.bytes, " bytes"));
  }
}

void CheckSmallValues(const StoreReader& store, Findings& findings) {
  CheckRequests(store, findings);
  Walk(store, Family::kLookup, KindPrefix(KeyKind::kFollow), findings,
       [&findings](absl::string_view key, absl::string_view stored) {
         findings.IsOk(absl::StrCat("followed feed at ", NameOfKey(key)), CheckFollow(key, stored));
       });
  Walk(store, Family::kLookup, KindPrefix(KeyKind::kSetting), findings,
       [&](absl::string_view key, absl::string_view stored) {
         findings.IsOk(absl::StrCat("setting at ", NameOfKey(key)), CheckSetting(store, key, stored));
       });
  Walk(store, Family::kLookup, KindPrefix(KeyKind::kReserved), findings,
       [&findings](absl::string_view key, absl::string_view stored) {
         findings.IsOk(NameOfKey(key), key == kDataKeysKey ? UnwrapValue(stored).status()
                                                           : UnwrapU64(stored, "number of the store").status());
       });
  CheckKinds(store, findings);
}

}  // namespace meguri::storage
