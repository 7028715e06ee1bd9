// SPDX-License-Identifier: Apache-2.0
#include "storage/durable_view.h"

#include <utility>

namespace meguri::storage {
namespace {

using Moment = std::shared_ptr<const StoreReader>;

// A cursor that holds the moment it walks through.
class MomentCursor final : public Cursor {
 public:
  MomentCursor(Moment moment, std::unique_ptr<Cursor> cursor)
      : moment_(std::move(moment)), cursor_(std::move(cursor)) {}

  void Seek(absl::string_view key) override { cursor_->Seek(key); }
  void Next() override { cursor_->Next(); }
  bool Valid() const override { return cursor_->Valid(); }
  absl::string_view key() const override { return cursor_->key(); }
  absl::string_view value() const override { return cursor_->value(); }
  absl::Status status() const override { return cursor_->status(); }

 private:
  const Moment moment_;
  const std::unique_ptr<Cursor> cursor_;  // goes first
};

class MomentReader final : public StoreReader {
 public:
  explicit MomentReader(Moment moment) : moment_(std::move(moment)) {}

  absl::StatusOr<absl::optional<std::string>> Get(Family family, absl::string_view key) const override {
    return moment_->Get(family, key);
  }
  std::unique_ptr<Cursor> NewCursor(Family family, absl::string_view prefix) const override {
    return std::make_unique<MomentCursor>(moment_, moment_->NewCursor(family, prefix));
  }

 private:
  const Moment moment_;
};

}  // namespace

DurableView::DurableView(const SnapshotReader& store) : store_(store), now_(store.Snapshot()) {}

void DurableView::Advance() {
  Moment next = store_.Snapshot();
  MutexLock lock(mutex_);
  now_.swap(next);  // The old one is let go of outside the lock: releasing it takes a lock of the store.
}

Moment DurableView::Now() const {
  MutexLock lock(mutex_);
  return now_;
}

absl::StatusOr<absl::optional<std::string>> DurableView::Get(Family family, absl::string_view key) const {
  return Now()->Get(family, key);
}

std::unique_ptr<Cursor> DurableView::NewCursor(Family family, absl::string_view prefix) const {
  Moment now = Now();
  std::unique_ptr<Cursor> cursor = now->NewCursor(family, prefix);
  return std::make_unique<MomentCursor>(std::move(now), std::move(cursor));
}

std::unique_ptr<StoreReader> DurableView::Snapshot() const { return std::make_unique<MomentReader>(Now()); }

}  // namespace meguri::storage
