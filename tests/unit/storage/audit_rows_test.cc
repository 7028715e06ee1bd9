// SPDX-License-Identifier: Apache-2.0
#include "storage/audit_rows.h"

#include <algorithm>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <stdlib.h>

#include "base/status_macros.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "storage/anchor.h"
#include "storage/format.h"
#include "storage/fsck.h"
#include "storage/key_layout.h"
#include "storage/memory/memory_store.h"
#include "storage/rocksdb/rocksdb_store.h"
#include "storage/value.h"
#include "tests/testing/fakes.h"
#include "tests/testing/status.h"
#include "tests/unit/storage/samples.h"

namespace meguri::storage {
namespace {

using meguri::testing::HasReason;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::Member;

audit::v1::Row RowFor(absl::string_view reader, absl::string_view publisher = "9999:maker") {
  audit::v1::Row row;
  row.set_format_version(record::kAuditRowFormatVersion);
  row.set_nonce("0123456789abcdef");
  row.set_time_ms(1'790'000'000'000);
  row.set_reader(std::string(reader));
  row.set_identity("spiffe://ce.example/member/9999/a/node/main");
  row.set_method("meguri.record.v1.RecordService.Get");
  row.set_decision(audit::v1::DECISION_DELIVERED);
  row.set_rule("allow-member");
  row.set_publisher(std::string(publisher));
  audit::v1::RowRecord& record = *row.add_records();
  record.set_record_id("ABCDEFGHIJKLMNOP");
  record.set_version(1);
  record.set_slots(2);
  record.add_section_types(3);
  return row;
}

// The same on every engine.
class AuditRowsTest : public ::testing::TestWithParam<bool> {
 protected:
  AuditRowsTest() {
    std::string pattern = "/tmp/meguri-audit-XXXXXX";
    folder_ = ::mkdtemp(pattern.data());
    store_ = GetParam() ? OpenRocksdbStore(folder_, {}).value() : OpenMemoryStore(MakeMemoryDisk());
    MEGURI_EXPECT_OK(PrepareFormat(*store_));
    committer_ = Committer::Start(*store_, *anchor_).value();
  }
  ~AuditRowsTest() override {
    committer_.reset();
    store_.reset();
    std::filesystem::remove_all(folder_);
  }
  absl::Status Append(std::vector<audit::v1::Row> rows) {
    return committer_->SubmitAndWait([rows = std::move(rows)](CommitScope& scope) mutable {
      return AuditRows::Append(scope, Member("9999:maker"), absl::MakeSpan(rows));
    });
  }
  FeedId Feed() const { return Feeds(*store_).Find(AuditFeedOf(Member("9999:maker")))->value(); }
  std::vector<std::string> Problems() const { return Fsck(*store_, anchor_.get(), nullptr)->problems; }
  std::vector<uint64_t> Of(absl::string_view party, uint64_t start = 0, size_t count = 100) const {
    return AuditRows(*store_).Concerning(Feed(), Member(party), start, count).value();
  }
  std::vector<uint64_t> Before(absl::string_view party, uint64_t end, size_t count) const {
    return AuditRows(*store_).ConcerningBefore(Feed(), Member(party), end, count).value();
  }
  // Another store than the committer knows: one value is put or taken away behind its back.
  void Damage(const std::string& key, absl::optional<std::string> value) {
    MEGURI_ASSERT_OK(store_->Apply(WriteBatch{{}, {Write{Family::kLookup, key, std::move(value)}}}));
  }

