// SPDX-License-Identifier: Apache-2.0
#include "storage/index.h"

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "storage/key_layout.h"
#include "storage/memory/memory_store.h"
#include "storage/value.h"
#include "tests/testing/fakes.h"
#include "tests/testing/status.h"
#include "tests/unit/storage/samples.h"

namespace meguri::storage {
namespace {

using meguri::testing::HasReason;
using testing::Apply;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::MakeSample;
using testing::Member;
using Terms = std::vector<record::IndexTerm>;

constexpr FeedId kFeed = 3;

class IndexTest : public ::testing::Test {
 protected:
  void Replace(FeedId feed, const record::RecordId& record_id, uint64_t version, Arrival arrival, const Terms& terms,
               const char* publisher = "9999:maker") {
    Transaction transaction(*store_);
    const auto sample = MakeSample(Member(publisher), record_id, version, random_);
    MEGURI_ASSERT_OK(index_.Replace(transaction, feed, sample.header, arrival, terms));
    MEGURI_ASSERT_OK(Apply(*store_, transaction));
  }
  std::vector<Arrival> Find(FeedId feed, const record::IndexTerm& term) {
    std::vector<Arrival> found;
    PostingCursor cursor = index_.Find(feed, term);
    for (; cursor.Valid(); cursor.Next()) {
      found.push_back(cursor.Get()->arrival);
    }
    MEGURI_EXPECT_OK(cursor.status());
    return found;
  }
  size_t CountPostings() {
    size_t count = 0;
    for (auto cursor = store_->NewCursor(Family::kLookup, KindPrefix(KeyKind::kPosting)); cursor->Valid();
         cursor->Next()) {
      ++count;
    }
    return count;
  }

