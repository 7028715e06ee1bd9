// SPDX-License-Identifier: Apache-2.0
#include "node/app/erasure_work.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "storage/erasures.h"
#include "storage/key_layout.h"

namespace meguri::node {
namespace {

// Rewrites everything of one kind. False if somebody still reads what was there before.
absl::StatusOr<bool> PurgeKind(storage::OrderedStore& store, storage::KeyKind kind) {
  std::string end = storage::KindPrefix(kind);
  end.back() = static_cast<char>(end.back() + 1);
  return store.Purge(storage::Family::kLookup, storage::KindPrefix(kind), end);
}

}  // namespace

void ErasureWork::Tick() {
  if (is_stopping_ || is_running_.exchange(true)) {
    return;
  }
  const auto pending = storage::Erasures(committer_.durable()).Pending(1);
  if (pending.ok() && pending->empty()) {
    is_running_ = false;
    return;
  }
  const bool queued = executor_.Submit([this] {
    const absl::StatusOr<bool> goes_on = Run();
    if (!goes_on.ok()) {
      Fail(goes_on.status());
    } else if (!*goes_on) {
      is_running_ = false;
    }
  });
  if (!queued) {
    is_running_ = false;
  }
}

absl::StatusOr<bool> ErasureWork::Run() {
  MEGURI_ASSIGN_OR_RETURN(std::vector<storage::Arrival> erased,
                          storage::Erasures(committer_.durable()).Pending(kErasedAtOnce));
  std::vector<uint64_t> to_destroy;
  for (const storage::Arrival arrival : erased) {
    if (!keys_.IsErased(arrival)) {
      to_destroy.push_back(arrival);
    }
  }
  if (!to_destroy.empty()) {
    MEGURI_RETURN_IF_ERROR(keys_.Erase(to_destroy));
  }
  for (const storage::KeyKind kind : {storage::KeyKind::kPosting, storage::KeyKind::kTerms}) {
    MEGURI_ASSIGN_OR_RETURN(const bool is_gone, PurgeKind(store_, kind));
    if (!is_gone) {
      return false;
    }
  }
  const size_t count = erased.size();
  committer_.Submit(
      [erased = std::move(erased)](storage::CommitScope& scope) {
        storage::Erasures::Finish(scope.transaction, erased);
        return absl::OkStatus();
      },
      [this, count](const absl::Status& status) {
        if (status.ok()) {
          log_.Info("erased", {{"versions", absl::StrCat(count)}});
        }
        is_running_ = false;
      });
  return true;
}

// It is not tried again: the disk is not to be trusted, and that is said once.
void ErasureWork::Fail(const absl::Status& status) {
  log_.Error("erase-failed",
             {{"reason", ReasonOf(status)},
              {"error", std::string(status.message())},
              {"cure", "look at the disk, then start the node again: it goes on with what is to be erased"}});
}

}  // namespace meguri::node
