// SPDX-License-Identifier: Apache-2.0
#include "storage/transaction.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "base/error.h"

namespace meguri::storage {
namespace {

constexpr Family kFamilies[] = {Family::kArrival, Family::kLookup};

size_t IndexOf(Family family) { return static_cast<size_t>(family); }

size_t SizeOf(const absl::optional<std::string>& value) { return value.has_value() ? value->size() : 0; }

}  // namespace

const Write* Transaction::Find(Family family, absl::string_view key) const {
  const auto& by_key = overlays_[IndexOf(family)].by_key;
  const auto found = by_key.find(key);
  return found == by_key.end() ? nullptr : found->second;
}

absl::StatusOr<absl::optional<std::string>> Transaction::Get(Family family, absl::string_view key) const {
  const Write* write = Find(family, key);
  return write != nullptr ? write->value : base_.Get(family, key);
}

absl::optional<std::string> Transaction::GetWritten(Family family, absl::string_view key) const {
  const Write* write = Find(family, key);
  return write != nullptr ? write->value : absl::nullopt;
}

void Transaction::Put(Family family, std::string key, std::string value) {
  Set(family, std::move(key), absl::optional<std::string>(std::move(value)));
}

void Transaction::Delete(Family family, std::string key) { Set(family, std::move(key), absl::nullopt); }

void Transaction::Set(Family family, std::string key, absl::optional<std::string> value) {
  Overlay& overlay = overlays_[IndexOf(family)];
  const auto found = overlay.by_key.find(key);
  bytes_ += SizeOf(value);
  if (found == overlay.by_key.end()) {
    Write& added = overlay.writes.emplace_back(Write{family, std::move(key), std::move(value)});
    bytes_ += added.key.size();
    overlay.by_key.emplace(added.key, &added);
    return;
  }
  Write& write = *found->second;
  bytes_ -= SizeOf(write.value);
  if (savepoints_ > 0) {
    overwritten_.push_back({&write, std::move(write.value)});
  }
  write.value = std::move(value);
}

void Transaction::MoveTo(WriteBatch& batch) {
  Invariant(savepoints_ == 0, "a transaction is moved once its parts have ended");
  for (const Family family : kFamilies) {
    Overlay& overlay = overlays_[IndexOf(family)];
    std::vector<Write*> sorted;
    sorted.reserve(overlay.writes.size());
    for (Write& write : overlay.writes) {
      sorted.push_back(&write);
    }
    const auto by_key = [](const Write* a, const Write* b) { return a->key < b->key; };
    // What is stored in the order of arrival is most often written in it too.
    if (!std::is_sorted(sorted.begin(), sorted.end(), by_key)) {
      std::sort(sorted.begin(), sorted.end(), by_key);
    }
    overlay.by_key.clear();
    batch.writes.reserve(batch.writes.size() + sorted.size());
    for (Write* write : sorted) {
      batch.writes.push_back(std::move(*write));
    }
    overlay.writes.clear();
  }
  bytes_ = 0;
}

std::vector<std::string> Transaction::KeysWritten(Family family, absl::string_view prefix) const {
  std::vector<std::string> keys;
  for (const Write& write : overlays_[IndexOf(family)].writes) {
    if (absl::StartsWith(write.key, prefix)) {
      keys.push_back(write.key);
    }
  }
  std::sort(keys.begin(), keys.end());
  return keys;
}

Savepoint::Savepoint(Transaction& transaction)
    : transaction_(transaction),
      writes_{transaction.overlays_[0].writes.size(), transaction.overlays_[1].writes.size()},
      overwritten_(transaction.overwritten_.size()),
      bytes_(transaction.bytes_) {
  ++transaction_.savepoints_;
}

Savepoint::~Savepoint() {
  if (!kept_) {
    Undo();
  }
  if (--transaction_.savepoints_ == 0) {
    transaction_.overwritten_.clear();
  }
}

void Savepoint::Keep() { kept_ = true; }

void Savepoint::Undo() {
  auto& overwritten = transaction_.overwritten_;
  for (; overwritten.size() > overwritten_; overwritten.pop_back()) {
    overwritten.back().write->value = std::move(overwritten.back().value);
  }
  for (const Family family : kFamilies) {
    Transaction::Overlay& overlay = transaction_.overlays_[IndexOf(family)];
    for (; overlay.writes.size() > writes_[IndexOf(family)]; overlay.writes.pop_back()) {
      overlay.by_key.erase(overlay.writes.back().key);
    }
  }
  transaction_.bytes_ = bytes_;
}

}  // namespace meguri::storage
