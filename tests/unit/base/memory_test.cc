// SPDX-License-Identifier: Apache-2.0
#include "base/memory.h"

#include <cstddef>
#include <fstream>
#include <memory>
#include <utility>
#include <vector>

#include "gtest/gtest.h"

namespace meguri {
namespace {

constexpr size_t kBlockBytes = 1024;
constexpr size_t kBlocks = size_t{64} << 10;  // 64 MiB in all

// Pages of this process that are in memory.
size_t ResidentPages() {
  std::ifstream statm("/proc/self/statm");
  size_t size = 0;
  size_t resident = 0;
  statm >> size >> resident;
  return resident;
}

TEST(MemoryTest, GoesBackToTheSystem) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "a sanitizer has an allocator of its own, which gives nothing back";
#endif
  std::vector<std::unique_ptr<std::vector<char>>> blocks;
  blocks.reserve(kBlocks);
  for (size_t i = 0; i < kBlocks; ++i) {
    blocks.push_back(std::make_unique<std::vector<char>>(kBlockBytes, 'x'));
  }
  // What stays lies behind what is freed, so that the end of the heap cannot simply move.
  const std::unique_ptr<std::vector<char>> last = std::move(blocks.back());
  blocks.clear();
  const size_t before = ResidentPages();
  ReturnFreeMemory();
  const size_t after = ResidentPages();
  EXPECT_LT(after, before - kBlocks * kBlockBytes / 4096 / 2);
}

}  // namespace
}  // namespace meguri
