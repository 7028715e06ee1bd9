// SPDX-License-Identifier: Apache-2.0
#include "storage/sealed/sealed_store.h"

#include <atomic>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/bytes.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "storage/key_layout.h"
#include "storage/sealed/aead.h"
#include "storage/value.h"

namespace meguri::storage {
namespace {

constexpr absl::string_view kDomain("meguri/section-at-rest/v1\0", 26);
constexpr size_t kSealAtOnce = size_t{16} << 20;
constexpr char kSealed = static_cast<char>(ValueEncryption::kSealed);
constexpr char kPlain = static_cast<char>(ValueEncryption::kPlain);

// The arrival that a section belongs to; nullopt if `key` is not that of a section.
absl::optional<uint64_t> ArrivalOfSection(Family family, absl::string_view key) {
  const auto place = family == Family::kArrival ? ParseArrivalKey(key) : absl::nullopt;
  return place.has_value() && place->slot.has_value() ? absl::make_optional(place->arrival) : absl::nullopt;
}

bool Begins(absl::string_view value, char encryption) { return !value.empty() && value.front() == encryption; }

// A section opens in its own place alone: of this store, under this key.
std::string ContextOf(const SectionKeys& keys, absl::string_view key) { return absl::StrCat(kDomain, keys.id(), key); }

absl::Status Erased(uint64_t arrival) {
  return Error(absl::StatusCode::kFailedPrecondition, "DATA_KEY_ERASED",
               absl::StrCat("the key of record number ", arrival, " is erased, so nothing can be stored with it"));
}

// Seals values, each with a nonce of its own: random to begin with, then counted on. Thread-safe.
class Sealer {
 public:
  Sealer(const SectionKeys& keys, Random& random) : keys_(keys), first_(random.Bytes<kNonceSize>()) {}

  // A sealed section in place of one in the clear; anything else as it is.
  absl::StatusOr<std::string> Seal(absl::string_view key, uint64_t arrival, const std::string& value) {
    if (!Begins(value, kPlain)) {
      return value;
    }
    const absl::optional<Seed> data_key = keys_.Find(arrival);
    if (!data_key.has_value()) {
      return Erased(arrival);
    }
    std::string sealed;
    sealed.reserve(value.size() + kNonceSize + kTagSize);
    sealed.push_back(kSealed);
    AppendSealed(*data_key, NextNonce(), ContextOf(keys_, key), absl::string_view(value).substr(1), sealed);
    return sealed;
  }

 private:
  Nonce NextNonce() {
    Nonce nonce = first_;
    uint64_t count = used_.fetch_add(1);
    for (size_t i = kNonceSize; count != 0; count >>= 8) {
      nonce[--i] ^= static_cast<uint8_t>(count);
    }
    return nonce;
  }

  const SectionKeys& keys_;
  const Nonce first_;
  std::atomic<uint64_t> used_ = 0;
};

// A section in the clear in place of a sealed one; nullopt if it is erased. What does not open stays as it is.
absl::optional<std::string> Open(const SectionKeys& keys, uint64_t arrival, absl::string_view key,
                                 absl::string_view value) {
  if (!Begins(value, kSealed)) {
    return std::string(value);
  }
  const absl::optional<Seed> data_key = keys.Find(arrival);
  if (!data_key.has_value()) {
    return absl::nullopt;
  }
  std::string plain;
  plain.reserve(value.size());
  plain.push_back(kPlain);
  if (!AppendOpened(*data_key, ContextOf(keys, key), value.substr(1), plain)) {
    return std::string(value);
  }
  return plain;
}

// Over the records and their sections.
class SealedCursor final : public Cursor {
 public:
  SealedCursor(std::unique_ptr<Cursor> cursor, const SectionKeys& keys) : cursor_(std::move(cursor)), keys_(keys) {
    SkipErased();
  }
  void Seek(absl::string_view key) override {
    cursor_->Seek(key);
    SkipErased();
  }
  void Next() override {
    cursor_->Next();
    SkipErased();
  }
  bool Valid() const override { return cursor_->Valid(); }
  absl::string_view key() const override { return cursor_->key(); }
  absl::string_view value() const override {
    if (!section_.has_value()) {
      return cursor_->value();
    }
    if (!opened_.has_value()) {
      opened_ = Open(keys_, *section_, cursor_->key(), cursor_->value());
      if (!opened_.has_value()) {
        opened_ = std::string(cursor_->value());  // erased just now
      }
    }
    return *opened_;
  }
  absl::Status status() const override { return cursor_->status(); }

 private:
  void SkipErased() {
    opened_ = absl::nullopt;
    for (section_ = Section(); section_.has_value() && keys_.IsErased(*section_); section_ = Section()) {
      cursor_->Next();
    }
  }
  // The arrival of the sealed section that the cursor stands on.
  absl::optional<uint64_t> Section() const {
    const bool is_sealed = cursor_->Valid() && Begins(cursor_->value(), kSealed);
    return is_sealed ? ArrivalOfSection(Family::kArrival, cursor_->key()) : absl::nullopt;
  }

