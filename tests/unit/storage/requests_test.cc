// SPDX-License-Identifier: Apache-2.0
#include "storage/requests.h"

#include <memory>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "storage/memory/memory_store.h"
#include "tests/testing/fakes.h"
#include "tests/testing/status.h"
#include "tests/unit/storage/samples.h"

namespace meguri::storage {
namespace {

using meguri::testing::HasReason;
using testing::Apply;
using testing::Member;

class RequestsTest : public ::testing::Test {
 protected:
  void Put(const RequestKey& key, const std::string& body, const std::string& answer) {
    Transaction transaction(*store_);
    MEGURI_ASSERT_OK(requests_.Put(transaction, key, record::Sha256(body), answer, clock_.Now()));
    MEGURI_ASSERT_OK(Apply(*store_, transaction));
  }
  absl::StatusOr<absl::optional<std::string>> Find(const RequestKey& key, const std::string& body) {
    const Transaction transaction(*store_);
    return requests_.Find(transaction, key, record::Sha256(body), clock_.Now());
  }
  size_t Expire(size_t limit) {
    Transaction transaction(*store_);
    const auto deleted = requests_.Expire(*store_, transaction, clock_.Now(), limit);
    Invariant(deleted.ok() && Apply(*store_, transaction).ok(), "answers expire");
    return *deleted;
  }
  size_t CountKeys() {
    size_t count = 0;
    for (auto cursor = store_->NewCursor(Family::kLookup, ""); cursor->Valid(); cursor->Next()) {
      ++count;
    }
    return count;
  }

  meguri::testing::FakeClock clock_;
  std::unique_ptr<OrderedStore> store_ = OpenMemoryStore(MakeMemoryDisk());
  Requests requests_;
  RequestKey key_{Member("9999:maker"), "Publish", "one"};
};

TEST_F(RequestsTest, RemembersAnAnswer) {
  EXPECT_EQ(*Find(key_, "body"), absl::nullopt);
  Put(key_, "body", "answer");
  EXPECT_EQ(*Find(key_, "body"), absl::make_optional<std::string>("answer"));
}

TEST_F(RequestsTest, RefusesAnotherBodyUnderTheSameId) {
  Put(key_, "body", "answer");
  EXPECT_THAT(Find(key_, "another body"), HasReason("REQUEST_ID_REUSED"));
}

TEST_F(RequestsTest, KeepsMembersMethodsAndIdsApart) {
  Put(key_, "body", "answer");
  EXPECT_EQ(*Find({Member("9999:make"), "Publish", "one"}, "x"), absl::nullopt);
  EXPECT_EQ(*Find({Member("9999:maker"), "Publis", "hone"}, "x"), absl::nullopt);
  EXPECT_EQ(*Find({Member("9999:maker"), "Publish", "on"}, "x"), absl::nullopt);
}

TEST_F(RequestsTest, SeesWhatTheTransactionPut) {
  Transaction transaction(*store_);
  MEGURI_ASSERT_OK(requests_.Put(transaction, key_, record::Sha256("body"), "answer", clock_.Now()));
  const auto found = requests_.Find(transaction, key_, record::Sha256("body"), clock_.Now());
  EXPECT_EQ(*found, absl::make_optional<std::string>("answer"));
}

TEST_F(RequestsTest, ForgetsAfter24Hours) {
  Put(key_, "body", "answer");
  clock_.Advance(kRequestRetention - absl::Milliseconds(1));
  EXPECT_TRUE(Find(key_, "body")->has_value());
  EXPECT_EQ(Expire(10), 0U);
  clock_.Advance(absl::Milliseconds(1));
  EXPECT_EQ(*Find(key_, "another body"), absl::nullopt);
  EXPECT_EQ(Expire(10), 1U);
  EXPECT_EQ(CountKeys(), 0U);
}

TEST_F(RequestsTest, ExpiresTheOldestFirstUpToTheLimit) {
  for (int i = 0; i < 5; ++i) {
    Put({Member("9999:maker"), "Publish", std::to_string(9 - i)}, "body", "answer");
    clock_.Advance(absl::Minutes(1));
  }
  clock_.Advance(kRequestRetention - absl::Minutes(2));
  EXPECT_EQ(Expire(3), 3U);
  EXPECT_EQ(CountKeys(), 4U);
  EXPECT_TRUE(Find({Member("9999:maker"), "Publish", "5"}, "body")->has_value());
  EXPECT_EQ(Expire(3), 1U) << "the fifth is a minute too young";
}

TEST_F(RequestsTest, KeepsANewerAnswerUnderTheSameId) {
  Put(key_, "body", "answer");
  clock_.Advance(kRequestRetention);
  Put(key_, "another body", "another answer");
  EXPECT_EQ(Expire(10), 0U);
  EXPECT_EQ(*Find(key_, "another body"), absl::make_optional<std::string>("another answer"));
  EXPECT_EQ(CountKeys(), 2U);
}

TEST_F(RequestsTest, ExpiringSparesAnAnswerThatTheSameTransactionPut) {
  Put(key_, "body", "answer");
  clock_.Advance(kRequestRetention);
  Transaction transaction(*store_);
  MEGURI_ASSERT_OK(requests_.Put(transaction, key_, record::Sha256("new"), "new answer", clock_.Now()));
  MEGURI_ASSERT_OK(requests_.Expire(*store_, transaction, clock_.Now(), 10));
  MEGURI_ASSERT_OK(Apply(*store_, transaction));
  EXPECT_EQ(*Find(key_, "new"), absl::make_optional<std::string>("new answer"));
}

TEST_F(RequestsTest, TakesAClockBefore1970) {
  Transaction transaction(*store_);
  const absl::Time early = absl::FromUnixSeconds(-5);
  MEGURI_ASSERT_OK(requests_.Put(transaction, key_, record::Sha256("body"), "answer", early));
  EXPECT_TRUE(requests_.Find(transaction, key_, record::Sha256("body"), early)->has_value());
}

}  // namespace
}  // namespace meguri::storage
