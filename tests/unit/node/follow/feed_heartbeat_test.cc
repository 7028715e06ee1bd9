// SPDX-License-Identifier: Apache-2.0
#include <string>
#include <utility>
#include <vector>

#include "certs/registry.h"
#include "node/follow/follow_session.h"
#include "record/merkle.h"
#include "storage/fsck.h"
#include "tests/testing/status.h"
#include "tests/unit/node/follow/scene.h"

namespace meguri::node {
namespace {

using ::testing::Contains;
using testing::Feed;
using ::testing::Field;
using ::testing::IsEmpty;
using testing::Name;
using testing::Scene;
using testing::ValueOf;

constexpr char kPublic[] = "public";

// What a heartbeat says; by default the truth of a feed whose head has this note.
registry::v1::Heartbeat Truth(const Scene& scene, const std::string& note) {
  const record::Checkpoint head =
      ValueOf(record::ReadOpenedCheckpoint(note, absl::string_view(note).substr(0, note.find('\n'))));
  registry::v1::Heartbeat body;
  body.set_origin(head.origin);
  body.set_size(head.size);
  body.set_root(head.root.ToString());
  body.set_time_ms(static_cast<uint64_t>(absl::ToUnixMillis(scene.clock.Now())));
  body.set_next_update_ms(static_cast<uint64_t>(absl::ToUnixMillis(scene.clock.Now() + kFeedHeartbeat)));
  return body;
}

record::v1::SignedBody Sign(const Scene& scene, const registry::v1::Heartbeat& body) {
  return ValueOf(certs::SignFeedHeartbeat(body, scene.publisher.bundle().federation(), scene.publisher.participant(),
                                          scene.publisher.feed_key()));
}

void Send(Scene& scene, size_t stream, record::v1::SignedBody heartbeat) {
  FollowEvent event;
  event.feed_heartbeat.emplace();
  event.feed_heartbeat->set_feed(kPublic);
  *event.feed_heartbeat->mutable_heartbeat() = std::move(heartbeat);
  scene.Send(stream, std::move(event));
}

// A follow that has all of a feed of `count` entries.
struct Followed {
  explicit Followed(size_t count = 3) : feed(scene.publisher, kPublic, scene.Items(count)) {
    scene.Follow({kPublic});
    stream = scene.Tick();
    scene.Serve(stream, kPublic, feed);
    scene.Tick(kGatherMax);  // what waits for more is written
    scene.reporter.Take();
  }
  std::string Head() const { return feed.Checkpoint(feed.size()); }

