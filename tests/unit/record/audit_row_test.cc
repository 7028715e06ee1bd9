// SPDX-License-Identifier: Apache-2.0
#include "record/audit_row.h"

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/bytes.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "record/merkle.h"
#include "tests/testing/status.h"

namespace meguri::record {
namespace {

using meguri::testing::HasReason;

audit::v1::Row Delivery() {
  audit::v1::Row row;
  row.set_format_version(1);
  row.set_nonce("0123456789abcdef");
  row.set_number(7);
  row.set_time_ms(1'790'000'000'000);
  row.set_reader("9999:recycler");
  row.set_identity("spiffe://ce.example/member/9999/recycler/node/main");
  row.set_method("meguri.record.v1.RecordService.Get");
  row.set_decision(audit::v1::DECISION_DELIVERED);
  row.set_rule("allow-recycler-of-group");
  row.set_publisher("0188:7123456789012");
  audit::v1::RowRecord& record = *row.add_records();
  record.set_record_id("ABCDEFGHIJKLMNOP");
  record.set_version(2);
  record.set_slots(0b101);
  record.add_section_types(3);
  record.add_section_types(5);
  row.set_bytes(1234);
  row.set_registry_size(12);
  return row;
}

TEST(AuditRow, IsTheBytesThatAreHashed) {
  const auto row = AuditRow::Make(Delivery());
  MEGURI_ASSERT_OK(row);
  EXPECT_EQ(row->index(), 6U);
  EXPECT_EQ(row->entry().slots, 0U);
  EXPECT_EQ(row->entry().header_hash, Sha256({absl::string_view("meguri/audit-row/v1\0", 20), row->bytes()}));
  const auto again = AuditRow::Parse(row->bytes());
  MEGURI_ASSERT_OK(again);
  EXPECT_EQ(again->bytes(), row->bytes());
  EXPECT_EQ(again->message().records(0).section_types(1), 5U);
}

// docs/format/audit.md has this example; whoever changes it changes what is stored for ever.
TEST(AuditRow, KeepsItsBytesForEver) {
  const auto row = AuditRow::Make(Delivery());
  MEGURI_ASSERT_OK(row);
  EXPECT_EQ(ToHex(row->bytes()),
            "080112103031323334353637383961626364656618072080d8c1a28c342a0d393939393a72656379636c6572"
            "32327370696666653a2f2f63652e6578616d706c652f6d656d6265722f393939392f72656379636c65722f6e"
            "6f64652f6d61696e3a226d65677572692e7265636f72642e76312e5265636f7264536572766963652e476574"
            "40014a17616c6c6f772d72656379636c65722d6f662d67726f75705212303138383a37313233343536373839"
            "3031325a1a0a104142434445464748494a4b4c4d4e4f50100218052003200568d20998010c");
  EXPECT_EQ(row->entry().header_hash.ToHex(), "2e2bff9ff88ca4e3635aa8a5b8c14b20e626509a16cc0a344d16d3a3a9849c56");
  EXPECT_EQ(ToHex(row->entry().Encode()), absl::StrCat("01", row->entry().header_hash.ToHex(), "0000000000000000"));
}

TEST(AuditRow, RefusesEveryByteThatDoesNotBelong) {
  const std::string bytes = AuditRow::Make(Delivery())->bytes();
  for (size_t size = 0; size < bytes.size(); ++size) {
    const auto cut = AuditRow::Parse(bytes.substr(0, size));
    // What is cut at the end of a field may be a row, of other contents.
    EXPECT_TRUE(!cut.ok() || cut->bytes() != bytes) << size;
  }
  EXPECT_THAT(AuditRow::Parse(bytes + std::string(1, '\0')).status(), HasReason("WIRE_GRAMMAR"));
  EXPECT_THAT(AuditRow::Parse(bytes + "\xa8\x01\x01").status(), HasReason("WIRE_GRAMMAR")) << "an unknown field";
  EXPECT_THAT(AuditRow::Parse(bytes + "\x98\x01\x0d").status(), HasReason("WIRE_GRAMMAR")) << "a field twice";
  EXPECT_THAT(AuditRow::Parse(std::string(kAuditRowBytesMax + 1, 'x')).status(), HasReason("AUDIT_ROW"));
  EXPECT_THAT(AuditRow::Parse("\x08\x02").status(), HasReason("NEWER_FORMAT"));
  EXPECT_THAT(AuditRow::Parse("").status(), HasReason("WIRE_GRAMMAR"));
}

TEST(AuditRow, RefusesWhatContradictsItself) {
  const std::vector<std::pair<std::string, std::function<void(audit::v1::Row&)>>> wrong = {
      {"a reader", [](audit::v1::Row& row) { row.set_reader("nobody"); }},
      {"a publisher", [](audit::v1::Row& row) { row.set_publisher("nobody"); }},
      {"a delivery without a rule", [](audit::v1::Row& row) { row.clear_rule(); }},
      {"a delivery without a publisher", [](audit::v1::Row& row) { row.clear_publisher(); }},
      {"a delivery of nothing", [](audit::v1::Row& row) { row.clear_records(); }},
      {"a delivery of no version", [](audit::v1::Row& row) { row.mutable_records(0)->clear_version(); }},
      {"a type too many", [](audit::v1::Row& row) { row.mutable_records(0)->add_section_types(9); }},
      {"a type too few", [](audit::v1::Row& row) { row.mutable_records(0)->mutable_section_types()->RemoveLast(); }},
      {"a feed", [](audit::v1::Row& row) { row.mutable_feed()->set_name("nothing"); }},
      {"entries that end before they begin",
       [](audit::v1::Row& row) {
         row.mutable_feed()->set_name("members");
         row.mutable_feed()->set_from(5);
         row.mutable_feed()->set_to(5);
       }},
      {"entries without an end",
       [](audit::v1::Row& row) {
         row.mutable_feed()->set_name("members");
         row.mutable_feed()->set_from(5);
       }},
      {"a refusal without a reason", [](audit::v1::Row& row) {
         row.set_decision(audit::v1::DECISION_DENIED);
         row.clear_rule();
       }}};
  for (const auto& [what, spoil] : wrong) {
    audit::v1::Row row = Delivery();
    spoil(row);
    EXPECT_THAT(AuditRow::Make(row).status(), HasReason("AUDIT_ROW")) << what;
  }
}

TEST(AuditRow, HoldsToItsLimits) {
  audit::v1::Row row = Delivery();
  while (static_cast<size_t>(row.records_size()) < kAuditRecordsMax) {
    *row.add_records() = row.records(0);
  }
  MEGURI_EXPECT_OK(AuditRow::Make(row));
  *row.add_records() = row.records(0);
  EXPECT_THAT(AuditRow::Make(row).status(), HasReason("WIRE_GRAMMAR"));

  row = Delivery();
  row.set_detail(std::string(kAuditDetailMax, 'x'));
  MEGURI_EXPECT_OK(AuditRow::Make(row));
  row.set_detail(std::string(kAuditDetailMax + 1, 'x'));
  EXPECT_THAT(AuditRow::Make(row).status(), HasReason("WIRE_GRAMMAR"));

  row = Delivery();
  row.set_nonce("too short");
  EXPECT_THAT(AuditRow::Make(row).status(), HasReason("WIRE_GRAMMAR"));
  row = Delivery();
  row.clear_nonce();
  EXPECT_THAT(AuditRow::Make(row).status(), HasReason("WIRE_GRAMMAR"));
}

// The widest that a page can fill one row with.
TEST(AuditRow, HasRoomForAllThatItMayName) {
  audit::v1::Row row = Delivery();
  row.clear_records();
  for (size_t i = 0; i < kAuditRecordsMax; ++i) {
    audit::v1::RowRecord& record = *row.add_records();
    record.set_record_id("ABCDEFGHIJKLMNOP");
    record.set_version(kAuditRecordsMax);
    record.set_slots(UINT64_MAX);
    for (int slot = 0; slot < 64; ++slot) {
      record.add_section_types(100);
    }
  }
  row.set_identity(std::string(kAuditTextMax, 'i'));
  row.set_detail(std::string(kAuditDetailMax, 'd'));
  MEGURI_EXPECT_OK(AuditRow::Make(row));
}

class AuditTree : public ::testing::Test {
 protected:
  AuditTree() {
    for (uint64_t number = 1; number <= 5; ++number) {
      audit::v1::Row row = Delivery();
      row.set_number(number);
      row.mutable_nonce()->back() = static_cast<char>(number);
      rows_.push_back(AuditRow::Make(row).value());
      leaves_.push_back(LeafHash(rows_.back().entry().Encode()));
    }
    head_ = {"ce.example/meguri/0188/7123456789012/1/audit", rows_.size(), RootOf(leaves_)};
  }
  std::vector<std::string> PathOf(uint64_t index) const {
    std::vector<std::string> path;
    const auto hashes = InclusionProof(index, leaves_.size(), [this](uint32_t level, uint64_t at) {
      return absl::StatusOr<Hash>(RootOf(absl::MakeSpan(leaves_).subspan(at << level, size_t{1} << level)));
    });
    for (const Hash& hash : hashes.value()) {
      path.push_back(hash.ToString());
    }
    return path;
  }

