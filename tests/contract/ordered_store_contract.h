// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "storage/ordered_store.h"
#include "tests/testing/status.h"

// What every OrderedStore promises, for Apply and ApplyBulk alike. To run it on an engine, derive a class with a
// store() and a Reopen() that loses all that the engine does not keep on its disk, and instantiate the suite with it.
namespace meguri::storage {

class StoreUnderTest {
 public:
  virtual ~StoreUnderTest() = default;
  virtual OrderedStore& store() = 0;
  virtual void Reopen() = 0;
  // The way of writing that is under test.
  virtual absl::Status Apply(const WriteBatch& batch) { return store().Apply(batch); }
};

using StoreFactory = std::function<std::unique_ptr<StoreUnderTest>()>;

class OrderedStoreContract : public ::testing::TestWithParam<StoreFactory> {
 protected:
  using Entries = std::vector<std::pair<std::string, std::string>>;

  void SetUp() override { under_test_ = GetParam()(); }
  OrderedStore& store() { return under_test_->store(); }
  void Reopen() { under_test_->Reopen(); }

  static Write Put(Family family, std::string key, std::string value) {
    return Write{family, std::move(key), absl::optional<std::string>(std::move(value))};
  }
  static Write Delete(Family family, std::string key) { return Write{family, std::move(key), absl::nullopt}; }
  absl::Status Apply(std::vector<Write> writes, std::vector<Precondition> preconditions = {}) {
    return under_test_->Apply(WriteBatch{std::move(preconditions), std::move(writes)});
  }
  static absl::optional<std::string> Get(const StoreReader& reader, Family family, absl::string_view key) {
    const auto value = reader.Get(family, key);
    EXPECT_THAT(value, testing::IsOk());
    return value.ok() ? *value : absl::nullopt;
  }
  static Entries Rest(Cursor& cursor) {
    Entries entries;
    for (; cursor.Valid(); cursor.Next()) {
      entries.emplace_back(std::string(cursor.key()), std::string(cursor.value()));
    }
    EXPECT_THAT(cursor.status(), testing::IsOk());
    return entries;
  }
  static Entries Scan(const StoreReader& reader, Family family, absl::string_view prefix) {
    return Rest(*reader.NewCursor(family, prefix));
  }

  std::unique_ptr<StoreUnderTest> under_test_;
};

TEST_P(OrderedStoreContract, ReturnsNothingForAnAbsentKey) {
  EXPECT_EQ(Get(store(), Family::kLookup, "absent"), absl::nullopt);
  EXPECT_EQ(Get(store(), Family::kArrival, ""), absl::nullopt);
}

TEST_P(OrderedStoreContract, ReturnsWhatWasPut) {
  MEGURI_ASSERT_OK(Apply({Put(Family::kLookup, "key", "value")}));
  EXPECT_EQ(Get(store(), Family::kLookup, "key"), "value");
}

TEST_P(OrderedStoreContract, PurgingChangesNothingThatCanBeRead) {
  MEGURI_ASSERT_OK(Apply({Put(Family::kLookup, "a", "1"), Put(Family::kLookup, "b", "2"),
                          Put(Family::kLookup, "c", "3"), Put(Family::kArrival, "b", "4")}));
  MEGURI_ASSERT_OK(Apply({Delete(Family::kLookup, "b")}));
  const Entries expected = {{"a", "1"}, {"c", "3"}};
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(store().Purge(Family::kLookup, "a", "c").value(), true);
    EXPECT_EQ(store().Purge(Family::kArrival, "", "").value(), true);
    EXPECT_EQ(Scan(store(), Family::kLookup, ""), expected);
    EXPECT_EQ(Get(store(), Family::kArrival, "b"), "4");
    Reopen();
  }
}

