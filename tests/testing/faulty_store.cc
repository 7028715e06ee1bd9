// SPDX-License-Identifier: Apache-2.0
#include "tests/testing/faulty_store.h"

#include "base/error.h"

namespace meguri::testing {
namespace {

using storage::Anchor;
using storage::AnchorState;
using storage::Cursor;
using storage::Family;
using storage::OrderedStore;
using storage::StoreReader;
using storage::WriteBatch;

absl::Status Injected() {
  return Error(absl::StatusCode::kUnavailable, "STORE_FAILED", "the disk fails because the test wants it to");
}

// `write` is run if the plan lets it reach the disk.
template <typename Write>
absl::Status WriteByPlan(FaultPlan& plan, Write write) {
  const FaultPlan::Verdict verdict = plan.Next();
  const absl::Status status = verdict.lands ? write() : absl::OkStatus();
  return verdict.succeeds ? status : Injected();
}

class FaultyStore final : public OrderedStore {
 public:
  FaultyStore(OrderedStore& store, FaultPlan& plan) : store_(store), plan_(plan) {}

  absl::StatusOr<absl::optional<std::string>> Get(Family family, absl::string_view key) const override {
    return store_.Get(family, key);
  }
  std::unique_ptr<Cursor> NewCursor(Family family, absl::string_view prefix) const override {
    return store_.NewCursor(family, prefix);
  }
  std::unique_ptr<StoreReader> Snapshot() const override { return store_.Snapshot(); }
  absl::Status Apply(const WriteBatch& batch) override {
    return WriteByPlan(plan_, [&] { return store_.Apply(batch); });
  }
  absl::Status ApplyBulk(const WriteBatch& batch) override {
    return WriteByPlan(plan_, [&] { return store_.ApplyBulk(batch); });
  }
  absl::StatusOr<bool> Purge(Family family, absl::string_view begin, absl::string_view end) override {
    return store_.Purge(family, begin, end);
  }

 private:
  OrderedStore& store_;
  FaultPlan& plan_;
};

class FaultyAnchor final : public Anchor {
 public:
  FaultyAnchor(Anchor& anchor, FaultPlan& plan) : anchor_(anchor), plan_(plan) {}

  absl::StatusOr<absl::optional<AnchorState>> Read() override { return anchor_.Read(); }
  absl::Status Write(const AnchorState& state) override {
    return WriteByPlan(plan_, [&] { return anchor_.Write(state); });
  }

 private:
  Anchor& anchor_;
  FaultPlan& plan_;
};

}  // namespace

FaultPlan::Verdict FaultPlan::Next() {
  MutexLock lock(mutex_);
  ++writes_seen_;
  if (writes_seen_ < fail_at_) {
    return Verdict{true, true};
  }
  return Verdict{writes_seen_ == fail_at_ && kind_ == Kind::kUnheard, false};
}

uint64_t FaultPlan::writes_seen() const {
  MutexLock lock(mutex_);
  return writes_seen_;
}

std::unique_ptr<OrderedStore> MakeFaultyStore(OrderedStore& store, FaultPlan& plan) {
  return std::make_unique<FaultyStore>(store, plan);
}

std::unique_ptr<Anchor> MakeFaultyAnchor(Anchor& anchor, FaultPlan& plan) {
  return std::make_unique<FaultyAnchor>(anchor, plan);
}

}  // namespace meguri::testing
