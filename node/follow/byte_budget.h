// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <deque>
#include <memory>

#include "absl/functional/any_invocable.h"
#include "base/mutex.h"

namespace meguri::node {

// What all streams together may hold in memory. Nobody knows how large a message is before it is here, so a message is
// counted when it has come, and whoever wants the next one waits its turn until there is room. So the bound is exceeded
// by at most one message a stream, and no stream waits for ever. Thread-safe.
class ByteBudget {
 public:
  explicit ByteBudget(size_t max) : max_(max) {}

  // Bytes that are counted until Release, or until the claim goes.
  class Claim {
   public:
    Claim(ByteBudget& budget, size_t bytes);
    ~Claim() { Release(); }
    Claim(const Claim&) = delete;
    Claim& operator=(const Claim&) = delete;
    void Release();

   private:
    ByteBudget& budget_;
    size_t bytes_;
  };

  // Runs `go` as soon as there is room and all that came before have had their turn: now, or when a claim is released,
  // on that thread. It must not block.
  void WhenRoom(absl::AnyInvocable<void()> go);

 private:
  void RunWhoMay();

  const size_t max_;
  Mutex mutex_;
  size_t claimed_ ABSL_GUARDED_BY(mutex_) = 0;
  std::deque<absl::AnyInvocable<void()>> waiting_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace meguri::node
