// SPDX-License-Identifier: Apache-2.0
#include "node/app/store_check.h"

#include <filesystem>
#include <fstream>
#include <string>

#include "record/system_random.h"
#include "storage/anchor.h"
#include "storage/committer.h"
#include "storage/format.h"
#include "storage/rocksdb/rocksdb_store.h"
#include "storage/sealed/open.h"
#include "tests/testing/status.h"
#include "tests/unit/certs/federation.h"

namespace meguri::node {
namespace {

namespace fs = std::filesystem;
using meguri::testing::HasReason;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class StoreCheckTest : public ::testing::Test {
 protected:
  void Write(const std::string& path) const {
    fs::create_directories(fs::path(path).parent_path());
    std::ofstream(path) << "x";
  }
  // What init and the first start leave behind, as far as it matters here.
  void Serve() const {
    Write(folder_.config());
    Write(folder_.token_key());
    record::SystemRandom random;
    const auto sealed =
        storage::OpenSealed(*storage::OpenRocksdbStore(folder_.store()), SectionKeysIn(folder_), random);
    MEGURI_ASSERT_OK(sealed);
    const auto anchor = *storage::OpenAnchorFile(folder_.anchor());
    const auto committer = *storage::Committer::Start(*sealed->store, *anchor);
  }
  absl::StatusOr<storage::FsckReport> Check() const {
    return CheckStore(folder_, [](uint64_t, uint64_t) {});
  }

  const certs::testing::TemporaryFolder temporary_;
  const Folder folder_{temporary_.Path("node")};
};

TEST_F(StoreCheckTest, AFolderThatHoldsNoNodeIsRefusedAndLeftAlone) {
  fs::create_directory(folder_.root());
  EXPECT_THAT(Check(), HasReason("NO_NODE"));
  EXPECT_TRUE(fs::is_empty(folder_.root()));
}

TEST_F(StoreCheckTest, ANodeThatHasNotServedHasNothingToCheckAndMayStart) {
  Write(folder_.config());
  EXPECT_THAT(Check(), HasReason("STORE_MISSING"));
  MEGURI_EXPECT_OK(CheckStoreNotLost(folder_));
}

TEST_F(StoreCheckTest, AStoreThatIsThereIsChecked) {
  Serve();
  EXPECT_THAT(Check()->problems, IsEmpty());
  MEGURI_EXPECT_OK(CheckStoreNotLost(folder_));
}

TEST_F(StoreCheckTest, AStoreWhoseKeysAreGoneIsFound) {
  Serve();
  fs::remove(folder_.section_keys());
  EXPECT_THAT(Check()->problems, ElementsAre(HasSubstr("no section in the store can be read")));
  EXPECT_FALSE(fs::exists(folder_.section_keys()));
}

TEST_F(StoreCheckTest, AStoreThatWasLostIsFoundAndNotBegunAnew) {
  Serve();
  fs::remove_all(folder_.store());
  EXPECT_THAT(Check()->problems, ElementsAre(HasSubstr("is gone")));
  EXPECT_THAT(CheckStoreNotLost(folder_), HasReason("STORE_LOST"));
  fs::remove(folder_.anchor());
  EXPECT_THAT(Check()->problems, ElementsAre(HasSubstr("is gone")));
  EXPECT_THAT(CheckStoreNotLost(folder_), HasReason("STORE_LOST"));
  EXPECT_FALSE(fs::exists(folder_.store()));
  EXPECT_FALSE(fs::exists(folder_.anchor()));
}

// What a witness remembers lies in a store of its own, which is checked too.
TEST_F(StoreCheckTest, TheMemoryOfAWitnessIsChecked) {
  Serve();
  std::ofstream(folder_.config()) << "participant = \"9999:w1\"\n";
  MEGURI_ASSERT_OK(certs::testing::NewKey()->SaveTo(folder_.witness_key()));
  fs::create_directories(folder_.witness());
  const auto write = [this](const std::string& key) {
    const auto store = *storage::OpenRocksdbStore(folder_.witness_store());
    MEGURI_ASSERT_OK(storage::PrepareFormat(*store));
    const auto anchor = *storage::OpenAnchorFile(folder_.witness_anchor());
    const auto committer = *storage::Committer::Start(*store, *anchor);
    MEGURI_ASSERT_OK(committer->SubmitAndWait([&key](storage::CommitScope& scope) {
      if (!key.empty()) {
        scope.transaction.Put(storage::Family::kLookup, key, "x");
      }
      return absl::OkStatus();
    }));
  };
  write("");
  EXPECT_THAT(Check()->problems, IsEmpty());
  write("Wnowhere");
  EXPECT_THAT(Check()->problems, ElementsAre(HasSubstr("witness, key ")));
  const std::string aside = folder_.witness_anchor() + ".aside";
  fs::rename(folder_.witness_anchor(), aside);
  EXPECT_THAT(Check()->problems, ::testing::Contains(HasSubstr("no ANCHOR file")));
  fs::rename(aside, folder_.witness_anchor());
  fs::remove_all(folder_.witness_store());
  EXPECT_THAT(Check()->problems, ElementsAre(HasSubstr("is gone")));
}

TEST_F(StoreCheckTest, AnAnchorThatWasLostIsFound) {
  Serve();
  fs::remove(folder_.anchor());
  {
    const auto store = *storage::OpenRocksdbStore(folder_.store());
    const auto anchor = storage::MakeMemoryAnchor();
    const auto committer = *storage::Committer::Start(*store, *anchor);
    MEGURI_ASSERT_OK(committer->SubmitAndWait([](storage::CommitScope& scope) {
      scope.transaction.Put(storage::Family::kArrival, "key", "value");
      return absl::OkStatus();
    }));
  }
  EXPECT_THAT(Check()->problems, ::testing::Contains(HasSubstr("no ANCHOR file")));
  EXPECT_FALSE(fs::exists(folder_.anchor()));
}

}  // namespace
}  // namespace meguri::node
