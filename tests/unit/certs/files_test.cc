// SPDX-License-Identifier: Apache-2.0
#include "certs/files.h"

#include <filesystem>

#include <sys/stat.h>
#include <unistd.h>

#include "gtest/gtest.h"
#include "tests/testing/status.h"
#include "tests/unit/certs/federation.h"

namespace meguri::certs {
namespace {

using meguri::testing::HasReason;
using testing::TemporaryFolder;
using testing::ValueOf;

mode_t ModeOf(const std::string& path) {
  struct stat status = {};
  EXPECT_EQ(::stat(path.c_str(), &status), 0);
  return status.st_mode & 07777;
}

size_t FilesBeside(const std::string& path) {
  const std::filesystem::directory_iterator files(std::filesystem::path(path).parent_path());
  return static_cast<size_t>(std::distance(begin(files), end(files)));
}

TEST(Files, ReadBackWhatWasWritten) {
  const TemporaryFolder folder;
  const std::string path = folder.Path("bundle");
  MEGURI_ASSERT_OK(WriteFileAtomically(path, absl::string_view("old\0old", 7), 0644));
  EXPECT_EQ(ValueOf(ReadFile(path, 7)), std::string("old\0old", 7));
  MEGURI_ASSERT_OK(WriteFileAtomically(path, "new", 0640));
  EXPECT_EQ(ValueOf(ReadFile(path, 7)), "new");
  EXPECT_EQ(ModeOf(path), 0640u);
  EXPECT_EQ(FilesBeside(path), 1u);
}

TEST(Files, ReadUpToTheirLimitAndNoFurther) {
  const TemporaryFolder folder;
  const std::string path = folder.Path("file");
  MEGURI_ASSERT_OK(WriteNewFile(path, std::string(10'000, 'x'), 0600));
  EXPECT_EQ(ValueOf(ReadFile(path, 10'000)).size(), 10'000u);
  EXPECT_THAT(ReadFile(path, 9'999), HasReason("FILE_TOO_LARGE"));
}

TEST(Files, AreNotOverwrittenWhereANewOneIsAsked) {
  const TemporaryFolder folder;
  const std::string path = folder.Path("key");
  MEGURI_ASSERT_OK(WriteNewFile(path, "first", 0600));
  EXPECT_THAT(WriteNewFile(path, "second", 0600), HasReason("FILE_EXISTS"));
  EXPECT_EQ(ValueOf(ReadFile(path, 100)), "first");
}

TEST(Files, OfPrivateKeysMustBeTheirOwnersAlone) {
  const TemporaryFolder folder;
  const std::string path = folder.Path("key");
  MEGURI_ASSERT_OK(WriteNewFile(path, "secret", 0600));
  for (const mode_t mode : {0600u, 0400u, 0700u}) {
    ASSERT_EQ(::chmod(path.c_str(), mode), 0);
    MEGURI_EXPECT_OK(ReadPrivateFile(path, 100));
  }
  for (const mode_t mode : {0640u, 0604u, 0620u, 0602u, 0610u, 0601u}) {
    ASSERT_EQ(::chmod(path.c_str(), mode), 0);
    const absl::Status status = ReadPrivateFile(path, 100).status();
    EXPECT_THAT(status, HasReason("KEY_FILE_MODE"));
    EXPECT_THAT(status.message(), ::testing::HasSubstr("chmod 600 " + path));
  }
}

TEST(Files, AreFollowedThroughLinks) {
  const TemporaryFolder folder;
  MEGURI_ASSERT_OK(WriteNewFile(folder.Path("key"), "secret", 0600));
  ASSERT_EQ(::symlink(folder.Path("key").c_str(), folder.Path("link").c_str()), 0);
  EXPECT_EQ(ValueOf(ReadPrivateFile(folder.Path("link"), 100)), "secret");
}

TEST(Files, ThatAreMissingOrNoFilesAreSaidToBe) {
  const TemporaryFolder folder;
  EXPECT_THAT(ReadFile(folder.Path("absent"), 100), HasReason("FILE_NOT_FOUND"));
  EXPECT_THAT(ReadFile(folder.Path("."), 100), HasReason("FILE_IO"));
  ASSERT_EQ(::mkfifo(folder.Path("pipe").c_str(), 0600), 0);
  EXPECT_THAT(ReadFile(folder.Path("pipe"), 100), HasReason("FILE_IO"));
  EXPECT_THAT(WriteFileAtomically(folder.Path("absent/file"), "x", 0600), HasReason("FILE_NOT_FOUND"));
}

TEST(Files, LeaveNothingBehindWhenTheyCannotBeReplaced) {
  const TemporaryFolder folder;
  ASSERT_EQ(::mkdir(folder.Path("taken").c_str(), 0700), 0);
  EXPECT_FALSE(WriteFileAtomically(folder.Path("taken"), "x", 0600).ok());
  EXPECT_EQ(FilesBeside(folder.Path("taken")), 1u);
}

}  // namespace
}  // namespace meguri::certs