  const std::unique_ptr<Cursor> cursor_;
  const SectionKeys& keys_;
  absl::optional<uint64_t> section_;
  mutable absl::optional<std::string> opened_;
};

absl::StatusOr<absl::optional<std::string>> GetOpened(const StoreReader& store, const SectionKeys& keys, Family family,
                                                      absl::string_view key) {
  const absl::optional<uint64_t> arrival = ArrivalOfSection(family, key);
  MEGURI_ASSIGN_OR_RETURN(absl::optional<std::string> value, store.Get(family, key));
  return arrival.has_value() && value.has_value() ? Open(keys, *arrival, key, *value) : std::move(value);
}

std::unique_ptr<Cursor> NewOpeningCursor(const StoreReader& store, const SectionKeys& keys, Family family,
                                         absl::string_view prefix) {
  std::unique_ptr<Cursor> cursor = store.NewCursor(family, prefix);
  if (family != Family::kArrival) {
    return cursor;
  }
  return std::make_unique<SealedCursor>(std::move(cursor), keys);
}

class SealedReader final : public StoreReader {
 public:
  SealedReader(std::unique_ptr<StoreReader> store, const SectionKeys& keys) : store_(std::move(store)), keys_(keys) {}
  absl::StatusOr<absl::optional<std::string>> Get(Family family, absl::string_view key) const override {
    return GetOpened(*store_, keys_, family, key);
  }
  std::unique_ptr<Cursor> NewCursor(Family family, absl::string_view prefix) const override {
    return NewOpeningCursor(*store_, keys_, family, prefix);
  }

 private:
  const std::unique_ptr<StoreReader> store_;
  const SectionKeys& keys_;
};

class SealedStore final : public OrderedStore {
 public:
  SealedStore(std::unique_ptr<OrderedStore> store, const SectionKeys& keys, Random& random)
      : store_(std::move(store)), keys_(keys), sealer_(keys, random) {}

  absl::StatusOr<absl::optional<std::string>> Get(Family family, absl::string_view key) const override {
    return GetOpened(*store_, keys_, family, key);
  }
  std::unique_ptr<Cursor> NewCursor(Family family, absl::string_view prefix) const override {
    return NewOpeningCursor(*store_, keys_, family, prefix);
  }
  std::unique_ptr<StoreReader> Snapshot() const override { return MakeSealedReader(store_->Snapshot(), keys_); }
  absl::Status Apply(const WriteBatch& batch) override {
    MEGURI_ASSIGN_OR_RETURN(const WriteBatch sealed, Sealed(batch));
    return store_->Apply(sealed);
  }
  absl::Status ApplyBulk(const WriteBatch& batch) override {
    MEGURI_ASSIGN_OR_RETURN(const WriteBatch sealed, Sealed(batch));
    return store_->ApplyBulk(sealed);
  }
  absl::StatusOr<bool> Purge(Family family, absl::string_view begin, absl::string_view end) override {
    return store_->Purge(family, begin, end);
  }

 private:
  absl::StatusOr<WriteBatch> Sealed(const WriteBatch& batch) {
    for (const Precondition& precondition : batch.preconditions) {
      Invariant(!ArrivalOfSection(precondition.family, precondition.key).has_value(),
                "no write relies on the bytes of a section");
    }
    WriteBatch sealed;
    sealed.preconditions = batch.preconditions;
    sealed.writes.reserve(batch.writes.size());
    for (const Write& write : batch.writes) {
      const absl::optional<uint64_t> arrival = ArrivalOfSection(write.family, write.key);
      if (!arrival.has_value() || !write.value.has_value()) {
        sealed.writes.push_back(write);
        continue;
      }
      MEGURI_ASSIGN_OR_RETURN(std::string value, sealer_.Seal(write.key, *arrival, *write.value));
      sealed.writes.push_back(Write{write.family, write.key, std::move(value)});
    }
    return sealed;
  }

  const std::unique_ptr<OrderedStore> store_;
  const SectionKeys& keys_;
  Sealer sealer_;
};

// Seals what lies in the clear. A record that is erased is so for good, wherever this store was copied from.
absl::Status SealAll(OrderedStore& store, const SectionKeys& keys, Random& random) {
  Sealer sealer(keys, random);
  WriteBatch batch;
  size_t bytes = 0;
  const std::unique_ptr<Cursor> cursor = store.NewCursor(Family::kArrival, "");
  for (; cursor->Valid(); cursor->Next()) {
    const absl::optional<uint64_t> arrival = ArrivalOfSection(Family::kArrival, cursor->key());
    if (!arrival.has_value() || !Begins(cursor->value(), kPlain)) {
      continue;
    }
    Write write{Family::kArrival, std::string(cursor->key()), absl::nullopt};
    if (!keys.IsErased(*arrival)) {
      MEGURI_ASSIGN_OR_RETURN(write.value, sealer.Seal(write.key, *arrival, std::string(cursor->value())));
    }
    bytes += write.key.size() + (write.value.has_value() ? write.value->size() : 0);
    batch.writes.push_back(std::move(write));
    if (bytes >= kSealAtOnce) {
      MEGURI_RETURN_IF_ERROR(store.ApplyBulk(batch));
      batch.writes.clear();
      bytes = 0;
    }
  }
  MEGURI_RETURN_IF_ERROR(cursor->status());
  return batch.writes.empty() ? absl::OkStatus() : store.Apply(batch);
}

}  // namespace

std::unique_ptr<OrderedStore> MakeSealedStore(std::unique_ptr<OrderedStore> store, const SectionKeys& keys,
                                              Random& random) {
  return std::make_unique<SealedStore>(std::move(store), keys, random);
}

std::unique_ptr<StoreReader> MakeSealedReader(std::unique_ptr<StoreReader> store, const SectionKeys& keys) {
  return std::make_unique<SealedReader>(std::move(store), keys);
}

absl::Status SealSections(OrderedStore& store, const SectionKeys& keys, Random& random) {
  MEGURI_RETURN_IF_ERROR(SealAll(store, keys, random));
  MEGURI_ASSIGN_OR_RETURN(const bool is_gone, store.Purge(Family::kArrival, "", ""));
  return is_gone ? absl::OkStatus()
                 : Error(absl::StatusCode::kUnavailable, "STORE_FAILED",
                         "somebody reads the store while its sections are being encrypted; start the node again");
}

}  // namespace meguri::storage
