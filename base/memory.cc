// SPDX-License-Identifier: Apache-2.0
#include "base/memory.h"

#include <cstddef>

// Of jemalloc, if the program is linked with it.
// NOLINTNEXTLINE(readability-identifier-naming): jemalloc's name.
extern "C" int mallctl(const char* name, void* old_value, size_t* old_size, void* new_value, size_t new_size)
    __attribute__((weak));

namespace meguri {
namespace {

constexpr char kPurgeAllArenas[] = "arena.4096.purge";  // MALLCTL_ARENAS_ALL

}  // namespace

void ReturnFreeMemory() {
  if (mallctl != nullptr) {
    mallctl(kPurgeAllArenas, nullptr, nullptr, nullptr, 0);
  }
}

}  // namespace meguri
