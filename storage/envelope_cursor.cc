// SPDX-License-Identifier: Apache-2.0
#include "storage/envelope_cursor.h"

#include <bit>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "record/header.h"
#include "storage/key_layout.h"
#include "storage/value.h"

namespace meguri::storage {

EnvelopeCursor::EnvelopeCursor(const StoreReader& store)
    : store_(store), cursor_(store.NewCursor(Family::kArrival, "")) {}

bool EnvelopeCursor::StandsOn(absl::string_view key) {
  if (!cursor_->Valid() || cursor_->key() != key) {
    cursor_->Seek(key);
  }
  return cursor_->Valid() && cursor_->key() == key;
}

absl::StatusOr<bool> EnvelopeCursor::TryNext(const record::Hash& header_hash, v1::StoredRecord& stored) {
  if (!in_order_ || !StandsOn(RecordKey(arrival_ + 1))) {
    return false;
  }
  MEGURI_RETURN_IF_ERROR(UnwrapMessage(cursor_->value(), "record", stored));
  return record::HeaderHash(stored.header()) == header_hash;
}

absl::Status EnvelopeCursor::LookUp(const record::Hash& header_hash, v1::StoredRecord& stored) {
  MEGURI_ASSIGN_OR_RETURN(const absl::optional<Arrival> arrival, Records(store_).FindByHash(header_hash));
  if (!arrival.has_value()) {
    return Error(absl::StatusCode::kDataLoss, "RECORD_LOST",
                 absl::StrCat("The record of header ", header_hash.ToHex(), " is in a feed but not in the store."));
  }
  if (!StandsOn(RecordKey(*arrival))) {
    MEGURI_RETURN_IF_ERROR(cursor_->status());
    return ValueMissing("a record");
  }
  in_order_ = *arrival == arrival_ + 1;
  arrival_ = *arrival;
  return UnwrapMessage(cursor_->value(), "record", stored);
}

absl::StatusOr<record::v1::CarriedEnvelope> EnvelopeCursor::Read(const record::Hash& header_hash, uint64_t slots) {
  v1::StoredRecord stored;
  MEGURI_ASSIGN_OR_RETURN(const bool is_next, TryNext(header_hash, stored));
  if (is_next) {
    ++arrival_;
  } else {
    MEGURI_RETURN_IF_ERROR(LookUp(header_hash, stored));
  }
  record::v1::CarriedEnvelope envelope;
  envelope.set_header(std::move(*stored.mutable_header()));
  envelope.set_signature(std::move(*stored.mutable_signature()));
  cursor_->Next();
  for (; slots != 0; slots &= slots - 1) {
    if (StandsOn(SectionKey(arrival_, static_cast<uint32_t>(std::countr_zero(slots))))) {
      MEGURI_ASSIGN_OR_RETURN(const absl::string_view section, UnwrapValue(cursor_->value()));
      envelope.add_sections(section.data(), section.size());
      cursor_->Next();
    }
  }
  MEGURI_RETURN_IF_ERROR(cursor_->status());
  return envelope;
}

}  // namespace meguri::storage
