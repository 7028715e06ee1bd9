// SPDX-License-Identifier: Apache-2.0
#include "passport/readers/zip_archive.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/testing/status.h"

namespace meguri::passport {
namespace {

using meguri::testing::HasReason;
using ::testing::ElementsAre;

constexpr size_t kMiB = size_t{1} << 20;

std::string Archive(const std::vector<ZipFile>& files) {
  const absl::StatusOr<std::string> bytes = WriteZip(files);
  EXPECT_TRUE(bytes.ok());
  return bytes.value_or("");
}

// Text that packs to about one half.
std::string HexText(size_t size) {
  std::string text;
  uint32_t state = 1;
  while (text.size() < size) {
    state = state * 1664525U + 1013904223U;
    text.push_back("0123456789abcdef"[state >> 28U]);
  }
  return text;
}

std::string LittleEndian(uint32_t value) {
  std::string bytes;
  for (int i = 0; i < 4; ++i) {
    bytes.push_back(static_cast<char>(value >> (8 * i)));
  }
  return bytes;
}

TEST(ZipArchive, ReadsWhatWasWritten) {
  const std::string bytes = Archive({{"a.txt", "hello"}, {"日本語/b.bin", std::string(3 * kMiB, 'x') + HexText(kMiB)}});
  EXPECT_TRUE(LooksLikeZip(bytes));
  const auto archive = ZipArchive::Open(bytes);
  MEGURI_ASSERT_OK(archive);
  EXPECT_THAT((*archive)->names(), ElementsAre("a.txt", "日本語/b.bin"));
  EXPECT_EQ((*archive)->ReadAll("a.txt", 5).value_or(""), "hello");
  EXPECT_THAT((*archive)->ReadAll("a.txt", 4), HasReason("ZIP_UNPACKED_SIZE"));
  EXPECT_EQ((*archive)->ReadAll("日本語/b.bin", 5 * kMiB).value_or("").size(), 4 * kMiB);
  EXPECT_THAT((*archive)->ReadAll("c", 5), HasReason("ZIP_ENTRY_MISSING"));
}

TEST(ZipArchive, RefusesABombOf400MegabytesBeforeItUnpacksAnything) {
  const std::string bomb = Archive({{"xl/worksheets/sheet1.xml", std::string(400 * kMiB, ' ')}});
  EXPECT_LT(bomb.size(), kMiB);
  EXPECT_THAT(ZipArchive::Open(bomb).status(), HasReason("ZIP_RATIO"));
}

TEST(ZipArchive, RefusesManyEntriesThatTogetherAreTooMuch) {
  std::vector<ZipFile> files;
  files.reserve(3);
  for (int i = 0; i < 3; ++i) {
    files.push_back({absl::StrCat(i), HexText(kMiB)});
  }
  const std::string honest = Archive(files);
  MEGURI_EXPECT_OK(ZipArchive::Open(honest));
  const std::string bomb = absl::StrReplaceAll(honest, {{LittleEndian(kMiB), LittleEndian(100 * kMiB)}});
  EXPECT_THAT(ZipArchive::Open(bomb).status(), HasReason("ZIP_UNPACKED_SIZE"));
}

TEST(ZipArchive, RefusesEntriesThatHoldMoreThanTheySay) {
  const std::string honest = Archive({{"a", HexText(2 * kMiB)}});
  const std::string lie = absl::StrReplaceAll(honest, {{LittleEndian(2 * kMiB), LittleEndian(kMiB)}});
  ASSERT_NE(honest, lie);
  const auto archive = ZipArchive::Open(lie);
  MEGURI_ASSERT_OK(archive);
  EXPECT_THAT((*archive)->ReadAll("a", 4 * kMiB), HasReason("ZIP_SYNTAX"));
}

TEST(ZipArchive, RefusesTooManyEntries) {
  std::vector<ZipFile> files;
  files.reserve(kZipEntriesMax + 1);
  for (size_t i = 0; i < kZipEntriesMax; ++i) {
    files.push_back({absl::StrCat(i), "x"});
  }
  MEGURI_EXPECT_OK(ZipArchive::Open(Archive(files)));
  files.push_back({"one more", "x"});
  EXPECT_THAT(ZipArchive::Open(Archive(files)).status(), HasReason("ZIP_ENTRIES"));
}

TEST(ZipArchive, RefusesBrokenBytes) {
  const std::string good = Archive({{"a", "hello, hello, hello"}});
  for (size_t size = 1; size < good.size(); ++size) {
    const auto archive = ZipArchive::Open(absl::string_view(good).substr(0, size));
    EXPECT_THAT(archive.status(), HasReason("ZIP_SYNTAX")) << size;
  }
}

}  // namespace
}  // namespace meguri::passport
