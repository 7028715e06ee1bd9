// SPDX-License-Identifier: Apache-2.0
#include "node/follow/follower.h"

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "record/batch.h"
#include "storage/fsck.h"
#include "storage/index.h"
#include "storage/records.h"
#include "tests/testing/status.h"
#include "tests/unit/node/follow/scene.h"

namespace meguri::node {
namespace {

using feed::v1::FeedItem;
using ::testing::ElementsAre;
using testing::Feed;
using ::testing::IsEmpty;
using testing::Name;
using testing::Scene;
using ::testing::SizeIs;
using testing::ValueOf;

constexpr char kPublic[] = "public";

// `count` items that begin as `base` does.
std::vector<FeedItem> Continue(const Scene& scene, const std::vector<FeedItem>& base, size_t begin, size_t count,
                               uint64_t seed) {
  std::vector<FeedItem> items(base.begin(), base.begin() + static_cast<std::ptrdiff_t>(begin));
  for (FeedItem& item : scene.Items(count - begin, seed)) {
    items.push_back(std::move(item));
  }
  return items;
}

storage::FeedEvidence EvidenceOf(const Scene& scene) {
  const auto follow = ValueOf(
      storage::Settings(*scene.store).FindFollow(scene.holder, {scene.publisher.participant(), Name(kPublic), 1}));
  return follow.has_value() ? follow->evidence : storage::FeedEvidence();
}

record::Checkpoint HeadOf(const std::string& note) {
  return ValueOf(record::ReadOpenedCheckpoint(note, note.substr(0, note.find('\n'))));
}

std::vector<std::string> ProblemsOf(const Scene& scene) {
  return ValueOf(storage::Fsck(*scene.store, nullptr, [](uint64_t, uint64_t) {})).problems;
}

// A signed head for five entries is replaced, before they have come, by one for six entries of another history.
struct BrokenPromise {
  explicit BrokenPromise(const Scene& scene)
      : promised(scene.publisher, kPublic, Continue(scene, scene.Items(5), 2, 5, 2)),
        other(scene.publisher, kPublic, Continue(scene, scene.Items(6), 2, 6, 3)) {}
  const Feed promised;
  const Feed other;
};

void ExpectFork(Scene& scene, const BrokenPromise& broken) {
  EXPECT_EQ(scene.StatusOf(kPublic).state, FollowState::kQuarantined);
  EXPECT_EQ(scene.StatusOf(kPublic).last_error_reason, "FORK");
  EXPECT_EQ(scene.StatusOf(kPublic).size, 0U);
  const storage::FeedEvidence evidence = EvidenceOf(scene);
  EXPECT_THAT(evidence.notes, ElementsAre(broken.promised.Checkpoint(5), broken.other.Checkpoint(6)));
  // The larger feed begins otherwise than the smaller head says, as anybody can see.
  const record::Checkpoint smaller = HeadOf(evidence.notes[0]);
  const record::Checkpoint larger = HeadOf(evidence.notes[1]);
  const record::Hash other = ValueOf(record::Hash::Parse(evidence.other_root));
  EXPECT_NE(other, smaller.root);
  std::vector<record::Hash> path;
  for (const std::string& hash : evidence.consistency_path) {
    path.push_back(ValueOf(record::Hash::Parse(hash)));
  }
  MEGURI_EXPECT_OK(record::VerifyConsistency(smaller.size, other, larger.size, larger.root, path));
  EXPECT_THAT(ProblemsOf(scene), IsEmpty());
}

TEST(Follower, HoldsThePublisherToAHeadWhoseEntriesNeverCame) {
  Scene scene;
  scene.Follow({kPublic});
  const BrokenPromise broken(scene);
  const size_t stream = scene.Tick();
  scene.SendTarget(stream, kPublic, broken.promised.Checkpoint(5));
  scene.Serve(stream, kPublic, broken.other);
  ExpectFork(scene, broken);
}

TEST(Follower, HoldsThePublisherToItOverStreams) {
  Scene scene;
  scene.Follow({kPublic});
  const BrokenPromise broken(scene);
  const size_t stream = scene.Tick();
  scene.SendTarget(stream, kPublic, broken.promised.Checkpoint(5));
  scene.peers->End(stream, absl::UnavailableError("back in a moment"));
  scene.Serve(scene.Tick(kRetryMin * 2), kPublic, broken.other);
  ExpectFork(scene, broken);
}

TEST(Follower, HoldsThePublisherToItOverARestart) {
  Scene scene;
  scene.Follow({kPublic});
  const BrokenPromise broken(scene);
  scene.SendTarget(scene.Tick(), kPublic, broken.promised.Checkpoint(5));
  scene.Tick();
  scene.Restart();
  // A second promise, so that the first is no longer the newest note, and another restart.
  scene.SendTarget(scene.Tick(), kPublic, broken.other.Checkpoint(6));
  scene.Tick();
  scene.Restart();
  scene.Serve(scene.Tick(), kPublic, broken.other);
  ExpectFork(scene, broken);
}

TEST(Follower, HoldsThePublisherToItWhenEntriesComeInParts) {
  Scene scene;
  scene.Follow({kPublic});
  const BrokenPromise broken(scene);
  const size_t stream = scene.Tick();
  scene.SendTarget(stream, kPublic, broken.promised.Checkpoint(5));
  scene.SendTarget(stream, kPublic, broken.other.Checkpoint(6));
  scene.SendBatch(stream, broken.other.Batch(0, 2, 6));
  scene.Tick(kGatherMax);  // what waits for more is written
  EXPECT_EQ(scene.StatusOf(kPublic).size, 2U);
  scene.SendBatch(stream, broken.other.Batch(2, 5, 6));
  EXPECT_EQ(scene.StatusOf(kPublic).last_error_reason, "FORK");
  EXPECT_EQ(scene.StatusOf(kPublic).size, 2U);
}

TEST(Follower, LetsGoOfPromisesWhenSomebodyDecidesToFollowAnew) {
  Scene scene;
  scene.Follow({kPublic});
  const BrokenPromise broken(scene);
  scene.SendTarget(scene.Tick(), kPublic, broken.promised.Checkpoint(5));
  scene.Tick();
  // To follow what is followed already is no such decision.
  scene.Follow({kPublic});
  scene.Serve(scene.Tick(), kPublic, broken.other);
  ExpectFork(scene, broken);
  MEGURI_ASSERT_OK(scene.runner->Remove(scene.holder, scene.publisher.participant(), {Name(kPublic)}).status());
  scene.Follow({kPublic});
  scene.Serve(scene.Tick(), kPublic, broken.other);
  EXPECT_EQ(scene.StatusOf(kPublic).state, FollowState::kLive);
}

TEST(Follower, AGrowingFeedKeepsAllItsPromises) {
  Scene scene;
  scene.Follow({kPublic});
  const Feed feed(scene.publisher, kPublic, scene.Items(6));
  const size_t stream = scene.Tick();
  for (const size_t size : {2U, 4U, 5U}) {
    scene.SendTarget(stream, kPublic, feed.Checkpoint(size));
  }
  scene.Serve(stream, kPublic, feed);
  EXPECT_EQ(scene.StatusOf(kPublic).state, FollowState::kLive);
  EXPECT_EQ(scene.StatusOf(kPublic).size, 6U);
  EXPECT_THAT(ProblemsOf(scene), IsEmpty());
}

// Else what the old key signed, which may be revoked, would be all that proves a feed that stands still.
TEST(Follower, TakesUpAHeadThatIsSignedAnewThoughNothingIsNew) {
  Scene scene;
  scene.Follow({kPublic});
  const size_t stream = scene.Tick();
  const Feed feed(scene.publisher, kPublic, scene.Items(3));
  scene.Serve(stream, kPublic, feed);
  const storage::Feeds feeds(*scene.store);
  const auto stored = [&] {
    const auto id = ValueOf(feeds.Find({scene.holder, {scene.publisher.participant(), Name(kPublic), 1}}));
    return ValueOf(feeds.ReadHead(id.value_or(0)));
  };
  EXPECT_EQ(stored().settled, feed.Checkpoint(3));
  const auto key = certs::testing::NewKey();
  registry::v1::MemberEntry entry = scene.Entry();
  *entry.add_keys() = certs::testing::KeyMessage(*key, registry::v1::KEY_PURPOSE_FEED);
  entry.mutable_keys(entry.keys_size() - 1)->set_not_before_ms(1);
  scene.registry.Set({entry});
  const std::string note = ValueOf(record::SignCheckpoint(HeadOf(feed.Checkpoint(3)), *key));
  scene.SendTarget(stream, kPublic, note);
  scene.Tick();
  EXPECT_EQ(stored().checkpoint, note);
  EXPECT_EQ(stored().settled, note);
}

TEST(Follower, EntriesThatLeadNowhereAreNoEvidence) {
  Scene scene;
  scene.Follow({kPublic});
  const BrokenPromise broken(scene);
  const size_t stream = scene.Tick();
  scene.SendTarget(stream, kPublic, broken.promised.Checkpoint(5));
  scene.SendTarget(stream, kPublic, broken.other.Checkpoint(6));
  // Not what the second head says either: a relay, or the line, may have changed them.
  scene.SendBatch(stream, Feed(scene.publisher, kPublic, scene.Items(6, 9)).Batch(0, 6, 6));
  EXPECT_EQ(scene.StatusOf(kPublic).last_error_reason, "CONSISTENCY_PROOF");
  EXPECT_EQ(scene.StatusOf(kPublic).state, FollowState::kWaiting);
}

TEST(Follower, RefusesMorePromisesThanItKeeps) {
  Scene scene;
  scene.Follow({kPublic});
  const Feed feed(scene.publisher, kPublic, scene.Items(kPromisesMax + 2));
  const size_t stream = scene.Tick();
  for (size_t size = 1; size <= kPromisesMax + 1; ++size) {
    scene.SendTarget(stream, kPublic, feed.Checkpoint(size));
  }
  EXPECT_EQ(scene.StatusOf(kPublic).last_error_reason, "");
  scene.SendTarget(stream, kPublic, feed.Checkpoint(kPromisesMax + 2));
  EXPECT_EQ(scene.StatusOf(kPublic).last_error_reason, "PROMISES_OPEN");
}

// The publisher's record key, with an end.
registry::v1::MemberEntry EntryWithEnd(const Scene& scene, absl::Time not_after, absl::Time revoked) {
  registry::v1::MemberEntry entry = scene.Entry();
  if (not_after != absl::InfiniteFuture()) {
    entry.mutable_keys(0)->set_not_after_ms(static_cast<uint64_t>(absl::ToUnixMillis(not_after)));
  }
  if (revoked != absl::InfiniteFuture()) {
    entry.mutable_keys(0)->set_revoked_ms(static_cast<uint64_t>(absl::ToUnixMillis(revoked)));
  }
  return entry;
}

// What becomes of three records that say they are of 2026-01-01 when their key has these ends.
FollowStatus FollowUnderKey(absl::Time not_after, absl::Time revoked) {
  Scene scene;
  scene.registry.Set({EntryWithEnd(scene, not_after, revoked)});
  scene.Follow({kPublic});
  scene.Serve(scene.Tick(), kPublic, Feed(scene.publisher, kPublic, scene.Items(3)));
  return scene.StatusOf(kPublic);
}

const absl::Time kIssued = absl::FromUnixMillis(1'767'225'600'000);

TEST(Follower, TakesOldRecordsUnderAKeyThatHasEnded) {
  const absl::Time now = certs::testing::Now();
  EXPECT_EQ(FollowUnderKey(now - absl::Hours(1), absl::InfiniteFuture()).size, 3U);
  EXPECT_EQ(FollowUnderKey(absl::InfiniteFuture(), now - absl::Hours(1)).size, 3U);
  // The publisher's clock may have been ahead.
  EXPECT_EQ(FollowUnderKey(kIssued - kKeyEndSkewMax, absl::InfiniteFuture()).size, 3U);
  // A revocation may be dated back beyond what is in the feed already.
  EXPECT_EQ(FollowUnderKey(absl::InfiniteFuture(), kIssued - absl::Hours(1)).size, 3U);
}

TEST(Follower, RefusesRecordsThatSayThatTheyAreYoungerThanTheEndOfTheirKey) {
  const absl::Time end = kIssued - kKeyEndSkewMax - absl::Milliseconds(1);
  EXPECT_EQ(FollowUnderKey(end, absl::InfiniteFuture()).last_error_reason, "KEY_EXPIRED");
}

TEST(Follower, RefusesATombstoneThatOpensSections) {
  Scene scene;
  scene.Follow({kPublic});
  record::v1::Header header = scene.publisher.NewHeader(scene.random);
  header.set_version(2);
  header.set_previous_header_hash(record::Sha256("before").ToString());
  header.mutable_tombstone()->set_reason(record::v1::TOMBSTONE_REASON_WITHDRAWN);
  std::vector<FeedItem> items = {scene.publisher.Seal(header, hostile::PublicSections("1"), scene.random)};
  scene.publisher.Sign(items, scene.publisher.record_key(), scene.random);
  scene.Serve(scene.Tick(), kPublic, Feed(scene.publisher, kPublic, items));
  EXPECT_EQ(scene.StatusOf(kPublic).last_error_reason, "TOMBSTONE_SECTIONS");
}

// Three records, the second of a format that this program does not know.
std::vector<FeedItem> ItemsWithNewerHeader(Scene& scene) {
  std::vector<FeedItem> items = scene.Items(3);
  std::string& header = *items[1].mutable_envelope()->mutable_header();
  header[1] = 2;
  header += "\x7a\x03new";  // field 15, which format 1 has not
  hostile::SetEntry({record::HeaderHash(header), hostile::EntryOf(items[1]).slots}, items[1]);
  scene.publisher.Sign(items, scene.publisher.record_key(), scene.random);
  return items;
}

TEST(Follower, KeepsARecordOfANewerFormatWithoutReadingIt) {
  Scene scene;
  scene.Follow({kPublic});
  const std::vector<FeedItem> items = ItemsWithNewerHeader(scene);
  scene.Serve(scene.Tick(), kPublic, Feed(scene.publisher, kPublic, items));
  EXPECT_EQ(scene.StatusOf(kPublic).state, FollowState::kLive);
  EXPECT_EQ(scene.StatusOf(kPublic).size, 3U);
  EXPECT_EQ(scene.StatusOf(kPublic).unread, 1U);
  const storage::Records records(*scene.store);
  const auto arrival = ValueOf(records.FindByHash(record::HeaderHash(items[1].envelope().header())));
  ASSERT_TRUE(arrival.has_value());
  EXPECT_EQ(ValueOf(records.Read(*arrival)).header(), items[1].envelope().header());
  EXPECT_THAT(ValueOf(records.ReadSections(*arrival, ~uint64_t{0})), IsEmpty());
  EXPECT_THAT(ProblemsOf(scene), IsEmpty());
  // Said once, however often such a record comes.
  std::vector<FollowReport::Kind> kinds;
  for (const FollowReport& report : scene.reporter.Take()) {
    kinds.push_back(report.kind);
  }
  EXPECT_THAT(kinds,
              ElementsAre(FollowReport::Kind::kStarted, FollowReport::Kind::kLive, FollowReport::Kind::kNewerFormat));
  // It is still too new after a restart, and still counted.
  scene.Restart();
  scene.Tick();
  EXPECT_EQ(scene.StatusOf(kPublic).unread, 1U);
}

TEST(Follower, JudgesOfANewerHeaderWhatCanBeJudged) {
  const auto refused = [](const std::function<void(Scene&, FeedItem&)>& corrupt) {
    Scene scene;
    scene.Follow({kPublic});
    std::vector<FeedItem> items = ItemsWithNewerHeader(scene);
    corrupt(scene, items[1]);
    scene.Serve(scene.Tick(), kPublic, Feed(scene.publisher, kPublic, items));
    EXPECT_EQ(scene.StatusOf(kPublic).size, 0U);
    return scene.StatusOf(kPublic).last_error_reason;
  };
  EXPECT_EQ(refused([](Scene&, FeedItem& item) { item.mutable_envelope()->mutable_header()->back() = 'x'; }),
            "HEADER_HASH");
  EXPECT_EQ(refused([](Scene&, FeedItem& item) {
              item.mutable_envelope()->mutable_header()->back() = 'x';
              hostile::SetEntry({record::HeaderHash(item.envelope().header()), 0}, item);
            }),
            "BAD_SIGNATURE");
  EXPECT_EQ(refused([](Scene&, FeedItem& item) {
              item.mutable_envelope()->mutable_signature()->set_key_id(record::Sha256("nobody").ToString());
            }),
            "UNKNOWN_KEY");
  EXPECT_EQ(refused([](Scene& scene, FeedItem& item) {
              std::vector<FeedItem> one = {item};
              scene.publisher.Sign(one, scene.publisher.feed_key(), scene.random);
              item = one[0];
            }),
            "UNKNOWN_KEY");
  EXPECT_EQ(refused([](Scene&, FeedItem& item) { item.mutable_envelope()->mutable_header()->append(4096, 'x'); }),
            "WIRE_GRAMMAR");
}

// Puts a record aside as a program would that is too old for it.
void PutAside(Scene& scene, const FeedItem& item) {
  const absl::Status put = scene.committer->SubmitAndWait([&](storage::CommitScope& scope) -> absl::Status {
    const storage::Records records(*scene.store);
    const storage::HeldFeed held{scene.holder, {scene.publisher.participant(), Name(kPublic), 1}};
    MEGURI_ASSIGN_OR_RETURN(const storage::FeedId id, scope.feeds.FindOrCreate(scope.transaction, held));
    storage::v1::StoredRecord stored;
    stored.set_header(item.envelope().header());
    stored.set_brought_by(id);
    stored.set_signature(item.envelope().signature().SerializeAsString());
    MEGURI_ASSIGN_OR_RETURN(const storage::PutVersion version, records.PutUnread(scope.transaction, id, stored));
    MEGURI_ASSIGN_OR_RETURN(const uint64_t index, scope.feeds.Append(scope.transaction, id, item.entry()));
    MEGURI_RETURN_IF_ERROR(
        records.PutMembership(scope.transaction, version, {id, hostile::EntryOf(item).slots, index}));
    MEGURI_RETURN_IF_ERROR(storage::Usages(*scene.store)
                               .Add(scope.transaction, {scene.holder, scene.publisher.participant()}, 1,
                                    version.grown + storage::kEntryBytes)
                               .status());
    return absl::OkStatus();
  });
  ASSERT_THAT(put, meguri::testing::IsOk());
}

TEST(Follower, ReadsAfterAnUpdateWhatWasTooNewBefore) {
  Scene scene;
  scene.Follow({kPublic});
  const std::vector<FeedItem> items = scene.Items(1);
  PutAside(scene, items[0]);
  EXPECT_THAT(ProblemsOf(scene), IsEmpty());
  const record::Header header = ValueOf(record::Header::Parse(items[0].envelope().header()));
  const storage::Records records(*scene.store);
  EXPECT_THAT(ValueOf(records.FindVersions(header.record_id())), IsEmpty());
  scene.Restart();
  EXPECT_THAT(ValueOf(records.FindVersions(header.record_id())), SizeIs(1));
  EXPECT_THAT(ValueOf(records.ListUnread()), IsEmpty());
  const auto id =
      ValueOf(storage::Feeds(*scene.store).Find({scene.holder, {scene.publisher.participant(), Name(kPublic), 1}}));
  EXPECT_TRUE(storage::Index(*scene.store).Find(*id, {"all", ""}).Valid());
  EXPECT_THAT(ProblemsOf(scene), IsEmpty());
}

TEST(Follower, FindsAfterAnUpdateThatTwoHeadersWereSigned) {
  Scene scene;
  scene.Follow({kPublic});
  const std::vector<FeedItem> items = scene.Items(1);
  scene.Serve(scene.Tick(), kPublic, Feed(scene.publisher, kPublic, items));
  record::v1::Header message = ValueOf(record::Header::Parse(items[0].envelope().header())).message();
  message.clear_section_digests();
  std::vector<FeedItem> second = {scene.publisher.Seal(message, hostile::PublicSections("2"), scene.random)};
  scene.publisher.Sign(second, scene.publisher.record_key(), scene.random);
  PutAside(scene, second[0]);
  scene.Restart();
  const record::Header header = ValueOf(record::Header::Parse(items[0].envelope().header()));
  const storage::Records records(*scene.store);
  EXPECT_TRUE(ValueOf(records.IsFrozen(header.publisher(), header.record_id())));
  EXPECT_THAT(ValueOf(records.FindEvidence(header.record_id())), SizeIs(1));
  EXPECT_THAT(ValueOf(records.ListUnread()), IsEmpty());
  EXPECT_THAT(ProblemsOf(scene), IsEmpty());
}

}  // namespace
}  // namespace meguri::node
