// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <limits>

namespace meguri::node {

// Requests that a client sent in a row: once one is refused, none after it is taken, however many were on their way.
// Positions are counted by whoever makes the calls. Thread-safe.
class PublishSequence {
 public:
  // Whether a request before `position` was refused.
  bool IsOverBefore(uint64_t position) const { return first_refused_ < position; }
  void Refuse(uint64_t position) {
    uint64_t known = first_refused_;
    while (position < known && !first_refused_.compare_exchange_weak(known, position)) {
    }
  }

 private:
  std::atomic<uint64_t> first_refused_{std::numeric_limits<uint64_t>::max()};
};

}  // namespace meguri::node
