// SPDX-License-Identifier: Apache-2.0
#include "storage/onward_reports.h"

#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "record/onward_report.h"
#include "storage/fsck.h"
#include "storage/key_layout.h"
#include "storage/memory/memory_store.h"
#include "storage/value.h"
#include "tests/testing/status.h"
#include "tests/unit/storage/samples.h"

namespace meguri::storage {
namespace {

using meguri::testing::HasReason;
using testing::Apply;
using ::testing::IsEmpty;
using testing::Member;
using ::testing::SizeIs;
using Side = OnwardReports::Side;

const record::RecordId kOffer = *record::RecordId::Parse("ABCDEFGHIJKLMNOP");

v1::StoredOnwardReport ReportOf(uint32_t month) {
  audit::v1::OnwardReport report;
  report.set_format_version(1);
  report.set_federation("ce.example");
  report.set_holder("9999:me");
  report.set_owner("9999:maker");
  report.set_month(month);
  audit::v1::OnwardRow& row = *report.add_rows();
  row.set_offer_id(kOffer.ToString());
  row.set_reader("9999:city");
  row.set_purpose(2);
  row.set_to(1);
  row.set_batches(1);
  row.set_first_ms(1);
  row.set_last_ms(1);
  report.set_time_ms(static_cast<uint64_t>(absl::ToUnixMillis(record::BeginOf(record::NextMonth(month)))));
  v1::StoredOnwardReport stored;
  stored.mutable_report()->set_body(*record::EncodeOnwardReport(report));
  return stored;
}

v1::StoredOnwardSum Sum() {
  v1::StoredOnwardSum sum;
  sum.set_to(5);
  sum.set_batches(1);
  return sum;
}

class OnwardReportsTest : public ::testing::Test {
 protected:
  OnwardReportsTest() {
    Transaction transaction(*store_);
    for (const uint32_t month : {202612U, 202701U, 202611U}) {
      OnwardReports::Put(transaction, Side::kOwn, me_, {month, Member("9999:maker")}, ReportOf(month));
    }
    OnwardReports::Put(transaction, Side::kReceived, me_, {202611, Member("9999:city")}, ReportOf(202611));
    OnwardReports::PutSum(transaction, me_, {Member("9999:maker"), 202702, kOffer, Member("9999:city"), 2}, Sum());
    OnwardReports::PutSum(transaction, Member("9999:me2"), {Member("9999:maker"), 202702, kOffer, me_, 2}, Sum());
    OnwardReports::PutRowsRead(transaction, me_, 17);
    MEGURI_EXPECT_OK(Apply(*store_, transaction));
  }
  std::vector<std::string> Problems() { return Fsck(*store_, nullptr, nullptr)->problems; }

  const record::ParticipantId me_ = Member("9999:me");
  std::unique_ptr<OrderedStore> store_ = OpenMemoryStore(MakeMemoryDisk());
  OnwardReports reports_{*store_};
};

TEST_F(OnwardReportsTest, TheNewestMonthComesFirst) {
  const auto first = reports_.List(Side::kOwn, me_, "", 2);
  MEGURI_ASSERT_OK(first);
  ASSERT_THAT(*first, SizeIs(2));
  EXPECT_EQ((*first)[0].first.month, 202701U);
  EXPECT_EQ((*first)[1].first.month, 202612U);
  const auto rest = reports_.List(Side::kOwn, me_, OnwardReports::KeyOf((*first)[1].first), 2);
  MEGURI_ASSERT_OK(rest);
  ASSERT_THAT(*rest, SizeIs(1));
  EXPECT_EQ(rest->front().first, (OnwardName{202611, Member("9999:maker")}));
  EXPECT_THAT(*reports_.List(Side::kReceived, me_, "", 10), SizeIs(1));
  EXPECT_THAT(*reports_.List(Side::kReceived, Member("9999:maker"), "", 10), IsEmpty());
}

TEST_F(OnwardReportsTest, SumsAreThoseOfOneMember) {
  EXPECT_EQ(*reports_.RowsRead(me_), 17U);
  EXPECT_EQ(*reports_.RowsRead(Member("9999:me2")), 0U);
  const auto sums = reports_.Sums(me_);
  MEGURI_ASSERT_OK(sums);
  ASSERT_THAT(*sums, SizeIs(1));
  const OnwardSumName& name = sums->front().first;
  EXPECT_EQ(name, (OnwardSumName{Member("9999:maker"), 202702, kOffer, Member("9999:city"), 2}));
  Transaction transaction(*store_);
  OnwardReports::DeleteSum(transaction, me_, name);
  MEGURI_ASSERT_OK(Apply(*store_, transaction));
  EXPECT_THAT(*reports_.Sums(me_), IsEmpty());
}

TEST_F(OnwardReportsTest, FsckFindsWhatMayNotLieThere) {
  EXPECT_THAT(Problems(), IsEmpty());
  Transaction transaction(*store_);
  OnwardReports::Put(transaction, Side::kOwn, me_, {202605, Member("9999:maker")}, ReportOf(202611));
  OnwardReports::Put(transaction, Side::kReceived, me_, {202605, Member("9999:maker")}, {});
  OnwardReports::PutSum(transaction, me_, {Member("9999:maker"), 202702, kOffer, Member("9999:city"), 3}, {});
  MEGURI_ASSERT_OK(Apply(*store_, transaction));
  EXPECT_THAT(Problems(), SizeIs(3));
}

TEST_F(OnwardReportsTest, KeysAreCheckedToo) {
  const std::string setting = KindPrefix(KeyKind::kSetting);
  for (const std::string& name : {std::string("onward/sum/9999:me"), std::string("onward/sum/9999:me\0", 19),
                                  std::string("onward/sum/9999:me\0nobody\0", 26),
                                  std::string("onward/sum/9999:me\0009999:maker\0AAAABBBB", 38)}) {
    EXPECT_TRUE(IsOnwardKey(setting + name));
    EXPECT_THAT(CheckOnward(setting + name, WrapMessage(Sum())), HasReason("VALUE_DAMAGED")) << name;
  }
  EXPECT_THAT(CheckOnward(absl::StrCat(setting, "onward/out/9999:me"), WrapMessage(ReportOf(202611))),
              HasReason("VALUE_DAMAGED"));
  EXPECT_FALSE(IsOnwardKey(absl::StrCat(setting, "onward/other")));
}

}  // namespace
}  // namespace meguri::storage