TEST_P(OrderedStoreContract, KeepsFamiliesApart) {
  MEGURI_ASSERT_OK(Apply({Put(Family::kLookup, "key", "small"), Put(Family::kArrival, "key", "large")}));
  EXPECT_EQ(Get(store(), Family::kLookup, "key"), "small");
  EXPECT_EQ(Get(store(), Family::kArrival, "key"), "large");
  MEGURI_ASSERT_OK(Apply({Delete(Family::kLookup, "key")}));
  EXPECT_EQ(Get(store(), Family::kLookup, "key"), absl::nullopt);
  EXPECT_EQ(Get(store(), Family::kArrival, "key"), "large");
}

TEST_P(OrderedStoreContract, KeepsAnyBytesInKeysAndValues) {
  std::string every_byte;
  for (int byte = 0; byte < 256; ++byte) {
    every_byte.push_back(static_cast<char>(byte));
  }
  const std::string zeros(3, '\0');
  MEGURI_ASSERT_OK(Apply({Put(Family::kLookup, every_byte, zeros), Put(Family::kLookup, zeros, every_byte),
                          Put(Family::kArrival, "empty", "")}));
  Reopen();
  EXPECT_EQ(Get(store(), Family::kLookup, every_byte), zeros);
  EXPECT_EQ(Get(store(), Family::kLookup, zeros), every_byte);
  EXPECT_EQ(Get(store(), Family::kArrival, "empty"), "");
}

TEST_P(OrderedStoreContract, KeepsASectionOfTheLargestSize) {
  std::string large(8 << 20, '\0');
  uint32_t noise = 1;
  for (char& byte : large) {
    noise = noise * 1664525 + 1013904223;
    byte = static_cast<char>(noise >> 24);
  }
  MEGURI_ASSERT_OK(Apply({Put(Family::kArrival, "a", large), Put(Family::kArrival, "b", large)}));
  Reopen();
  EXPECT_TRUE(Get(store(), Family::kArrival, "b") == large);  // EXPECT_EQ would print both
  EXPECT_EQ(Scan(store(), Family::kArrival, "").size(), 2);
}

TEST_P(OrderedStoreContract, LetsTheLastWriteToAKeyWin) {
  MEGURI_ASSERT_OK(Apply({Put(Family::kLookup, "a", "first"), Put(Family::kLookup, "a", "second"),
                          Put(Family::kLookup, "b", "first"), Delete(Family::kLookup, "b"),
                          Delete(Family::kLookup, "c"), Put(Family::kLookup, "c", "last")}));
  EXPECT_THAT(Scan(store(), Family::kLookup, ""),
              ::testing::ElementsAre(::testing::Pair("a", "second"), ::testing::Pair("c", "last")));
}

TEST_P(OrderedStoreContract, DeletesAndWritesAgain) {
  MEGURI_ASSERT_OK(Apply({Put(Family::kLookup, "key", "old")}));
  MEGURI_ASSERT_OK(Apply({Delete(Family::kLookup, "key")}));
  EXPECT_EQ(Get(store(), Family::kLookup, "key"), absl::nullopt);
  EXPECT_TRUE(Scan(store(), Family::kLookup, "").empty());
  MEGURI_ASSERT_OK(Apply({Delete(Family::kLookup, "key")}));
  MEGURI_ASSERT_OK(Apply({Put(Family::kLookup, "key", "new")}));
  EXPECT_EQ(Get(store(), Family::kLookup, "key"), "new");
}

TEST_P(OrderedStoreContract, AppliesAnEmptyBatch) {
  MEGURI_EXPECT_OK(Apply({}));
  EXPECT_TRUE(Scan(store(), Family::kLookup, "").empty());
}

