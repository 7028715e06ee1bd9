// SPDX-License-Identifier: Apache-2.0
#include "storage/sealed/section_keys.h"

#include <map>

#include "base/error.h"
#include "gmock/gmock.h"
#include "tests/testing/fakes.h"
#include "tests/testing/faulty_store.h"
#include "tests/testing/key_folder.h"
#include "tests/testing/status.h"

namespace meguri::storage {
namespace {

namespace fs = std::filesystem;
using meguri::testing::FaultPlan;
using meguri::testing::HasReason;

KeyDisk FaultyDisk(FaultPlan& plan) {
  const KeyDisk real = RealKeyDisk();
  const auto by_plan = [&plan](const std::function<absl::Status()>& write) {
    const FaultPlan::Verdict verdict = plan.Next();
    const absl::Status status = verdict.lands ? write() : absl::OkStatus();
    return verdict.succeeds ? status : Error(absl::StatusCode::kUnavailable, "FILE_IO", "the test wants it to fail");
  };
  return {[real, by_plan](const std::string& path, absl::string_view bytes) {
            return by_plan([&] { return real.write(path, bytes); });
          },
          [real, by_plan](const std::string& path) { return by_plan([&] { return real.destroy(path); }); }};
}

class SectionKeysTest : public ::testing::Test {
 protected:
  absl::StatusOr<std::unique_ptr<SectionKeys>> Open(SectionKeys::Use use = SectionKeys::Use::kOwn) {
    return SectionKeys::Open(folder_.files(), use, random_);
  }
  std::unique_ptr<SectionKeys> Reopened() {
    auto opened = Open();
    EXPECT_THAT(opened, meguri::testing::IsOk());
    return *std::move(opened);
  }
  int EpochFiles() const {
    return static_cast<int>(fs::exists(folder_.files().epochs[0])) +
           static_cast<int>(fs::exists(folder_.files().epochs[1]));
  }

