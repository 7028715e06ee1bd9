// SPDX-License-Identifier: Apache-2.0
#include "storage/first_seen.h"

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "storage/memory/memory_store.h"
#include "storage/receipts.h"
#include "tests/testing/status.h"

namespace meguri::storage {
namespace {

using ::testing::ElementsAre;
using ::testing::Gt;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr FeedId kFeed = 7;

absl::Time At(int minutes) { return absl::FromUnixSeconds(1'790'000'400) + absl::Minutes(minutes); }

class StoreTest : public ::testing::Test {
 protected:
  void Apply() {
    WriteBatch batch;
    transaction_.MoveTo(batch);
    MEGURI_ASSERT_OK(store_->Apply(batch));
  }
  const std::unique_ptr<OrderedStore> store_ = OpenMemoryStore(MakeMemoryDisk());
  Transaction transaction_{*store_};
};

class FirstSeenTest : public StoreTest {
 protected:
  void Note(uint64_t size, int minutes) {
    MEGURI_ASSERT_OK(FirstSeen::Note(transaction_, kFeed, size, At(minutes)));
    Apply();
  }
  // When the entry `index` was here, in minutes; -1: nobody knows.
  int64_t Minutes(uint64_t index) const {
    const absl::optional<SeenHead> head = FirstSeen(*store_).Covering(kFeed, index);
    return head.has_value() ? absl::ToInt64Minutes(head->time - At(0)) : -1;
  }
  const FirstSeen seen_{*store_};
};

TEST_F(FirstSeenTest, KeepsTheFirstTimeOfTheNewestHead) {
  EXPECT_EQ(Minutes(0), -1);
  Note(0, 0);
  EXPECT_THAT(seen_.Some(kFeed, 0, 10), IsEmpty()) << "of a feed without entries nothing is kept";
  Note(3, 1);
  Note(3, 2);
  Note(2, 3);
  EXPECT_EQ(Minutes(2), 1);
  EXPECT_EQ(Minutes(3), -1);
}

TEST_F(FirstSeenTest, KeepsTheLastOfEachSpan) {
  Note(1, 0);
  Note(2, 4);
  Note(3, 9);
  Note(4, 12);
  EXPECT_EQ(Minutes(0), 9) << "the last of the first ten minutes";
  EXPECT_EQ(Minutes(3), 12);
  Note(5, 1000);
  EXPECT_EQ(Minutes(3), 12);
  EXPECT_EQ(Minutes(4), 1000);
  EXPECT_THAT(seen_.Some(kFeed, 0, 10), ElementsAre(SeenHead{5, At(1000)}, SeenHead{3, At(9)}, SeenHead{4, At(12)}));
}

TEST_F(FirstSeenTest, ForgetsAFeedAndNoOther) {
  for (int minutes = 1; minutes < 500; minutes += 100) {
    Note(static_cast<uint64_t>(minutes), minutes);
  }
  MEGURI_ASSERT_OK(FirstSeen::Note(transaction_, kFeed + 1, 5, At(0)));
  Apply();
  ASSERT_THAT(seen_.Some(kFeed, 0, 10), SizeIs(Gt(1)));
  MEGURI_ASSERT_OK(seen_.Forget(transaction_, kFeed));
  Apply();
  EXPECT_THAT(seen_.Some(kFeed, 0, 10), IsEmpty());
  EXPECT_EQ(Minutes(0), -1);
  EXPECT_THAT(seen_.Some(kFeed + 1, 0, 10), SizeIs(1));
}

TEST_F(FirstSeenTest, AClockThatGoesBackMakesNothingEarlier) {
  Note(1, 20);
  Note(2, 5);
  EXPECT_EQ(Minutes(1), 20);
}

TEST_F(FirstSeenTest, TellsTheNewestAndOthersEachTime) {
  for (int i = 1; i <= 10; ++i) {
    Note(static_cast<uint64_t>(i) * 100, i * 10);
  }
  const auto sizes = [&](uint64_t from, size_t count) {
    std::vector<uint64_t> found;
    for (const SeenHead& head : seen_.Some(kFeed, from, count)) {
      found.push_back(head.size);
    }
    return found;
  };
  EXPECT_THAT(sizes(0, 3), ElementsAre(1000, 100, 200));
  EXPECT_THAT(sizes(401, 3), ElementsAre(1000, 500, 600));
  EXPECT_THAT(sizes(801, 3), ElementsAre(1000, 900, 100));
  EXPECT_THAT(sizes(5000, 2), ElementsAre(1000, 100));
  EXPECT_THAT(sizes(0, 0), IsEmpty());
  EXPECT_EQ(sizes(350, 100).size(), 10U) << "each once";
}

class ReceiptsTest : public StoreTest {
 protected:
  static record::ParticipantId Id(absl::string_view text) { return record::ParticipantId::Parse(text).value(); }
  static GivenReceipt Given(absl::string_view giver, uint64_t size, uint64_t time_ms = 1000) {
    record::v1::Receipt receipt;
    receipt.set_key_id(std::string(32, 'k'));
    receipt.set_size(size);
    receipt.set_time_ms(time_ms);
    receipt.set_signature(std::string(64, 's'));
    return {Id(giver), receipt};
  }
  void Put(const GivenReceipt& given) {
    MEGURI_ASSERT_OK(Receipts::Put(transaction_, kFeed, given));
    Apply();
  }
  std::vector<std::string> Covering(uint64_t index, absl::string_view not_of = "") const {
    std::vector<std::string> covering;
    const auto found = receipts_.Covering(kFeed, index, [&](const GivenReceipt& given) {
      return absl::StrCat(given.giver.text(), " ", given.receipt.size()) != not_of;
    });
    for (const GivenReceipt& given : found.value()) {
      covering.push_back(absl::StrCat(given.giver.text(), " ", given.receipt.size()));
    }
    return covering;
  }
  const Receipts receipts_{*store_};
};

TEST_F(ReceiptsTest, OfEachMemberTheSmallestHeadWithTheEntryIsFound) {
  EXPECT_THAT(Covering(0), IsEmpty());
  Put(Given("9999:b", 5));
  Put(Given("9999:b", 9));
  Put(Given("9999:ab", 7));
  EXPECT_THAT(Covering(0), ElementsAre("9999:b 5", "9999:ab 7"));
  EXPECT_THAT(Covering(4), ElementsAre("9999:b 5", "9999:ab 7"));
  EXPECT_THAT(Covering(5), ElementsAre("9999:b 9", "9999:ab 7"));
  EXPECT_THAT(Covering(8), ElementsAre("9999:b 9"));
  EXPECT_THAT(Covering(9), IsEmpty());
  EXPECT_THAT(Covering(0, "9999:b 5"), ElementsAre("9999:b 9", "9999:ab 7")) << "one that does not count any more";
  EXPECT_TRUE(receipts_.Has(kFeed, Id("9999:b"), 9).value());
  EXPECT_FALSE(receipts_.Has(kFeed, Id("9999:b"), 7).value());
}

TEST_F(ReceiptsTest, OfOneSizeTheFirstThatCameStays) {
  Put(Given("9999:b", 5, 1000));
  Put(Given("9999:b", 5, 900));
  const auto found = receipts_.Covering(kFeed, 0, [](const GivenReceipt&) { return true; }).value();
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].receipt.time_ms(), 1000U);
}

TEST_F(ReceiptsTest, AreOfSoManyMembersAndNoMore) {
  for (int i = 0; i <= kReceiptGiversMax; ++i) {
    Put(Given(absl::StrCat("9999:m", i), 5));
  }
  EXPECT_EQ(Covering(0).size(), static_cast<size_t>(kReceiptGiversMax));
  Put(Given("9999:m0", 6));
  EXPECT_EQ(Covering(5).size(), 1U) << "who is known goes on";
  EXPECT_EQ(Receipts::Givers(transaction_, kFeed)->size(), static_cast<size_t>(kReceiptGiversMax));
}

}  // namespace
}  // namespace meguri::storage
