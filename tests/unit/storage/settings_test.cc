// SPDX-License-Identifier: Apache-2.0
#include "storage/settings.h"

#include <memory>
#include <string>

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

class SettingsTest : public ::testing::Test {
 protected:
  std::shared_ptr<MemoryDisk> disk_ = MakeMemoryDisk();
  std::unique_ptr<OrderedStore> store_ = OpenMemoryStore(disk_);
  Settings settings_{*store_};
};

TEST_F(SettingsTest, RemembersFollowsAcrossReopening) {
  const record::FeedKey first = OwnFeed("9999:maker", "public").key;
  const record::FeedKey second = OwnFeed("9999:maker", "public", 2).key;
  Transaction transaction(*store_);
  MEGURI_ASSERT_OK(settings_.PutFollow(transaction, {Member("9999:me"), first, "", {}}));
  const FeedEvidence evidence = {{std::string("\0\xff", 2), "note"}, "root", {"one", "two"}};
  MEGURI_ASSERT_OK(settings_.PutFollow(transaction, {Member("9999:me"), second, "FORK", evidence}));
  MEGURI_ASSERT_OK(Apply(*store_, transaction));
  store_.reset();
  const auto reopened = OpenMemoryStore(disk_);
  const auto follows = Settings(*reopened).Follows();
  MEGURI_ASSERT_OK(follows);
  ASSERT_EQ(follows->size(), 2U);
  EXPECT_EQ((*follows)[0].feed, first);
  EXPECT_EQ((*follows)[0].member, Member("9999:me"));
  EXPECT_EQ((*follows)[0].quarantine_reason, "");
  EXPECT_EQ((*follows)[1].feed, second);
  EXPECT_EQ((*follows)[1].quarantine_reason, "FORK");
  EXPECT_EQ((*follows)[1].evidence, evidence);
}

TEST_F(SettingsTest, ForgetsAFollow) {
  const record::FeedKey feed = OwnFeed("9999:maker", "public").key;
  Transaction transaction(*store_);
  MEGURI_ASSERT_OK(settings_.PutFollow(transaction, {Member("9999:me"), feed, "", {}}));
  MEGURI_ASSERT_OK(settings_.PutFollow(transaction, {Member("9999:you"), feed, "", {}}));
  MEGURI_ASSERT_OK(settings_.DeleteFollow(transaction, Member("9999:me"), feed));
  MEGURI_ASSERT_OK(Apply(*store_, transaction));
  const auto follows = settings_.Follows();
  MEGURI_ASSERT_OK(follows);
  ASSERT_EQ(follows->size(), 1U);
  EXPECT_EQ(follows->front().member, Member("9999:you"));
}

TEST_F(SettingsTest, RemembersHowFarTheFeedOfAnOfferIsFilled) {
  const record::RecordId offer = *record::RecordId::Parse(std::string(16, 'o'));
  EXPECT_EQ(settings_.Backfill(offer)->position(), 0U);
  v1::StoredBackfill progress;
  progress.set_position(256);
  {
    Transaction transaction(*store_);
    Settings::PutBackfill(transaction, offer, progress);
    EXPECT_EQ(settings_.Backfill(transaction, offer)->position(), 256U);
    EXPECT_EQ(settings_.Backfill(offer)->position(), 0U);
    MEGURI_ASSERT_OK(Apply(*store_, transaction));
  }
  EXPECT_EQ(settings_.Backfill(offer)->position(), 256U);
  EXPECT_FALSE(settings_.Backfill(offer)->done());
  EXPECT_EQ(settings_.Backfill(*record::RecordId::Parse(std::string(16, 'p')))->position(), 0U);
}

TEST_F(SettingsTest, RemembersTheNewestHeartbeat) {
  EXPECT_EQ(*settings_.Heartbeat(), absl::nullopt);
  for (const char* heartbeat : {"first", "second"}) {
    Transaction transaction(*store_);
    MEGURI_ASSERT_OK(settings_.PutHeartbeat(transaction, heartbeat));
    MEGURI_ASSERT_OK(Apply(*store_, transaction));
  }
  EXPECT_EQ(*settings_.Heartbeat(), absl::make_optional<std::string>("second"));
}

TEST_F(SettingsTest, RemembersWhoIsAskedInAPublishersPlace) {
  const record::ParticipantId me = Member("9999:me");
  const record::ParticipantId maker = Member("9999:maker");
  EXPECT_FALSE(settings_.Relay(me, maker)->has_value());
  Transaction transaction(*store_);
  Settings::PutRelay(transaction, me, maker, Member("9999:other"));
  MEGURI_ASSERT_OK(Apply(*store_, transaction));
  EXPECT_EQ(**settings_.Relay(me, maker), Member("9999:other"));
  EXPECT_FALSE(settings_.Relay(maker, me)->has_value());
  Transaction undone(*store_);
  Settings::DeleteRelay(undone, me, maker);
  MEGURI_ASSERT_OK(Apply(*store_, undone));
  EXPECT_FALSE(settings_.Relay(me, maker)->has_value());
}

TEST_F(SettingsTest, KeepsTheWordOfAPublisherForEachFeed) {
  EXPECT_FALSE(settings_.FeedHeartbeat(1)->has_value());
  Transaction transaction(*store_);
  Settings::PutFeedHeartbeat(transaction, 1, "one");
  Settings::PutFeedHeartbeat(transaction, 256, "other");
  MEGURI_ASSERT_OK(Apply(*store_, transaction));
  EXPECT_EQ(**settings_.FeedHeartbeat(1), "one");
  EXPECT_EQ(**settings_.FeedHeartbeat(256), "other");
  EXPECT_FALSE(settings_.Heartbeat()->has_value());
}

}  // namespace
}  // namespace meguri::storage
