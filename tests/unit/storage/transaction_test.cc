// SPDX-License-Identifier: Apache-2.0
#include "storage/transaction.h"

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

TEST_F(TransactionTest, HidesItsWritesFromItsParentUntilItMerges) {
  Transaction parent(*store_);
  parent.Put(Family::kLookup, "kept", "parent");
  parent.Put(Family::kLookup, "deleted", "parent");
  Transaction child(parent);
  Transaction grandchild(child);
  grandchild.Put(Family::kArrival, "new", "grandchild");
  grandchild.Delete(Family::kLookup, "deleted");
  EXPECT_EQ(Get(grandchild, Family::kLookup, "kept"), "parent");
  EXPECT_EQ(Get(grandchild, Family::kLookup, "deleted"), absl::nullopt);
  grandchild.MergeIntoParent();
  EXPECT_TRUE(grandchild.empty());
  EXPECT_EQ(Get(child, Family::kArrival, "new"), "grandchild");
  EXPECT_EQ(Get(parent, Family::kArrival, "new"), absl::nullopt);
  EXPECT_EQ(Get(parent, Family::kLookup, "deleted"), "parent");
  child.MergeIntoParent();
  EXPECT_EQ(Get(parent, Family::kArrival, "new"), "grandchild");
  EXPECT_EQ(Get(parent, Family::kLookup, "deleted"), absl::nullopt);
  EXPECT_EQ(Get(parent, Family::kLookup, "kept"), "parent");
}

TEST_F(TransactionTest, LeavesNoTraceInItsParentIfItIsDropped) {
  Transaction parent(*store_);
  {
    Transaction child(parent);
    child.Put(Family::kLookup, "key", "value");
  }
  EXPECT_TRUE(parent.empty());
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
  Transaction parent(*store_);
  EXPECT_EQ(parent.bytes(), 0);
  parent.Put(Family::kLookup, "key", "12345");
  EXPECT_EQ(parent.bytes(), 8);
  parent.Put(Family::kLookup, "key", "1");
  EXPECT_EQ(parent.bytes(), 4);
  Transaction child(parent);
  child.Put(Family::kLookup, "key", "123");
  child.Put(Family::kArrival, "key", "123");
  EXPECT_EQ(child.bytes(), 12);
  child.MergeIntoParent();
  EXPECT_EQ(child.bytes(), 0);
  EXPECT_EQ(parent.bytes(), 12);
  parent.Delete(Family::kLookup, "key");
  EXPECT_EQ(parent.bytes(), 9);
}

}  // namespace
}  // namespace meguri::storage
