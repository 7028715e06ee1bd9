// SPDX-License-Identifier: Apache-2.0
#include "node/audit/audit_log.h"

#include <future>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "record/audit_row.h"
#include "storage/anchor.h"
#include "storage/audit_rows.h"
#include "storage/fsck.h"
#include "storage/grant_use.h"
#include "storage/memory/memory_store.h"
#include "tests/testing/fakes.h"
#include "tests/testing/faulty_store.h"
#include "tests/testing/status.h"

namespace meguri::node {
namespace {

using ::testing::ElementsAre;
using testing::HasReason;
using ::testing::IsEmpty;

const GrantHooks kNoLimits{[](const record::RecordId&) { return uint64_t{0}; },
                           [](const record::RecordId&, uint64_t) {}};

record::ParticipantId Id(absl::string_view text) { return *record::ParticipantId::Parse(text); }

audit::v1::Row Delivery(uint64_t version = 1) {
  audit::v1::Row row;
  row.set_reader("9999:reader");
  row.set_identity("spiffe://ce.example/member/9999/reader/node/main");
  row.set_method("Get");
  row.set_decision(audit::v1::DECISION_DELIVERED);
  row.set_rule("allow-member");
  row.set_publisher("9999:maker");
  audit::v1::RowRecord& record = *row.add_records();
  record.set_record_id("ABCDEFGHIJKLMNOP");
  record.set_version(version);
  record.set_slots(1);
  return row;
}

// The rows that a store holds.
std::vector<audit::v1::Row> RowsIn(const storage::StoreReader& store) {
  std::vector<audit::v1::Row> rows;
  const storage::Feeds feeds(store);
  const auto feed = *feeds.Find(storage::AuditFeedOf(Id("9999:maker")));
  const uint64_t size = feed.has_value() ? feeds.ReadHead(*feed)->size() : 0;
  rows.reserve(size);
  for (uint64_t index = 0; index < size; ++index) {
    rows.push_back(storage::AuditRows(store).Read(*feed, index)->message());
  }
  return rows;
}

class AuditLogTest : public ::testing::Test {
 protected:
  absl::Status Write(AuditLog& log, std::vector<audit::v1::Row> rows) {
    std::promise<absl::Status> promise;
    log.Write(std::move(rows), [&promise](const absl::Status& status) { promise.set_value(status); });
    return promise.get_future().get();
  }
  // What is submitted is written before what is submitted after it.
  std::vector<audit::v1::Row> Rows() {
    MEGURI_EXPECT_OK(committer_->SubmitAndWait([](storage::CommitScope&) { return absl::OkStatus(); }));
    return RowsIn(committer_->durable());
  }
  Refusal RefusalOf(absl::string_view caller, absl::string_view rule = "FEED_NOT_READABLE") const {
    return {Id(caller),
            absl::StrCat("spiffe://ce.example/member/", caller, "/node/main"),
            "Follow",
            std::string(rule),
            "The feed members is not open to it.",
            ""};
  }