  Scene scene;
  const Feed feed;
  size_t stream = 0;
};

TEST(FeedHeartbeat, SaysWhenTheFeedWasWhole) {
  Followed followed;
  EXPECT_EQ(followed.scene.StatusOf(kPublic).heard, absl::InfinitePast());
  Send(followed.scene, followed.stream, Sign(followed.scene, Truth(followed.scene, followed.Head())));
  EXPECT_EQ(followed.scene.StatusOf(kPublic).heard, followed.scene.clock.Now());
  EXPECT_EQ(followed.scene.StatusOf(kPublic).state, FollowState::kLive);
}

TEST(FeedHeartbeat, OutlivesARestart) {
  Followed followed;
  const absl::Time heard = followed.scene.clock.Now();
  Send(followed.scene, followed.stream, Sign(followed.scene, Truth(followed.scene, followed.Head())));
  followed.scene.Tick();
  followed.scene.clock.Advance(absl::Hours(1));
  followed.scene.Restart();
  followed.scene.Tick();
  EXPECT_EQ(followed.scene.StatusOf(kPublic).heard, heard);
  EXPECT_THAT(ValueOf(storage::Fsck(*followed.scene.store, nullptr, [](uint64_t, uint64_t) {})).problems, IsEmpty());
}

TEST(FeedHeartbeat, OfAnEmptyFeedCountsToo) {
  Scene scene;
  scene.Follow({kPublic});
  const size_t stream = scene.Tick();
  const Feed empty(scene.publisher, kPublic, {});
  scene.SendTarget(stream, kPublic, empty.Checkpoint(0));
  Send(scene, stream, Sign(scene, Truth(scene, empty.Checkpoint(0))));
  EXPECT_EQ(scene.StatusOf(kPublic).heard, scene.clock.Now());
}

TEST(FeedHeartbeat, SaysNothingWhileEntriesAreOwed) {
  Scene scene;
  scene.Follow({kPublic});
  const size_t stream = scene.Tick();
  const Feed feed(scene.publisher, kPublic, scene.Items(3));
  scene.SendTarget(stream, kPublic, feed.Checkpoint(3));
  Send(scene, stream, Sign(scene, Truth(scene, feed.Checkpoint(3))));
  EXPECT_EQ(scene.StatusOf(kPublic).heard, absl::InfinitePast());
}

TEST(FeedHeartbeat, OfAClockThatIsAheadMakesNothingFresher) {
  Followed followed;
  registry::v1::Heartbeat body = Truth(followed.scene, followed.Head());
  body.set_time_ms(body.time_ms() + 3'600'000);
  body.set_next_update_ms(body.next_update_ms() + 3'600'000);
  Send(followed.scene, followed.stream, Sign(followed.scene, body));
  EXPECT_EQ(followed.scene.StatusOf(kPublic).heard, followed.scene.clock.Now());
}

TEST(FeedHeartbeat, AnOldOneSetsNothingBack) {
  Followed followed;
  const record::v1::SignedBody old = Sign(followed.scene, Truth(followed.scene, followed.Head()));
  followed.scene.Tick(absl::Seconds(30));
  Send(followed.scene, followed.stream, Sign(followed.scene, Truth(followed.scene, followed.Head())));
  const absl::Time heard = followed.scene.clock.Now();
  Send(followed.scene, followed.stream, old);
  EXPECT_EQ(followed.scene.StatusOf(kPublic).heard, heard);
}

TEST(FeedHeartbeat, OfAnotherHeadIsRefused) {
  for (const bool other_size : {true, false}) {
    Followed followed;
    registry::v1::Heartbeat body = Truth(followed.scene, followed.Head());
    if (other_size) {
      body.set_size(body.size() + 1);
    } else {
      body.set_root(record::Sha256("another feed").ToString());
    }
    Send(followed.scene, followed.stream, Sign(followed.scene, body));
    EXPECT_EQ(followed.scene.StatusOf(kPublic).last_error_reason, "HEARTBEAT_MISMATCH");
    EXPECT_EQ(followed.scene.StatusOf(kPublic).heard, absl::InfinitePast());
  }
}

TEST(FeedHeartbeat, OfAnotherFeedOrKeyOrKindIsRefused) {
  struct Case {
    std::string reason;
    std::function<record::v1::SignedBody(const Scene&, registry::v1::Heartbeat)> make;
  };
  const std::vector<Case> cases = {
      {"HEARTBEAT_FORM",
       [](const Scene& scene, registry::v1::Heartbeat body) {
         body.set_origin(record::FeedOrigin(scene.publisher.bundle().federation(),
                                            {scene.publisher.participant(), Name("members"), 1}));
         return Sign(scene, body);
       }},
      {"BAD_SIGNATURE",
       [](const Scene& scene, const registry::v1::Heartbeat& body) {
         record::v1::SignedBody signed_body = Sign(scene, body);
         signed_body.mutable_body()->back() ^= 1;
         return signed_body;
       }},
      {"",
       [](const Scene& scene, const registry::v1::Heartbeat& body) {
         return ValueOf(certs::SignFeedHeartbeat(body, scene.publisher.bundle().federation(),
                                                 scene.publisher.participant(), *certs::testing::NewKey()));
       }},
      {"",
       [](const Scene& scene, const registry::v1::Heartbeat& body) {  // as the operator signs that of the registry
         return ValueOf(certs::SignHeartbeat(body, scene.publisher.bundle().federation(), scene.publisher.participant(),
                                             scene.publisher.feed_key()));
       }},
  };
  for (const Case& refused : cases) {
    Followed followed;
    Send(followed.scene, followed.stream, refused.make(followed.scene, Truth(followed.scene, followed.Head())));
    const FollowStatus status = followed.scene.StatusOf(kPublic);
    EXPECT_EQ(status.heard, absl::InfinitePast());
    EXPECT_EQ(status.state, FollowState::kWaiting) << status.last_error_reason;
    if (!refused.reason.empty()) {
      EXPECT_EQ(status.last_error_reason, refused.reason);
    }
  }
}

TEST(FeedHeartbeat, ThatStaysAwayIsReportedOnce) {
  Followed followed;
  Scene& scene = followed.scene;
  Send(scene, followed.stream, Sign(scene, Truth(scene, followed.Head())));
  const auto is_overdue = Field(&FollowReport::kind, FollowReport::Kind::kOverdue);
  // The publisher goes on with signs of life, which say nothing.
  const auto pass = [&](absl::Duration time) {
    for (; time > absl::ZeroDuration(); time -= kFollowHeartbeat) {
      scene.Tick(kFollowHeartbeat);
      scene.Send(followed.stream, FollowEvent());
    }
  };
  pass(kFeedOverdue);
  EXPECT_FALSE(scene.StatusOf(kPublic).is_overdue);
  EXPECT_THAT(scene.reporter.Take(), ::testing::Not(Contains(is_overdue)));
  pass(kFollowHeartbeat);
  EXPECT_TRUE(scene.StatusOf(kPublic).is_overdue);
  pass(kFollowHeartbeat);
  EXPECT_THAT(scene.reporter.Take(), ::testing::ElementsAre(is_overdue));
  Send(scene, followed.stream, Sign(scene, Truth(scene, followed.Head())));
  EXPECT_FALSE(scene.StatusOf(kPublic).is_overdue);
  pass(kFeedOverdue + 2 * kFollowHeartbeat);
  EXPECT_THAT(scene.reporter.Take(), ::testing::ElementsAre(is_overdue));
}

// A grant that is suspended, for one.
TEST(FeedHeartbeat, OfAFeedThatIsDeniedIsNotMissed) {
  Followed followed;
  Scene& scene = followed.scene;
  Send(scene, followed.stream, Sign(scene, Truth(scene, followed.Head())));
  FollowEvent denial;
  denial.denial = FeedDenied{kPublic, Error(absl::StatusCode::kPermissionDenied, "FEED_NOT_READABLE", "not now")};
  scene.Send(followed.stream, std::move(denial));
  for (absl::Duration time = 2 * kFeedOverdue; time > absl::ZeroDuration(); time -= kFollowHeartbeat) {
    scene.Tick(kFollowHeartbeat);
    scene.Send(followed.stream, FollowEvent());
  }
  EXPECT_FALSE(scene.StatusOf(kPublic).is_overdue);
  EXPECT_THAT(scene.reporter.Take(),
              ::testing::Not(Contains(Field(&FollowReport::kind, FollowReport::Kind::kOverdue))));
}

}  // namespace
}  // namespace meguri::node