  meguri::testing::SeededRandom random_;
  std::unique_ptr<OrderedStore> store_ = OpenMemoryStore(MakeMemoryDisk());
  Index index_{*store_};
  record::RecordId record_id_ = record::RecordId::Make(random_);
};

TEST_F(IndexTest, FindsWhatWasIndexedInThatFeedOnly) {
  Replace(kFeed, record_id_, 1, 10, {{"gtin", "1"}, {"lot", "x"}});
  EXPECT_THAT(Find(kFeed, {"gtin", "1"}), ElementsAre(10));
  EXPECT_THAT(Find(kFeed, {"lot", "x"}), ElementsAre(10));
  EXPECT_THAT(Find(kFeed, {"gtin", "11"}), IsEmpty());
  EXPECT_THAT(Find(kFeed, {"gtin", ""}), IsEmpty());
  EXPECT_THAT(Find(kFeed + 1, {"gtin", "1"}), IsEmpty());
  const auto posting = index_.Find(kFeed, {"gtin", "1"}).Get();
  MEGURI_ASSERT_OK(posting);
  EXPECT_EQ(posting->record_id, record_id_);
  EXPECT_EQ(posting->publisher, Member("9999:maker"));
  EXPECT_EQ(posting->version, 1U);
}

TEST_F(IndexTest, ReplacesTheTermsOfAnEarlierVersion) {
  Replace(kFeed, record_id_, 1, 10, {{"gtin", "1"}, {"lot", "x"}});
  Replace(kFeed + 1, record_id_, 1, 10, {{"gtin", "1"}});
  Replace(kFeed, record_id_, 2, 20, {{"gtin", "1"}, {"lot", "y"}});
  EXPECT_THAT(Find(kFeed, {"gtin", "1"}), ElementsAre(20));
  EXPECT_THAT(Find(kFeed, {"lot", "x"}), IsEmpty());
  EXPECT_THAT(Find(kFeed, {"lot", "y"}), ElementsAre(20));
  EXPECT_THAT(Find(kFeed + 1, {"gtin", "1"}), ElementsAre(10)) << "another feed keeps what it knows";
}

TEST_F(IndexTest, ReplacesWithinOneTransaction) {
  Transaction transaction(*store_);
  const auto first = MakeSample(Member("9999:maker"), record_id_, 1, random_);
  const auto second = MakeSample(Member("9999:maker"), record_id_, 2, random_);
  const Terms old_terms = {{"lot", "x"}};
  const Terms new_terms = {{"lot", "y"}};
  MEGURI_ASSERT_OK(index_.Replace(transaction, kFeed, first.header, 10, old_terms));
  MEGURI_ASSERT_OK(index_.Replace(transaction, kFeed, second.header, 20, new_terms));
  MEGURI_ASSERT_OK(Apply(*store_, transaction));
  EXPECT_THAT(Find(kFeed, {"lot", "x"}), IsEmpty());
  EXPECT_THAT(Find(kFeed, {"lot", "y"}), ElementsAre(20));
}

TEST_F(IndexTest, IgnoresAnOlderVersionThatArrivesLater) {
  Replace(kFeed, record_id_, 2, 10, {{"lot", "y"}});
  Replace(kFeed, record_id_, 1, 20, {{"lot", "x"}, {"lot", "y"}});
  EXPECT_THAT(Find(kFeed, {"lot", "x"}), IsEmpty());
  EXPECT_THAT(Find(kFeed, {"lot", "y"}), ElementsAre(10));
}

TEST_F(IndexTest, ForgetsARecordThatHasEndedAndItsOlderVersions) {
  Replace(kFeed, record_id_, 1, 10, {{"lot", "x"}});
  Replace(kFeed, record_id_, 3, 30, {});
  EXPECT_EQ(CountPostings(), 0U);
  Replace(kFeed, record_id_, 2, 20, {{"lot", "x"}});
  EXPECT_EQ(CountPostings(), 0U);
}

TEST_F(IndexTest, KeepsPublishersOfOneRecordIdApart) {
  Replace(kFeed, record_id_, 5, 10, {{"lot", "x"}}, "9999:maker");
  Replace(kFeed, record_id_, 1, 20, {{"lot", "x"}}, "9999:make");
  EXPECT_THAT(Find(kFeed, {"lot", "x"}), ElementsAre(20, 10));
}

TEST_F(IndexTest, CutsLongValuesAlikeWhenWritingAndReading) {
  const std::string prefix(record::kIndexValueMax, 'v');
  Replace(kFeed, record_id_, 1, 10, {{"name", prefix + "1"}, {"name", prefix + "2"}});
  EXPECT_EQ(CountPostings(), 1U);
  EXPECT_THAT(Find(kFeed, {"name", prefix + "3"}), ElementsAre(10));
  Replace(kFeed, record_id_, 2, 20, {});
  EXPECT_EQ(CountPostings(), 0U);
}

TEST_F(IndexTest, TakesAnyBytesInATerm) {
  // 43 characters of three bytes each: the cut falls inside a character.
  std::string text;
  for (int i = 0; i < 43; ++i) {
    text += "紙";
  }
  Replace(kFeed, record_id_, 1, 10, {{"name", text}, {"raw", "\xff\xfe"}});
  EXPECT_THAT(Find(kFeed, {"name", text}), ElementsAre(10));
  Replace(kFeed, record_id_, 2, 20, {{"raw", "\xff"}});
  EXPECT_THAT(Find(kFeed, {"name", text}), IsEmpty());
  EXPECT_EQ(CountPostings(), 1U);
}

TEST_F(IndexTest, SeeksToARecordAndItsPublisher) {
  std::vector<record::RecordId> ids;
  for (Arrival arrival = 1; arrival <= 20; ++arrival) {
    ids.push_back(record::RecordId::Make(random_));
    Replace(kFeed, ids.back(), 1, arrival, {{"lot", "x"}});
    Replace(kFeed, ids.back(), 1, arrival, {{"lot", "y"}});
  }
  for (const record::RecordId& id : ids) {
    Replace(kFeed, id, 1, 1, {{"lot", "x"}});
  }
  std::sort(ids.begin(), ids.end());
  PostingCursor cursor = index_.Find(kFeed, {"lot", "x"});
  cursor.Seek(ids[7], "");
  EXPECT_EQ(cursor.Get()->record_id, ids[7]);
  cursor.Seek(ids[7], "9999:maker");
  EXPECT_EQ(cursor.Get()->record_id, ids[7]);
  cursor.Seek(ids[7], "9999:maker+");
  EXPECT_EQ(cursor.Get()->record_id, ids[8]);
  cursor.Seek(ids[3], "");
  EXPECT_EQ(cursor.Get()->record_id, ids[3]) << "backwards too";
  cursor.Seek(ids[19], "\xff");
  EXPECT_FALSE(cursor.Valid());
}

TEST_F(IndexTest, SaysDataLossOnDamage) {
  Replace(kFeed, record_id_, 1, 10, {{"lot", "x"}});
  const std::string key = PostingKey(PostingPrefix(kFeed, {"lot", "x"}), record_id_, "9999:maker");
  ASSERT_TRUE(store_->Get(Family::kLookup, key)->has_value());
  WriteBatch damage;
  damage.writes.push_back({Family::kLookup, key, WrapU64(1)});
  MEGURI_ASSERT_OK(store_->Apply(damage));
  EXPECT_THAT(index_.Find(kFeed, {"lot", "x"}).Get(), HasReason("VALUE_DAMAGED"));
}

// Values of one size sort as bytes do; others of the same field are not in the range.
TEST_F(IndexTest, WalksARangeOfValuesInOrder) {
  std::vector<record::RecordId> ids;
  ids.reserve(5);
  for (int i = 0; i < 5; ++i) {
    ids.push_back(record::RecordId::Make(random_));
  }
  const char* const values[] = {"c2", "a1", "b1", "b1", "b"};
  for (size_t i = 0; i < ids.size(); ++i) {
    Replace(kFeed, ids[i], 1, i + 1, {{"number", values[i]}, {"numbers", "b1"}});
  }
  Replace(kFeed + 1, record_id_, 1, 9, {{"number", "b1"}});
  const auto walk = [&](RangeCursor cursor) {
    std::vector<std::string> found;
    for (; cursor.Valid(); cursor.Next()) {
      found.push_back(absl::StrCat(cursor.value(), ":", cursor.Get()->arrival));
    }
    MEGURI_EXPECT_OK(cursor.status());
    return found;
  };
  EXPECT_EQ(walk(index_.FindBetween(kFeed, "number", "a1", "c1")).size(), 3U);
  EXPECT_THAT(walk(index_.FindBetween(kFeed, "number", "b2", "c2")), ElementsAre("c2:1"));
  EXPECT_THAT(walk(index_.FindBetween(kFeed, "number", "a0", "a9")), ElementsAre("a1:2"));
  EXPECT_THAT(walk(index_.FindBetween(kFeed, "number", "d0", "d9")), IsEmpty());
  EXPECT_THAT(walk(index_.FindBetween(kFeed, "number", "c2", "a1")), IsEmpty());
  const bool third_is_first = ids[2].view() < ids[3].view();
  RangeCursor cursor = index_.FindBetween(kFeed, "number", "a1", "c1");
  cursor.Seek("b1", third_is_first ? ids[3] : ids[2], "9999:maker");
  EXPECT_THAT(walk(std::move(cursor)), ElementsAre(third_is_first ? "b1:4" : "b1:3"));
  RangeCursor before = index_.FindBetween(kFeed, "number", "b2", "c2");
  before.Seek("a1", ids[0], "");
  EXPECT_THAT(walk(std::move(before)), ElementsAre("c2:1"));
}

TEST_F(IndexTest, TellsTheTermsOfARecordInOneFeed) {
  Replace(kFeed, record_id_, 3, 10, {{"gtin", "1"}, {"lot", "x"}});
  const auto terms = index_.TermsOf(kFeed, record_id_, Member("9999:maker"));
  MEGURI_ASSERT_OK(terms);
  ASSERT_TRUE(terms->has_value());
  EXPECT_EQ((*terms)->version, 3U);
  EXPECT_THAT((*terms)->terms, ElementsAre(record::IndexTerm{"gtin", "1"}, record::IndexTerm{"lot", "x"}));
  EXPECT_FALSE(index_.TermsOf(kFeed + 1, record_id_, Member("9999:maker"))->has_value());
}

}  // namespace
}  // namespace meguri::storage
