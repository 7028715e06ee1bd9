// SPDX-License-Identifier: Apache-2.0
// A member that has lost its host, put together from what followers give back.
#include "node/app/copy_intake.h"

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "node/app/move_file.h"
#include "node/app/own_records.h"
#include "storage/fsck.h"
#include "storage/memory/memory_store.h"
#include "storage/records.h"
#include "tests/testing/status.h"
#include "tests/unit/certs/federation.h"
#include "tests/unit/node/follow/scene.h"

namespace meguri::node {
namespace {

using feed::v1::FeedItem;
using meguri::testing::HasReason;
using ::testing::ElementsAre;
using testing::Feed;
using ::testing::IsEmpty;
using testing::Name;
using testing::Scene;
using ::testing::SizeIs;
using testing::ValueOf;

constexpr char kPublic[] = "public";
constexpr char kAddressee[] = "0199:reader";
constexpr char kLetters[] = "to/0199:reader";

MATCHER_P3(IsFeed, feed, size, known, "") { return arg.feed == feed && arg.size == size && arg.known == known; }

class CopyIntakeTest : public ::testing::Test {
 protected:
  // What one follower has: the first `size` entries of each feed, and heads of up to `known`.
  struct Part {
    std::string name;
    const Feed* feed;
    size_t size;
    size_t known;
  };
  std::string File(const std::string& holder, const std::vector<Part>& parts) const {
    std::string path = temporary_.Path(holder + ".copy");
    MoveFileWriter file = ValueOf(MoveFileWriter::Create(path));
    storage::v1::MoveFrame frame;
    storage::v1::CopyHeader& header = *frame.mutable_copied();
    header.set_format_version(kCopyFormatVersion);
    header.set_federation(certs::testing::kFederation);
    header.set_participant_id(member().text());
    header.set_holder(holder);
    MEGURI_EXPECT_OK(file.Add(frame));
    for (const Part& part : parts) {
      MEGURI_EXPECT_OK(file.Add(HeadOf(part.name, *part.feed, part.size)));
      frame.set_batch(part.feed->Batch(0, part.size, part.size).SerializeAsString());
      MEGURI_EXPECT_OK(file.Add(frame));
      if (part.known > part.size) {
        MEGURI_EXPECT_OK(file.Add(HeadOf(part.name, *part.feed, part.known)));
      }
    }
    MEGURI_EXPECT_OK(file.Finish().status());
    return path;
  }
  static storage::v1::MoveFrame HeadOf(const std::string& name, const Feed& feed, size_t size) {
    feed::v1::FeedTarget target;
    target.set_feed(name);
    target.set_checkpoint(feed.Checkpoint(size));
    storage::v1::MoveFrame frame;
    frame.set_target(target.SerializeAsString());
    return frame;
  }

  absl::Status Take(const std::string& path) { return intake_.TakeFeeds(path, *scene_.registry.Get()); }
  absl::Status MakeOwn() {
    const absl::Status finished = intake_.Finish();
    return finished.ok() ? MakeRecordsOwn(*store_, *committer_, member()) : finished;
  }
  const record::ParticipantId& member() const { return scene_.publisher.participant(); }
  // The record at `index` of an own feed.
  storage::v1::StoredRecord RecordOf(const char* feed, uint64_t index) const {
    const storage::Feeds feeds(*store_);
    const auto id = ValueOf(feeds.Find({member(), {member(), Name(feed), 1}}));
    const auto entry = ValueOf(record::FeedEntry::Parse(ValueOf(feeds.ReadEntries(*id, index, 1)).at(0)));
    const storage::Records records(*store_);
    return ValueOf(records.Read(*ValueOf(records.FindByHash(entry.header_hash))));
  }

