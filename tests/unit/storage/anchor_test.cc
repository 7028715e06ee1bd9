// SPDX-License-Identifier: Apache-2.0
#include "storage/anchor.h"

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <unistd.h>

#include "gmock/gmock.h"
#include "tests/testing/status.h"

namespace meguri::storage {
namespace {

constexpr size_t kSlotSize = 4096;

AnchorState State(uint64_t commit) {
  return AnchorState{commit, record::Sha256(std::to_string(commit)), 3, commit + 100};
}

class AnchorFile : public ::testing::Test {
 protected:
  AnchorFile() {
    std::string pattern = std::filesystem::temp_directory_path() / "meguri_anchor_XXXXXX";
    folder_ = ::mkdtemp(pattern.data());
    path_ = folder_ + "/ANCHOR";
  }
  ~AnchorFile() override { std::filesystem::remove_all(folder_); }

  std::unique_ptr<Anchor> Open(const AnchorDisk& disk = RealAnchorDisk()) {
    auto anchor = OpenAnchorFile(path_, disk);
    EXPECT_THAT(anchor, testing::IsOk());
    return anchor.ok() ? *std::move(anchor) : nullptr;
  }
  void WriteCommits(uint64_t first, uint64_t last) {
    const auto anchor = Open();
    for (uint64_t commit = first; commit <= last; ++commit) {
      MEGURI_ASSERT_OK(anchor->Write(State(commit)));
    }
  }
  absl::StatusOr<absl::optional<AnchorState>> ReadAgain() { return Open()->Read(); }
  void Overwrite(size_t offset, const std::string& bytes) {
    std::fstream file(path_, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(static_cast<std::streamoff>(offset));
    file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    ASSERT_TRUE(file.good());
  }
  std::string Bytes() {
    std::ifstream file(path_, std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(file), {});
  }

  std::string folder_;
  std::string path_;
};

TEST_F(AnchorFile, HoldsNothingWhenItIsNew) {
  EXPECT_EQ(*Open()->Read(), absl::nullopt);
  EXPECT_EQ(*ReadAgain(), absl::nullopt);
  EXPECT_EQ(std::filesystem::file_size(path_), 2 * kSlotSize);
}

TEST_F(AnchorFile, HoldsNothingWhenItsCreationWasCut) {
  std::ofstream(path_) << std::string(100, '\0');
  EXPECT_EQ(*ReadAgain(), absl::nullopt);
  EXPECT_EQ(std::filesystem::file_size(path_), 2 * kSlotSize);
}

TEST_F(AnchorFile, ReturnsTheNewestStateAfterEveryWrite) {
  for (uint64_t commit = 0; commit < 7; ++commit) {
    WriteCommits(commit, commit);
    EXPECT_EQ(*ReadAgain(), State(commit));
  }
}

TEST_F(AnchorFile, ReturnsTheLastOfManyWrites) {
  const auto anchor = Open();
  for (uint64_t commit = 1; commit <= 100; ++commit) {
    MEGURI_ASSERT_OK(anchor->Write(State(commit)));
    ASSERT_EQ(*anchor->Read(), State(commit));
  }
}

TEST_F(AnchorFile, FallsBackToTheOtherSlotIfTheNewestIsTorn) {
  WriteCommits(1, 4);  // commit 4 lies in the second slot
  const std::string whole = Bytes();
  for (size_t offset = 0; offset < 112; ++offset) {
    Overwrite(kSlotSize + offset, std::string(1, static_cast<char>(whole[kSlotSize + offset] ^ 1)));
    EXPECT_EQ(*ReadAgain(), State(3)) << offset;
    Overwrite(kSlotSize + offset, whole.substr(kSlotSize + offset, 1));
  }
  EXPECT_EQ(*ReadAgain(), State(4));
}

TEST_F(AnchorFile, WritesOverTheTornSlotAndNotOverTheGoodOne) {
  WriteCommits(1, 4);
  Overwrite(kSlotSize, std::string(50, 'x'));
  WriteCommits(5, 5);
  EXPECT_EQ(*ReadAgain(), State(5));
  Overwrite(kSlotSize, std::string(50, 'x'));
  EXPECT_EQ(*ReadAgain(), State(3));
}

TEST_F(AnchorFile, IsNewIfTheVeryFirstWriteWasTorn) {
  WriteCommits(0, 0);
  Overwrite(60, std::string(kSlotSize - 60, '\0'));
  EXPECT_EQ(*ReadAgain(), absl::nullopt);
  WriteCommits(0, 1);
  EXPECT_EQ(*ReadAgain(), State(1));
}

TEST_F(AnchorFile, RefusesToReadOrWriteIfBothSlotsAreBad) {
  WriteCommits(1, 2);
  Overwrite(20, "x");
  Overwrite(kSlotSize + 20, "x");
  EXPECT_THAT(ReadAgain(), testing::HasReason("ANCHOR_DAMAGED"));
  EXPECT_THAT(ReadAgain(), testing::HasCode(absl::StatusCode::kDataLoss));
  EXPECT_THAT(Open()->Write(State(3)), testing::HasReason("ANCHOR_DAMAGED"));
}

TEST_F(AnchorFile, RefusesAFileOfAnotherKind) {
  std::ofstream(path_) << std::string(3 * kSlotSize, 'z');
  EXPECT_THAT(ReadAgain(), testing::HasReason("ANCHOR_DAMAGED"));
}

TEST_F(AnchorFile, RefusesASecondOpening) {
  const auto anchor = Open();
  const auto second = OpenAnchorFile(path_);
  EXPECT_THAT(second, testing::HasReason("STORE_LOCKED"));
  EXPECT_THAT(second, testing::HasCode(absl::StatusCode::kUnavailable));
}

TEST_F(AnchorFile, TellsIfItsFolderIsMissing) {
  EXPECT_THAT(OpenAnchorFile(folder_ + "/absent/ANCHOR"), testing::HasReason("STORE_FAILED"));
}

TEST_F(AnchorFile, SurvivesShortAndInterruptedWrites) {
  AnchorDisk disk = RealAnchorDisk();
  int calls = 0;
  disk.pwrite = [&calls](int file, const void* bytes, size_t size, off_t offset) -> ssize_t {
    if (++calls % 3 == 0) {
      errno = EINTR;
      return -1;
    }
    return ::pwrite(file, bytes, std::min<size_t>(size, 700), offset);
  };
  {
    const auto anchor = Open(disk);
    for (uint64_t commit = 1; commit <= 3; ++commit) {
      MEGURI_ASSERT_OK(anchor->Write(State(commit)));
    }
  }
  EXPECT_GT(calls, 10);
  EXPECT_EQ(*ReadAgain(), State(3));
}

TEST_F(AnchorFile, SyncsEveryWriteBeforeItReturns) {
  AnchorDisk disk = RealAnchorDisk();
  std::vector<std::string> calls;
  disk.pwrite = [&calls](int file, const void* bytes, size_t size, off_t offset) {
    calls.push_back("write");
    return ::pwrite(file, bytes, size, offset);
  };
  disk.fdatasync = [&calls](int file) {
    calls.push_back("sync");
    return ::fdatasync(file);
  };
  const auto anchor = Open(disk);
  calls.clear();
  MEGURI_ASSERT_OK(anchor->Write(State(1)));
  MEGURI_ASSERT_OK(anchor->Write(State(2)));
  EXPECT_THAT(calls, ::testing::ElementsAre("write", "sync", "write", "sync"));
}

TEST_F(AnchorFile, NeverWritesAgainAfterAFailedSync) {
  AnchorDisk disk = RealAnchorDisk();
  bool fail = false;
  int syncs = 0;
  disk.fdatasync = [&](int file) {
    ++syncs;
    errno = EIO;
    return fail ? -1 : ::fdatasync(file);
  };
  const auto anchor = Open(disk);
  MEGURI_ASSERT_OK(anchor->Write(State(1)));
  const int before = syncs;
  fail = true;
  EXPECT_THAT(anchor->Write(State(2)), testing::HasReason("STORE_FAILED"));
  EXPECT_EQ(syncs, before + 1);
  fail = false;
  EXPECT_THAT(anchor->Write(State(3)), testing::HasReason("STORE_FAILED"));
  EXPECT_EQ(syncs, before + 1);
}

TEST_F(AnchorFile, KeepsTheOldStateIfTheDiskTakesNothing) {
  AnchorDisk disk = RealAnchorDisk();
  bool full = false;
  disk.pwrite = [&full](int file, const void* bytes, size_t size, off_t offset) -> ssize_t {
    errno = ENOSPC;
    return full ? -1 : ::pwrite(file, bytes, size, offset);
  };
  {
    const auto anchor = Open(disk);
    MEGURI_ASSERT_OK(anchor->Write(State(1)));
    full = true;
    EXPECT_THAT(anchor->Write(State(2)), testing::HasReason("STORE_FAILED"));
  }
  EXPECT_EQ(*ReadAgain(), State(1));
}

TEST_F(AnchorFile, IsReadWithoutBeingChangedAndNotWhileItIsOpen) {
  EXPECT_THAT(OpenAnchorFileToRead(path_), testing::HasReason("ANCHOR_MISSING"));
  EXPECT_TRUE(std::filesystem::is_empty(folder_));
  WriteCommits(1, 3);
  {
    const auto anchor = Open();
    EXPECT_THAT(OpenAnchorFileToRead(path_), testing::HasReason("STORE_LOCKED"));
  }
  const std::string before = Bytes();
  const auto anchor = *OpenAnchorFileToRead(path_);
  EXPECT_EQ(*anchor->Read(), State(3));
  EXPECT_THAT(OpenAnchorFile(path_), testing::HasReason("STORE_LOCKED"));
  EXPECT_EQ(Bytes(), before);
}

TEST(MemoryAnchor, KeepsTheLastState) {
  const auto anchor = MakeMemoryAnchor();
  EXPECT_EQ(*anchor->Read(), absl::nullopt);
  MEGURI_ASSERT_OK(anchor->Write(State(1)));
  MEGURI_ASSERT_OK(anchor->Write(State(2)));
  EXPECT_EQ(*anchor->Read(), State(2));
}

}  // namespace
}  // namespace meguri::storage
