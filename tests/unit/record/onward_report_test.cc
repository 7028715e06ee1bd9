// SPDX-License-Identifier: Apache-2.0
#include "record/onward_report.h"

#include <functional>

#include "base/bytes.h"
#include "gmock/gmock.h"
#include "tests/testing/status.h"

namespace meguri::record {
namespace {

using meguri::testing::HasReason;

audit::v1::OnwardReport Report() {
  audit::v1::OnwardReport report;
  report.set_format_version(1);
  report.set_federation("ce.example");
  report.set_holder("9999:recycler");
  report.set_owner("0188:7123456789012");
  report.set_month(202611);
  audit::v1::OnwardRow& row = *report.add_rows();
  row.set_offer_id("ABCDEFGHIJKLMNOP");
  row.set_reader("9999:smelter");
  row.set_purpose(2);
  row.set_to(300);
  row.set_batches(2);
  row.set_first_ms(1'794'000'000'000);
  row.set_last_ms(1'794'000'060'000);
  report.set_time_ms(1'796'083'260'000);
  return report;
}

void ExpectRefused(const std::function<void(audit::v1::OnwardReport&)>& change, const char* reason) {
  audit::v1::OnwardReport report = Report();
  change(report);
  EXPECT_THAT(EncodeOnwardReport(report), HasReason(reason)) << report.ShortDebugString();
}

// docs/format/onward.md has this example; whoever changes it changes what others have signed.
TEST(OnwardReport, KeepsItsBytesForEver) {
  const auto body = EncodeOnwardReport(Report());
  MEGURI_ASSERT_OK(body);
  EXPECT_EQ(ToHex(*body),
            "0801120a63652e6578616d706c651a0d393939393a72656379636c65722212303138383a3731323334353637"
            "383930313228f3ae0c32350a104142434445464748494a4b4c4d4e4f50120c393939393a736d656c74657218"
            "0228ac0230023880a8ee959b3440e0fcf1959b3440e0b49ef7a234");
  const auto parsed = ParseOnwardReport(*body);
  MEGURI_ASSERT_OK(parsed);
  EXPECT_EQ(parsed->rows(0).reader(), "9999:smelter");
}

TEST(OnwardReport, RefusesWhatIsNotOne) {
  ExpectRefused([](auto& report) { report.set_format_version(2); }, "NEWER_FORMAT");
  ExpectRefused([](auto& report) { report.clear_rows(); }, "WIRE_GRAMMAR");
  ExpectRefused([](auto& report) { report.clear_month(); }, "WIRE_GRAMMAR");
  ExpectRefused([](auto& report) { report.mutable_rows(0)->clear_purpose(); }, "WIRE_GRAMMAR");
  ExpectRefused([](auto& report) { report.mutable_rows(0)->set_offer_id("short"); }, "WIRE_GRAMMAR");
  ExpectRefused([](auto& report) { report.set_month(202613); }, "ONWARD_FORM");
  ExpectRefused([](auto& report) { report.set_month(202600); }, "ONWARD_FORM");
  ExpectRefused([](auto& report) { report.set_month(196912); }, "ONWARD_FORM");
  ExpectRefused([](auto& report) { report.set_month(202612); }, "ONWARD_FORM");
  ExpectRefused([](auto& report) { report.set_owner(report.holder()); }, "ONWARD_FORM");
  ExpectRefused([](auto& report) { report.set_holder("nobody"); }, "ONWARD_FORM");
  ExpectRefused([](auto& report) { report.mutable_rows(0)->set_reader(report.owner()); }, "ONWARD_FORM");
  ExpectRefused([](auto& report) { report.mutable_rows(0)->set_from(300); }, "ONWARD_FORM");
  ExpectRefused([](auto& report) { report.mutable_rows(0)->set_last_ms(1); }, "ONWARD_FORM");
  ExpectRefused([](auto& report) { report.set_rows_left_out(1); }, "ONWARD_FORM");
  ExpectRefused([](auto& report) { *report.add_rows() = report.rows(0); }, "ONWARD_FORM");
}

TEST(OnwardReport, HoldsAsManyRowsAsItMay) {
  audit::v1::OnwardReport report = Report();
  const audit::v1::OnwardRow row = report.rows(0);
  for (uint32_t purpose = 3; static_cast<size_t>(report.rows_size()) < kOnwardRowsMax; ++purpose) {
    *report.add_rows() = row;
    report.mutable_rows()->rbegin()->set_purpose(purpose);
  }
  report.set_rows_left_out(7);
  MEGURI_EXPECT_OK(EncodeOnwardReport(report));
  *report.add_rows() = row;
  report.mutable_rows()->rbegin()->set_purpose(100'000);
  EXPECT_THAT(EncodeOnwardReport(report), HasReason("WIRE_GRAMMAR"));
}

TEST(OnwardReport, CountsMonthsInUtc) {
  const absl::Time last = absl::FromCivil(absl::CivilSecond(2026, 12, 31, 23, 59, 59), absl::UTCTimeZone());
  EXPECT_EQ(MonthOf(last), 202612U);
  EXPECT_EQ(MonthOf(last + absl::Seconds(1)), 202701U);
  EXPECT_EQ(NextMonth(202612), 202701U);
  EXPECT_EQ(NextMonth(202611), 202612U);
  EXPECT_EQ(BeginOf(202701), last + absl::Seconds(1));
  EXPECT_EQ(BeginOf(202713), absl::InfiniteFuture());
}

}  // namespace
}  // namespace meguri::record