TEST_P(OrderedStoreContract, KeepsEveryAppliedBatchWhenItIsOpenedAgain) {
  for (int i = 0; i < 50; ++i) {
    MEGURI_ASSERT_OK(Apply({Put(Family::kLookup, absl::StrCat("key", i), absl::StrCat("value", i)),
                            Put(Family::kArrival, absl::StrCat("key", i), std::string(4096, 'x'))}));
  }
  MEGURI_ASSERT_OK(Apply({Delete(Family::kLookup, "key7")}));
  Reopen();
  EXPECT_EQ(Scan(store(), Family::kLookup, "").size(), 49);
  EXPECT_EQ(Scan(store(), Family::kArrival, "").size(), 50);
  EXPECT_EQ(Get(store(), Family::kLookup, "key49"), "value49");
  EXPECT_EQ(Get(store(), Family::kLookup, "key7"), absl::nullopt);
  MEGURI_ASSERT_OK(Apply({Put(Family::kLookup, "key7", "again")}));
  Reopen();
  EXPECT_EQ(Get(store(), Family::kLookup, "key7"), "again");
}

TEST_P(OrderedStoreContract, ScansAPrefixInKeyOrder) {
  MEGURI_ASSERT_OK(Apply({Put(Family::kLookup, "b\xff", "4"), Put(Family::kLookup, "b", "1"),
                          Put(Family::kLookup, "a\xff\xff", "0"), Put(Family::kLookup, "c", "5"),
                          Put(Family::kLookup, std::string("b\0", 2), "2"), Put(Family::kLookup, "ba", "3")}));
  EXPECT_THAT(Scan(store(), Family::kLookup, "b"),
              ::testing::ElementsAre(::testing::Pair("b", "1"), ::testing::Pair(std::string("b\0", 2), "2"),
                                     ::testing::Pair("ba", "3"), ::testing::Pair("b\xff", "4")));
  EXPECT_EQ(Scan(store(), Family::kLookup, "").size(), 6);
  EXPECT_TRUE(Scan(store(), Family::kLookup, "bb").empty());
  EXPECT_TRUE(Scan(store(), Family::kArrival, "").empty());
}

TEST_P(OrderedStoreContract, OrdersKeysAsUnsignedBytes) {
  MEGURI_ASSERT_OK(Apply({Put(Family::kLookup, "\x80", ""), Put(Family::kLookup, "\x7f", ""),
                          Put(Family::kLookup, "\xff", ""), Put(Family::kLookup, std::string(1, '\0'), "")}));
  EXPECT_THAT(Scan(store(), Family::kLookup, ""),
              ::testing::ElementsAre(::testing::Pair(std::string(1, '\0'), ""), ::testing::Pair("\x7f", ""),
                                     ::testing::Pair("\x80", ""), ::testing::Pair("\xff", "")));
}

TEST_P(OrderedStoreContract, ScansAPrefixOfHighestBytes) {
  MEGURI_ASSERT_OK(Apply({Put(Family::kLookup, "\xfe", "no"), Put(Family::kLookup, "\xff", "no"),
                          Put(Family::kLookup, "\xff\xff", "yes"), Put(Family::kLookup, "\xff\xff\x01", "yes"),
                          Put(Family::kLookup, "a\xff", "yes"), Put(Family::kLookup, "b", "no")}));
  EXPECT_THAT(Scan(store(), Family::kLookup, "\xff\xff"),
              ::testing::ElementsAre(::testing::Pair("\xff\xff", "yes"), ::testing::Pair("\xff\xff\x01", "yes")));
  EXPECT_THAT(Scan(store(), Family::kLookup, "a\xff"), ::testing::ElementsAre(::testing::Pair("a\xff", "yes")));
}

