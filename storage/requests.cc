// SPDX-License-Identifier: Apache-2.0
#include "storage/requests.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "meguri/storage/v1/stored.pb.h"
#include "storage/key_layout.h"
#include "storage/ordered_store.h"
#include "storage/value.h"

namespace meguri::storage {
namespace {

uint64_t ToMillis(absl::Time time) { return static_cast<uint64_t>(std::max<int64_t>(0, absl::ToUnixMillis(time))); }

bool IsOver(uint64_t time_ms, absl::Time now) {
  const uint64_t now_ms = ToMillis(now);
  return now_ms >= time_ms && now_ms - time_ms >= static_cast<uint64_t>(absl::ToInt64Milliseconds(kRequestRetention));
}

std::string LookupKey(const RequestKey& key) { return RequestLookupKey(key.member, key.method, key.request_id); }

absl::StatusOr<absl::optional<v1::StoredAnswer>> ReadAnswer(const Transaction& transaction, const std::string& key) {
  MEGURI_ASSIGN_OR_RETURN(const auto stored, transaction.Get(Family::kLookup, key));
  if (!stored.has_value()) {
    return absl::optional<v1::StoredAnswer>();
  }
  v1::StoredAnswer answer;
  MEGURI_RETURN_IF_ERROR(UnwrapMessage(*stored, "answer to a request", answer));
  return absl::make_optional(std::move(answer));
}

}  // namespace

absl::StatusOr<absl::optional<std::string>> Requests::Find(const Transaction& transaction, const RequestKey& key,
                                                           const record::Hash& body_hash, absl::Time now) const {
  MEGURI_ASSIGN_OR_RETURN(auto answer, ReadAnswer(transaction, LookupKey(key)));
  if (!answer.has_value() || IsOver(answer->time_ms(), now)) {
    return absl::optional<std::string>();
  }
  if (answer->body_hash() != body_hash.view()) {
    return Error(absl::StatusCode::kAlreadyExists, "REQUEST_ID_REUSED",
                 absl::StrCat("request ID ", key.request_id,
                              " was used for another request in the last 24 hours; choose a new one"));
  }
  return absl::make_optional(std::move(*answer->mutable_answer()));
}

absl::Status Requests::Put(Transaction& transaction, const RequestKey& key, const record::Hash& body_hash,
                           absl::string_view answer, absl::Time now) const {
  const std::string lookup_key = LookupKey(key);
  MEGURI_ASSIGN_OR_RETURN(const auto before, ReadAnswer(transaction, lookup_key));
  if (before.has_value()) {
    transaction.Delete(Family::kLookup, RequestTimeKey(before->time_ms(), lookup_key));
  }
  v1::StoredAnswer stored;
  stored.set_body_hash(body_hash.ToString());
  stored.set_answer(std::string(answer.data(), answer.size()));
  stored.set_time_ms(ToMillis(now));
  transaction.Put(Family::kLookup, RequestTimeKey(stored.time_ms(), lookup_key), WrapValue(""));
  transaction.Put(Family::kLookup, lookup_key, WrapMessage(stored));
  return absl::OkStatus();
}

absl::StatusOr<size_t> Requests::Expire(const StoreReader& store, Transaction& transaction, absl::Time now,
                                        size_t limit) const {
  size_t deleted = 0;
  const std::unique_ptr<Cursor> cursor = store.NewCursor(Family::kLookup, KindPrefix(KeyKind::kRequestTime));
  for (; cursor->Valid() && deleted < limit; cursor->Next()) {
    const auto key = ParseRequestTimeKey(cursor->key());
    if (!key.has_value()) {
      return ValueDamaged("time of a request");
    }
    if (!IsOver(key->time_ms, now)) {
      break;
    }
    transaction.Delete(Family::kLookup, std::string(cursor->key().data(), cursor->key().size()));
    // The transaction may have put a newer answer under the same ID already.
    MEGURI_ASSIGN_OR_RETURN(const auto answer, ReadAnswer(transaction, key->request_key));
    if (answer.has_value() && answer->time_ms() == key->time_ms) {
      transaction.Delete(Family::kLookup, key->request_key);
    }
    ++deleted;
  }
  MEGURI_RETURN_IF_ERROR(cursor->status());
  return deleted;
}

}  // namespace meguri::storage
