// SPDX-License-Identifier: Apache-2.0
#include "storage/transaction.h"

#include <functional>
#include <map>
#include <random>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "storage/memory/memory_store.h"
#include "tests/testing/status.h"

namespace meguri::storage {
namespace {

using ::testing::ElementsAre;

class TransactionTest : public ::testing::Test {
 protected:
  static absl::optional<std::string> Get(const Transaction& transaction, Family family, absl::string_view key) {
    const auto value = transaction.Get(family, key);
    EXPECT_THAT(value, testing::IsOk());
    return value.ok() ? *value : absl::nullopt;
  }
  static std::vector<std::string> Describe(const WriteBatch& batch) {
    std::vector<std::string> writes;
    writes.reserve(batch.writes.size());
    for (const Write& write : batch.writes) {
      writes.push_back((write.family == Family::kArrival ? "A " : "L ") + write.key + " " +
                       (write.value.has_value() ? "= " + *write.value : "deleted"));
    }
    return writes;
  }
  void PutIntoStore(const std::string& key, const std::string& value) {
    MEGURI_ASSERT_OK(store_->Apply(WriteBatch{{}, {Write{Family::kLookup, key, value}}}));
  }

  std::unique_ptr<OrderedStore> store_ = OpenMemoryStore(MakeMemoryDisk());
};

TEST_F(TransactionTest, ReadsTheStoreBelow) {
  PutIntoStore("key", "stored");
  const Transaction transaction(*store_);
  EXPECT_EQ(Get(transaction, Family::kLookup, "key"), "stored");
  EXPECT_EQ(Get(transaction, Family::kArrival, "key"), absl::nullopt);
}

TEST_F(TransactionTest, SeesItsOwnWritesAndTheStoreDoesNot) {
  PutIntoStore("deleted", "stored");
  Transaction transaction(*store_);
  transaction.Put(Family::kLookup, "key", "first");
  transaction.Put(Family::kLookup, "key", "second");
  transaction.Delete(Family::kLookup, "deleted");
  EXPECT_EQ(Get(transaction, Family::kLookup, "key"), "second");
  EXPECT_EQ(Get(transaction, Family::kArrival, "key"), absl::nullopt);
  EXPECT_EQ(Get(transaction, Family::kLookup, "deleted"), absl::nullopt);
  EXPECT_EQ(**store_->Get(Family::kLookup, "deleted"), "stored");
  EXPECT_EQ(*store_->Get(Family::kLookup, "key"), absl::nullopt);
}

TEST_F(TransactionTest, PutsAgainWhatItDeleted) {
  Transaction transaction(*store_);
  transaction.Delete(Family::kLookup, "key");
  transaction.Put(Family::kLookup, "key", "back");
  EXPECT_EQ(Get(transaction, Family::kLookup, "key"), "back");
}

TEST_F(TransactionTest, KeepsAPartThatIsKept) {
  Transaction transaction(*store_);
  transaction.Put(Family::kLookup, "kept", "before");
  transaction.Put(Family::kLookup, "deleted", "before");
  {
    Savepoint part(transaction);
    transaction.Put(Family::kArrival, "new", "part");
    transaction.Delete(Family::kLookup, "deleted");
    part.Keep();
  }
  EXPECT_EQ(Get(transaction, Family::kArrival, "new"), "part");
  EXPECT_EQ(Get(transaction, Family::kLookup, "kept"), "before");
  EXPECT_EQ(Get(transaction, Family::kLookup, "deleted"), absl::nullopt);
}

TEST_F(TransactionTest, UndoesAPartThatIsNotKept) {
  PutIntoStore("stored", "stored");
  Transaction transaction(*store_);
  {
    const Savepoint part(transaction);
    transaction.Put(Family::kArrival, "new", "part");
    transaction.Delete(Family::kLookup, "stored");
  }
  EXPECT_TRUE(transaction.empty());
  EXPECT_EQ(transaction.bytes(), 0);
  EXPECT_EQ(Get(transaction, Family::kLookup, "stored"), "stored");
  transaction.Put(Family::kLookup, "key", "before");
  transaction.Delete(Family::kLookup, "gone");
  {
    const Savepoint part(transaction);
    transaction.Put(Family::kLookup, "key", "part");
    transaction.Delete(Family::kLookup, "key");
    transaction.Put(Family::kLookup, "key", "part once more");
    transaction.Put(Family::kLookup, "gone", "back");
    transaction.Put(Family::kLookup, "new", "part");
  }
  EXPECT_EQ(Get(transaction, Family::kLookup, "key"), "before");
  EXPECT_EQ(Get(transaction, Family::kLookup, "gone"), absl::nullopt);
  EXPECT_THAT(transaction.KeysWritten(Family::kLookup, ""), ElementsAre("gone", "key"));
  EXPECT_EQ(transaction.bytes(), 13);
}

TEST_F(TransactionTest, UndoesKeptPartsWithThePartAroundThem) {
  Transaction transaction(*store_);
  transaction.Put(Family::kLookup, "key", "before");
  {
    const Savepoint outer(transaction);
    transaction.Put(Family::kLookup, "key", "outer");
    {
      Savepoint kept(transaction);
      transaction.Put(Family::kLookup, "key", "kept");
      transaction.Put(Family::kLookup, "new", "kept");
      kept.Keep();
    }
    {
      const Savepoint dropped(transaction);
      transaction.Put(Family::kLookup, "key", "dropped");
      transaction.Delete(Family::kLookup, "new");
    }
    EXPECT_EQ(Get(transaction, Family::kLookup, "key"), "kept");
    EXPECT_EQ(Get(transaction, Family::kLookup, "new"), "kept");
  }
  EXPECT_EQ(Get(transaction, Family::kLookup, "key"), "before");
  EXPECT_EQ(Get(transaction, Family::kLookup, "new"), absl::nullopt);
  EXPECT_EQ(transaction.bytes(), 9);
}

// Random writes in nested parts, beside copies of a map.
TEST_F(TransactionTest, AgreesWithCopiesOfAMap) {
  std::mt19937_64 random(1);
  Transaction transaction(*store_);
  std::map<std::string, absl::optional<std::string>> model;
  const std::function<void(int)> play = [&](int depth) {
    for (int step = 0; step < 12; ++step) {
      const std::string key = absl::StrCat("k", random() % 9);
      switch (random() % (depth > 0 ? 4 : 2)) {
        case 0:
          transaction.Put(Family::kLookup, key, absl::StrCat("v", step, depth));
          model[key] = absl::StrCat("v", step, depth);
          break;
        case 1:
          transaction.Delete(Family::kLookup, key);
          model[key] = absl::nullopt;
          break;
        case 2: {
          Savepoint part(transaction);
          play(depth - 1);
          part.Keep();
          break;
        }
        default: {
          const auto before = model;
          {
            const Savepoint part(transaction);
            play(depth - 1);
          }
          model = before;
        }
      }
      size_t bytes = 0;
      for (const auto& [written, value] : model) {
        ASSERT_EQ(Get(transaction, Family::kLookup, written), value);
        bytes += written.size() + (value.has_value() ? value->size() : 0);
      }
      ASSERT_EQ(transaction.KeysWritten(Family::kLookup, "").size(), model.size());
      ASSERT_EQ(transaction.bytes(), bytes);
    }
  };
  for (int round = 0; round < 20; ++round) {
    play(3);
  }
}

TEST_F(TransactionTest, MovesItsWritesByFamilyAndKey) {
  Transaction transaction(*store_);
  for (const char* key : {"c", "a", "d", "b"}) {
    transaction.Put(Family::kLookup, key, "1");
    transaction.Put(Family::kArrival, key, "2");
  }
  transaction.Delete(Family::kLookup, "b");
  WriteBatch batch;
  batch.writes.push_back(Write{Family::kLookup, "z", std::string("earlier")});
  transaction.MoveTo(batch);
  EXPECT_THAT(Describe(batch), ElementsAre("L z = earlier", "A a = 2", "A b = 2", "A c = 2", "A d = 2", "L a = 1",
                                           "L b deleted", "L c = 1", "L d = 1"));
  EXPECT_TRUE(transaction.empty());
  EXPECT_EQ(transaction.bytes(), 0);
}

TEST_F(TransactionTest, NamesTheKeysWrittenUnderAPrefix) {
  PutIntoStore("d0", "stored");
  Transaction transaction(*store_);
  transaction.Put(Family::kLookup, "d2", "");
  transaction.Delete(Family::kLookup, "d1");
  transaction.Put(Family::kLookup, "e", "");
  transaction.Put(Family::kArrival, "d3", "");
  EXPECT_THAT(transaction.KeysWritten(Family::kLookup, "d"), ElementsAre("d1", "d2"));
  EXPECT_THAT(transaction.KeysWritten(Family::kLookup, "f"), ElementsAre());
}

TEST_F(TransactionTest, CountsTheBytesThatItWouldMove) {
  Transaction transaction(*store_);
  EXPECT_EQ(transaction.bytes(), 0);
  transaction.Put(Family::kLookup, "key", "12345");
  EXPECT_EQ(transaction.bytes(), 8);
  transaction.Put(Family::kLookup, "key", "1");
  EXPECT_EQ(transaction.bytes(), 4);
  transaction.Put(Family::kArrival, "key", "123");
  EXPECT_EQ(transaction.bytes(), 10);
  transaction.Delete(Family::kLookup, "key");
  EXPECT_EQ(transaction.bytes(), 9);
}

}  // namespace
}  // namespace meguri::storage
