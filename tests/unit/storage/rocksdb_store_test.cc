// SPDX-License-Identifier: Apache-2.0
#include "storage/rocksdb/rocksdb_store.h"

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>

#include <sys/resource.h>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "storage/anchor.h"
#include "storage/committer.h"
#include "tests/testing/status.h"

// What only a real disk can show. What every engine promises is in tests/contract.
namespace meguri::storage {
namespace {

namespace fs = std::filesystem;

// While it lives, no file of this process can grow beyond `bytes`, as on a disk that is full.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) {
    handler_before_ = std::signal(SIGXFSZ, SIG_IGN);
    ::getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit limited{bytes, before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limited);
  }
  ~FileSizeLimit() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, handler_before_);
  }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;

 private:
  rlimit before_{};
  void (*handler_before_)(int) = SIG_DFL;
};

class RocksdbStoreTest : public ::testing::Test {
 protected:
  RocksdbStoreTest() {
    std::string pattern = fs::temp_directory_path() / "meguri_rocksdb_XXXXXX";
    folder_ = ::mkdtemp(pattern.data());
  }
  ~RocksdbStoreTest() override { fs::remove_all(folder_); }

  std::string StorePath() const { return folder_ + "/store"; }
  absl::StatusOr<std::unique_ptr<OrderedStore>> Open() { return OpenRocksdbStore(StorePath()); }
  static absl::Status Put(OrderedStore& store, const std::string& key, const std::string& value) {
    return store.Apply(WriteBatch{{}, {Write{Family::kArrival, key, value}}});
  }
  std::vector<std::string> FilesEndingIn(const std::string& ending) const {
    std::vector<std::string> paths;
    for (const auto& entry : fs::directory_iterator(StorePath())) {
      if (entry.path().extension() == ending && entry.file_size() > 0) {
        paths.push_back(entry.path());
      }
    }
    return paths;
  }
  static void FlipByteAt(const std::string& path, double where) {
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    const auto offset = static_cast<std::streamoff>(static_cast<double>(fs::file_size(path)) * where);
    file.seekg(offset);
    const char byte = static_cast<char>(file.get() ^ 0x20);
    file.seekp(offset);
    file.put(byte);
    ASSERT_TRUE(file.good());
  }
  // A store and its anchor after 200 acknowledged commits that lie in the log only.
  void AcknowledgeCommits() {
    const auto store = *Open();
    const auto anchor = *OpenAnchorFile(folder_ + "/ANCHOR");
    const auto committer = *Committer::Start(*store, *anchor);
    for (int i = 0; i < 200; ++i) {
      MEGURI_ASSERT_OK(committer->SubmitAndWait([i](CommitScope& scope) {
        scope.transaction.Put(Family::kArrival, absl::StrCat(i), std::string(1000, 'x'));
        return absl::OkStatus();
      }));
    }
  }
  absl::Status StartAgain() {
    const auto store = Open();
    if (!store.ok()) {
      return store.status();
    }
    const auto anchor = *OpenAnchorFile(folder_ + "/ANCHOR");
    return Committer::Start(**store, *anchor).status();
  }

  std::string folder_;
};

TEST_F(RocksdbStoreTest, RefusesASecondOpening) {
  const auto store = Open();
  MEGURI_ASSERT_OK(store);
  const auto second = Open();
  EXPECT_THAT(second, testing::HasReason("STORE_LOCKED"));
  EXPECT_THAT(second, testing::HasCode(absl::StatusCode::kUnavailable));
  MEGURI_EXPECT_OK(Put(**store, "key", "value"));
}

TEST_F(RocksdbStoreTest, OpensAgainOnceItIsClosed) {
  MEGURI_ASSERT_OK(Open());
  MEGURI_ASSERT_OK(Open());
}

TEST_F(RocksdbStoreTest, TellsIfTheFolderCannotBeMade) {
  std::ofstream(StorePath()) << "a file is in the way";
  EXPECT_THAT(Open(), testing::HasReason("STORE_FAILED"));
}

