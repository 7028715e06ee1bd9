// SPDX-License-Identifier: Apache-2.0
#include "node/app/store_health.h"

#include <string>

#include "absl/algorithm/container.h"
#include "absl/strings/string_view.h"
#include "base/error.h"

namespace meguri::node {
namespace {

constexpr absl::string_view kDamage[] = {"STORE_DAMAGED", "VALUE_DAMAGED", "VALUE_ENCODING", "VALUE_MISSING",
                                         "RECORD_LOST"};

}  // namespace

void StoreHealth::Note(const absl::Status& status) {
  if (status.ok()) {
    return;
  }
  const std::string reason = ReasonOf(status);
  const bool is_damage = absl::c_linear_search(kDamage, reason);
  if (!is_damage && reason != "STORE_FAILED") {
    return;
  }
  {
    MutexLock lock(mutex_);
    absl::Status& cause = is_damage ? damaged_ : failed_;
    if (!cause.ok()) {
      return;
    }
    cause = status;
  }
  log_.Error(is_damage ? "store-damaged" : "store-failed",
             {{"reason", reason}, {"error", std::string(status.message())}});
}

absl::Status StoreHealth::Get() const {
  MutexLock lock(mutex_);
  return damaged_.ok() ? failed_ : damaged_;
}

}  // namespace meguri::node
