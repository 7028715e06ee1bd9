// SPDX-License-Identifier: Apache-2.0
#include <atomic>
#include <cstdlib>
#include <filesystem>

#include "storage/memory/memory_store.h"
#include "storage/rocksdb/rocksdb_store.h"
#include "storage/sealed/sealed_store.h"
#include "tests/contract/ordered_store_contract.h"
#include "tests/testing/fakes.h"
#include "tests/testing/faulty_store.h"
#include "tests/testing/key_folder.h"

namespace meguri::storage {
namespace {

class MemoryUnderTest : public StoreUnderTest {
 public:
  OrderedStore& store() override { return *store_; }
  void Reopen() override {
    store_ = nullptr;
    store_ = OpenMemoryStore(disk_);
  }

 private:
  const std::shared_ptr<MemoryDisk> disk_ = MakeMemoryDisk();
  std::unique_ptr<OrderedStore> store_ = OpenMemoryStore(disk_);
};

class RocksdbUnderTest : public StoreUnderTest {
 public:
  RocksdbUnderTest() {
    std::string pattern = std::filesystem::temp_directory_path() / "meguri_contract_XXXXXX";
    folder_ = ::mkdtemp(pattern.data());
    Reopen();
  }
  ~RocksdbUnderTest() override {
    store_ = nullptr;
    std::filesystem::remove_all(folder_);
  }
  OrderedStore& store() override { return *store_; }
  void Reopen() override {
    store_ = nullptr;
    auto opened = OpenRocksdbStore(folder_ + "/store");
    EXPECT_THAT(opened, testing::IsOk());
    store_ = *std::move(opened);
  }

 private:
  std::string folder_;
  std::unique_ptr<OrderedStore> store_;
};

// Encryption must change nothing for whoever reads and writes.
class SealedUnderTest : public StoreUnderTest {
 public:
  SealedUnderTest() {
    auto keys = SectionKeys::Create(folder_.files(), random_);
    EXPECT_THAT(keys, testing::IsOk());
    keys_ = *std::move(keys);
    Reopen();
  }
  OrderedStore& store() override { return *store_; }
  void Reopen() override {
    store_ = nullptr;
    store_ = MakeSealedStore(OpenMemoryStore(disk_), *keys_, random_);
  }

 private:
  testing::SeededRandom random_;
  const testing::KeyFolder folder_;
  std::unique_ptr<SectionKeys> keys_;
  const std::shared_ptr<MemoryDisk> disk_ = MakeMemoryDisk();
  std::unique_ptr<OrderedStore> store_;
};

// A plan without faults must change nothing.
class FaultyUnderTest : public StoreUnderTest {
 public:
  FaultyUnderTest() { Reopen(); }
  OrderedStore& store() override { return *store_; }
  void Reopen() override {
    store_ = nullptr;
    memory_.Reopen();
    store_ = testing::MakeFaultyStore(memory_.store(), plan_);
  }

 private:
  MemoryUnderTest memory_;
  testing::FaultPlan plan_;
  std::unique_ptr<OrderedStore> store_;
};

template <typename Engine>
class InBulk final : public Engine {
 public:
  absl::Status Apply(const WriteBatch& batch) override { return this->store().ApplyBulk(batch); }
};

// Small and large batches by turns: what one way wrote, the other must see, keep in order and outlive.
template <typename Engine>
class ByTurns final : public Engine {
 public:
  absl::Status Apply(const WriteBatch& batch) override {
    return ++batches_ % 2 == 0 ? this->store().ApplyBulk(batch) : this->store().Apply(batch);
  }

 private:
  std::atomic<int> batches_ = 0;
};

template <typename Engine>
StoreFactory Make() {
  return [] { return std::make_unique<Engine>(); };
}

template <typename Engine>
auto EveryWay() {
  return ::testing::Values(Make<Engine>(), Make<InBulk<Engine>>(), Make<ByTurns<Engine>>());
}

INSTANTIATE_TEST_SUITE_P(Memory, OrderedStoreContract, EveryWay<MemoryUnderTest>());
INSTANTIATE_TEST_SUITE_P(Rocksdb, OrderedStoreContract, EveryWay<RocksdbUnderTest>());
INSTANTIATE_TEST_SUITE_P(Sealed, OrderedStoreContract, EveryWay<SealedUnderTest>());
INSTANTIATE_TEST_SUITE_P(Faulty, OrderedStoreContract, EveryWay<FaultyUnderTest>());

}  // namespace
}  // namespace meguri::storage