TEST_F(RocksdbStoreTest, TakesNoWriteAfterOneThatFailed) {
  constexpr int kTooMany = 20;
  int acknowledged = 0;
  {
    const auto store = *Open();
    absl::Status status;
    {
      const FileSizeLimit limit(8 << 20);
      while (status.ok() && acknowledged < kTooMany) {
        status = Put(*store, absl::StrCat(acknowledged), std::string(1 << 20, 'x'));
        acknowledged += status.ok() ? 1 : 0;
      }
    }
    EXPECT_THAT(status, testing::HasReason("STORE_FAILED"));
    EXPECT_THAT(Put(*store, "later", "value"), testing::HasReason("STORE_FAILED"));
    EXPECT_EQ(*store->Get(Family::kArrival, "later"), absl::nullopt);
  }
  EXPECT_GT(acknowledged, 0);
  const auto store = *Open();
  for (int i = 0; i < acknowledged; ++i) {
    EXPECT_TRUE((*store->Get(Family::kArrival, absl::StrCat(i))).has_value()) << i;
  }
  MEGURI_EXPECT_OK(Put(*store, "later", "value"));
}

TEST_F(RocksdbStoreTest, TakesNoWriteAfterABulkBatchThatFailed) {
  {
    const auto store = *Open();
    MEGURI_ASSERT_OK(Put(*store, "before", "value"));
    {
      const FileSizeLimit limit(1 << 20);
      EXPECT_THAT(store->ApplyBulk({{}, {Write{Family::kArrival, "large", std::string(4 << 20, 'x')}}}),
                  testing::HasReason("STORE_FAILED"));
    }
    EXPECT_THAT(Put(*store, "later", "value"), testing::HasReason("STORE_FAILED"));
    EXPECT_THAT(store->ApplyBulk({{}, {Write{Family::kArrival, "later", std::string("value")}}}),
                testing::HasReason("STORE_FAILED"));
  }
  const auto store = *Open();
  EXPECT_EQ(*store->Get(Family::kArrival, "before"), "value");
  EXPECT_EQ(*store->Get(Family::kArrival, "large"), absl::nullopt);
  EXPECT_EQ(*store->Get(Family::kArrival, "later"), absl::nullopt);
  MEGURI_EXPECT_OK(Put(*store, "later", "value"));
}

// What a crash between building a table and taking it in leaves behind.
TEST_F(RocksdbStoreTest, ForgetsTablesThatWereBuiltAndNeverTakenIn) {
  const std::string built = StorePath() + "/bulk/1.sst";
  {
    const auto store = *Open();
    MEGURI_ASSERT_OK(store->ApplyBulk({{}, {Write{Family::kArrival, "taken in", std::string("value")}}}));
    EXPECT_FALSE(fs::exists(built));
    fs::copy_file(FilesEndingIn(".sst").front(), built);
  }
  const auto store = *Open();
  EXPECT_TRUE(fs::is_empty(StorePath() + "/bulk"));
  MEGURI_ASSERT_OK(store->ApplyBulk({{}, {Write{Family::kLookup, "next", std::string("value")}}}));
  EXPECT_TRUE(fs::is_empty(StorePath() + "/bulk"));
  EXPECT_EQ(*store->Get(Family::kArrival, "taken in"), "value");
  EXPECT_EQ(*store->Get(Family::kLookup, "next"), "value");
}

// If the log were lost, the younger batch would say that everything is there.
TEST_F(RocksdbStoreTest, LeavesNothingInTheLogThatIsOlderThanABulkBatch) {
  {
    const auto store = *Open();
    MEGURI_ASSERT_OK(Put(*store, "older", "value"));
    MEGURI_ASSERT_OK(store->ApplyBulk({{}, {Write{Family::kLookup, "younger", std::string("value")}}}));
    EXPECT_TRUE(FilesEndingIn(".log").empty());
  }
  const auto store = *Open();
  EXPECT_EQ(*store->Get(Family::kArrival, "older"), "value");
  EXPECT_EQ(*store->Get(Family::kLookup, "younger"), "value");
}

