// SPDX-License-Identifier: Apache-2.0
#include <functional>

#include "record/header.h"
#include "storage/erasures.h"
#include "storage/fsck.h"
#include "storage/index.h"
#include "storage/records.h"
#include "tests/testing/status.h"
#include "tests/unit/node/follow/scene.h"

namespace meguri::node {
namespace {

using feed::v1::FeedBatch;
using feed::v1::FeedItem;
using ::testing::ElementsAre;
using testing::Feed;
using ::testing::IsEmpty;
using testing::Scene;
using ::testing::SizeIs;
using testing::ValueOf;

constexpr char kPublic[] = "public";
constexpr char kMembers[] = "members";

// The last version of the record of `item`, as its publisher signs it.
FeedItem LastVersion(Scene& scene, const FeedItem& item, record::v1::TombstoneReason reason) {
  record::v1::Header before;
  Invariant(before.ParseFromString(item.envelope().header()), "a header of the scene can be read");
  record::v1::Header header = scene.publisher.NewHeader(scene.random);
  header.set_record_id(before.record_id());
  header.set_version(before.version() + 1);
  header.set_previous_header_hash(record::HeaderHash(item.envelope().header()).ToString());
  header.mutable_tombstone()->set_reason(reason);
  std::vector<FeedItem> items = {scene.publisher.Seal(header, {}, scene.random)};
  scene.publisher.Sign(items, scene.publisher.record_key(), scene.random);
  return items[0];
}

std::vector<record::v1::Section> SectionsOf(const Scene& scene, const FeedItem& item) {
  const storage::Records records(*scene.store);
  const auto arrival = ValueOf(records.FindByHash(record::HeaderHash(item.envelope().header())));
  Invariant(arrival.has_value(), "the record is here");
  return ValueOf(records.ReadSections(*arrival, ~uint64_t{0}));
}

// What the index of `feed` has under the serial number of the first record of the scene.
bool IsFoundBySerial(const Scene& scene, const std::string& feed) {
  const auto id = ValueOf(
      storage::Feeds(*scene.store).Find({scene.holder, {scene.publisher.participant(), testing::Name(feed), 1}}));
  Invariant(id.has_value(), "the feed is held");
  return storage::Index(*scene.store).Find(*id, {"serial", "1-0"}).Valid();
}

std::vector<std::string> ProblemsOf(const Scene& scene) {
  return ValueOf(storage::Fsck(*scene.store, nullptr, [](uint64_t, uint64_t) {})).problems;
}

// Two records and the tombstone that erases the first.
std::vector<FeedItem> ErasedFeed(Scene& scene) {
  std::vector<FeedItem> items = scene.Items(2);
  items.push_back(LastVersion(scene, items[0], record::v1::TOMBSTONE_REASON_ERASED));
  return items;
}

// The whole feed as a node serves it that has destroyed the sections of the first record.
FeedBatch BatchWithoutSections(const Scene& scene, const std::vector<FeedItem>& items) {
  FeedBatch batch = Feed(scene.publisher, kPublic, items).Batch(0, items.size(), items.size());
  batch.mutable_items(0)->mutable_envelope()->clear_sections();
  return batch;
}

// The reason for which `batch` is refused; "" if it is taken.
std::string ReasonOf(Scene& scene, const std::vector<FeedItem>& items, FeedBatch batch) {
  scene.Follow({kPublic});
  const size_t stream = scene.Tick();
  scene.SendTarget(stream, kPublic, Feed(scene.publisher, kPublic, items).Checkpoint(items.size()));
  scene.SendBatch(stream, std::move(batch));
  return scene.StatusOf(kPublic).last_error_reason;
}

TEST(Erasure, AHolderDestroysWhatItHas) {
  Scene scene;
  scene.Follow({kPublic});
  const std::vector<FeedItem> items = ErasedFeed(scene);
  const Feed feed(scene.publisher, kPublic, items);
  const size_t stream = scene.Tick();
  scene.SendTarget(stream, kPublic, feed.Checkpoint(2));
  scene.SendBatch(stream, feed.Batch(0, 2, 2));
  EXPECT_THAT(SectionsOf(scene, items[0]), SizeIs(2));
  EXPECT_TRUE(IsFoundBySerial(scene, kPublic));
  scene.SendTarget(stream, kPublic, feed.Checkpoint(3));
  scene.SendBatch(stream, feed.Batch(2, 3, 3));
  EXPECT_EQ(scene.StatusOf(kPublic).state, FollowState::kLive);
  EXPECT_THAT(SectionsOf(scene, items[0]), IsEmpty());
  EXPECT_THAT(SectionsOf(scene, items[1]), SizeIs(2));
  EXPECT_FALSE(IsFoundBySerial(scene, kPublic));
  EXPECT_THAT(ValueOf(storage::Erasures(*scene.store).Pending(10)), ElementsAre(1));
  EXPECT_EQ(ValueOf(storage::Erasures(*scene.store).Find(1)), record::HeaderHash(items[2].envelope().header()));
  EXPECT_THAT(ProblemsOf(scene), IsEmpty());
}

TEST(Erasure, TheRecordAndItsEndMayComeInOneBatch) {
  Scene scene;
  scene.Follow({kPublic});
  const std::vector<FeedItem> items = ErasedFeed(scene);
  scene.Serve(scene.Tick(), kPublic, Feed(scene.publisher, kPublic, items));
  EXPECT_EQ(scene.StatusOf(kPublic).state, FollowState::kLive);
  EXPECT_THAT(SectionsOf(scene, items[0]), IsEmpty());
  EXPECT_THAT(ProblemsOf(scene), IsEmpty());
}

TEST(Erasure, AWithdrawnRecordKeepsItsSections) {
  Scene scene;
  scene.Follow({kPublic});
  std::vector<FeedItem> items = scene.Items(1);
  items.push_back(LastVersion(scene, items[0], record::v1::TOMBSTONE_REASON_WITHDRAWN));
  scene.Serve(scene.Tick(), kPublic, Feed(scene.publisher, kPublic, items));
  EXPECT_EQ(scene.StatusOf(kPublic).state, FollowState::kLive);
  EXPECT_THAT(SectionsOf(scene, items[0]), SizeIs(2));
}

TEST(Erasure, ANewFollowerTakesTheWholeFeedByTheWordOfThePublisher) {
  Scene scene;
  const std::vector<FeedItem> items = ErasedFeed(scene);
  FeedBatch batch = BatchWithoutSections(scene, items);
  *batch.add_erasures() = items[2].envelope();
  EXPECT_EQ(ReasonOf(scene, items, std::move(batch)), "");
  EXPECT_EQ(scene.StatusOf(kPublic).state, FollowState::kLive);
  EXPECT_EQ(scene.StatusOf(kPublic).size, 3U);
  EXPECT_THAT(SectionsOf(scene, items[0]), IsEmpty());
  EXPECT_THAT(SectionsOf(scene, items[1]), SizeIs(2));
  EXPECT_THAT(ProblemsOf(scene), IsEmpty());
}

TEST(Erasure, WithoutThatWordSectionsAreMissed) {
  Scene scene;
  const std::vector<FeedItem> items = ErasedFeed(scene);
  EXPECT_EQ(ReasonOf(scene, items, BatchWithoutSections(scene, items)), "SECTION_MISSING")
      << "although the tombstone comes in the same batch";
}

// Each is the whole feed without the sections of the first record, and something in place of the right tombstone.
TEST(Erasure, NothingElseExplainsSectionsThatAreNotThere) {
  using Change = std::function<void(Scene&, const std::vector<FeedItem>&, FeedBatch&)>;
  const std::vector<std::pair<std::string, Change>> changes = {
      {"ERASURE_FORM",
       [](Scene& scene, const std::vector<FeedItem>& items, FeedBatch& batch) {
         *batch.add_erasures() = LastVersion(scene, items[0], record::v1::TOMBSTONE_REASON_WITHDRAWN).envelope();
       }},
      {"ERASURE_FORM", [](Scene&, const std::vector<FeedItem>& items,
                          FeedBatch& batch) { *batch.add_erasures() = items[1].envelope(); }},
      {"SECTION_MISSING",
       [](Scene& scene, const std::vector<FeedItem>& items, FeedBatch& batch) {
         *batch.add_erasures() = LastVersion(scene, items[1], record::v1::TOMBSTONE_REASON_ERASED).envelope();
       }},
      {"BAD_SIGNATURE",
       [](Scene& scene, const std::vector<FeedItem>& items, FeedBatch& batch) {
         *batch.add_erasures() = LastVersion(scene, items[0], record::v1::TOMBSTONE_REASON_ERASED).envelope();
         *batch.mutable_erasures(0)->mutable_signature() = items[1].envelope().signature();
       }},
      {"UNKNOWN_KEY",
       [](Scene& scene, const std::vector<FeedItem>& items, FeedBatch& batch) {
         std::vector<FeedItem> forged = {LastVersion(scene, items[0], record::v1::TOMBSTONE_REASON_ERASED)};
         scene.publisher.Sign(forged, scene.publisher.feed_key(), scene.random);
         *batch.add_erasures() = forged[0].envelope();
       }},
      {"SECTION_MISSING",
       [](Scene&, const std::vector<FeedItem>& items, FeedBatch& batch) {
         *batch.add_erasures() = items[2].envelope();
         *batch.mutable_items(0)->mutable_envelope()->add_sections() = items[0].envelope().sections(0);
       }},
      {"ERASURE_COUNT",
       [](Scene&, const std::vector<FeedItem>& items, FeedBatch& batch) {
         for (int i = 0; i <= batch.items_size(); ++i) {
           *batch.add_erasures() = items[2].envelope();
         }
       }},
  };
  for (size_t i = 0; i < changes.size(); ++i) {
    Scene scene;
    const std::vector<FeedItem> items = ErasedFeed(scene);
    FeedBatch batch = BatchWithoutSections(scene, items);
    changes[i].second(scene, items, batch);
    EXPECT_EQ(ReasonOf(scene, items, std::move(batch)), changes[i].first) << "change " << i;
    EXPECT_EQ(scene.StatusOf(kPublic).size, 0U);
  }
}

TEST(Erasure, AnOldBatchOfAnotherFeedBringsNothingBack) {
  Scene scene;
  scene.Follow({kPublic, kMembers});
  const std::vector<FeedItem> items = ErasedFeed(scene);
  const size_t stream = scene.Tick();
  scene.Serve(stream, kPublic, Feed(scene.publisher, kPublic, items));
  const Feed members(scene.publisher, kMembers, {items[0], items[1], items[2]});
  scene.SendTarget(stream, kMembers, members.Checkpoint(1));
  scene.SendBatch(stream, members.Batch(0, 1, 1));
  EXPECT_EQ(scene.StatusOf(kMembers).size, 1U);
  EXPECT_THAT(SectionsOf(scene, items[0]), IsEmpty());
  EXPECT_FALSE(IsFoundBySerial(scene, kMembers));
  scene.SendTarget(stream, kMembers, members.Checkpoint(3));
  scene.SendBatch(stream, members.Batch(1, 3, 3));
  EXPECT_EQ(scene.StatusOf(kMembers).size, 3U);
  EXPECT_THAT(SectionsOf(scene, items[0]), IsEmpty());
  EXPECT_THAT(ProblemsOf(scene), IsEmpty());
}

// The tombstone comes by one feed first; what the other brought goes as well.
TEST(Erasure, WhatIsErasedGoesFromTheIndexOfEveryFeed) {
  Scene scene;
  scene.Follow({kPublic, kMembers});
  const std::vector<FeedItem> items = ErasedFeed(scene);
  const Feed feed(scene.publisher, kPublic, items);
  const Feed members(scene.publisher, kMembers, items);
  const size_t stream = scene.Tick();
  scene.SendTarget(stream, kMembers, members.Checkpoint(2));
  scene.SendBatch(stream, members.Batch(0, 2, 2));
  EXPECT_TRUE(IsFoundBySerial(scene, kMembers));
  scene.Serve(stream, kPublic, feed);
  EXPECT_FALSE(IsFoundBySerial(scene, kMembers));
  EXPECT_FALSE(IsFoundBySerial(scene, kPublic));
  EXPECT_THAT(ProblemsOf(scene), IsEmpty());
  scene.SendTarget(stream, kMembers, members.Checkpoint(3));
  scene.SendBatch(stream, members.Batch(2, 3, 3));
  EXPECT_EQ(scene.StatusOf(kMembers).size, 3U);
  EXPECT_THAT(ProblemsOf(scene), IsEmpty());
}

}  // namespace
}  // namespace meguri::node
