// SPDX-License-Identifier: Apache-2.0
#include "node/query/audit_list.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "record/audit_row.h"
#include "record/merkle.h"
#include "storage/anchor.h"
#include "storage/committer.h"
#include "storage/key_layout.h"
#include "storage/memory/memory_store.h"
#include "storage/records.h"
#include "tests/testing/fakes.h"
#include "tests/testing/status.h"
#include "tests/unit/certs/federation.h"
#include "tests/unit/storage/samples.h"

namespace meguri::node {
namespace {

using certs::testing::ValueOf;
using ::testing::ElementsAre;
using testing::HasReason;
using ::testing::IsEmpty;

const char kMaker[] = "0199:maker";
const char kReader[] = "0199:reader";
const char kOther[] = "0199:other";
const char kOffer[] = "offer/0123456789abcdef0123456789abcdef";

record::ParticipantId Id(absl::string_view text) { return *record::ParticipantId::Parse(text); }

audit::v1::Row RowFor(absl::string_view reader, absl::string_view publisher = kMaker) {
  audit::v1::Row row;
  row.set_format_version(record::kAuditRowFormatVersion);
  row.set_nonce("0123456789abcdef");
  row.set_time_ms(1000);
  row.set_reader(std::string(reader));
  row.set_identity("a node");
  row.set_method("Get");
  row.set_decision(audit::v1::DECISION_DELIVERED);
  row.set_rule("allow-member");
  row.set_publisher(std::string(publisher));
  audit::v1::RowRecord& record = *row.add_records();
  record.set_record_id("ABCDEFGHIJKLMNOP");
  record.set_version(1);
  return row;
}

class AuditListTest : public ::testing::Test {
 protected:
  void Append(std::vector<audit::v1::Row> rows) {
    MEGURI_ASSERT_OK(committer_->SubmitAndWait([rows = std::move(rows)](storage::CommitScope& scope) mutable {
      return storage::AuditRows::Append(scope, Id(kMaker), absl::MakeSpan(rows));
    }));
  }
  // 1: reader, 2: other, 3: records of reader to other, 4: what an own client read of reader, 5: a refusal of reader.
  void AppendSome() {
    audit::v1::Row denied = RowFor(kReader);
    denied.set_decision(audit::v1::DECISION_DENIED);
    denied.set_time_ms(2000);
    denied.clear_records();
    Append({RowFor(kReader), RowFor(kOther), RowFor(kOther, kReader), RowFor(kMaker, kReader), denied});
  }
  static absl::optional<record::ParticipantId> Party(absl::string_view text) { return Id(text); }

  // The numbers on a page, each of which proves its place in the signed head.
  std::vector<uint64_t> Checked(const audit::v1::RowPage& page) {
    const record::Checkpoint head = HeadOf(page);
    std::vector<uint64_t> numbers;
    for (const audit::v1::ProvenRow& proven : page.rows()) {
      const record::AuditRow row = ValueOf(record::AuditRow::Parse(proven.row()));
      MEGURI_EXPECT_OK(
          record::VerifyAuditRow(row, std::vector<std::string>(proven.path().begin(), proven.path().end()), head));
      numbers.push_back(row.message().number());
    }
    return numbers;
  }
  record::Checkpoint HeadOf(const audit::v1::RowPage& page) {
    return ValueOf(record::OpenCheckpoint(
        page.head().checkpoint(),
        record::FeedOrigin(certs::testing::kFederation, {Id(kMaker), record::FeedName::Audit(), 1}),
        maker_.feed_key->public_key()));
  }
  std::vector<uint64_t> Numbers(const absl::optional<record::ParticipantId>& party,
                                const audit::v1::RowQuery& query = {}) {
    return Checked(ValueOf(list_.List(party, query)));
  }

