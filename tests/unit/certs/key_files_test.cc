// SPDX-License-Identifier: Apache-2.0
#include "certs/key_files.h"

#include <filesystem>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "tests/testing/status.h"
#include "tests/unit/certs/federation.h"

namespace meguri::certs {
namespace {

using meguri::testing::HasReason;
using testing::NewKey;
using testing::ValueOf;

TEST(KeyFiles, LieBesideEachOtherOldestFirstAndKeepTheirNumbers) {
  const testing::TemporaryFolder folder;
  const std::string path = folder.Path("record.key");
  EXPECT_TRUE(KeyFilesOf(path).empty());
  std::vector<std::unique_ptr<SigningKey>> keys;
  keys.reserve(3);
  for (int i = 0; i < 3; ++i) {
    keys.push_back(NewKey());
    MEGURI_EXPECT_OK(keys.back()->SaveTo(ValueOf(NextKeyFile(path))));
  }
  EXPECT_EQ(KeyFilesOf(path),
            (std::vector<std::string>{path, folder.Path("record-2.key"), folder.Path("record-3.key")}));
  EXPECT_EQ(ValueOf(LoadKeyOf(path, keys[1]->public_key().spki()))->public_key().spki(), keys[1]->public_key().spki());
  EXPECT_THAT(LoadKeyOf(path, NewKey()->public_key().spki()), HasReason("KEY_NOT_HERE"));
  // A number is not given again while a later one is there.
  std::filesystem::remove(path);
  std::filesystem::remove(folder.Path("record-2.key"));
  EXPECT_EQ(KeyFilesOf(path), (std::vector<std::string>{folder.Path("record-3.key")}));
  EXPECT_EQ(ValueOf(NextKeyFile(path)), folder.Path("record-4.key"));
}

}  // namespace
}  // namespace meguri::certs
