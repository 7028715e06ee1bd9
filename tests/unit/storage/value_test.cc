// SPDX-License-Identifier: Apache-2.0
#include "storage/value.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "meguri/storage/v1/stored.pb.h"
#include "tests/testing/status.h"

namespace meguri::storage {
namespace {

using meguri::testing::HasCode;
using meguri::testing::HasReason;

TEST(Value, IsAnEncryptionByteAndTheBytes) {
  EXPECT_EQ(WrapValue("ab"), std::string("\0ab", 3));
  EXPECT_EQ(WrapValue(""), std::string("\0", 1));
  EXPECT_EQ(WrapU64(258), std::string("\0\0\0\0\0\0\0\1\2", 9));
}

TEST(Value, ComesBackAsItWas) {
  EXPECT_EQ(*UnwrapValue(WrapValue("ab")), "ab");
  EXPECT_EQ(*UnwrapValue(WrapValue("")), "");
  EXPECT_EQ(*UnwrapU64(WrapU64(UINT64_MAX), "number"), UINT64_MAX);
  v1::StoredHead head;
  head.set_size(7);
  v1::StoredHead read;
  MEGURI_ASSERT_OK(UnwrapMessage(WrapMessage(head), "head", read));
  EXPECT_EQ(read.size(), 7U);
}

TEST(Value, RefusesEveryOtherEncryptionByte) {
  EXPECT_THAT(UnwrapValue(""), HasReason("VALUE_ENCODING"));
  EXPECT_THAT(UnwrapValue(""), HasCode(absl::StatusCode::kDataLoss));
  const std::string sealed = std::string(1, static_cast<char>(ValueEncryption::kSealed)) + std::string(8, '\0');
  EXPECT_THAT(UnwrapValue(sealed), HasReason("VALUE_SEALED")) << "whoever should have opened it could not";
  EXPECT_THAT(UnwrapValue(sealed), HasCode(absl::StatusCode::kDataLoss));
  for (int byte = 2; byte < 256; ++byte) {
    const std::string stored = std::string(1, static_cast<char>(byte)) + std::string(8, '\0');
    v1::StoredHead head;
    EXPECT_THAT(UnwrapValue(stored), HasReason("VALUE_ENCODING")) << byte;
    EXPECT_THAT(UnwrapU64(stored, "number"), HasReason("VALUE_ENCODING")) << byte;
    EXPECT_THAT(UnwrapMessage(stored, "head", head), HasReason("VALUE_ENCODING")) << byte;
  }
}

TEST(Value, RefusesBytesThatAreNotWhatTheyShouldBe) {
  v1::StoredHead head;
  EXPECT_THAT(UnwrapU64(WrapValue("1234567"), "number"), HasReason("VALUE_DAMAGED"));
  EXPECT_THAT(UnwrapU64(WrapValue("123456789"), "number"), HasReason("VALUE_DAMAGED"));
  EXPECT_THAT(UnwrapMessage(WrapValue("\xff"), "head", head), HasReason("VALUE_DAMAGED"));
  EXPECT_THAT(UnwrapMessage(WrapValue("\xff"), "head", head), HasCode(absl::StatusCode::kDataLoss));
}

}  // namespace
}  // namespace meguri::storage
