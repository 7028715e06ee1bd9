// SPDX-License-Identifier: Apache-2.0
#include "node/follow/quota.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "storage/fsck.h"
#include "storage/records.h"
#include "storage/usage.h"
#include "tests/testing/status.h"
#include "tests/unit/node/follow/scene.h"

namespace meguri::node {
namespace {

using certs::testing::ValueOf;
using feed::v1::FeedItem;
using testing::Feed;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::Scene;

constexpr char kPublic[] = "public";
constexpr char kMembers[] = "members";

storage::Usage UsageOf(const Scene& scene) {
  const storage::Transaction view(*scene.store);
  return ValueOf(storage::Usages(*scene.store).Read(view, {scene.holder, scene.publisher.participant()}));
}

std::vector<std::string> ProblemsOf(const Scene& scene) {
  return ValueOf(storage::Fsck(*scene.store, nullptr, [](uint64_t, uint64_t) {})).problems;
}

// Promises `feed` and sends it in batches of one entry.
void ServeOneByOne(Scene& scene, size_t stream, const std::string& name, const Feed& feed, size_t start = 0) {
  scene.SendTarget(stream, name, feed.Checkpoint(feed.size()));
  for (size_t i = start; i < feed.size(); ++i) {
    scene.SendBatch(stream, feed.Batch(i, i + 1, feed.size()));
  }
  // While more is owed, what was verified waits to be written.
  scene.clock.Advance(kGatherMax);
  scene.runner->Tick();
  scene.Drain();
}

TEST(Quota, IsExceededByWhatGoesBeyondIt) {
  const storage::UsageAccount account{certs::testing::Participant("0199:a"), certs::testing::Participant("0199:b")};
  const FollowQuota quota{3, 100};
  MEGURI_EXPECT_OK(CheckQuota(quota, account, {3, 100}));
  const absl::Status entries = CheckQuota(quota, account, {4, 100});
  EXPECT_THAT(entries, meguri::testing::HasReason("QUOTA_EXCEEDED"));
  EXPECT_THAT(std::string(entries.message()), HasSubstr("4 entries; the quota is 3"));
  EXPECT_THAT(std::string(entries.message()), HasSubstr("raise follow_quota_entries"));
  const absl::Status bytes = CheckQuota(quota, account, {3, 101});
  EXPECT_THAT(std::string(bytes.message()), HasSubstr("101 bytes; the quota is 100"));
  EXPECT_THAT(std::string(bytes.message()), HasSubstr("raise follow_quota_mib"));
}

TEST(Quota, TakesWhatFitsAndStopsTheFeedAtTheNextBatch) {
  Scene scene;
  scene.quota.entries_max = 3;
  scene.Restart();
  scene.Follow({kPublic});
  const std::vector<FeedItem> items = scene.Items(5);
  const Feed feed(scene.publisher, kPublic, items);
  scene.reporter.Take();
  ServeOneByOne(scene, scene.Tick(), kPublic, feed);
  const FollowStatus status = scene.StatusOf(kPublic);
  EXPECT_EQ(status.state, FollowState::kOverQuota);
  EXPECT_EQ(status.last_error_reason, "QUOTA_EXCEEDED");
  EXPECT_EQ(status.size, 3U);
  EXPECT_EQ(UsageOf(scene).entries, 3U);
  EXPECT_THAT(ProblemsOf(scene), IsEmpty());
  // What does not fit left nothing behind.
  const storage::Records records(*scene.store);
  EXPECT_TRUE(ValueOf(records.FindByHash(hostile::EntryOf(items[2]).header_hash)).has_value());
  EXPECT_FALSE(ValueOf(records.FindByHash(hostile::EntryOf(items[3]).header_hash)).has_value());
  EXPECT_EQ(ValueOf(records.Count()), 3U);
  const std::vector<FollowReport> reports = scene.reporter.Take();
  ASSERT_EQ(reports.size(), 1U);
  EXPECT_EQ(reports[0].kind, FollowReport::Kind::kOverQuota);
  EXPECT_EQ(reports[0].reason, "QUOTA_EXCEEDED");
  EXPECT_EQ(reports[0].size, 3U);
  // Nobody is asked again, whatever changes, and nothing is said again.
  const size_t opened = scene.peers->opened();
  scene.runner->RetryNow();
  scene.Tick(kRetryMax);
  scene.Tick(kTroubleSettles);
  EXPECT_EQ(scene.peers->opened(), opened);
  EXPECT_EQ(scene.StatusOf(kPublic).state, FollowState::kOverQuota);
  EXPECT_THAT(scene.reporter.Take(), IsEmpty());
}

TEST(Quota, CountsBytesToo) {
  Scene probe;
  probe.Follow({kPublic});
  probe.Serve(probe.Tick(), kPublic, Feed(probe.publisher, kPublic, probe.Items(2)));
  const storage::Usage two = UsageOf(probe);
  EXPECT_GT(two.bytes, 2U * storage::kEntryBytes);

  for (const uint64_t bytes_max : {two.bytes, two.bytes - 1}) {
    Scene scene;
    scene.quota.bytes_max = bytes_max;
    scene.Restart();
    scene.Follow({kPublic});
    const Feed one(scene.publisher, kPublic, scene.Items(2));
    scene.Serve(scene.Tick(), kPublic, one);
    EXPECT_EQ(scene.StatusOf(kPublic).size, bytes_max == two.bytes ? 2U : 0U);
    EXPECT_EQ(scene.StatusOf(kPublic).last_error_reason, bytes_max == two.bytes ? "" : "QUOTA_EXCEEDED");
    EXPECT_EQ(UsageOf(scene), bytes_max == two.bytes ? two : storage::Usage{});
    EXPECT_THAT(ProblemsOf(scene), IsEmpty());
  }
}

TEST(Quota, GoesOnWhereItStoodOnceTheQuotaIsRaised) {
  Scene scene;
  scene.quota.entries_max = 3;
  scene.Restart();
  scene.Follow({kPublic});
  const Feed feed(scene.publisher, kPublic, scene.Items(6));
  ServeOneByOne(scene, scene.Tick(), kPublic, feed);
  EXPECT_EQ(scene.StatusOf(kPublic).state, FollowState::kOverQuota);
  scene.quota.entries_max = 6;
  scene.Restart();
  const size_t stream = scene.Tick();
  ASSERT_EQ(scene.peers->stream(stream).call.feeds.size(), 1U);
  EXPECT_EQ(scene.peers->stream(stream).call.feeds[0].size, 3U);
  ServeOneByOne(scene, stream, kPublic, feed, 3);
  EXPECT_EQ(scene.StatusOf(kPublic).state, FollowState::kLive);
  EXPECT_EQ(scene.StatusOf(kPublic).last_error_reason, "");
  EXPECT_EQ(UsageOf(scene).entries, 6U);
  EXPECT_THAT(ProblemsOf(scene), IsEmpty());
}

// The quota is that of the publisher, over all its feeds; a feed with nothing new is not disturbed.
TEST(Quota, IsSharedByTheFeedsOfAPublisher) {
  Scene scene;
  scene.quota.entries_max = 4;
  scene.Restart();
  scene.Follow({kPublic, kMembers});
  const Feed open(scene.publisher, kPublic, scene.Items(3, 1));
  const Feed closed(scene.publisher, kMembers, scene.Items(2, 2));
  const size_t first = scene.Tick();
  scene.Serve(first, kPublic, open);
  scene.Serve(first, kMembers, closed);
  EXPECT_EQ(scene.StatusOf(kMembers).state, FollowState::kOverQuota);
  const size_t second = scene.Tick(kRetryMin * 2);
  ASSERT_NE(second, first);
  ASSERT_EQ(scene.peers->stream(second).call.feeds.size(), 1U);
  EXPECT_EQ(scene.peers->stream(second).call.feeds[0].feed.text(), kPublic);
  scene.Serve(second, kPublic, open, 3);
  EXPECT_EQ(scene.StatusOf(kPublic).state, FollowState::kLive);
  EXPECT_EQ(UsageOf(scene).entries, 3U);
}

TEST(Quota, IsOfNoConcernToTheRegistry) {
  Scene scene;
  scene.quota = {0, 0};
  scene.Restart();
  const hostile::Publisher publisher = scene.RegistryPublisher();
  MEGURI_ASSERT_OK(scene.runner->Add(scene.holder, publisher.participant(), {record::FeedName::Registry()}));
  scene.Serve(scene.Tick(), "registry", Feed(publisher, "registry", publisher.MakeItems(1, 3)));
  EXPECT_EQ(scene.StatusOf("registry").state, FollowState::kLive);
  EXPECT_EQ(scene.StatusOf("registry").size, 3U);
  EXPECT_EQ(scene.StatusOf("registry").last_error_reason, "");
  EXPECT_THAT(ValueOf(storage::Usages(*scene.store).HeldBy(scene.holder)), IsEmpty());
}

// What is stored stays stored, so it stays counted; followed anew, the feed goes on with what is there.
TEST(Quota, UnfollowingGivesNothingBack) {
  Scene scene;
  scene.quota.entries_max = 3;
  scene.Restart();
  scene.Follow({kPublic});
  const Feed feed(scene.publisher, kPublic, scene.Items(5));
  ServeOneByOne(scene, scene.Tick(), kPublic, feed);
  MEGURI_ASSERT_OK(scene.runner->Remove(scene.holder, scene.publisher.participant(), {}).status());
  EXPECT_EQ(UsageOf(scene).entries, 3U);
  scene.Follow({kPublic});
  const size_t stream = scene.Tick();
  EXPECT_EQ(scene.peers->stream(stream).call.feeds.at(0).size, 3U);
  ServeOneByOne(scene, stream, kPublic, feed, 3);
  EXPECT_EQ(scene.StatusOf(kPublic).state, FollowState::kOverQuota);
  EXPECT_EQ(UsageOf(scene).entries, 3U);
  EXPECT_THAT(ProblemsOf(scene), IsEmpty());
}

// The head that came with what was refused binds its publisher all the same.
TEST(Quota, DoesNotLetThePublisherOffItsWord) {
  Scene scene;
  scene.quota.entries_max = 2;
  scene.Restart();
  scene.Follow({kPublic});
  scene.Serve(scene.Tick(), kPublic, Feed(scene.publisher, kPublic, scene.Items(3, 1)));
  EXPECT_EQ(scene.StatusOf(kPublic).state, FollowState::kOverQuota);
  scene.quota.entries_max = 10;
  scene.Restart();
  scene.Serve(scene.Tick(), kPublic, Feed(scene.publisher, kPublic, scene.Items(3, 2)));
  EXPECT_EQ(scene.StatusOf(kPublic).state, FollowState::kQuarantined);
  EXPECT_EQ(scene.StatusOf(kPublic).last_error_reason, "FORK");
}

// A record that two feeds bring is stored once and counted once; only its entry and its index are there twice.
TEST(Quota, CountsOnceWhatTwoFeedsBring) {
  Scene scene;
  scene.Follow({kPublic, kMembers});
  const std::vector<FeedItem> items = scene.Items(3);
  const size_t stream = scene.Tick();
  scene.Serve(stream, kPublic, Feed(scene.publisher, kPublic, items));
  const storage::Usage once = UsageOf(scene);
  scene.Serve(stream, kMembers, Feed(scene.publisher, kMembers, items));
  const storage::Usage twice = UsageOf(scene);
  EXPECT_EQ(twice.entries, 6U);
  EXPECT_LT(twice.bytes, once.bytes * 2);
  EXPECT_GT(twice.bytes, once.bytes + 3 * storage::kEntryBytes);
  EXPECT_THAT(ProblemsOf(scene), IsEmpty());
}

// Sections that a wider feed adds to a record that is here already.
TEST(Quota, CountsWhatAWiderFeedAdds) {
  Scene scene;
  scene.Follow({kPublic, kMembers});
  const std::vector<FeedItem> wide = scene.Items(3);
  std::vector<FeedItem> narrow = wide;
  for (FeedItem& item : narrow) {
    record::FeedEntry entry = hostile::EntryOf(item);
    entry.slots = uint64_t{1} << item.envelope().sections(0).slot();
    hostile::SetEntry(entry, item);
    item.mutable_envelope()->mutable_sections()->RemoveLast();
  }
  const size_t stream = scene.Tick();
  scene.Serve(stream, kPublic, Feed(scene.publisher, kPublic, narrow));
  EXPECT_THAT(ProblemsOf(scene), IsEmpty());
  scene.Serve(stream, kMembers, Feed(scene.publisher, kMembers, wide));
  EXPECT_EQ(scene.StatusOf(kMembers).size, 3U);
  EXPECT_THAT(ProblemsOf(scene), IsEmpty());
}

// Bytes that nothing vouches for would otherwise be a way to fill the disk.
TEST(Quota, KeepsNothingThatIsNotSigned) {
  Scene clean;
  clean.Follow({kPublic});
  clean.Serve(clean.Tick(), kPublic, Feed(clean.publisher, kPublic, clean.Items(2)));
  Scene scene;
  scene.Follow({kPublic});
  std::vector<FeedItem> items = scene.Items(2);
  const auto pad = [](google::protobuf::Message& message) {
    message.GetReflection()->MutableUnknownFields(&message)->AddLengthDelimited(1000, std::string(100'000, 'x'));
  };
  pad(*items[0].mutable_envelope()->mutable_signature());
  pad(*items[1].mutable_envelope()->mutable_sections(0));
  scene.Serve(scene.Tick(), kPublic, Feed(scene.publisher, kPublic, items));
  EXPECT_EQ(scene.StatusOf(kPublic).size, 2U);
  EXPECT_LT(UsageOf(scene).bytes, UsageOf(clean).bytes + 1000);
}

}  // namespace
}  // namespace meguri::node