  const certs::testing::Member maker_{kMaker};
  testing::FakeClock clock_;
  testing::SeededRandom random_;
  std::shared_ptr<storage::MemoryDisk> disk_ = storage::MakeMemoryDisk();
  std::unique_ptr<storage::OrderedStore> store_ = storage::OpenMemoryStore(disk_);
  std::unique_ptr<storage::Anchor> anchor_ = storage::MakeMemoryAnchor();
  std::unique_ptr<storage::Committer> committer_ = storage::Committer::Start(*store_, *anchor_).value();
  AuditList list_{committer_->durable(), Id(kMaker), certs::testing::kFederation,
                  [this](const record::FeedKey&, const record::Checkpoint& checkpoint) {
                    return record::SignCheckpoint(checkpoint, *maker_.feed_key);
                  },
                  PageTokens(random_.Bytes<32>(), clock_)};
};

TEST_F(AuditListTest, ShowsTheOwnMemberEverything) {
  EXPECT_THAT(Numbers(absl::nullopt), IsEmpty()) << "before there is a feed";
  AppendSome();
  EXPECT_THAT(Numbers(absl::nullopt), ElementsAre(1, 2, 3, 4, 5));
}

TEST_F(AuditListTest, ShowsOthersWhatConcernsThemAndNothingElse) {
  AppendSome();
  EXPECT_THAT(Numbers(Party(kReader)), ElementsAre(1, 3, 5)) << "its reading, its records to another, its refusal";
  EXPECT_THAT(Numbers(Party(kOther)), ElementsAre(2, 3));
  EXPECT_THAT(Numbers(Party("0199:third")), IsEmpty());
  // A filter opens nothing.
  audit::v1::RowQuery query;
  query.mutable_filter()->set_reader(kOther);
  EXPECT_THAT(Numbers(Party(kReader), query), ElementsAre(3));
  EXPECT_THAT(Numbers(Party("0199:third"), query), IsEmpty());
}

TEST_F(AuditListTest, TakesWhatMatches) {
  AppendSome();
  audit::v1::RowQuery query;
  query.mutable_filter()->set_decision(audit::v1::DECISION_DENIED);
  EXPECT_THAT(Numbers(absl::nullopt, query), ElementsAre(5));
  query.Clear();
  query.mutable_filter()->set_from_ms(1001);
  EXPECT_THAT(Numbers(absl::nullopt, query), ElementsAre(5));
  query.Clear();
  query.mutable_filter()->set_until_ms(2000);
  EXPECT_THAT(Numbers(absl::nullopt, query), ElementsAre(1, 2, 3, 4));
  query.mutable_filter()->set_record_id("ABCDEFGHIJKLMNOP");
  query.mutable_filter()->set_reader(kReader);
  EXPECT_THAT(Numbers(absl::nullopt, query), ElementsAre(1));
  query.mutable_filter()->set_record_id("PONMLKJIHGFEDCBA");
  EXPECT_THAT(Numbers(absl::nullopt, query), IsEmpty());
}

TEST_F(AuditListTest, FindsTheBatchesOfStreamsThatBroughtARecord) {
  const auto sample = storage::testing::MakeSample(Id(kMaker), record::RecordId::Make(random_), 1, random_);
  const auto put = [&](storage::CommitScope& scope) -> absl::Status {
    const storage::Records records(*store_);
    MEGURI_ASSIGN_OR_RETURN(const storage::PutVersion version,
                            records.Put(scope.transaction, sample.header, sample.stored));
    for (const auto& [name, index] : {std::pair<const char*, uint64_t>{"members", 256}, {kOffer, 3}}) {
      MEGURI_ASSIGN_OR_RETURN(const storage::FeedId feed,
                              scope.feeds.FindOrCreate(scope.transaction, storage::testing::OwnFeed(kMaker, name)));
      MEGURI_RETURN_IF_ERROR(records.PutMembership(scope.transaction, version, {feed, 3, index}));
    }
    return absl::OkStatus();
  };
  MEGURI_ASSERT_OK(committer_->SubmitAndWait(put));
  const auto batch = [](const char* feed, uint64_t from, uint64_t to, absl::string_view publisher = kMaker) {
    audit::v1::Row row = RowFor(kReader, publisher);
    row.clear_records();
    row.mutable_feed()->set_name(feed);
    row.mutable_feed()->set_from(from);
    row.mutable_feed()->set_to(to);
    return row;
  };
  audit::v1::Row header_alone = RowFor(kReader);
  header_alone.mutable_feed()->set_name("members");
  Append({batch("members", 0, 256), batch("members", 256, 300), batch("members", 0, 300, kOther),
          batch("recyclers/battery", 0, 300), batch(kOffer, 0, 2), batch(kOffer, 3, 9), batch(kOffer, 4, 9),
          header_alone});
  audit::v1::RowQuery query;
  query.mutable_filter()->set_record_id(sample.header.record_id().ToString());
  EXPECT_THAT(Numbers(absl::nullopt, query), ElementsAre(2, 5, 6)) << "an offer may have opened it before as well";
  EXPECT_THAT(Numbers(Party(kReader), query), ElementsAre(2, 5, 6));
  EXPECT_THAT(Numbers(Party("0199:third"), query), IsEmpty());
}

TEST_F(AuditListTest, RefusesAQuestionThatMeansNothing) {
  audit::v1::RowQuery query;
  query.mutable_filter()->set_reader("nobody");
  EXPECT_THAT(list_.List(absl::nullopt, query), HasReason("AUDIT_FILTER"));
  query.Clear();
  query.mutable_filter()->set_record_id("short");
  EXPECT_THAT(list_.List(absl::nullopt, query), HasReason("AUDIT_FILTER"));
  query.Clear();
  query.mutable_filter()->set_from_ms(5);
  query.mutable_filter()->set_until_ms(5);
  EXPECT_THAT(list_.List(absl::nullopt, query), HasReason("AUDIT_FILTER"));
}

TEST_F(AuditListTest, ProvesFurtherPagesToTheHeadOfTheFirst) {
  AppendSome();
  audit::v1::RowQuery query;
  query.set_page_size(2);
  audit::v1::RowPage page = ValueOf(list_.List(absl::nullopt, query));
  const record::Checkpoint head = HeadOf(page);
  EXPECT_THAT(Checked(page), ElementsAre(1, 2));
  Append({RowFor(kReader)});
  query.set_page_token(page.next_page_token());
  page = ValueOf(list_.List(absl::nullopt, query));
  EXPECT_EQ(HeadOf(page), head);
  EXPECT_THAT(Checked(page), ElementsAre(3, 4));
  query.set_page_token(page.next_page_token());
  page = ValueOf(list_.List(absl::nullopt, query));
  EXPECT_THAT(Checked(page), ElementsAre(5));
  EXPECT_EQ(page.next_page_token(), "");
}

TEST_F(AuditListTest, GivesTheNewestFirst) {
  audit::v1::RowQuery query;
  query.set_newest_first(true);
  EXPECT_THAT(Numbers(absl::nullopt, query), IsEmpty()) << "before there is a feed";
  AppendSome();
  EXPECT_THAT(Numbers(absl::nullopt, query), ElementsAre(5, 4, 3, 2, 1));
  EXPECT_THAT(Numbers(Party(kReader), query), ElementsAre(5, 3, 1));
  query.set_page_size(2);
  for (const bool own : {true, false}) {
    const auto party = own ? absl::nullopt : Party(kReader);
    query.clear_page_token();
    audit::v1::RowPage page = ValueOf(list_.List(party, query));
    Append({RowFor(kReader)});
    std::vector<uint64_t> numbers = Checked(page);
    while (!page.next_page_token().empty()) {
      query.set_page_token(page.next_page_token());
      page = ValueOf(list_.List(party, query));
      for (const uint64_t number : Checked(page)) {
        numbers.push_back(number);
      }
    }
    const std::vector<uint64_t> expected =
        own ? std::vector<uint64_t>{5, 4, 3, 2, 1} : std::vector<uint64_t>{6, 5, 3, 1};
    EXPECT_EQ(numbers, expected) << "as it was at the first page";
  }
  query.set_newest_first(false);
  EXPECT_THAT(list_.List(Party(kReader), query), HasReason("PAGE_TOKEN"));
}

TEST_F(AuditListTest, TakesNoPageTokenOfAnotherOrForAnotherQuestion) {
  AppendSome();
  audit::v1::RowQuery query;
  query.set_page_size(1);
  const std::string token = ValueOf(list_.List(absl::nullopt, query)).next_page_token();
  const std::string of_reader = ValueOf(list_.List(Party(kReader), query)).next_page_token();
  ASSERT_NE(token, "");
  ASSERT_NE(of_reader, "");
  query.set_page_token(token);
  EXPECT_THAT(list_.List(Party(kReader), query), HasReason("PAGE_TOKEN"));
  query.set_page_token(of_reader);
  EXPECT_THAT(list_.List(Party(kOther), query), HasReason("PAGE_TOKEN"));
  EXPECT_THAT(Checked(ValueOf(list_.List(Party(kReader), query))), ElementsAre(3));
  query.mutable_filter()->set_decision(audit::v1::DECISION_DENIED);
  EXPECT_THAT(list_.List(Party(kReader), query), HasReason("PAGE_TOKEN"));
  query.set_page_token(of_reader + "x");
  EXPECT_THAT(list_.List(Party(kReader), query), HasReason("PAGE_TOKEN"));
}

TEST_F(AuditListTest, ProvesThatAnEarlierHeadWasContinued) {
  AppendSome();
  const record::Checkpoint earlier = HeadOf(ValueOf(list_.List(Party(kReader), {})));
  Append({RowFor(kReader), RowFor(kOther)});
  audit::v1::RowQuery query;
  query.set_known_size(earlier.size);
  const audit::v1::RowPage page = ValueOf(list_.List(Party(kReader), query));
  const record::Checkpoint later = HeadOf(page);
  EXPECT_EQ(later.size, earlier.size + 2);
  const std::vector<record::Hash> path = ValueOf(record::ParseAuditPath(
      std::vector<std::string>(page.head().consistency_path().begin(), page.head().consistency_path().end())));
  MEGURI_EXPECT_OK(record::VerifyConsistency(earlier.size, earlier.root, later.size, later.root, path));
  query.set_known_size(later.size + 1);
  EXPECT_THAT(list_.List(Party(kReader), query), HasReason("AUDIT_SHORTER"));
}

TEST_F(AuditListTest, EndsAPageAfterSoManyRowsWhetherTheyMatchOrNot) {
  Append(std::vector<audit::v1::Row>(kAuditRowsLookedAtMax + 1, RowFor(kReader)));
  audit::v1::RowQuery query;
  query.mutable_filter()->set_decision(audit::v1::DECISION_DENIED);
  for (const auto& party : {absl::optional<record::ParticipantId>(), Party(kReader)}) {
    query.clear_page_token();
    audit::v1::RowPage page = ValueOf(list_.List(party, query));
    EXPECT_EQ(page.rows_size(), 0);
    ASSERT_NE(page.next_page_token(), "");
    query.set_page_token(page.next_page_token());
    page = ValueOf(list_.List(party, query));
    EXPECT_EQ(page.next_page_token(), "");
  }
  query.Clear();
  query.set_page_size(kAuditPageSizeMax + 1);
  EXPECT_EQ(ValueOf(list_.List(absl::nullopt, query)).rows_size(), kAuditPageSizeMax);
}

TEST_F(AuditListTest, SaysSoIfARowIsNotWhatItWas) {
  AppendSome();
  const storage::FeedId feed = **storage::Feeds(*store_).Find(storage::AuditFeedOf(Id(kMaker)));
  MEGURI_ASSERT_OK(store_->Apply(
      storage::WriteBatch{{}, {{storage::Family::kLookup, storage::AuditRowKey(feed, 1), absl::nullopt}}}));
  // The committer's view is of the time before; a restart sees what lies there now.
  const auto committer = storage::Committer::Start(*store_, *anchor_).value();
  const AuditList list(
      committer->durable(), Id(kMaker), certs::testing::kFederation,
      [this](const record::FeedKey&, const record::Checkpoint& checkpoint) {
        return record::SignCheckpoint(checkpoint, *maker_.feed_key);
      },
      PageTokens(random_.Bytes<32>(), clock_));
  EXPECT_THAT(list.List(absl::nullopt, {}), HasReason("VALUE_MISSING"));
  EXPECT_THAT(Checked(ValueOf(list.List(Party(kReader), {}))), ElementsAre(1, 3, 5)) << "the others are whole";
}

}  // namespace
}  // namespace meguri::node