  testing::FakeClock clock_;
  testing::SeededRandom random_;
  std::shared_ptr<storage::MemoryDisk> disk_ = storage::MakeMemoryDisk();
  std::unique_ptr<storage::OrderedStore> store_ = storage::OpenMemoryStore(disk_);
  std::unique_ptr<storage::Anchor> anchor_ = storage::MakeMemoryAnchor();
  std::unique_ptr<storage::Committer> committer_ = storage::Committer::Start(*store_, *anchor_).value();
  AuditLog log_{*committer_, Id("9999:maker"), kNoLimits, clock_, random_};
};

TEST_F(AuditLogTest, AnswersOnceTheRowIsWhereEverybodyMaySeeIt) {
  std::promise<size_t> seen;
  log_.Write({Delivery(1), Delivery(2)}, [&](const absl::Status& status) {
    MEGURI_EXPECT_OK(status);
    seen.set_value(RowsIn(committer_->durable()).size());
  });
  EXPECT_EQ(seen.get_future().get(), 2U);
  const std::vector<audit::v1::Row> rows = Rows();
  EXPECT_EQ(rows[0].number(), 1U);
  EXPECT_EQ(rows[1].number(), 2U);
  EXPECT_EQ(rows[0].time_ms(), static_cast<uint64_t>(absl::ToUnixMillis(clock_.Now())));
  EXPECT_NE(rows[0].nonce(), rows[1].nonce());
}

TEST_F(AuditLogTest, RefusesARowThatIsNone) {
  audit::v1::Row wrong = Delivery();
  wrong.clear_rule();
  EXPECT_THAT(Write(log_, {wrong}), HasReason("AUDIT_ROW"));
  EXPECT_THAT(Rows(), IsEmpty());
}

// A row of three versions that a grant opens.
audit::v1::Row DeliveryByGrant(absl::string_view grant) {
  audit::v1::Row row = Delivery(1);
  *row.add_records() = row.records(0);
  row.mutable_records(1)->set_version(2);
  *row.add_records() = row.records(0);
  row.mutable_records(2)->set_version(3);
  row.set_rule("allow-grant");
  row.set_grant_id(std::string(grant));
  row.set_purpose(2);
  return row;
}

TEST_F(AuditLogTest, CountsWhatGrantsDeliverAndLetsNothingBeyondTheirLimitGo) {
  constexpr char kLimited[] = "a grant of seven";
  constexpr char kOther[] = "without a limit!";
  std::vector<std::pair<std::string, uint64_t>> told;
  const GrantHooks hooks{
      [&](const record::RecordId& grant) { return grant.view() == kLimited ? 7U : 0U; },
      [&](const record::RecordId& grant, uint64_t deliveries) { told.emplace_back(grant.ToString(), deliveries); }};
  {
    AuditLog log(*committer_, Id("9999:maker"), hooks, clock_, random_);
    MEGURI_EXPECT_OK(Write(log, {DeliveryByGrant(kLimited), DeliveryByGrant(kOther)}));
    audit::v1::Row batch = DeliveryByGrant(kLimited);
    batch.clear_records();
    batch.mutable_feed()->set_name("offer/6120677261206f6620736576656e2e2e");
    batch.mutable_feed()->set_from(10);
    batch.mutable_feed()->set_to(13);
    MEGURI_EXPECT_OK(Write(log, {batch}));
    // Seven are allowed: the next three are one too many and a half of them does not go out.
    EXPECT_THAT(Write(log, {DeliveryByGrant(kOther), DeliveryByGrant(kLimited)}), HasReason("DELIVERIES_SPENT"));
    EXPECT_EQ(Rows().size(), 3U);
    audit::v1::Row last = DeliveryByGrant(kLimited);
    last.mutable_records()->DeleteSubrange(1, 2);
    MEGURI_EXPECT_OK(Write(log, {last}));
    EXPECT_THAT(Write(log, {last}), HasReason("DELIVERIES_SPENT"));
  }
  EXPECT_EQ(Rows().size(), 4U);
  EXPECT_THAT(
      told, ElementsAre(std::pair(kLimited, 3), std::pair(kOther, 3), std::pair(kLimited, 6), std::pair(kLimited, 7)));
  const auto uses = storage::GrantUses(committer_->durable()).All();
  MEGURI_ASSERT_OK(uses.status());
  ASSERT_EQ(uses->size(), 2U);
  EXPECT_EQ((*uses)[0].grant.view(), kLimited);
  EXPECT_EQ((*uses)[0].deliveries, 7U);
  EXPECT_EQ((*uses)[1].deliveries, 3U);
  EXPECT_THAT(storage::Fsck(*store_, nullptr, [](uint64_t, uint64_t) {})->problems, IsEmpty());

  // More than the rows tell of is found.
  MEGURI_ASSERT_OK(committer_->SubmitAndWait([&](storage::CommitScope& scope) {
    return storage::GrantUses::Add(scope.transaction, (*uses)[0].grant, 1).status();
  }));
  EXPECT_THAT(storage::Fsck(*store_, nullptr, [](uint64_t, uint64_t) {})->problems,
              ElementsAre(::testing::HasSubstr("counts 8 deliveries and the audit rows tell of 7")));
}

// Every place where the disk can fail: what was let go has its row after the restart. A row for what was not let go may
// be left, never the reverse.
class AuditLogCrash : public AuditLogTest, public ::testing::WithParamInterface<testing::FaultPlan::Kind> {
 protected:
  // Writes rows until the plan strikes, and on. Returns the versions that were let go.
  std::set<uint64_t> RunUntilCrash(const std::shared_ptr<storage::MemoryDisk>& disk, testing::FaultPlan& plan) {
    std::set<uint64_t> let_go;
    const auto store = storage::OpenMemoryStore(disk);
    const auto anchor = storage::MakeMemoryAnchor();
    const auto faulty_store = testing::MakeFaultyStore(*store, plan);
    const auto faulty_anchor = testing::MakeFaultyAnchor(*anchor, plan);
    auto committer = storage::Committer::Start(*faulty_store, *faulty_anchor);
    if (!committer.ok()) {
      return let_go;
    }
    AuditLog log(**committer, Id("9999:maker"), kNoLimits, clock_, random_);
    for (uint64_t version = 1; version <= 4; ++version) {
      if (Write(log, {Delivery(version)}).ok()) {
        let_go.insert(version);
      }
    }
    return let_go;
  }
  static std::set<uint64_t> WrittenIn(const storage::StoreReader& store) {
    std::set<uint64_t> written;
    for (const audit::v1::Row& row : RowsIn(store)) {
      written.insert(row.records(0).version());
    }
    return written;
  }
};

TEST_P(AuditLogCrash, LetsNothingGoWithoutARowThatOutlastsIt) {
  bool struck = true;
  bool left_alone = false;
  for (uint64_t fail_at = 1; struck; ++fail_at) {
    const auto disk = storage::MakeMemoryDisk();
    testing::FaultPlan plan(fail_at, GetParam());
    const std::set<uint64_t> let_go = RunUntilCrash(disk, plan);
    struck = plan.writes_seen() >= fail_at;
    const auto store = storage::OpenMemoryStore(disk);
    const std::set<uint64_t> written = WrittenIn(*store);
    EXPECT_THAT(written, ::testing::IsSupersetOf(let_go)) << "write " << fail_at << " failed";
    left_alone = left_alone || written.size() > let_go.size();
    EXPECT_THAT(storage::Fsck(*store, nullptr, nullptr)->problems, IsEmpty());
  }
  EXPECT_TRUE(left_alone) << "a row may be left for what never left";
}

INSTANTIATE_TEST_SUITE_P(Faults, AuditLogCrash,
                         ::testing::Values(testing::FaultPlan::Kind::kLost, testing::FaultPlan::Kind::kUnheard));

TEST_F(AuditLogTest, RefusesEverythingOnceTheStoreHasFailed) {
  testing::FaultPlan plan(2);  // the first writes the anchor
  const auto faulty = testing::MakeFaultyStore(*store_, plan);
  const auto anchor = storage::MakeMemoryAnchor();
  const auto committer = storage::Committer::Start(*faulty, *anchor).value();
  AuditLog log(*committer, Id("9999:maker"), kNoLimits, clock_, random_);
  MEGURI_EXPECT_OK(Write(log, {Delivery()}));
  EXPECT_THAT(Write(log, {Delivery()}), HasReason("STORE_FAILED"));
  EXPECT_THAT(Write(log, {Delivery()}), HasReason("STORE_FAILED"));
}

TEST_F(AuditLogTest, WritesTheFirstRefusalOfAMinuteAndCountsTheRest) {
  for (int i = 0; i < 5; ++i) {
    log_.NoteRefusal(RefusalOf("9999:reader"));
  }
  log_.NoteRefusal(RefusalOf("9999:reader", "MEMBER_SUSPENDED"));
  log_.NoteRefusal(RefusalOf("9999:other"));
  log_.Tick();
  std::vector<audit::v1::Row> rows = Rows();
  ASSERT_EQ(rows.size(), 3U);
  EXPECT_EQ(rows[0].decision(), audit::v1::DECISION_DENIED);
  EXPECT_EQ(rows[0].reader(), "9999:reader");
  EXPECT_EQ(rows[0].rule(), "FEED_NOT_READABLE");
  EXPECT_EQ(rows[0].method(), "Follow");
  EXPECT_EQ(rows[0].detail(), "The feed members is not open to it.");
  EXPECT_EQ(rows[0].again(), 0U);
  clock_.Advance(kDenialWindow);
  log_.Tick();
  rows = Rows();
  ASSERT_EQ(rows.size(), 4U);
  EXPECT_EQ(rows[3].reader(), "9999:reader");
  EXPECT_EQ(rows[3].rule(), "FEED_NOT_READABLE");
  EXPECT_EQ(rows[3].again(), 4U);
  log_.NoteRefusal(RefusalOf("9999:reader"));
  EXPECT_EQ(Rows().size(), 5U) << "the next minute has a first one again";
}

TEST_F(AuditLogTest, WritesWhatTheLastMinuteCountedWhenTheNodeStops) {
  for (int i = 0; i < 3; ++i) {
    log_.NoteRefusal(RefusalOf("9999:reader"));
  }
  log_.Tick();
  EXPECT_EQ(Rows().size(), 1U);
  log_.Flush();
  const std::vector<audit::v1::Row> rows = Rows();
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[1].again(), 2U);
  log_.Flush();
  EXPECT_EQ(Rows().size(), 2U);
}

TEST_F(AuditLogTest, NamesTheRecordThatWasAskedFor) {
  Refusal refusal = RefusalOf("9999:reader", "RECORD_NOT_FOUND");
  refusal.record_id = "ABCDEFGHIJKLMNOP";
  log_.NoteRefusal(refusal);
  ASSERT_EQ(Rows().size(), 1U);
  EXPECT_EQ(Rows()[0].records(0).record_id(), "ABCDEFGHIJKLMNOP");
}

TEST_F(AuditLogTest, KeepsWhatCallersSayWithinTheForm) {
  Refusal refusal = RefusalOf("9999:reader");
  refusal.told = std::string(record::kAuditDetailMax - 1, 'x') + "会員";
  log_.NoteRefusal(refusal);
  refusal.rule = "OTHER";
  refusal.told = "\xff\xfe";
  log_.NoteRefusal(refusal);
  const std::vector<audit::v1::Row> rows = Rows();
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[0].detail(), std::string(record::kAuditDetailMax - 1, 'x'));
  EXPECT_EQ(rows[1].detail(), "");
}

TEST_F(AuditLogTest, PutsMoreKindsThanItTellsApartUnderOneName) {
  for (size_t i = 0; i < kDenialKindsMax + 3; ++i) {
    log_.NoteRefusal(RefusalOf(absl::StrCat("9999:reader", i)));
  }
  EXPECT_EQ(Rows().size(), kDenialKindsMax + 1);
  clock_.Advance(kDenialWindow);
  log_.Tick();
  const std::vector<audit::v1::Row> rows = Rows();
  ASSERT_EQ(rows.size(), kDenialKindsMax + 2);
  EXPECT_EQ(rows.back().reader(), "9999:maker");
  EXPECT_EQ(rows.back().rule(), "several");
  EXPECT_EQ(rows.back().again(), 2U);
}

}  // namespace
}  // namespace meguri::node
