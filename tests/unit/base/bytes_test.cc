// SPDX-License-Identifier: Apache-2.0
#include "base/bytes.h"

#include "gtest/gtest.h"

namespace meguri {
namespace {

TEST(Bytes, IntegersAreBigEndian) {
  std::string out;
  AppendU16(0x0102, out);
  AppendU32(0x03040506, out);
  AppendU64(0x0708090a0b0c0d0e, out);
  EXPECT_EQ(ToHex(out), "0102030405060708090a0b0c0d0e");
  EXPECT_EQ(ReadU16(out), 0x0102);
  EXPECT_EQ(ReadU32(out.substr(2)), 0x03040506U);
  EXPECT_EQ(ReadU64(out.substr(6)), 0x0708090a0b0c0d0eU);
}

TEST(Bytes, ExtremesSurviveTheRoundTrip) {
  for (const uint64_t value : {uint64_t{0}, uint64_t{1}, uint64_t{0x80}, uint64_t{0x8000000000000000}, UINT64_MAX}) {
    std::string out;
    AppendU64(value, out);
    EXPECT_EQ(ReadU64(out), value);
    EXPECT_EQ(out.size(), 8);
  }
}

TEST(Bytes, BigEndianOrderIsNumericOrder) {
  std::string low;
  std::string high;
  AppendU32(255, low);
  AppendU32(256, high);
  EXPECT_LT(low, high);
}

TEST(Hex, IsWrittenInLowerCaseAndReadInEither) {
  EXPECT_EQ(ToHex("\xab\x01"), "ab01");
  std::string bytes;
  EXPECT_TRUE(FromHex("aB01", bytes));
  EXPECT_EQ(bytes, "\xab\x01");
  EXPECT_TRUE(FromHex("", bytes));
  EXPECT_EQ(bytes, "");
}

TEST(Hex, LeavesTheOutputAloneOnAnythingElse) {
  for (const absl::string_view hex :
       {absl::string_view("a"), absl::string_view("abc"), absl::string_view("0g"), absl::string_view(" 0"),
        absl::string_view("0x"), absl::string_view("\xff\xff"), absl::string_view("\0\0", 2)}) {
    std::string bytes = "before";
    EXPECT_FALSE(FromHex(hex, bytes)) << hex;
    EXPECT_EQ(bytes, "before");
  }
}

}  // namespace
}  // namespace meguri