  std::vector<AuditRow> rows_;
  std::vector<Hash> leaves_;
  Checkpoint head_;
};

TEST_F(AuditTree, ProvesEachRowAtItsPlaceAndNoOther) {
  for (const AuditRow& row : rows_) {
    MEGURI_EXPECT_OK(VerifyAuditRow(row, PathOf(row.index()), head_));
    audit::v1::Row changed = row.message();
    changed.set_bytes(changed.bytes() + 1);
    EXPECT_THAT(VerifyAuditRow(*AuditRow::Make(changed), PathOf(row.index()), head_), HasReason("INCLUSION_PROOF"));
    changed = row.message();
    changed.set_number(row.message().number() % 5 + 1);
    EXPECT_THAT(VerifyAuditRow(*AuditRow::Make(changed), PathOf(changed.number() - 1), head_),
                HasReason("INCLUSION_PROOF"))
        << "a row that says that it stands elsewhere";
  }
}

TEST_F(AuditTree, RefusesPathsThatAreNone) {
  EXPECT_THAT(VerifyAuditRow(rows_[0], std::vector<std::string>{"short"}, head_), HasReason("AUDIT_ROW"));
  EXPECT_THAT(VerifyAuditRow(rows_[0], std::vector<std::string>(64, std::string(32, 'x')), head_),
              HasReason("AUDIT_ROW"));
  EXPECT_THAT(VerifyAuditRow(rows_[0], std::vector<std::string>{}, head_), HasReason("INCLUSION_PROOF"));
}

}  // namespace
}  // namespace meguri::record
