// SPDX-License-Identifier: Apache-2.0
#include "gmock/gmock.h"
#include "node/query/query.h"
#include "tests/testing/status.h"
#include "tests/unit/node/publishing.h"

namespace meguri::node {
namespace {

using meguri::testing::HasReason;
using meguri::testing::IsOk;
using ::testing::ElementsAre;
using testing::kMaker;
using testing::Participant;
using testing::PublishingNode;
using testing::ValueOf;

constexpr PageTokens::Key kKey = {1, 2, 3};

class HistoryTest : public ::testing::Test {
 protected:
  // Publishes the next version of the record; `note` as an owner's section only, so that no other reader sees it.
  void PublishVersion(bool hidden = false) {
    client::VersionDraft draft = node_.Lot("L1");
    if (hidden) {
      draft.content.sections[0].audiences = record::AudienceSet::Of({record::v1::AUDIENCE_OWNER});
    }
    draft.record_id = record_id_;
    draft.version = next_version_++;
    if (draft.version > 1) {
      draft.previous = newest_;
    }
    const auto published = node_.Publish(node_.Call(node_.Sign(draft)));
    ASSERT_THAT(published, IsOk());
    newest_ = published->records.front().header_hash;
  }
  QueryReader Reader(const char* participant) const {
    return {ReaderOf(*node_.Get(), Participant(participant), false), participant == std::string(kMaker)};
  }
  Query NewQuery() const { return Query(*node_.store, {Participant(kMaker)}, PageTokens(kKey, node_.clock)); }
  static std::vector<uint64_t> Versions(const HistoryPage& page) {
    std::vector<uint64_t> versions;
    versions.reserve(page.versions.size());
    for (const RecordView& view : page.versions) {
      versions.push_back(ValueOf(record::Header::Parse(view.envelope.header())).version());
    }
    return versions;
  }

  PublishingNode node_;
  const record::RecordId record_id_ = ValueOf(record::RecordId::Parse(std::string(16, '\7')));
  uint64_t next_version_ = 1;
  record::Hash newest_;
};

TEST_F(HistoryTest, GoesThroughPagesAcrossARestart) {
  for (int i = 0; i < 5; ++i) {
    PublishVersion();
  }
  const HistoryPage first = ValueOf(NewQuery().History(Reader(kMaker), {record_id_, "", 2, ""}));
  EXPECT_THAT(Versions(first), ElementsAre(1, 2));
  EXPECT_EQ(first.versions[0].latest_version, 5U);
  const HistoryPage second = ValueOf(NewQuery().History(Reader(kMaker), {record_id_, "", 2, first.next_page_token}));
  EXPECT_THAT(Versions(second), ElementsAre(3, 4));
  const HistoryPage third = ValueOf(NewQuery().History(Reader(kMaker), {record_id_, "", 2, second.next_page_token}));
  EXPECT_THAT(Versions(third), ElementsAre(5));
  EXPECT_EQ(third.next_page_token, "");
}

TEST_F(HistoryTest, BindsATokenToReaderAndQuestion) {
  for (int i = 0; i < 3; ++i) {
    PublishVersion();
  }
  const Query query = NewQuery();
  const std::string token = ValueOf(query.History(Reader(kMaker), {record_id_, "", 1, ""})).next_page_token;
  EXPECT_THAT(query.History(Reader(testing::kOther), {record_id_, "", 1, token}), HasReason("PAGE_TOKEN"));
  EXPECT_THAT(query.History(Reader(kMaker), {record_id_, kMaker, 1, token}), HasReason("PAGE_TOKEN"));
  EXPECT_THAT(query.List(Reader(kMaker), {"", "", 1, token, {}}), HasReason("PAGE_TOKEN"));
  // The size of the page is not part of the question.
  EXPECT_THAT(Versions(ValueOf(query.History(Reader(kMaker), {record_id_, "", 2, token}))), ElementsAre(2, 3));
}

TEST_F(HistoryTest, ShowsNeitherHiddenVersionsNorThatThereAreSome) {
  PublishVersion();
  PublishVersion(true);
  PublishVersion();
  PublishVersion(true);
  const Query query = NewQuery();
  const HistoryPage first = ValueOf(query.History(Reader(testing::kOther), {record_id_, "", 1, ""}));
  EXPECT_THAT(Versions(first), ElementsAre(1));
  EXPECT_EQ(first.versions[0].latest_version, 3U);
  const HistoryPage second =
      ValueOf(query.History(Reader(testing::kOther), {record_id_, "", 1, first.next_page_token}));
  EXPECT_THAT(Versions(second), ElementsAre(3));
  EXPECT_EQ(second.next_page_token, "");
  EXPECT_EQ(Versions(ValueOf(query.History(Reader(kMaker), {record_id_, "", 0, ""}))).size(), 4U);
}

TEST_F(HistoryTest, TakesTheMaximumForAnyLargerPage) {
  for (int i = 0; i <= kPageSizeDefault; ++i) {
    PublishVersion();
  }
  const Query query = NewQuery();
  EXPECT_EQ(ValueOf(query.History(Reader(kMaker), {record_id_, "", 0, ""})).versions.size(),
            static_cast<size_t>(kPageSizeDefault));
  EXPECT_EQ(ValueOf(query.History(Reader(kMaker), {record_id_, "", kPageSizeMax + 1, ""})).versions.size(),
            static_cast<size_t>(kPageSizeDefault) + 1);
}

}  // namespace
}  // namespace meguri::node
