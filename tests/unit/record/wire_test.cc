// SPDX-License-Identifier: Apache-2.0
#include "record/wire.h"

#include <random>
#include <string>

#include "gtest/gtest.h"
#include "tests/testing/status.h"

namespace meguri::record {
namespace {

using ::meguri::testing::HasReason;
using ::meguri::testing::IsOk;
using ::testing::HasSubstr;

using Kind = WireField::Kind;

constexpr uint64_t kColours[] = {1, 3, 300};
constexpr WireField kInnerFields[] = {
    {.number = 1, .kind = Kind::kVarint, .required = true},
    {.number = 2, .kind = Kind::kBytes, .size_max = 3},
};
constexpr WireMessage kInner = {"Inner", kInnerFields};
constexpr WireField kOuterFields[] = {
    {.number = 1, .kind = Kind::kVarint, .required = true, .value_min = 2, .value_max = 300},
    {.number = 3, .kind = Kind::kVarint, .values = kColours},
    {.number = 4, .kind = Kind::kUtf8, .size_min = 2, .size_max = 6},
    {.number = 5, .kind = Kind::kBytes, .repeated = true, .size_min = 2, .size_max = 2, .count_max = 3},
    {.number = 6, .kind = Kind::kMessage, .message = &kInner},
    {.number = 20, .kind = Kind::kVarint},
};
constexpr WireMessage kOuter = {"Outer", kOuterFields};

absl::Status Check(absl::string_view bytes) { return CheckWire(bytes, kOuter); }

std::string Bytes(std::initializer_list<int> bytes) {
  std::string out;
  for (const int byte : bytes) {
    out.push_back(static_cast<char>(byte));
  }
  return out;
}

// A message with every field: also the prefix onto which other tests append.
const std::string kFull = Bytes({0x08, 0x02,                               // 1: 2
                                 0x18, 0xac, 0x02,                         // 3: 300
                                 0x22, 0x03, 0xe3, 0x81, 0x82,             // 4: one hiragana
                                 0x2a, 0x02, 'a',  'b',                    // 5
                                 0x2a, 0x02, 'a',  'b',                    // 5
                                 0x32, 0x05, 0x08, 0x01, 0x12, 0x01, 'x',  // 6: {1: 1, 2: "x"}
                                 0xa0, 0x01, 0x7f});                       // 20: 127

TEST(Wire, AcceptsEveryFieldInOrder) {
  EXPECT_THAT(Check(kFull), IsOk());
  EXPECT_THAT(Check(Bytes({0x08, 0x02})), IsOk());
}

TEST(Wire, NamesMessageFieldAndOffence) {
  const absl::Status status = Check(Bytes({0x08, 0x01}));
  EXPECT_THAT(std::string(status.message()), HasSubstr("Outer: field 1 is 1, not between 2 and 300"));
}

TEST(Wire, RefusesEveryTruncation) {
  // Cuts between fields leave a shorter message that is fine.
  const std::vector<size_t> fields_end = {2, 5, 10, 14, 18, 25, 28};
  for (size_t size = 0; size < kFull.size(); ++size) {
    const bool whole = std::find(fields_end.begin(), fields_end.end(), size) != fields_end.end();
    const absl::Status status = Check(kFull.substr(0, size));
    EXPECT_EQ(status.ok(), whole) << size << ": " << status;
  }
}

TEST(Wire, RefusesAMissingRequiredField) {
  EXPECT_THAT(Check(""), HasReason("WIRE_GRAMMAR"));
  EXPECT_THAT(Check(Bytes({0x18, 0x01})), HasReason("WIRE_GRAMMAR"));
  EXPECT_THAT(Check(Bytes({0x08, 0x02, 0x32, 0x00})), HasReason("WIRE_GRAMMAR"));
  EXPECT_THAT(Check(Bytes({0x08, 0x02, 0x32, 0x03, 0x12, 0x01, 'x'})), HasReason("WIRE_GRAMMAR"));
}

TEST(Wire, RefusesUnknownFieldsAtEveryDepth) {
  EXPECT_THAT(Check(Bytes({0x08, 0x02, 0x10, 0x01})), HasReason("WIRE_GRAMMAR"));
  EXPECT_THAT(Check(Bytes({0x08, 0x02, 0xa8, 0x01, 0x01})), HasReason("WIRE_GRAMMAR"));
  EXPECT_THAT(Check(Bytes({0x08, 0x02, 0x32, 0x04, 0x08, 0x01, 0x18, 0x01})), HasReason("WIRE_GRAMMAR"));
  EXPECT_THAT(Check(Bytes({0x00, 0x02})), HasReason("WIRE_GRAMMAR")) << "field 0";
}

TEST(Wire, RefusesFieldsOutOfOrderOrTwice) {
  EXPECT_THAT(Check(Bytes({0x18, 0x01, 0x08, 0x02})), HasReason("WIRE_GRAMMAR"));
  EXPECT_THAT(Check(Bytes({0x08, 0x02, 0x08, 0x02})), HasReason("WIRE_GRAMMAR"));
  EXPECT_THAT(Check(Bytes({0x08, 0x02, 0x32, 0x04, 0x08, 0x01, 0x08, 0x01})), HasReason("WIRE_GRAMMAR"));
  EXPECT_THAT(Check(Bytes({0x08, 0x02, 0x2a, 0x02, 'a', 'b', 0x32, 0x02, 0x08, 0x01, 0x2a, 0x02, 'a', 'b'})),
              HasReason("WIRE_GRAMMAR"))
      << "a repeated field in two pieces";
}

TEST(Wire, CountsRepeatedFields) {
  const std::string one = Bytes({0x2a, 0x02, 'a', 'b'});
  const std::string start = Bytes({0x08, 0x02});
  EXPECT_THAT(Check(start + one + one + one), IsOk());
  EXPECT_THAT(Check(start + one + one + one + one), HasReason("WIRE_GRAMMAR"));
}

TEST(Wire, RefusesVarintsThatAreLongerThanNeeded) {
  EXPECT_THAT(Check(Bytes({0x08, 0x82, 0x00})), HasReason("WIRE_GRAMMAR")) << "value";
  EXPECT_THAT(Check(Bytes({0x88, 0x00, 0x02})), HasReason("WIRE_GRAMMAR")) << "tag";
  EXPECT_THAT(Check(Bytes({0x08, 0x02, 0x22, 0x82, 0x00, 'a', 'b'})), HasReason("WIRE_GRAMMAR")) << "length";
  EXPECT_THAT(Check(Bytes({0x08, 0x02, 0xa0, 0x81, 0x00, 0x01})), HasReason("WIRE_GRAMMAR")) << "two-byte tag";
}

TEST(Wire, TakesVarintsOfAll64BitsAndNoMore) {
  const std::string start = Bytes({0x08, 0x02, 0xa0, 0x01});
  const std::string nine(9, '\xff');
  EXPECT_THAT(Check(start + nine + Bytes({0x01})), IsOk());
  EXPECT_THAT(Check(start + nine + Bytes({0x02})), HasReason("WIRE_GRAMMAR"));
  EXPECT_THAT(Check(start + nine + Bytes({0x81, 0x00})), HasReason("WIRE_GRAMMAR"));
  EXPECT_THAT(Check(start + nine), HasReason("WIRE_GRAMMAR"));
}

TEST(Wire, RefusesDefaultValues) {
  EXPECT_THAT(Check(Bytes({0x08, 0x02, 0x18, 0x00})), HasReason("WIRE_GRAMMAR"));
  EXPECT_THAT(Check(Bytes({0x08, 0x02, 0x22, 0x00})), HasReason("WIRE_GRAMMAR"));
  EXPECT_THAT(Check(Bytes({0x08, 0x02, 0x32, 0x04, 0x08, 0x01, 0x12, 0x00})), HasReason("WIRE_GRAMMAR"));
}

TEST(Wire, ChecksValuesAtBothEnds) {
  EXPECT_THAT(Check(Bytes({0x08, 0x01})), HasReason("WIRE_GRAMMAR"));
  EXPECT_THAT(Check(Bytes({0x08, 0x02})), IsOk());
  EXPECT_THAT(Check(Bytes({0x08, 0xac, 0x02})), IsOk());
  EXPECT_THAT(Check(Bytes({0x08, 0xad, 0x02})), HasReason("WIRE_GRAMMAR"));
}

TEST(Wire, TakesListedEnumValuesOnly) {
  EXPECT_THAT(Check(Bytes({0x08, 0x02, 0x18, 0x03})), IsOk());
  EXPECT_THAT(Check(Bytes({0x08, 0x02, 0x18, 0x02})), HasReason("WIRE_GRAMMAR"));
  EXPECT_THAT(Check(Bytes({0x08, 0x02, 0x18, 0xad, 0x02})), HasReason("WIRE_GRAMMAR"));
}

TEST(Wire, ChecksLengthsAtBothEnds) {
  const std::string start = Bytes({0x08, 0x02});
  EXPECT_THAT(Check(start + Bytes({0x22, 0x01, 'a'})), HasReason("WIRE_GRAMMAR"));
  EXPECT_THAT(Check(start + Bytes({0x22, 0x02, 'a', 'b'})), IsOk());
  EXPECT_THAT(Check(start + Bytes({0x22, 0x06}) + "abcdef"), IsOk());
  EXPECT_THAT(Check(start + Bytes({0x22, 0x07}) + "abcdefg"), HasReason("WIRE_GRAMMAR"));
  EXPECT_THAT(Check(start + Bytes({0x2a, 0x01, 'a'})), HasReason("WIRE_GRAMMAR"));
  EXPECT_THAT(Check(start + Bytes({0x2a, 0x03, 'a', 'b', 'c'})), HasReason("WIRE_GRAMMAR"));
}

TEST(Wire, RefusesLengthsBeyondTheEnd) {
  const std::string start = Bytes({0x08, 0x02, 0x22});
  EXPECT_THAT(Check(start + Bytes({0x03, 'a', 'b'})), HasReason("WIRE_GRAMMAR"));
  EXPECT_THAT(Check(start + std::string(9, '\xff') + Bytes({0x01, 'a'})), HasReason("WIRE_GRAMMAR"));
}

TEST(Wire, RefusesEveryOtherWireType) {
  for (const int wire_type : {0, 1, 2, 3, 4, 5, 6, 7}) {
    const std::string varint = Bytes({0x08 | wire_type, 0x02, 0, 0, 0, 0, 0, 0, 0});
    if (wire_type != 0) {
      EXPECT_THAT(Check(varint), HasReason("WIRE_GRAMMAR")) << wire_type;
    }
    const std::string text = Bytes({0x08, 0x02, 0x20 | wire_type, 0x02, 'a', 'b'});
    EXPECT_EQ(Check(text).ok(), wire_type == 2) << wire_type;
  }
}

TEST(Wire, RefusesPackedNumbers) {
  static constexpr WireField kFields[] = {{.number = 1, .kind = Kind::kVarint, .repeated = true}};
  static constexpr WireMessage kNumbers = {"Numbers", kFields};
  EXPECT_THAT(CheckWire(Bytes({0x08, 0x01, 0x08, 0x02}), kNumbers), IsOk());
  EXPECT_THAT(CheckWire(Bytes({0x0a, 0x02, 0x01, 0x02}), kNumbers), HasReason("WIRE_GRAMMAR"));
}

// A message that may hold itself.
extern const WireMessage kLoop;
const WireField kLoopFields[] = {{.number = 1, .kind = Kind::kMessage, .message = &kLoop}};
const WireMessage kLoop = {"Loop", kLoopFields};

TEST(Wire, BoundsNesting) {
  std::string bytes;
  for (int depth = 1; depth < 8; ++depth) {
    bytes.insert(0, Bytes({0x0a, static_cast<int>(bytes.size())}));
    EXPECT_THAT(CheckWire(bytes, kLoop), IsOk()) << depth;
  }
  bytes = Bytes({0x0a, static_cast<int>(bytes.size())}) + bytes;
  EXPECT_THAT(CheckWire(bytes, kLoop), HasReason("WIRE_GRAMMAR"));
}

TEST(Wire, EndsOnAnyBytes) {
  std::mt19937_64 engine(7);
  int accepted = 0;
  for (int i = 0; i < 200'000; ++i) {
    std::string bytes = kFull;
    for (uint64_t change = engine() % 3 + 1; change > 0; --change) {
      bytes[engine() % bytes.size()] = static_cast<char>(engine());
    }
    accepted += Check(bytes).ok() ? 1 : 0;
  }
  EXPECT_GT(accepted, 0);
  EXPECT_LT(accepted, 200'000);
}

TEST(Varint, LeavesTheInputAloneIfThereIsNone) {
  const std::string bytes = Bytes({0x80, 0x80});
  absl::string_view in = bytes;
  uint64_t value = 0;
  EXPECT_FALSE(TakeVarint(in, value));
  EXPECT_EQ(in, bytes);
}

TEST(Utf8, AcceptsTheFirstAndLastOfEveryLength) {
  for (const char* text : {"", "a", "\x7f", "\u0080", "\u07ff", "\u0800", "\ue000", "\uffff", "\U00010000",
                           "\U0010ffff", "日本語のテキスト"}) {
    EXPECT_TRUE(IsUtf8(text)) << text;
  }
  EXPECT_TRUE(IsUtf8(absl::string_view("\0", 1)));
}

TEST(Utf8, RefusesWhatIsNotShortestOrNotACharacter) {
  for (const char* text : {"\x80",
                           "\xbf",
                           "\xc0\x80",
                           "\xc1\xbf",
                           "\xc2",
                           "\xc2\x7f",
                           "\xc2\xc0",  // two bytes
                           "\xe0\x9f\xbf",
                           "\xe3\x81",
                           "\xe3\x81\x7f",
                           "\xed\xa0\x80",
                           "\xed\xbf\xbf",  // three bytes, surrogates
                           "\xf0\x8f\xbf\xbf",
                           "\xf4\x90\x80\x80",
                           "\xf5\x80\x80\x80",
                           "\xf0\x90\x80",  // four bytes
                           "\xf8\x88\x80\x80\x80",
                           "\xfe",
                           "\xff",
                           "good \xff"}) {
    EXPECT_FALSE(IsUtf8(text)) << text;
  }
}

}  // namespace
}  // namespace meguri::record
