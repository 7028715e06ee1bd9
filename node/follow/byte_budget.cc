// SPDX-License-Identifier: Apache-2.0
#include "node/follow/byte_budget.h"

#include <utility>

namespace meguri::node {

ByteBudget::Claim::Claim(ByteBudget& budget, size_t bytes) : budget_(budget), bytes_(bytes) {
  MutexLock lock(budget_.mutex_);
  budget_.claimed_ += bytes_;
}

void ByteBudget::Claim::Release() {
  if (bytes_ == 0) {
    return;
  }
  {
    MutexLock lock(budget_.mutex_);
    budget_.claimed_ -= std::exchange(bytes_, 0);
  }
  budget_.RunWhoMay();
}

void ByteBudget::WhenRoom(absl::AnyInvocable<void()> go) {
  {
    MutexLock lock(mutex_);
    waiting_.push_back(std::move(go));
  }
  RunWhoMay();
}

void ByteBudget::RunWhoMay() {
  while (true) {
    absl::AnyInvocable<void()> go;
    {
      MutexLock lock(mutex_);
      if (waiting_.empty() || claimed_ >= max_) {
        return;
      }
      go = std::move(waiting_.front());
      waiting_.pop_front();
    }
    go();
  }
}

}  // namespace meguri::node
