// SPDX-License-Identifier: Apache-2.0
#include "storage/onward_reports.h"

#include <memory>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "base/bytes.h"
#include "base/status_macros.h"
#include "record/limits.h"
#include "record/onward_report.h"
#include "storage/key_layout.h"
#include "storage/value.h"

namespace meguri::storage {
namespace {

constexpr absl::string_view kRead = "onward/read/";
constexpr absl::string_view kSum = "onward/sum/";
constexpr absl::string_view kOwn = "onward/out/";
constexpr absl::string_view kReceived = "onward/in/";
constexpr absl::string_view kEnd("\0", 1);
constexpr char kWhatKey[] = "key of what was handed on";
constexpr char kWhatSum[] = "what was handed on";
constexpr char kWhatReport[] = "report of what was handed on";

std::string PrefixOf(absl::string_view table) { return absl::StrCat(KindPrefix(KeyKind::kSetting), table); }
std::string PrefixOf(absl::string_view table, const record::ParticipantId& member) {
  return absl::StrCat(PrefixOf(table), member.text(), kEnd);
}
absl::string_view TableOf(OnwardReports::Side side) { return side == OnwardReports::Side::kOwn ? kOwn : kReceived; }

std::string ReadKey(const record::ParticipantId& member) { return absl::StrCat(PrefixOf(kRead), member.text()); }

std::string SumKey(const record::ParticipantId& member, const OnwardSumName& name) {
  std::string key = absl::StrCat(PrefixOf(kSum, member), name.owner.text(), kEnd);
  AppendU32(name.month, key);
  absl::StrAppend(&key, name.offer.view(), name.reader.text(), kEnd);
  AppendU32(name.purpose, key);
  return key;
}

// Takes a participant ID that a zero ends from the front of `key`.
absl::StatusOr<record::ParticipantId> TakeMember(absl::string_view& key) {
  const size_t end = key.find('\0');
  absl::StatusOr<record::ParticipantId> member = record::ParticipantId::Parse(key.substr(0, end));
  if (end == absl::string_view::npos || !member.ok()) {
    return ValueDamaged(kWhatKey);
  }
  key.remove_prefix(end + 1);
  return member;
}

absl::StatusOr<uint32_t> TakeU32(absl::string_view& key) {
  if (key.size() < sizeof(uint32_t)) {
    return ValueDamaged(kWhatKey);
  }
  const uint32_t value = ReadU32(key);
  key.remove_prefix(sizeof(uint32_t));
  return value;
}

absl::StatusOr<OnwardSumName> ParseSumName(absl::string_view key) {
  MEGURI_ASSIGN_OR_RETURN(record::ParticipantId owner, TakeMember(key));
  MEGURI_ASSIGN_OR_RETURN(const uint32_t month, TakeU32(key));
  if (key.size() < record::kRecordIdSize) {
    return ValueDamaged(kWhatKey);
  }
  MEGURI_ASSIGN_OR_RETURN(const record::RecordId offer, record::RecordId::Parse(key.substr(0, record::kRecordIdSize)));
  key.remove_prefix(record::kRecordIdSize);
  MEGURI_ASSIGN_OR_RETURN(record::ParticipantId reader, TakeMember(key));
  MEGURI_ASSIGN_OR_RETURN(const uint32_t purpose, TakeU32(key));
  return key.empty()
             ? absl::StatusOr<OnwardSumName>(OnwardSumName{std::move(owner), month, offer, std::move(reader), purpose})
             : ValueDamaged(kWhatKey);
}

absl::StatusOr<OnwardName> ParseReportName(absl::string_view key) {
  MEGURI_ASSIGN_OR_RETURN(const uint32_t month, TakeU32(key));
  absl::StatusOr<record::ParticipantId> other = record::ParticipantId::Parse(key);
  return other.ok() ? absl::StatusOr<OnwardName>(OnwardName{~month, *std::move(other)}) : ValueDamaged(kWhatKey);
}

template <typename Message>
absl::StatusOr<absl::optional<Message>> Unwrap(const absl::optional<std::string>& stored, absl::string_view what) {
  if (!stored.has_value()) {
    return absl::optional<Message>();
  }
  Message message;
  MEGURI_RETURN_IF_ERROR(UnwrapMessage(*stored, what, message));
  return absl::make_optional(std::move(message));
}

absl::StatusOr<uint64_t> RowsIn(const absl::optional<std::string>& stored) {
  MEGURI_ASSIGN_OR_RETURN(const auto progress, Unwrap<v1::StoredOnwardProgress>(stored, kWhatSum));
  return progress.has_value() ? progress->rows_read() : 0;
}

}  // namespace

absl::StatusOr<uint64_t> OnwardReports::RowsRead(const record::ParticipantId& member) const {
  MEGURI_ASSIGN_OR_RETURN(const auto stored, store_.Get(Family::kLookup, ReadKey(member)));
  return RowsIn(stored);
}

absl::StatusOr<uint64_t> OnwardReports::RowsRead(const Transaction& transaction, const record::ParticipantId& member) {
  MEGURI_ASSIGN_OR_RETURN(const auto stored, transaction.Get(Family::kLookup, ReadKey(member)));
  return RowsIn(stored);
}

void OnwardReports::PutRowsRead(Transaction& transaction, const record::ParticipantId& member, uint64_t rows) {
  v1::StoredOnwardProgress progress;
  progress.set_rows_read(rows);
  transaction.Put(Family::kLookup, ReadKey(member), WrapMessage(progress));
}

absl::StatusOr<std::vector<OnwardReports::Sum>> OnwardReports::Sums(const record::ParticipantId& member) const {
  std::vector<Sum> found;
  const std::string prefix = PrefixOf(kSum, member);
  const std::unique_ptr<Cursor> cursor = store_.NewCursor(Family::kLookup, prefix);
  for (; cursor->Valid(); cursor->Next()) {
    MEGURI_ASSIGN_OR_RETURN(OnwardSumName name, ParseSumName(absl::StripPrefix(cursor->key(), prefix)));
    v1::StoredOnwardSum sum;
    MEGURI_RETURN_IF_ERROR(UnwrapMessage(cursor->value(), kWhatSum, sum));
    found.emplace_back(std::move(name), std::move(sum));
  }
  MEGURI_RETURN_IF_ERROR(cursor->status());
  return found;
}

absl::StatusOr<absl::optional<v1::StoredOnwardSum>> OnwardReports::FindSum(const Transaction& transaction,
                                                                           const record::ParticipantId& member,
                                                                           const OnwardSumName& name) {
  MEGURI_ASSIGN_OR_RETURN(const auto stored, transaction.Get(Family::kLookup, SumKey(member, name)));
  return Unwrap<v1::StoredOnwardSum>(stored, kWhatSum);
}

void OnwardReports::PutSum(Transaction& transaction, const record::ParticipantId& member, const OnwardSumName& name,
                           const v1::StoredOnwardSum& sum) {
  transaction.Put(Family::kLookup, SumKey(member, name), WrapMessage(sum));
}

void OnwardReports::DeleteSum(Transaction& transaction, const record::ParticipantId& member,
                              const OnwardSumName& name) {
  transaction.Delete(Family::kLookup, SumKey(member, name));
}

std::string OnwardReports::KeyOf(const OnwardName& name) {
  std::string key;
  AppendU32(~name.month, key);
  absl::StrAppend(&key, name.other.text());
  return key;
}

absl::StatusOr<std::vector<OnwardReports::Report>> OnwardReports::List(Side side, const record::ParticipantId& member,
                                                                       absl::string_view after, size_t count) const {
  std::vector<Report> found;
  const std::string prefix = PrefixOf(TableOf(side), member);
  const std::unique_ptr<Cursor> cursor = store_.NewCursor(Family::kLookup, prefix);
  if (!after.empty()) {
    cursor->Seek(absl::StrCat(prefix, after));
    if (cursor->Valid() && absl::StripPrefix(cursor->key(), prefix) == after) {
      cursor->Next();
    }
  }
  for (; cursor->Valid() && found.size() < count; cursor->Next()) {
    MEGURI_ASSIGN_OR_RETURN(OnwardName name, ParseReportName(absl::StripPrefix(cursor->key(), prefix)));
    v1::StoredOnwardReport report;
    MEGURI_RETURN_IF_ERROR(UnwrapMessage(cursor->value(), kWhatReport, report));
    found.emplace_back(std::move(name), std::move(report));
  }
  MEGURI_RETURN_IF_ERROR(cursor->status());
  return found;
}

absl::StatusOr<absl::optional<v1::StoredOnwardReport>> OnwardReports::Find(const Transaction& transaction, Side side,
                                                                           const record::ParticipantId& member,
                                                                           const OnwardName& name) {
  const std::string key = absl::StrCat(PrefixOf(TableOf(side), member), KeyOf(name));
  MEGURI_ASSIGN_OR_RETURN(const auto stored, transaction.Get(Family::kLookup, key));
  return Unwrap<v1::StoredOnwardReport>(stored, kWhatReport);
}

void OnwardReports::Put(Transaction& transaction, Side side, const record::ParticipantId& member,
                        const OnwardName& name, const v1::StoredOnwardReport& report) {
  transaction.Put(Family::kLookup, absl::StrCat(PrefixOf(TableOf(side), member), KeyOf(name)), WrapMessage(report));
}

bool IsOnwardKey(absl::string_view key) {
  return absl::StartsWith(key, PrefixOf(kRead)) || absl::StartsWith(key, PrefixOf(kSum)) ||
         absl::StartsWith(key, PrefixOf(kOwn)) || absl::StartsWith(key, PrefixOf(kReceived));
}

absl::Status CheckOnward(absl::string_view key, absl::string_view stored) {
  if (absl::ConsumePrefix(&key, PrefixOf(kRead))) {
    MEGURI_RETURN_IF_ERROR(RowsIn(std::string(stored)).status());
    return record::ParticipantId::Parse(key).ok() ? absl::OkStatus() : ValueDamaged(kWhatKey);
  }
  if (absl::ConsumePrefix(&key, PrefixOf(kSum))) {
    v1::StoredOnwardSum sum;
    MEGURI_RETURN_IF_ERROR(UnwrapMessage(stored, kWhatSum, sum));
    MEGURI_RETURN_IF_ERROR(TakeMember(key).status());
    MEGURI_RETURN_IF_ERROR(ParseSumName(key).status());
    return sum.to() > sum.from() && sum.batches() > 0 ? absl::OkStatus() : ValueDamaged(kWhatSum);
  }
  if (absl::ConsumePrefix(&key, PrefixOf(kOwn)) || absl::ConsumePrefix(&key, PrefixOf(kReceived))) {
    v1::StoredOnwardReport report;
    MEGURI_RETURN_IF_ERROR(UnwrapMessage(stored, kWhatReport, report));
    MEGURI_RETURN_IF_ERROR(TakeMember(key).status());
    MEGURI_ASSIGN_OR_RETURN(const OnwardName name, ParseReportName(key));
    const auto parsed = record::ParseOnwardReport(report.report().body());
    return parsed.ok() && parsed->month() == name.month ? absl::OkStatus() : ValueDamaged(kWhatReport);
  }
  return ValueDamaged("name of a setting");
}

}  // namespace meguri::storage