  meguri::testing::SeededRandom random_;
  meguri::testing::KeyFolder folder_;
};

TEST_F(SectionKeysTest, AreTheSameAfterAReopening) {
  auto keys = *SectionKeys::Create(folder_.files(), random_);
  std::map<uint64_t, Seed> expected;
  for (const uint64_t arrival : {1, 2, 17, 5000, 123456789}) {
    expected[arrival] = *keys->Find(arrival);
  }
  EXPECT_EQ(std::set<Seed>({expected[1], expected[2], expected[17], expected[5000], expected[123456789]}).size(), 5U);
  const std::string id = keys->id();
  keys = Reopened();
  EXPECT_EQ(keys->id(), id);
  for (const auto& [arrival, key] : expected) {
    EXPECT_EQ(keys->Find(arrival), key);
    EXPECT_EQ(keys->Find(arrival), key) << "from memory";
  }
  EXPECT_EQ(EpochFiles(), 1);
}

TEST_F(SectionKeysTest, MoreRecordsThanAreKeptInMemoryHaveTheirKeys) {
  const auto keys = *SectionKeys::Create(folder_.files(), random_);
  const Seed first = *keys->Find(1);
  for (uint64_t arrival = 0; arrival < SectionKeys::kCachedSeedsMax * 40; arrival += 16) {
    ASSERT_TRUE(keys->Find(arrival).has_value());
  }
  EXPECT_EQ(keys->Find(1), first);
}

TEST_F(SectionKeysTest, AnErasedKeyIsGoneAndTheOthersStay) {
  auto keys = *SectionKeys::Create(folder_.files(), random_);
  const Seed kept = *keys->Find(6);
  EXPECT_TRUE(keys->Find(5).has_value());
  EXPECT_EQ(keys->last_erased(), 0U);
  MEGURI_ASSERT_OK(keys->Erase({5, 900}));
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(keys->Find(5), absl::nullopt);
    EXPECT_TRUE(keys->IsErased(5));
    EXPECT_TRUE(keys->IsErased(900));
    EXPECT_FALSE(keys->IsErased(6));
    EXPECT_EQ(keys->last_erased(), 900U);
    EXPECT_EQ(keys->Find(6), kept);
    keys = Reopened();
  }
  EXPECT_EQ(EpochFiles(), 1);
}

// What a backup of the store and of DATA_KEYS gives, together with the epoch key of today.
TEST_F(SectionKeysTest, AnOldFileDoesNotOpenWithTheEpochKeyOfToday) {
  auto keys = *SectionKeys::Create(folder_.files(), random_);
  MEGURI_ASSERT_OK(keys->Erase({1}));
  const meguri::testing::KeyFolder backup;
  folder_.CopyTo(backup);
  MEGURI_ASSERT_OK(keys->Erase({2}));
  MEGURI_ASSERT_OK(keys->Erase({3}));  // the slot that was in use at the time of the backup is in use again
  fs::copy(backup.files().tree, folder_.files().tree, fs::copy_options::overwrite_existing);
  EXPECT_THAT(Open(), HasReason("DATA_KEYS_DAMAGED"));
  EXPECT_EQ(EpochFiles(), 1) << "nothing is destroyed of what may be needed";
}

TEST_F(SectionKeysTest, MissingOrDamagedFilesAreRefusedAndLeftAlone) {
  EXPECT_THAT(Open(), HasReason("DATA_KEYS_MISSING"));
  EXPECT_FALSE(SectionKeys::Exist(folder_.files()));
  MEGURI_ASSERT_OK(SectionKeys::Create(folder_.files(), random_));
  EXPECT_THAT(SectionKeys::Create(folder_.files(), random_), HasReason("DATA_KEYS_EXIST"));
  const std::string epoch = folder_.files().epochs[1];
  for (const std::string& path : {folder_.files().tree, epoch}) {
    const std::string good = meguri::testing::ReadWhole(path);
    for (size_t i = 0; i < good.size(); ++i) {
      std::string bad = good;
      bad[i] = static_cast<char>(bad[i] ^ 1);
      std::ofstream(path, std::ios::binary) << bad;
      const auto opened = Open();
      ASSERT_FALSE(opened.ok()) << path << " byte " << i;
      ASSERT_THAT(ReasonOf(opened.status()), ::testing::StartsWith("DATA_KEYS_")) << path << " byte " << i;
    }
    std::ofstream(path, std::ios::binary) << good.substr(0, good.size() - 1);
    EXPECT_THAT(Open(), HasReason("DATA_KEYS_DAMAGED"));
    std::ofstream(path, std::ios::binary) << good;
  }
  MEGURI_EXPECT_OK(Open());
  fs::permissions(epoch, fs::perms::group_read, fs::perm_options::add);
  EXPECT_THAT(Open(), HasReason("KEY_FILE_MODE"));
  fs::remove(epoch);
  EXPECT_THAT(Open(), HasReason("DATA_KEYS_MISSING"));
}

TEST_F(SectionKeysTest, WhoOnlyLooksChangesNothing) {
  MEGURI_ASSERT_OK(SectionKeys::Create(folder_.files(), random_));
  const std::string left = folder_.files().epochs[0];
  std::ofstream(left) << "left by a crash";
  MEGURI_ASSERT_OK(Open(SectionKeys::Use::kLookAt));
  EXPECT_TRUE(fs::exists(left));
  MEGURI_ASSERT_OK(Open(SectionKeys::Use::kOwn));
  EXPECT_FALSE(fs::exists(left));
}

// After a crash at any step the keys that are needed are there; an erasure that was acknowledged holds, and one that
// was not can be made again. When the files are opened, no epoch key is left but the one in use.
TEST_F(SectionKeysTest, ACrashAtAnyStepLosesNoKeyAndBringsNoneBack) {
  for (const FaultPlan::Kind kind : {FaultPlan::Kind::kLost, FaultPlan::Kind::kUnheard}) {
    for (uint64_t fail_at = 1; fail_at <= 6; ++fail_at) {
      const meguri::testing::KeyFolder folder;
      Seed kept;
      bool second_is_acknowledged = false;
      {
        MEGURI_ASSERT_OK(SectionKeys::Create(folder.files(), random_));
        FaultPlan plan(fail_at + 1, kind);  // the first is that of Open
        const auto keys = *SectionKeys::Open(folder.files(), SectionKeys::Use::kOwn, random_, FaultyDisk(plan));
        kept = *keys->Find(3);
        const bool first_is_acknowledged = keys->Erase({1}).ok();
        EXPECT_EQ(first_is_acknowledged, fail_at > 3) << fail_at;
        second_is_acknowledged = keys->Erase({2}).ok();
        EXPECT_FALSE(second_is_acknowledged);
        EXPECT_EQ(keys->IsErased(2), second_is_acknowledged);
      }
      const auto keys = SectionKeys::Open(folder.files(), SectionKeys::Use::kOwn, random_);
      MEGURI_ASSERT_OK(keys) << fail_at;
      EXPECT_EQ((*keys)->Find(3), kept);
      if (fail_at > 3) {
        EXPECT_TRUE((*keys)->IsErased(1));
      }
      int epochs = 0;
      for (const auto& entry : fs::directory_iterator(folder.path() + "/keys")) {
        ++epochs;
        EXPECT_TRUE(entry.is_regular_file());
      }
      EXPECT_EQ(epochs, 1) << fail_at;
      MEGURI_ASSERT_OK((*keys)->Erase({1, 2}));
      EXPECT_TRUE((*keys)->IsErased(2));
      EXPECT_EQ((*keys)->Find(3), kept);
    }
  }
}

}  // namespace
}  // namespace meguri::storage