TEST_F(RocksdbStoreTest, ShowsSnapshotsNothingOfALaterBulkBatch) {
  const auto store = *Open();
  MEGURI_ASSERT_OK(store->ApplyBulk({{}, {Write{Family::kLookup, "key", std::string("1")}}}));
  const auto snapshot = store->Snapshot();
  MEGURI_ASSERT_OK(store->ApplyBulk(
      {{}, {Write{Family::kLookup, "key", std::string("2")}, Write{Family::kLookup, "other", std::string("2")}}}));
  EXPECT_EQ(*snapshot->Get(Family::kLookup, "key"), "1");
  EXPECT_EQ(*snapshot->Get(Family::kLookup, "other"), absl::nullopt);
  EXPECT_EQ(*store->Get(Family::kLookup, "key"), "2");
}

TEST_F(RocksdbStoreTest, TellsThatATableIsDamaged) {
  MEGURI_ASSERT_OK(Put(**Open(), "key", std::string(100'000, 'x')));
  MEGURI_ASSERT_OK(Open());  // turns the log into a table
  const std::vector<std::string> tables = FilesEndingIn(".sst");
  ASSERT_FALSE(tables.empty());
  for (const std::string& table : tables) {
    FlipByteAt(table, 0.3);
  }
  const auto store = Open();
  MEGURI_ASSERT_OK(store);
  EXPECT_THAT((*store)->Get(Family::kArrival, "key"), testing::HasReason("STORE_DAMAGED"));
  EXPECT_THAT((*store)->Get(Family::kArrival, "key"), testing::HasCode(absl::StatusCode::kDataLoss));
  const auto cursor = (*store)->NewCursor(Family::kArrival, "");
  EXPECT_FALSE(cursor->Valid());
  EXPECT_THAT(cursor->status(), testing::HasReason("STORE_DAMAGED"));
}

TEST_F(RocksdbStoreTest, TellsThatItsOwnCatalogueIsDamaged) {
  MEGURI_ASSERT_OK(Put(**Open(), "key", "value"));
  std::ofstream(StorePath() + "/CURRENT") << "nonsense";
  EXPECT_THAT(Open(), testing::HasReason("STORE_DAMAGED"));
}

TEST_F(RocksdbStoreTest, StartsAgainUndamaged) {
  AcknowledgeCommits();
  MEGURI_EXPECT_OK(StartAgain());
}

// RocksDB opens such a log without a word and with fewer commits; the anchor knows better.
TEST_F(RocksdbStoreTest, LosesNoCommitSilentlyWhenItsLogIsDamaged) {
  AcknowledgeCommits();
  const std::vector<std::string> logs = FilesEndingIn(".log");
  ASSERT_EQ(logs.size(), 1);
  FlipByteAt(logs.front(), 0.6);
  EXPECT_THAT(StartAgain(), testing::HasReason("STORE_BEHIND_ANCHOR"));
}

TEST_F(RocksdbStoreTest, LosesNoCommitSilentlyWhenItsLogIsCut) {
  AcknowledgeCommits();
  const std::vector<std::string> logs = FilesEndingIn(".log");
  ASSERT_EQ(logs.size(), 1);
  fs::resize_file(logs.front(), fs::file_size(logs.front()) / 2);
  EXPECT_THAT(StartAgain(), testing::HasReason("STORE_BEHIND_ANCHOR"));
}

TEST_F(RocksdbStoreTest, LosesNoCommitSilentlyWhenItsLogIsGone) {
  AcknowledgeCommits();
  for (const std::string& log : FilesEndingIn(".log")) {
    fs::remove(log);
  }
  EXPECT_THAT(StartAgain(), testing::HasCode(absl::StatusCode::kDataLoss));
}

// Every file below `folder` with its bytes.
std::map<std::string, std::string> BytesBelow(const std::string& folder) {
  std::map<std::string, std::string> files;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file()) {
      std::ifstream file(entry.path(), std::ios::binary);
      files[entry.path()] = std::string(std::istreambuf_iterator<char>(file), {});
    }
  }
  return files;
}

// The files of the store that hold `bytes`.
std::vector<std::string> FilesWith(const std::string& folder, const std::string& bytes) {
  std::vector<std::string> found;
  for (const auto& [path, content] : BytesBelow(folder)) {
    if (content.find(bytes) != std::string::npos) {
      found.push_back(path);
    }
  }
  return found;
}

TEST_F(RocksdbStoreTest, WhatIsPurgedIsInNoFile) {
  const auto store = *Open();
  const auto write = [&](const char* key, absl::optional<std::string> value) {
    return Write{Family::kLookup, key, std::move(value)};
  };
  MEGURI_ASSERT_OK(store->ApplyBulk({{}, {write("p1/9KQ2XW7", "SECRET-VALUE"), write("p2", "KEPT")}}));
  MEGURI_ASSERT_OK(store->Apply({{}, {write("p3", "SECRET-VALUE"), write("q", "OTHER")}}));
  EXPECT_EQ(FilesWith(StorePath(), "SECRET-VALUE").size(), 2U) << "a table, which is compressed, and the log";
  MEGURI_ASSERT_OK(store->Apply({{}, {write("p1/9KQ2XW7", absl::nullopt), write("p3", "SHORT")}}));
  EXPECT_EQ(*store->Purge(Family::kLookup, "p", "q"), true);
  EXPECT_THAT(FilesWith(StorePath(), "SECRET-VALUE"), ::testing::IsEmpty());
  EXPECT_EQ(*store->Get(Family::kLookup, "p2"), "KEPT");
  EXPECT_EQ(*store->Get(Family::kLookup, "p3"), "SHORT");
  EXPECT_EQ(*store->Get(Family::kLookup, "q"), "OTHER");
}

TEST_F(RocksdbStoreTest, APurgeTellsWhenSomebodyStillSeesWhatWasThere) {
  const auto store = *Open();
  MEGURI_ASSERT_OK(Put(*store, "old", "SECRET-VALUE"));
  auto snapshot = store->Snapshot();
  MEGURI_ASSERT_OK(store->Apply({{}, {Write{Family::kArrival, "old", absl::nullopt}}}));
  EXPECT_EQ(*store->Purge(Family::kArrival, "", ""), false);
  EXPECT_EQ(*snapshot->Get(Family::kArrival, "old"), "SECRET-VALUE");
  snapshot = store->Snapshot();
  EXPECT_EQ(*store->Purge(Family::kArrival, "", ""), true);
  EXPECT_THAT(FilesWith(StorePath(), "SECRET-VALUE"), ::testing::IsEmpty());
}

TEST_F(RocksdbStoreTest, ToReadItChangesNoByteOfWhatACrashLeft) {
  {
    const auto store = *Open();
    MEGURI_ASSERT_OK(Put(*store, "in the log", "value"));
    // What lies on the disk now is what a crash would leave.
    fs::copy(StorePath(), folder_ + "/crashed", fs::copy_options::recursive);
  }
  const std::string crashed = folder_ + "/crashed";
  const std::map<std::string, std::string> before = BytesBelow(crashed);
  {
    const auto store = *OpenRocksdbStoreToRead(crashed);
    EXPECT_EQ(*store->Get(Family::kArrival, "in the log"), "value");
    EXPECT_EQ(store->NewCursor(Family::kArrival, "in")->value(), "value");
  }
  EXPECT_EQ(BytesBelow(crashed), before);
}

TEST_F(RocksdbStoreTest, ToReadItKeepsWritersAwayAndTheyKeepItAway) {
  {
    const auto store = *Open();
    EXPECT_THAT(OpenRocksdbStoreToRead(StorePath()), testing::HasReason("STORE_LOCKED"));
  }
  const auto first = *OpenRocksdbStoreToRead(StorePath());
  const auto second = OpenRocksdbStoreToRead(StorePath());
  EXPECT_THAT(second, testing::IsOk());
  EXPECT_THAT(Open(), testing::HasReason("STORE_LOCKED"));
}

TEST_F(RocksdbStoreTest, ToReadAStoreThatIsNotThereMakesNone) {
  EXPECT_THAT(OpenRocksdbStoreToRead(StorePath()), testing::HasReason("STORE_MISSING"));
  EXPECT_FALSE(fs::exists(StorePath()));
}

}  // namespace
}  // namespace meguri::storage
