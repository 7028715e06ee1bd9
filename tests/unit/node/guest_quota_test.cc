// SPDX-License-Identifier: Apache-2.0
#include "node/app/guest_quota.h"

#include <filesystem>
#include <fstream>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/testing/fakes.h"
#include "tests/testing/key_folder.h"
#include "tests/testing/status.h"

namespace meguri::node {
namespace {

using testing::HasReason;
using ::testing::HasSubstr;

class GuestQuotaTest : public ::testing::Test {
 protected:
  GuestQuotaTest() { std::filesystem::create_directory(folder_.store()); }
  // Another time than the file had, whatever the clock of the disk can tell apart.
  void Write(const std::string& text) {
    std::ofstream(folder_.quota()) << text;
    time_ += std::chrono::seconds(1);
    std::filesystem::last_write_time(folder_.quota(), time_);
  }
  void Fill(size_t bytes) const { std::ofstream(folder_.store() + "/table") << std::string(bytes, 'x'); }

  const testing::KeyFolder parent_;
  const Folder folder_{parent_.path()};
  testing::FakeClock clock_;
  GuestGuard guard_{folder_, *record::ParticipantId::Parse("0199:guest"), clock_};
  std::filesystem::file_time_type time_ = std::filesystem::file_time_type::clock::now();
};

TEST_F(GuestQuotaTest, HasDefaultsAndIsKeptInAFile) {
  EXPECT_EQ(*ReadGuestQuota(folder_), GuestQuota());
  const GuestQuota quota{5, 6, 7};
  MEGURI_ASSERT_OK(WriteGuestQuota(folder_, quota));
  EXPECT_EQ(*ReadGuestQuota(folder_), quota);
  EXPECT_FALSE(WriteGuestQuota(folder_, {0, 6, 7}).ok());
  EXPECT_EQ(*ReadGuestQuota(folder_), quota);
  Write("records = 9\n");
  EXPECT_EQ(*ReadGuestQuota(folder_), (GuestQuota{GuestQuota().store_mib, 9, GuestQuota().calls_per_second}));
  for (const char* bad : {"records = 0\n", "records = many\n", "record = 5\n", "records\n", "records = -1\n"}) {
    Write(bad);
    EXPECT_EQ(ReadGuestQuota(folder_).status().code(), absl::StatusCode::kInvalidArgument) << bad;
  }
}

TEST_F(GuestQuotaTest, RefusesMoreRecordsAndMoreDiskAtTheLimitAndNotBefore) {
  Write("store_mib = 1\nrecords = 3\n");
  MEGURI_ASSERT_OK(guard_.Refresh(2));
  MEGURI_EXPECT_OK(guard_.AdmitStorage());
  MEGURI_ASSERT_OK(guard_.Refresh(3));
  EXPECT_THAT(guard_.AdmitStorage(), HasReason("GUEST_RECORDS"));
  EXPECT_THAT(std::string(guard_.AdmitStorage().message()), HasSubstr("has 3 versions of records"));
  Fill((1 << 20) - 1);
  MEGURI_ASSERT_OK(guard_.Refresh(0));
  MEGURI_EXPECT_OK(guard_.AdmitStorage());
  Fill(1 << 20);
  MEGURI_ASSERT_OK(guard_.Refresh(0));
  EXPECT_THAT(guard_.AdmitStorage(), HasReason("GUEST_STORE"));
  EXPECT_EQ(guard_.AdmitStorage().code(), absl::StatusCode::kResourceExhausted);
}

TEST_F(GuestQuotaTest, TakesANewQuotaUpAndKeepsTheOldOneIfTheFileIsBroken) {
  Write("calls_per_second = 1\n");
  MEGURI_ASSERT_OK(guard_.Refresh(0));
  MEGURI_EXPECT_OK(guard_.AdmitCall());
  MEGURI_EXPECT_OK(guard_.AdmitCall());
  EXPECT_THAT(guard_.AdmitCall(), HasReason("GUEST_CALLS"));
  Write("calls_per_second = lots\n");
  EXPECT_FALSE(guard_.Refresh(0).ok());
  EXPECT_THAT(guard_.AdmitCall(), HasReason("GUEST_CALLS"));
  Write("calls_per_second = 5\n");
  MEGURI_ASSERT_OK(guard_.Refresh(0));
  MEGURI_EXPECT_OK(guard_.AdmitCall());
}

}  // namespace
}  // namespace meguri::node
