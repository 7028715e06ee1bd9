// SPDX-License-Identifier: Apache-2.0
#include "passport/readers/text_encoding.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/testing/status.h"

namespace meguri::passport {
namespace {

using meguri::testing::HasReason;
using ::testing::HasSubstr;

// 質量 (mass): U+8CEA U+91CF.
constexpr absl::string_view kMass = "質量";

std::string Decoded(absl::string_view bytes, TextEncoding encoding = TextEncoding::kDetect) {
  const absl::StatusOr<std::string> text = DecodeText(bytes, encoding);
  return text.ok() ? *text : std::string(text.status().message());
}

TEST(TextEncoding, TellsTheEncodingsOfJapaneseSpreadsheetsApart) {
  EXPECT_EQ(Decoded("質量"), kMass);
  EXPECT_EQ(Decoded("\xEF\xBB\xBF質量"), kMass);
  EXPECT_EQ(Decoded("\x8E\xBF\x97\xCA"), kMass);                       // CP932
  EXPECT_EQ(Decoded("\xFF\xFE\xEA\x8C\xCF\x91"), kMass);               // UTF-16LE, with a mark
  EXPECT_EQ(Decoded("\xFE\xFF\x8C\xEA\x91\xCF"), kMass);               // UTF-16BE, with a mark
  EXPECT_EQ(Decoded(absl::string_view("\xEA\x8C,\0g\0", 6)), "質,g");  // UTF-16LE, without
  EXPECT_EQ(Decoded(absl::string_view("\x8C\xEA\0,\0g", 6)), "質,g");  // UTF-16BE, without
  EXPECT_EQ(Decoded(""), "");
}

TEST(TextEncoding, ReadsWhatOnlyMicrosoftsShiftJisHas) {
  EXPECT_EQ(Decoded("\x87\x40\x87\x8A\xED\x95"), "①㈱\xEF\xA8\x91");  // NEC row 13, IBM extension
  EXPECT_EQ(Decoded("\xB6\xC4\xDE"), "ｶﾄﾞ");                          // half-width katakana
}

TEST(TextEncoding, ReadsSurrogatePairsAndRefusesHalvesOfThem) {
  EXPECT_EQ(Decoded("\xFF\xFE\x3E\xD8\xB7\xDF"), "\xF0\x9F\xAE\xB7");  // U+1FBB7
  EXPECT_THAT(DecodeText("\xFF\xFE\x3E\xD8"), HasReason("TEXT_ENCODING"));
  EXPECT_THAT(DecodeText("\xFF\xFE\xB7\xDF"), HasReason("TEXT_ENCODING"));
  EXPECT_THAT(DecodeText(absl::string_view("\xFF\xFE\x41\x00\x42", 5)), HasReason("TEXT_ENCODING"));
}

TEST(TextEncoding, NamesTheLineThatCannotBeRead) {
  const absl::Status status = DecodeText("a\nb\n\xFC\xFF", TextEncoding::kCp932).status();
  EXPECT_THAT(status, HasReason("TEXT_ENCODING"));
  EXPECT_THAT(std::string(status.message()), HasSubstr("line 3"));
  EXPECT_THAT(DecodeText("\x8E\xBF", TextEncoding::kUtf8), HasReason("TEXT_ENCODING"));
}

TEST(TextEncoding, KnowsUtf8FromWhatOnlyLooksLikeIt) {
  EXPECT_TRUE(IsUtf8("a質\xF0\x9F\xAE\xB7"));
  for (const absl::string_view bad : {"\xC0\x80", "\xE0\x80\x80", "\xED\xA0\x80", "\xF0\x80\x80\x80",
                                      "\xF4\x90\x80\x80", "\xE8\xB3", "\x80", "\xF5\x80\x80\x80"}) {
    EXPECT_FALSE(IsUtf8(bad)) << bad;
  }
}

TEST(TextEncoding, IsFoundByName) {
  EXPECT_EQ(FindTextEncoding("Shift_JIS"), TextEncoding::kCp932);
  EXPECT_EQ(FindTextEncoding("UTF-16LE"), TextEncoding::kUtf16LittleEndian);
  EXPECT_EQ(FindTextEncoding("latin-1"), absl::nullopt);
}

}  // namespace
}  // namespace meguri::passport