  std::string folder_;
  std::unique_ptr<OrderedStore> store_;
  std::unique_ptr<Anchor> anchor_ = MakeMemoryAnchor();
  std::unique_ptr<Committer> committer_;
};

TEST_P(AuditRowsTest, NumbersRowsAsTheyCome) {
  MEGURI_ASSERT_OK(Append({RowFor("9999:a"), RowFor("9999:b")}));
  MEGURI_ASSERT_OK(Append({RowFor("9999:a")}));
  const AuditRows rows(*store_);
  for (uint64_t index = 0; index < 3; ++index) {
    const auto row = rows.Read(Feed(), index);
    MEGURI_ASSERT_OK(row);
    EXPECT_EQ(row->index(), index);
    EXPECT_EQ(row->message().reader(), index == 1 ? "9999:b" : "9999:a");
  }
  EXPECT_EQ(Feeds(*store_).ReadHead(Feed())->size(), 3U);
  EXPECT_THAT(rows.Read(Feed(), 3).status(), HasReason("VALUE_MISSING"));
  EXPECT_THAT(Problems(), IsEmpty());
}

TEST_P(AuditRowsTest, FindsTheNewestRowsOfAMemberHoweverFewTheyAre) {
  std::vector<audit::v1::Row> rows(300, RowFor("9999:b"));
  for (const size_t index : {3U, 4U, 120U, 299U}) {
    rows[index] = RowFor("9999:a");
  }
  MEGURI_ASSERT_OK(Append(rows));
  EXPECT_THAT(Before("9999:a", 300, 100), ElementsAre(299, 120, 4, 3));
  std::vector<uint64_t> newest = {299, 120, 4};
  for (; !newest.empty(); newest.pop_back()) {
    EXPECT_EQ(Before("9999:a", 300, newest.size()), newest);
  }
  EXPECT_THAT(Before("9999:a", 120, 100), ElementsAre(4, 3));
  EXPECT_THAT(Before("9999:a", 3, 100), IsEmpty());
  EXPECT_THAT(Before("9999:a", 0, 100), IsEmpty());
  EXPECT_THAT(Before("9999:a", 300, 0), IsEmpty());
  EXPECT_THAT(Before("9999:c", 300, 100), IsEmpty());
  std::vector<uint64_t> others = Before("9999:b", 300, 1000);
  EXPECT_EQ(others.size(), 296U);
  EXPECT_TRUE(std::is_sorted(others.rbegin(), others.rend()));
}

TEST_P(AuditRowsTest, FindsARowForWhomItConcernsAndNobodyElse) {
  MEGURI_ASSERT_OK(Append({
      RowFor("9999:a"),                // its own records, to a
      RowFor("9999:b"),                //
      RowFor("9999:maker", "9999:b"),  // what its own clients read of b is its own affair
      RowFor("9999:a", "9999:b"),      // records of b, to a
      RowFor("9999:b", "9999:b"),
  }));
  EXPECT_THAT(Of("9999:a"), ElementsAre(0, 3));
  EXPECT_THAT(Of("9999:a", 1), ElementsAre(3));
  EXPECT_THAT(Of("9999:b"), ElementsAre(1, 3, 4));
  EXPECT_THAT(Of("9999:b", 0, 2), ElementsAre(1, 3));
  EXPECT_THAT(Of("9999:maker"), IsEmpty());
  EXPECT_THAT(Of("9999:ab"), IsEmpty());
  EXPECT_THAT(Problems(), IsEmpty());
}

TEST_P(AuditRowsTest, WritesNothingIfOneRowIsWrong) {
  audit::v1::Row wrong = RowFor("9999:a");
  wrong.clear_rule();
  EXPECT_THAT(Append({RowFor("9999:a"), wrong}), HasReason("AUDIT_ROW"));
  EXPECT_FALSE(Feeds(*store_).Find(AuditFeedOf(Member("9999:maker")))->has_value());
  EXPECT_THAT(Problems(), IsEmpty());
}

TEST_P(AuditRowsTest, NoticesARowThatWasRemovedOrChanged) {
  MEGURI_ASSERT_OK(Append({RowFor("9999:a"), RowFor("9999:b")}));
  const std::string sound = **store_->Get(Family::kLookup, AuditRowKey(Feed(), 1));
  audit::v1::Row other = RowFor("9999:c");
  other.set_number(2);
  Damage(AuditRowKey(Feed(), 1), WrapValue(record::AuditRow::Make(other)->bytes()));
  EXPECT_THAT(AuditRows(*store_).Read(Feed(), 1).status(), HasReason("VALUE_DAMAGED"));
  EXPECT_THAT(Problems(), Contains(HasSubstr("is not the one that the entry names")));
  Damage(AuditRowKey(Feed(), 1), absl::nullopt);
  EXPECT_THAT(AuditRows(*store_).Read(Feed(), 1).status(), HasReason("VALUE_MISSING"));
  EXPECT_THAT(Problems(), Contains(HasSubstr("the audit row that the entry names")));
  Damage(AuditRowKey(Feed(), 1), sound);
  EXPECT_THAT(Problems(), IsEmpty());
}

TEST_P(AuditRowsTest, NoticesRowsAndKeysThatNothingNames) {
  MEGURI_ASSERT_OK(Append({RowFor("9999:a")}));
  const std::string sound = **store_->Get(Family::kLookup, AuditRowKey(Feed(), 0));
  for (const std::string& key : {AuditRowKey(Feed(), 1), AuditRowKey(77, 0), AuditPartyKey(Feed(), Member("9999:b"), 0),
                                 AuditPartyKey(77, Member("9999:a"), 0), std::string("a"), std::string("z")}) {
    Damage(key, sound);
    EXPECT_FALSE(Problems().empty());
    Damage(key, absl::nullopt);
    EXPECT_THAT(Problems(), IsEmpty());
  }
  Damage(AuditPartyKey(Feed(), Member("9999:a"), 0), absl::nullopt);
  EXPECT_THAT(Problems(), Contains(HasSubstr("by which 9999:a finds the row")));
}

TEST_P(AuditRowsTest, KeepsRowsOverARestart) {
  std::vector<audit::v1::Row> many(300, RowFor("9999:a"));  // more than one tile
  MEGURI_ASSERT_OK(Append(many));
  committer_.reset();
  committer_ = Committer::Start(*store_, *anchor_).value();
  MEGURI_ASSERT_OK(Append({RowFor("9999:b")}));
  EXPECT_EQ(AuditRows(*store_).Read(Feed(), 300)->message().reader(), "9999:b");
  EXPECT_EQ(Of("9999:a", 0, 1000).size(), 300U);
  EXPECT_THAT(Problems(), IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(Engines, AuditRowsTest, ::testing::Bool(), [](const ::testing::TestParamInfo<bool>& engine) {
  return engine.param ? "Rocksdb" : "Memory";
});

}  // namespace
}  // namespace meguri::storage
