// SPDX-License-Identifier: Apache-2.0
#include "node/rpc/audit_edge.h"

#include <future>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "meguri/admin/v1/admin_service.pb.h"
#include "record/audit_row.h"
#include "storage/anchor.h"
#include "storage/audit_rows.h"
#include "storage/memory/memory_store.h"
#include "tests/testing/fakes.h"
#include "tests/testing/faulty_store.h"
#include "tests/testing/status.h"

namespace meguri::node {
namespace {

using testing::HasReason;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const GrantHooks kNoLimits{[](const record::RecordId&) { return uint64_t{0}; },
                           [](const record::RecordId&, uint64_t) {}};

record::ParticipantId Id(absl::string_view text) { return *record::ParticipantId::Parse(text); }
record::FeedName Feed(absl::string_view text) { return *record::FeedName::Parse(text); }

const char kNodeUri[] = "spiffe://ce.example/member/9999/reader/node/main";
const char kClientUri[] = "spiffe://ce.example/member/9999/maker/client/desk";

Caller CallerOf(absl::string_view uri) {
  const certs::Identity identity = *certs::Identity::Parse(uri);
  return {identity, identity.participant, identity.certificate_class == certs::Identity::Class::kClient,
          absl::OkStatus()};
}

Disclosure DisclosureOf(uint64_t version, absl::string_view rule = "allow-member",
                        absl::string_view publisher = "9999:maker") {
  return {
      Id(publisher), *record::RecordId::Parse("ABCDEFGHIJKLMNOP"), version, 0b110, {3, 5}, 100, std::string(rule), ""};
}

class AuditEdgeTest : public ::testing::Test {
 protected:
  absl::Status Deliver(const std::vector<Disclosure>& disclosed) {
    std::promise<absl::Status> promise;
    edge_.Deliver(CallerOf(kNodeUri), "Get", disclosed,
                  [&promise](const absl::Status& status) { promise.set_value(status); });
    return promise.get_future().get();
  }
  std::vector<audit::v1::Row> Rows() {
    MEGURI_EXPECT_OK(committer_->SubmitAndWait([](storage::CommitScope&) { return absl::OkStatus(); }));
    std::vector<audit::v1::Row> rows;
    const storage::StoreReader& store = committer_->durable();
    const auto feed = *storage::Feeds(store).Find(storage::AuditFeedOf(Id("9999:maker")));
    const uint64_t size = feed.has_value() ? storage::Feeds(store).ReadHead(*feed)->size() : 0;
    rows.reserve(size);
    for (uint64_t index = 0; index < size; ++index) {
      rows.push_back(storage::AuditRows(store).Read(*feed, index)->message());
    }
    return rows;
  }
  void Deny(absl::string_view peer, const absl::Status& status, absl::string_view record_id = "") {
    edge_.NoteDenial({"Get", peer, status, record_id});
  }

