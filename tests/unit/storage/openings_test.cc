// SPDX-License-Identifier: Apache-2.0
#include "storage/openings.h"

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "record/heads.h"
#include "record/merkle.h"
#include "storage/key_layout.h"
#include "storage/memory/memory_store.h"
#include "tests/testing/status.h"

namespace meguri::storage {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class OpeningsTest : public ::testing::Test {
 protected:
  // The newest opening of the feed is of this entry, and of a feed of this size.
  void Open(uint64_t index, uint64_t size) {
    v1::StoredOpened opened;
    opened.set_next(index + 1);
    opened.mutable_newest()->set_index(index);
    opened.mutable_newest()->set_size(size);
    MEGURI_ASSERT_OK(openings_.PutOpened(transaction_, kFeed, opened));
  }
  void Apply() {
    WriteBatch batch;
    transaction_.MoveTo(batch);
    MEGURI_ASSERT_OK(store_->Apply(batch));
  }
  // Entries of `heads` whose openings include the entry `index` of the feed.
  std::vector<uint64_t> Kept(uint64_t index = 0, size_t count = 100) {
    Apply();
    std::vector<uint64_t> entries;
    const std::vector<record::v1::Opening> kept = openings_.KeptCovering(kFeed, index, count).value();
    for (const record::v1::Opening& opening : kept) {
      entries.push_back(opening.index());
    }
    return entries;
  }

  static constexpr FeedId kFeed = 7;
  const std::unique_ptr<OrderedStore> store_ = OpenMemoryStore(MakeMemoryDisk());
  const Openings openings_{*store_};
  Transaction transaction_{*store_};
};

TEST_F(OpeningsTest, KeepsTheLastOfEachSpanInWhichTheFeedHasGrown) {
  EXPECT_THAT(Kept(), IsEmpty());
  Open(0, 0);
  EXPECT_THAT(Kept(), IsEmpty()) << "of a feed without entries nothing is shown";
  Open(1, 2);
  Open(2, 2);
  EXPECT_THAT(Kept(), ElementsAre(1)) << "the first that shows these entries";
  Open(3, 5);
  EXPECT_THAT(Kept(), ElementsAre(3));
  Open(kOpeningSpan, 5);
  EXPECT_THAT(Kept(), ElementsAre(3));
  Open(kOpeningSpan + 1, 6);
  Open(5 * kOpeningSpan, 9);
  EXPECT_THAT(Kept(), ElementsAre(3, kOpeningSpan + 1, 5 * kOpeningSpan));
  EXPECT_THAT(Kept(5), ElementsAre(kOpeningSpan + 1, 5 * kOpeningSpan));
  EXPECT_THAT(Kept(0, 2), ElementsAre(3, kOpeningSpan + 1));
  EXPECT_THAT(Kept(9), IsEmpty());
}

TEST_F(OpeningsTest, WhoFollowsAnewLosesNothingThatWasKept) {
  Open(1, 2);
  Apply();
  Openings::ForgetOpened(transaction_, kFeed);
  Apply();
  EXPECT_FALSE(openings_.Opened(kFeed).value().has_value());
  Open(30, 2);
  EXPECT_THAT(Kept(), ElementsAre(1));
  EXPECT_EQ(openings_.Opened(kFeed).value()->next(), 31U);
}

TEST_F(OpeningsTest, LetsGoOfWhatIsTooOldToBeOpened) {
  const Feeds feeds(*store_);
  const record::ParticipantId member = record::ParticipantId::Parse("9999:maker").value();
  const record::HeadsTree tree(record::Sha256("key"), {});
  v1::StoredHeadsEntry opens;
  opens.set_key(std::string(32, 'k'));
  for (uint64_t i = 0; i < kOpenableEntriesMax + 2; ++i) {
    EXPECT_EQ(Openings::Append(member, tree.entry(), opens, feeds, transaction_).value(), i);
  }
  Apply();
  const FeedId heads = feeds.Find(HeadsFeedOf(member, member)).value().value();
  EXPECT_EQ(feeds.ReadHead(heads)->size(), kOpenableEntriesMax + 2);
  EXPECT_FALSE(openings_.Find(heads, 1).has_value());
  EXPECT_TRUE(openings_.Find(heads, 2).has_value());
  EXPECT_TRUE(openings_.Find(heads, kOpenableEntriesMax + 1).has_value());
  EXPECT_FALSE(openings_.Find(heads, kOpenableEntriesMax + 2).has_value());
}

}  // namespace
}  // namespace meguri::storage