  const certs::testing::TemporaryFolder temporary_;
  Scene scene_;
  const std::unique_ptr<storage::OrderedStore> store_ = storage::OpenMemoryStore(storage::MakeMemoryDisk());
  const std::unique_ptr<storage::Anchor> anchor_ = storage::MakeMemoryAnchor();
  const std::unique_ptr<storage::Committer> committer_ = ValueOf(storage::Committer::Start(*store_, *anchor_));
  const Feed public_{scene_.publisher, kPublic, scene_.Items(6)};
  CopyIntake intake_{scene_.registry.bundle(), member(), *store_, *committer_, certs::testing::Now()};
};

TEST_F(CopyIntakeTest, JoinsWhatSeveralHaveUpToTheNewestHeadThatProvesIt) {
  MEGURI_ASSERT_OK(Take(File("0199:first", {{kPublic, &public_, 3, 3}})));
  MEGURI_ASSERT_OK(Take(File("0199:second", {{kPublic, &public_, 5, 5}})));
  MEGURI_ASSERT_OK(Take(File("0199:third", {{kPublic, &public_, 2, 6}})));
  EXPECT_THAT(intake_.Feeds(), ElementsAre(IsFeed(kPublic, 5U, 6U)));
  EXPECT_EQ(intake_.Feeds().at(0).from, "0199:second");
  MEGURI_ASSERT_OK(MakeOwn());
  const storage::Feeds feeds(*store_);
  const auto id = ValueOf(feeds.Find({member(), {member(), Name(kPublic), 1}}));
  const storage::FeedHead head = ValueOf(feeds.ReadHead(*id));
  EXPECT_EQ(head.frontier.Root(), public_.Root(5));
  EXPECT_EQ(head.checkpoint + head.settled, "") << "an own feed has no heads of others";
  const storage::FsckReport report = ValueOf(storage::Fsck(*store_, anchor_.get(), nullptr));
  EXPECT_THAT(report.problems, IsEmpty());
  EXPECT_EQ(report.records, 5U);
  EXPECT_TRUE(RecordOf(kPublic, 4).own());
  EXPECT_THAT(RecordOf(kPublic, 4).slots(), SizeIs(2));
}

TEST_F(CopyIntakeTest, WhatTheFormerHostShowedToTwoFollowersInTwoWaysIsRefused) {
  const Feed other(scene_.publisher, kPublic, scene_.Items(6, 7));
  MEGURI_ASSERT_OK(Take(File("0199:first", {{kPublic, &public_, 4, 4}})));
  EXPECT_THAT(Take(File("0199:second", {{kPublic, &other, 4, 4}})), HasReason("FORK"));
  EXPECT_THAT(Take(File("0199:third", {{kPublic, &other, 3, 3}})), HasReason("FORK"));
  EXPECT_THAT(Take(File("0199:fourth", {{kPublic, &other, 6, 6}})), HasReason("CONSISTENCY_PROOF"));
}

TEST_F(CopyIntakeTest, WhatIsNoCopyOfTheMemberIsRefused) {
  const std::string path = temporary_.Path("other.copy");
  MoveFileWriter file = ValueOf(MoveFileWriter::Create(path));
  storage::v1::MoveFrame frame;
  frame.mutable_copied()->set_format_version(kCopyFormatVersion);
  frame.mutable_copied()->set_federation(certs::testing::kFederation);
  frame.mutable_copied()->set_participant_id("0199:another");
  MEGURI_ASSERT_OK(file.Add(frame));
  MEGURI_ASSERT_OK(file.Finish().status());
  EXPECT_THAT(Take(path), HasReason("COPY_FILE"));
  EXPECT_THAT(intake_.Feeds(), IsEmpty());
}

// Nobody but the feeds tells for whom a record was.
TEST_F(CopyIntakeTest, RecordsAreForWhomTheFeedsShowThemAndForNobodyElse) {
  std::vector<record::SectionDraft> drafts = hostile::PublicSections("letter");
  drafts[1].audiences = record::AudienceSet::Of({record::v1::AUDIENCE_ADDRESSEES});
  meguri::testing::SeededRandom random(99);  // others than those of the public feed
  std::vector<FeedItem> letters = {scene_.publisher.Seal(scene_.publisher.NewHeader(random), drafts, random)};
  scene_.publisher.Sign(letters, scene_.publisher.record_key(), random);
  const Feed to_reader(scene_.publisher, kLetters, letters);
  MEGURI_ASSERT_OK(Take(File("0199:reader", {{kLetters, &to_reader, 1, 1}, {kPublic, &public_, 1, 1}})));
  MEGURI_ASSERT_OK(MakeOwn());
  const storage::v1::StoredRecord letter = RecordOf(kLetters, 0);
  EXPECT_THAT(letter.addressees(), ElementsAre(kAddressee));
  EXPECT_THAT(letter.subjects(), IsEmpty());
  EXPECT_THAT(letter.feeds(), SizeIs(2)) << "what is not for everybody is in the feed of its owner, too";
  EXPECT_EQ(RecordOf("owner", 0).header(), letter.header());
  EXPECT_THAT(RecordOf(kPublic, 0).addressees(), IsEmpty());
  EXPECT_THAT(RecordOf(kPublic, 0).feeds(), SizeIs(1));
  EXPECT_THAT(ValueOf(storage::Fsck(*store_, anchor_.get(), nullptr)).problems, IsEmpty());
}

}  // namespace
}  // namespace meguri::node
