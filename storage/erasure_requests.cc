// SPDX-License-Identifier: Apache-2.0
#include "storage/erasure_requests.h"

#include <functional>
#include <memory>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "base/status_macros.h"
#include "record/erasure.h"
#include "record/limits.h"
#include "storage/key_layout.h"
#include "storage/value.h"

namespace meguri::storage {
namespace {

constexpr absl::string_view kOwn = "erasure/own/";
constexpr absl::string_view kHolder = "erasure/holder/";
constexpr absl::string_view kIncoming = "erasure/in/";

std::string PrefixOf(absl::string_view table) { return absl::StrCat(KindPrefix(KeyKind::kSetting), table); }

std::string PrefixOf(absl::string_view table, const record::ParticipantId& member) {
  return absl::StrCat(PrefixOf(table), member.text(), absl::string_view("\0", 1));
}

std::string OwnKey(const ErasureName& name) {
  return absl::StrCat(PrefixOf(kOwn, name.publisher), name.record_id.view());
}
std::string HolderPrefix(const ErasureName& name) {
  return absl::StrCat(PrefixOf(kHolder, name.publisher), name.record_id.view());
}
std::string HolderKey(const ErasureName& name, const record::ParticipantId& holder) {
  return absl::StrCat(HolderPrefix(name), holder.text());
}
std::string IncomingKey(const record::ParticipantId& holder, const ErasureName& name) {
  return absl::StrCat(PrefixOf(kIncoming, holder), name.record_id.view(), name.publisher.text());
}

template <typename Message>
absl::StatusOr<absl::optional<Message>> Unwrap(const absl::optional<std::string>& stored) {
  if (!stored.has_value()) {
    return absl::optional<Message>();
  }
  Message message;
  MEGURI_RETURN_IF_ERROR(UnwrapMessage(*stored, "request to erase", message));
  return absl::make_optional(std::move(message));
}

// Calls `take` with what follows `prefix` in each key behind `after`, and the value, up to `count` times.
absl::Status Walk(const StoreReader& store, const std::string& prefix, absl::string_view after, size_t count,
                  const std::function<absl::Status(absl::string_view, absl::string_view)>& take) {
  const std::unique_ptr<Cursor> cursor = store.NewCursor(Family::kLookup, prefix);
  if (!after.empty()) {
    cursor->Seek(absl::StrCat(prefix, after));
    if (cursor->Valid() && absl::StripPrefix(cursor->key(), prefix) == after) {
      cursor->Next();
    }
  }
  for (size_t taken = 0; cursor->Valid() && taken < count; cursor->Next(), ++taken) {
    MEGURI_RETURN_IF_ERROR(take(absl::StripPrefix(cursor->key(), prefix), cursor->value()));
  }
  return cursor->status();
}

// A record ID, and what follows it.
struct NameParts {
  record::RecordId record_id;
  absl::string_view rest;
};
absl::StatusOr<NameParts> SplitName(absl::string_view name) {
  if (name.size() < record::kRecordIdSize) {
    return ValueDamaged("key of a request to erase");
  }
  MEGURI_ASSIGN_OR_RETURN(const record::RecordId record_id,
                          record::RecordId::Parse(name.substr(0, record::kRecordIdSize)));
  return NameParts{record_id, name.substr(record::kRecordIdSize)};
}

absl::StatusOr<record::ParticipantId> MemberIn(absl::string_view text) {
  absl::StatusOr<record::ParticipantId> member = record::ParticipantId::Parse(text);
  return member.ok() ? std::move(member) : ValueDamaged("key of a request to erase");
}

// The member of a key, which a zero ends, and what follows it.
absl::Status CheckKey(absl::string_view name, bool names_another) {
  const size_t end = name.find('\0');
  if (end == absl::string_view::npos) {
    return ValueDamaged("key of a request to erase");
  }
  MEGURI_RETURN_IF_ERROR(MemberIn(name.substr(0, end)).status());
  MEGURI_ASSIGN_OR_RETURN(const NameParts parts, SplitName(name.substr(end + 1)));
  if (names_another) {
    return MemberIn(parts.rest).status();
  }
  return parts.rest.empty() ? absl::OkStatus() : ValueDamaged("key of a request to erase");
}

absl::Status CheckRequest(const record::v1::SignedBody& request) {
  return record::ParseErasureRequest(request.body()).ok() ? absl::OkStatus() : ValueDamaged("request to erase");
}

absl::Status CheckAck(bool has_one, const record::v1::SignedBody& ack) {
  return !has_one || record::ParseErasureAck(ack.body()).ok() ? absl::OkStatus()
                                                              : ValueDamaged("acknowledgement of an erasure");
}

}  // namespace

absl::StatusOr<std::vector<ErasureRequests::Own>> ErasureRequests::List(const record::ParticipantId& publisher,
                                                                        absl::string_view after, size_t count) const {
  std::vector<Own> found;
  const auto take = [&](absl::string_view name, absl::string_view value) -> absl::Status {
    MEGURI_ASSIGN_OR_RETURN(const NameParts parts, SplitName(name));
    v1::StoredErasure stored;
    MEGURI_RETURN_IF_ERROR(UnwrapMessage(value, "request to erase", stored));
    found.emplace_back(ErasureName{publisher, parts.record_id}, std::move(stored));
    return absl::OkStatus();
  };
  MEGURI_RETURN_IF_ERROR(Walk(store_, PrefixOf(kOwn, publisher), after, count, take));
  return found;
}

absl::StatusOr<absl::optional<v1::StoredErasure>> ErasureRequests::Find(const ErasureName& name) const {
  MEGURI_ASSIGN_OR_RETURN(const auto stored, store_.Get(Family::kLookup, OwnKey(name)));
  return Unwrap<v1::StoredErasure>(stored);
}

absl::StatusOr<absl::optional<v1::StoredErasure>> ErasureRequests::Find(const Transaction& transaction,
                                                                        const ErasureName& name) {
  MEGURI_ASSIGN_OR_RETURN(const auto stored, transaction.Get(Family::kLookup, OwnKey(name)));
  return Unwrap<v1::StoredErasure>(stored);
}

void ErasureRequests::Put(Transaction& transaction, const ErasureName& name, const v1::StoredErasure& erasure) {
  transaction.Put(Family::kLookup, OwnKey(name), WrapMessage(erasure));
}

absl::StatusOr<std::vector<ErasureRequests::Holder>> ErasureRequests::Holders(const ErasureName& name,
                                                                              absl::string_view after,
                                                                              size_t count) const {
  std::vector<Holder> found;
  const auto take = [&](absl::string_view holder, absl::string_view value) -> absl::Status {
    MEGURI_ASSIGN_OR_RETURN(record::ParticipantId id, MemberIn(holder));
    v1::StoredHolder stored;
    MEGURI_RETURN_IF_ERROR(UnwrapMessage(value, "holder of what is erased", stored));
    found.emplace_back(std::move(id), std::move(stored));
    return absl::OkStatus();
  };
  MEGURI_RETURN_IF_ERROR(Walk(store_, HolderPrefix(name), after, count, take));
  return found;
}

absl::StatusOr<absl::optional<v1::StoredHolder>> ErasureRequests::FindHolder(const Transaction& transaction,
                                                                             const ErasureName& name,
                                                                             const record::ParticipantId& holder) {
  MEGURI_ASSIGN_OR_RETURN(const auto stored, transaction.Get(Family::kLookup, HolderKey(name, holder)));
  return Unwrap<v1::StoredHolder>(stored);
}

void ErasureRequests::PutHolder(Transaction& transaction, const ErasureName& name, const record::ParticipantId& holder,
                                const v1::StoredHolder& stored) {
  transaction.Put(Family::kLookup, HolderKey(name, holder), WrapMessage(stored));
}

absl::StatusOr<std::vector<ErasureRequests::Incoming>> ErasureRequests::ListIncoming(
    const record::ParticipantId& holder, absl::string_view after, size_t count) const {
  std::vector<Incoming> found;
  const auto take = [&](absl::string_view name, absl::string_view value) -> absl::Status {
    MEGURI_ASSIGN_OR_RETURN(const NameParts parts, SplitName(name));
    MEGURI_ASSIGN_OR_RETURN(record::ParticipantId publisher, MemberIn(parts.rest));
    v1::StoredIncomingErasure stored;
    MEGURI_RETURN_IF_ERROR(UnwrapMessage(value, "request to erase", stored));
    found.emplace_back(ErasureName{std::move(publisher), parts.record_id}, std::move(stored));
    return absl::OkStatus();
  };
  MEGURI_RETURN_IF_ERROR(Walk(store_, PrefixOf(kIncoming, holder), after, count, take));
  return found;
}

absl::StatusOr<absl::optional<v1::StoredIncomingErasure>> ErasureRequests::FindIncoming(
    const record::ParticipantId& holder, const ErasureName& name) const {
  MEGURI_ASSIGN_OR_RETURN(const auto stored, store_.Get(Family::kLookup, IncomingKey(holder, name)));
  return Unwrap<v1::StoredIncomingErasure>(stored);
}

absl::StatusOr<absl::optional<v1::StoredIncomingErasure>> ErasureRequests::FindIncoming(
    const Transaction& transaction, const record::ParticipantId& holder, const ErasureName& name) {
  MEGURI_ASSIGN_OR_RETURN(const auto stored, transaction.Get(Family::kLookup, IncomingKey(holder, name)));
  return Unwrap<v1::StoredIncomingErasure>(stored);
}

void ErasureRequests::PutIncoming(Transaction& transaction, const record::ParticipantId& holder,
                                  const ErasureName& name, const v1::StoredIncomingErasure& incoming) {
  transaction.Put(Family::kLookup, IncomingKey(holder, name), WrapMessage(incoming));
}

bool IsErasureRequestKey(absl::string_view key) {
  return absl::StartsWith(key, PrefixOf(kOwn)) || absl::StartsWith(key, PrefixOf(kHolder)) ||
         absl::StartsWith(key, PrefixOf(kIncoming));
}

absl::Status CheckErasureRequest(absl::string_view key, absl::string_view stored) {
  if (absl::ConsumePrefix(&key, PrefixOf(kOwn))) {
    v1::StoredErasure erasure;
    MEGURI_RETURN_IF_ERROR(UnwrapMessage(stored, "request to erase", erasure));
    MEGURI_RETURN_IF_ERROR(CheckRequest(erasure.request()));
    return CheckKey(key, /*names_another=*/false);
  }
  if (absl::ConsumePrefix(&key, PrefixOf(kHolder))) {
    v1::StoredHolder holder;
    MEGURI_RETURN_IF_ERROR(UnwrapMessage(stored, "holder of what is erased", holder));
    MEGURI_RETURN_IF_ERROR(CheckAck(holder.has_acknowledgement(), holder.acknowledgement()));
    return CheckKey(key, /*names_another=*/true);
  }
  if (absl::ConsumePrefix(&key, PrefixOf(kIncoming))) {
    v1::StoredIncomingErasure incoming;
    MEGURI_RETURN_IF_ERROR(UnwrapMessage(stored, "request to erase", incoming));
    MEGURI_RETURN_IF_ERROR(CheckRequest(incoming.request()));
    MEGURI_RETURN_IF_ERROR(CheckAck(incoming.has_acknowledgement(), incoming.acknowledgement()));
    return CheckKey(key, /*names_another=*/true);
  }
  return ValueDamaged("name of a setting");
}

}  // namespace meguri::storage