TEST_P(OrderedStoreContract, SeeksWithinThePrefixOnly) {
  MEGURI_ASSERT_OK(Apply({Put(Family::kLookup, "a", ""), Put(Family::kLookup, "p1", ""), Put(Family::kLookup, "p3", ""),
                          Put(Family::kLookup, "z", "")}));
  const std::unique_ptr<Cursor> cursor = store().NewCursor(Family::kLookup, "p");
  ASSERT_TRUE(cursor->Valid());
  EXPECT_EQ(cursor->key(), "p1");
  cursor->Seek("p3");
  ASSERT_TRUE(cursor->Valid());
  EXPECT_EQ(cursor->key(), "p3");
  cursor->Seek("p2");
  ASSERT_TRUE(cursor->Valid());
  EXPECT_EQ(cursor->key(), "p3");
  cursor->Next();
  EXPECT_FALSE(cursor->Valid());
  cursor->Seek("a");
  ASSERT_TRUE(cursor->Valid());
  EXPECT_EQ(cursor->key(), "p1");
  cursor->Seek("q");
  EXPECT_FALSE(cursor->Valid());
  cursor->Seek("p4");
  EXPECT_FALSE(cursor->Valid());
  MEGURI_EXPECT_OK(cursor->status());
}

TEST_P(OrderedStoreContract, ShowsACursorOneMoment) {
  MEGURI_ASSERT_OK(
      Apply({Put(Family::kLookup, "a", "1"), Put(Family::kLookup, "b", "1"), Put(Family::kLookup, "c", "1")}));
  const std::unique_ptr<Cursor> cursor = store().NewCursor(Family::kLookup, "");
  MEGURI_ASSERT_OK(
      Apply({Delete(Family::kLookup, "b"), Put(Family::kLookup, "c", "2"), Put(Family::kLookup, "d", "2")}));
  MEGURI_ASSERT_OK(Apply({Put(Family::kLookup, "c", "3")}));
  EXPECT_THAT(Rest(*cursor),
              ::testing::ElementsAre(::testing::Pair("a", "1"), ::testing::Pair("b", "1"), ::testing::Pair("c", "1")));
  cursor->Seek("b");
  ASSERT_TRUE(cursor->Valid());
  EXPECT_EQ(cursor->key(), "b");
  EXPECT_EQ(Scan(store(), Family::kLookup, "").size(), 3);
}

TEST_P(OrderedStoreContract, ShowsASnapshotOneMomentInBothFamilies) {
  MEGURI_ASSERT_OK(Apply({Put(Family::kLookup, "a", "1"), Put(Family::kArrival, "a", "1")}));
  const std::unique_ptr<StoreReader> snapshot = store().Snapshot();
  MEGURI_ASSERT_OK(
      Apply({Put(Family::kLookup, "a", "2"), Put(Family::kLookup, "b", "2"), Delete(Family::kArrival, "a")}));
  EXPECT_EQ(Get(*snapshot, Family::kLookup, "a"), "1");
  EXPECT_EQ(Get(*snapshot, Family::kLookup, "b"), absl::nullopt);
  EXPECT_EQ(Get(*snapshot, Family::kArrival, "a"), "1");
  EXPECT_THAT(Scan(*snapshot, Family::kLookup, ""), ::testing::ElementsAre(::testing::Pair("a", "1")));
  EXPECT_EQ(Get(store(), Family::kLookup, "a"), "2");
  EXPECT_EQ(Get(store(), Family::kArrival, "a"), absl::nullopt);
}

TEST_P(OrderedStoreContract, KeepsOverlappingSnapshotsApart) {
  std::vector<std::unique_ptr<StoreReader>> snapshots;
  for (int i = 0; i < 4; ++i) {
    MEGURI_ASSERT_OK(Apply({Put(Family::kLookup, "key", absl::StrCat(i))}));
    snapshots.push_back(store().Snapshot());
  }
  snapshots[1] = nullptr;
  MEGURI_ASSERT_OK(Apply({Delete(Family::kLookup, "key")}));
  EXPECT_EQ(Get(*snapshots[0], Family::kLookup, "key"), "0");
  EXPECT_EQ(Get(*snapshots[2], Family::kLookup, "key"), "2");
  snapshots[0] = nullptr;
  MEGURI_ASSERT_OK(Apply({Put(Family::kLookup, "key", "new")}));
  EXPECT_EQ(Get(*snapshots[3], Family::kLookup, "key"), "3");
  EXPECT_EQ(Get(store(), Family::kLookup, "key"), "new");
}