  testing::FakeClock clock_;
  testing::SeededRandom random_;
  std::unique_ptr<storage::OrderedStore> store_ = storage::OpenMemoryStore(storage::MakeMemoryDisk());
  std::unique_ptr<storage::Anchor> anchor_ = storage::MakeMemoryAnchor();
  std::unique_ptr<storage::Committer> committer_ = storage::Committer::Start(*store_, *anchor_).value();
  AuditLog log_{*committer_, Id("9999:maker"), kNoLimits, clock_, random_};
  AuditEdge edge_{log_, [] { return uint64_t{12}; }};
};

TEST_F(AuditEdgeTest, LetsWhatIsPublicGoAtOnceAndWritesNothing) {
  const uint64_t commits = committer_->commit_count();
  const std::thread::id here = std::this_thread::get_id();
  bool is_done = false;
  edge_.Deliver(CallerOf(kNodeUri), "Get", {}, [&](const absl::Status& status) {
    MEGURI_EXPECT_OK(status);
    is_done = std::this_thread::get_id() == here;
  });
  EXPECT_TRUE(is_done);
  EXPECT_THAT(Rows(), IsEmpty());
  EXPECT_EQ(committer_->commit_count(), commits);
}

TEST_F(AuditEdgeTest, SaysWhatGoesToWhomByWhichRule) {
  MEGURI_ASSERT_OK(Deliver({DisclosureOf(7)}));
  ASSERT_EQ(Rows().size(), 1U);
  const audit::v1::Row row = Rows()[0];
  EXPECT_EQ(row.reader(), "9999:reader");
  EXPECT_EQ(row.identity(), kNodeUri);
  EXPECT_EQ(row.method(), "Get");
  EXPECT_EQ(row.decision(), audit::v1::DECISION_DELIVERED);
  EXPECT_EQ(row.rule(), "allow-member");
  EXPECT_EQ(row.publisher(), "9999:maker");
  EXPECT_EQ(row.bytes(), 100U);
  EXPECT_EQ(row.registry_size(), 12U);
  ASSERT_EQ(row.records_size(), 1);
  EXPECT_EQ(row.records(0).version(), 7U);
  EXPECT_EQ(row.records(0).slots(), 0b110U);
  EXPECT_EQ(row.records(0).section_types(1), 5U);
}

TEST_F(AuditEdgeTest, WritesOneRowForAPageOfOneRule) {
  std::vector<Disclosure> page;
  for (uint64_t version = 1; version <= record::kAuditRecordsMax + 1; ++version) {
    page.push_back(DisclosureOf(version));
  }
  page.push_back(DisclosureOf(1, "allow-addressee"));
  page.push_back(DisclosureOf(1, "allow-member", "9999:other"));
  MEGURI_ASSERT_OK(Deliver(page));
  const std::vector<audit::v1::Row> rows = Rows();
  ASSERT_EQ(rows.size(), 4U);
  EXPECT_EQ(static_cast<size_t>(rows[0].records_size()), record::kAuditRecordsMax);
  EXPECT_EQ(rows[0].bytes(), 100 * record::kAuditRecordsMax);
  EXPECT_EQ(rows[1].records_size(), 1);
  EXPECT_EQ(rows[2].rule(), "allow-addressee");
  EXPECT_EQ(rows[3].publisher(), "9999:other");
}

TEST_F(AuditEdgeTest, WritesWhichEntriesOfAFeedGoOut) {
  std::promise<absl::Status> promise;
  const record::FeedKey feed{Id("9999:maker"), Feed("recyclers/battery"), 1};
  edge_.DeliverEntries(CallerOf(kNodeUri), "Follow", SentEntries{feed, 256, 300, 5000},
                       [&promise](const absl::Status& status) { promise.set_value(status); });
  MEGURI_ASSERT_OK(promise.get_future().get());
  const audit::v1::Row row = Rows()[0];
  EXPECT_EQ(row.rule(), "allow-recycler-of-group");
  EXPECT_EQ(row.feed().name(), "recyclers/battery");
  EXPECT_EQ(row.feed().from(), 256U);
  EXPECT_EQ(row.feed().to(), 300U);
  EXPECT_EQ(row.bytes(), 5000U);
}

TEST_F(AuditEdgeTest, WritesByWhichRuleACopyIsHandedOn) {
  std::promise<absl::Status> promise;
  const record::FeedKey feed{Id("9999:owner"), Feed("offer/0123456789abcdef0123456789abcdef"), 1};
  edge_.DeliverEntries(CallerOf(kNodeUri), "Follow",
                       SentEntries{feed, 0, 3, 700, "00112233445566778899aabbccddeeff", 2, "allow-onward-listed"},
                       [&promise](const absl::Status& status) { promise.set_value(status); });
  MEGURI_ASSERT_OK(promise.get_future().get());
  const audit::v1::Row row = Rows()[0];
  EXPECT_EQ(row.rule(), "allow-onward-listed");
  EXPECT_EQ(row.publisher(), "9999:owner");
  EXPECT_EQ(row.reader(), "9999:reader");
  EXPECT_EQ(row.purpose(), 2U);
  EXPECT_EQ(row.grant_id().size(), 16U);
}

TEST_F(AuditEdgeTest, KnowsWhichFeedsAreNotForEveryone) {
  const auto is_narrow = [](absl::string_view uri, absl::string_view name) {
    return AuditEdge::IsNarrow(CallerOf(uri), {Id("9999:maker"), Feed(name), 1});
  };
  EXPECT_FALSE(is_narrow(kNodeUri, "public"));
  EXPECT_FALSE(is_narrow(kNodeUri, "registry"));
  for (const char* name :
       {"members", "recyclers/battery", "authorities/13", "to/9999:reader", "offer/0123456789abcdef0123456789abcdef"}) {
    EXPECT_TRUE(is_narrow(kNodeUri, name)) << name;
  }
  EXPECT_FALSE(is_narrow(kClientUri, "members")) << "its own";
}

TEST_F(AuditEdgeTest, WritesWhatAnAdministratorAsksForBeforeItIsDone) {
  admin::v1::AddFollowRequest request;
  request.mutable_follow()->set_publisher("9999:other");
  request.mutable_follow()->add_feeds("public");
  std::promise<size_t> rows_then;
  edge_.Administer(CallerOf(kClientUri), "AddFollow", api::v1::CLIENT_ROLE_ADMIN, request,
                   [&](const absl::Status& status) {
                     MEGURI_EXPECT_OK(status);
                     const storage::StoreReader& store = committer_->durable();
                     const auto feed = *storage::Feeds(store).Find(storage::AuditFeedOf(Id("9999:maker")));
                     rows_then.set_value(feed.has_value() ? storage::Feeds(store).ReadHead(*feed)->size() : 0);
                   });
  EXPECT_EQ(rows_then.get_future().get(), 1U);
  const audit::v1::Row row = Rows()[0];
  EXPECT_EQ(row.decision(), audit::v1::DECISION_ADMINISTERED);
  EXPECT_EQ(row.identity(), kClientUri);
  EXPECT_EQ(row.rule(), "allow-admin");
  EXPECT_THAT(row.detail(), HasSubstr("9999:other"));
  edge_.Administer(CallerOf(kClientUri), "RequestErasure", api::v1::CLIENT_ROLE_PUBLISH, request,
                   [](const absl::Status& status) { MEGURI_EXPECT_OK(status); });
  EXPECT_EQ(Rows()[1].rule(), "allow-publish");
}

TEST_F(AuditEdgeTest, KeepsBackWhatItCannotWriteDown) {
  testing::FaultPlan plan(1);
  const auto faulty = testing::MakeFaultyStore(*store_, plan);
  const auto anchor = storage::MakeMemoryAnchor();
  const auto committer = storage::Committer::Start(*faulty, *anchor).value();
  AuditLog log(*committer, Id("9999:maker"), kNoLimits, clock_, random_);
  const AuditEdge edge(log, [] { return uint64_t{1}; });
  for (int i = 0; i < 2; ++i) {
    std::promise<absl::Status> promise;
    edge.Deliver(CallerOf(kNodeUri), "Get", std::vector<Disclosure>{DisclosureOf(1)},
                 [&promise](const absl::Status& status) { promise.set_value(status); });
    const absl::Status status = promise.get_future().get();
    EXPECT_THAT(status, HasReason("STORE_FAILED"));
    EXPECT_THAT(std::string(status.message()), HasSubstr("without writing down to whom"));
  }
}

TEST_F(AuditEdgeTest, WritesDownWhomItRefused) {
  Deny(kNodeUri, Error(absl::StatusCode::kPermissionDenied, "FEED_NOT_READABLE", "no"));
  Deny(kNodeUri, Error(absl::StatusCode::kNotFound, "RECORD_NOT_FOUND", "none"), "ABCDEFGHIJKLMNOP");
  Deny(kNodeUri, Error(absl::StatusCode::kNotFound, "RECORD_NOT_FOUND", "none"), "no record ID");
  Deny(kClientUri, Error(absl::StatusCode::kPermissionDenied, "CLIENT_ROLE", "no"));
  const std::vector<audit::v1::Row> rows = Rows();
  ASSERT_EQ(rows.size(), 3U) << "the second of a kind within the minute is counted";
  EXPECT_EQ(rows[0].reader(), "9999:reader");
  EXPECT_EQ(rows[1].records(0).record_id(), "ABCDEFGHIJKLMNOP");
  EXPECT_EQ(rows[2].reader(), "9999:maker");
}

TEST_F(AuditEdgeTest, WritesNoRefusalOfStrangersAndNoneOfItsOwnClientsThatFoundNothing) {
  Deny("ipv4:203.0.113.7", Error(absl::StatusCode::kUnauthenticated, "NO_CERTIFICATE", "no"));
  Deny(kClientUri, Error(absl::StatusCode::kNotFound, "RECORD_NOT_FOUND", "none"), "ABCDEFGHIJKLMNOP");
  EXPECT_THAT(Rows(), IsEmpty());
}

}  // namespace
}  // namespace meguri::node
