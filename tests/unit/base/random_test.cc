// SPDX-License-Identifier: Apache-2.0
#include "base/random.h"

#include <algorithm>
#include <deque>
#include <vector>

#include "base/bytes.h"
#include "gtest/gtest.h"
#include "tests/testing/fakes.h"

namespace meguri {
namespace {

using ::meguri::testing::SeededRandom;

// Delivers the given numbers, big-endian.
class ScriptedRandom final : public Random {
 public:
  explicit ScriptedRandom(std::deque<uint64_t> numbers) : numbers_(std::move(numbers)) {}
  void Fill(absl::Span<uint8_t> bytes) override {
    std::string encoded;
    AppendU64(numbers_.front(), encoded);
    numbers_.pop_front();
    std::copy(encoded.begin(), encoded.end(), bytes.begin());
  }
  size_t left() const { return numbers_.size(); }

 private:
  std::deque<uint64_t> numbers_;
};

TEST(Random, BelowStaysBelow) {
  SeededRandom random;
  for (const uint64_t bound : {uint64_t{1}, uint64_t{2}, uint64_t{3}, uint64_t{1000}, uint64_t{1} << 63, UINT64_MAX}) {
    for (int i = 0; i < 100; ++i) {
      EXPECT_LT(random.Below(bound), bound);
    }
  }
}

TEST(Random, BelowReachesEveryValueAboutEquallyOften) {
  SeededRandom random;
  std::vector<int> count(6);
  for (int i = 0; i < 6000; ++i) {
    ++count[random.Below(6)];
  }
  for (const int times : count) {
    EXPECT_GT(times, 850);
    EXPECT_LT(times, 1150);
  }
}

TEST(Random, BelowDrawsAgainInTheIncompleteLastInterval) {
  // For bound 10 the numbers from 2^64 - 6 on would favour 0 … 5.
  ScriptedRandom random({UINT64_MAX, UINT64_MAX - 5, 27});
  EXPECT_EQ(random.Below(10), 7);
  EXPECT_EQ(random.left(), 0);
}

TEST(Random, SeedsRepeat) {
  SeededRandom one(5);
  SeededRandom same(5);
  SeededRandom other(6);
  const auto bytes = one.Bytes<32>();
  EXPECT_EQ(bytes, same.Bytes<32>());
  EXPECT_NE(bytes, other.Bytes<32>());
}

}  // namespace
}  // namespace meguri
