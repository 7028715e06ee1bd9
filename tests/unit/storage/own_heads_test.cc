// SPDX-License-Identifier: Apache-2.0
#include "storage/own_heads.h"

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "storage/memory/memory_store.h"
#include "tests/testing/status.h"
#include "tests/unit/storage/samples.h"

namespace meguri::storage {
namespace {

using testing::Apply;
using testing::Member;
using testing::OwnFeed;

TEST(OwnHeads, DigestIsOverTheseBytes) {
  const record::Hash root = record::Sha256("root");
  std::string preimage(
      "\0\6"
      "9999:a"
      "\0\6"
      "public"
      "\0\0\0\0\0\0\0\2"
      "\0\0\0\0\0\0\1\3",
      32);
  preimage += root.ToString();
  EXPECT_EQ(OwnHeadsDigest({{OwnFeed("9999:a", "public", 2), 259, root}}), record::Sha256(preimage));
  EXPECT_EQ(OwnHeadsDigest({}), record::Sha256(""));
}

TEST(OwnHeads, DigestDoesNotDependOnTheOrder) {
  std::vector<OwnHead> heads;
  for (const char* member : {"9999:b", "9999:a"}) {
    for (const char* name : {"public", "members", "owner"}) {
      for (const uint64_t epoch : {2U, 1U}) {
        heads.push_back({OwnFeed(member, name, epoch), heads.size(), record::Sha256(std::to_string(heads.size()))});
      }
    }
  }
  const record::Hash digest = OwnHeadsDigest(heads);
  std::reverse(heads.begin(), heads.end());
  EXPECT_EQ(OwnHeadsDigest(heads), digest);
  heads[3].size += 1;
  EXPECT_NE(OwnHeadsDigest(heads), digest);
}

TEST(OwnHeads, AreReadFromTheOwnFeedsAlone) {
  const auto store = OpenMemoryStore(MakeMemoryDisk());
  const Feeds feeds(*store);
  Transaction transaction(*store);
  const auto own = feeds.FindOrCreate(transaction, OwnFeed("9999:a", "public"));
  const auto empty = feeds.FindOrCreate(transaction, OwnFeed("9999:a", "members"));
  const auto replica = feeds.FindOrCreate(transaction, {Member("9999:a"), OwnFeed("9999:b", "public").key});
  MEGURI_ASSERT_OK(own);
  MEGURI_ASSERT_OK(empty);
  MEGURI_ASSERT_OK(replica);
  const std::string entry = record::FeedEntry{record::Sha256("header"), 1}.Encode();
  MEGURI_ASSERT_OK(feeds.Append(transaction, *own, entry));
  MEGURI_ASSERT_OK(feeds.Append(transaction, *replica, entry));
  MEGURI_ASSERT_OK(Apply(*store, transaction));
  const auto heads = ReadOwnHeads(feeds);
  MEGURI_ASSERT_OK(heads);
  ASSERT_EQ(heads->size(), 2U);
  EXPECT_EQ((*heads)[0].feed, OwnFeed("9999:a", "members"));
  EXPECT_EQ((*heads)[0].root, record::EmptyRoot());
  EXPECT_EQ((*heads)[1].size, 1U);
  EXPECT_EQ((*heads)[1].root, record::LeafHash(entry));
}

}  // namespace
}  // namespace meguri::storage