TEST_P(OrderedStoreContract, AppliesABatchWhosePreconditionsHold) {
  MEGURI_ASSERT_OK(Apply({Put(Family::kLookup, "there", "1")}));
  MEGURI_EXPECT_OK(
      Apply({Put(Family::kLookup, "there", "2")}, {Precondition{Family::kLookup, "there", std::string("1")},
                                                   Precondition{Family::kArrival, "there", absl::nullopt}}));
  EXPECT_EQ(Get(store(), Family::kLookup, "there"), "2");
}

TEST_P(OrderedStoreContract, LeavesNoTraceIfOnePreconditionFails) {
  MEGURI_ASSERT_OK(Apply({Put(Family::kLookup, "there", "1"), Put(Family::kArrival, "empty", "")}));
  const std::vector<Precondition> failing = {
      Precondition{Family::kLookup, "there", std::string("2")},  Precondition{Family::kLookup, "there", absl::nullopt},
      Precondition{Family::kLookup, "absent", std::string()},    Precondition{Family::kArrival, "empty", absl::nullopt},
      Precondition{Family::kArrival, "there", std::string("1")},
  };
  for (const Precondition& precondition : failing) {
    EXPECT_THAT(Apply({Put(Family::kLookup, "new", "x"), Delete(Family::kLookup, "there")},
                      {Precondition{Family::kLookup, "there", std::string("1")}, precondition}),
                testing::HasCode(absl::StatusCode::kAborted));
  }
  Reopen();
  EXPECT_THAT(Scan(store(), Family::kLookup, ""), ::testing::ElementsAre(::testing::Pair("there", "1")));
}

TEST_P(OrderedStoreContract, GoesOnAfterAPreconditionFailed) {
  EXPECT_THAT(Apply({}, {Precondition{Family::kLookup, "absent", std::string("1")}}),
              testing::HasCode(absl::StatusCode::kAborted));
  MEGURI_EXPECT_OK(Apply({Put(Family::kLookup, "key", "value")}));
}

TEST_P(OrderedStoreContract, CountsUnderContentionWithoutLosingAnIncrement) {
  constexpr int kThreads = 2;
  constexpr int kIncrements = 40;
  MEGURI_ASSERT_OK(Apply({Put(Family::kLookup, "count", "0")}));
  std::vector<std::thread> threads;
  threads.reserve(kThreads);
  for (int thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([this] {
      for (int done = 0; done < kIncrements;) {
        const std::string before = *Get(store(), Family::kLookup, "count");
        const absl::Status status = Apply({Put(Family::kLookup, "count", absl::StrCat(std::stoi(before) + 1))},
                                          {Precondition{Family::kLookup, "count", before}});
        done += status.ok() ? 1 : 0;
        EXPECT_TRUE(status.ok() || status.code() == absl::StatusCode::kAborted) << status;
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  EXPECT_EQ(Get(store(), Family::kLookup, "count"), absl::StrCat(kThreads * kIncrements));
}

TEST_P(OrderedStoreContract, ShowsReadersWholeBatchesOnly) {
  MEGURI_ASSERT_OK(Apply({Put(Family::kLookup, "a", "0"), Put(Family::kArrival, "b", "0")}));
  std::atomic<bool> stop = false;
  std::thread reader([this, &stop] {
    while (!stop) {
      const std::unique_ptr<StoreReader> snapshot = store().Snapshot();
      EXPECT_EQ(Get(*snapshot, Family::kLookup, "a"), Get(*snapshot, Family::kArrival, "b"));
    }
  });
  for (int i = 1; i <= 100; ++i) {
    MEGURI_EXPECT_OK(Apply({Put(Family::kLookup, "a", absl::StrCat(i)), Put(Family::kArrival, "b", absl::StrCat(i))}));
  }
  stop = true;
  reader.join();
}

}  // namespace meguri::storage
