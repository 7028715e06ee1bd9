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

absl::StatusOr<absl::optional<std::string>> Transaction::Get(Family family, absl::string_view key) const {
  const Transaction* layer = this;
  while (true) {
    const Overlay& writes = layer->writes_[IndexOf(family)];
    const auto found = writes.find(key);
    if (found != writes.end()) {
      return found->second;
    }
    if (layer->parent_ == nullptr) {
      return layer->base_->Get(family, key);
    }
    layer = layer->parent_;
  }
}

absl::optional<std::string> Transaction::GetWritten(Family family, absl::string_view key) const {
  const Overlay& writes = writes_[IndexOf(family)];
  const auto found = writes.find(key);
  return found == writes.end() ? absl::nullopt : found->second;
}

void Transaction::Put(Family family, std::string key, std::string value) {
  Set(family, std::move(key), absl::optional<std::string>(std::move(value)));
}

void Transaction::Delete(Family family, std::string key) { Set(family, std::move(key), absl::nullopt); }

void Transaction::Set(Family family, std::string key, absl::optional<std::string> value) {
  const auto [entry, is_new] = writes_[IndexOf(family)].try_emplace(std::move(key));
  bytes_ += is_new ? entry->first.size() : 0;
  bytes_ += SizeOf(value);
  bytes_ -= SizeOf(entry->second);
  entry->second = std::move(value);
}

void Transaction::MergeIntoParent() {
  Invariant(parent_ != nullptr, "only a transaction that is a part of another merges into it");
  if (parent_->empty()) {
    std::swap(writes_, parent_->writes_);
    std::swap(bytes_, parent_->bytes_);
    return;
  }
  for (const Family family : kFamilies) {
    Overlay& writes = writes_[IndexOf(family)];
    Overlay& into = parent_->writes_[IndexOf(family)];
    into.reserve(into.size() + writes.size());  // or it would be moved again and again as it grows
    // Walks once: begin() of a hash map that is being emptied has ever more empty slots to skip.
    for (auto next = writes.begin(); next != writes.end();) {
      auto write = writes.extract(next++);
      parent_->Set(family, std::move(write.key()), std::move(write.mapped()));
    }
  }
  bytes_ = 0;
}

void Transaction::MoveTo(WriteBatch& batch) {
  for (const Family family : kFamilies) {
    const size_t first = batch.writes.size();
    Overlay& writes = writes_[IndexOf(family)];
    batch.writes.reserve(first + writes.size());
    for (auto next = writes.begin(); next != writes.end();) {
      auto write = writes.extract(next++);
      batch.writes.push_back(Write{family, std::move(write.key()), std::move(write.mapped())});
    }
    std::sort(batch.writes.begin() + static_cast<std::ptrdiff_t>(first), batch.writes.end(),
              [](const Write& a, const Write& b) { return a.key < b.key; });
  }
  bytes_ = 0;
}

std::vector<std::string> Transaction::KeysWritten(Family family, absl::string_view prefix) const {
  std::vector<std::string> keys;
  for (const auto& [key, value] : writes_[IndexOf(family)]) {
    if (absl::StartsWith(key, prefix)) {
      keys.push_back(key);
    }
  }
  std::sort(keys.begin(), keys.end());
  return keys;
}

}  // namespace meguri::storage
