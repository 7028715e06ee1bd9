// SPDX-License-Identifier: Apache-2.0
#include "node/follow/follow_session.h"

#include <algorithm>
#include <set>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "tests/testing/status.h"
#include "tests/unit/node/follow/scene.h"

namespace meguri::node {
namespace {

using meguri::testing::HasReason;
using ::testing::ElementsAre;
using testing::Feed;
using ::testing::IsEmpty;
using testing::Name;
using testing::Scene;
using ::testing::SizeIs;

std::vector<FollowReport::Kind> KindsOf(const std::vector<FollowReport>& reports) {
  std::vector<FollowReport::Kind> kinds;
  kinds.reserve(reports.size());
  for (const FollowReport& report : reports) {
    kinds.push_back(report.kind);
  }
  return kinds;
}

std::vector<std::string> FeedsOf(const FollowCall& call) {
  std::vector<std::string> feeds;
  feeds.reserve(call.feeds.size());
  for (const FollowPosition& position : call.feeds) {
    feeds.push_back(position.feed.text());
  }
  return feeds;
}

TEST(FollowSession, StoresWhatVerifiesAndBecomesLive) {
  Scene scene;
  scene.Follow({"public"});
  const Feed feed(scene.publisher, "public", scene.Items(3));
  scene.Serve(scene.Tick(), "public", feed);
  EXPECT_EQ(scene.StatusOf("public").state, FollowState::kLive);
  EXPECT_EQ(scene.StatusOf("public").size, 3U);
  EXPECT_THAT(KindsOf(scene.reporter.Take()), ElementsAre(FollowReport::Kind::kStarted, FollowReport::Kind::kLive));
}

TEST(FollowSession, AFeedThatDoesNotVerifyFailsAlone) {
  Scene scene;
  scene.Follow({"public", "members"});
  const Feed sound(scene.publisher, "members", scene.Items(3));
  std::vector<feed::v1::FeedItem> items = scene.Items(2);
  (*items[1].mutable_envelope()->mutable_sections(0)->mutable_payload())[0] ^= 1;
  const Feed broken(scene.publisher, "public", items);
  const size_t first = scene.Tick();
  EXPECT_THAT(FeedsOf(scene.peers->stream(first).call), ElementsAre("members", "public"));
  scene.Serve(first, "public", broken);
  EXPECT_EQ(scene.StatusOf("public").last_error_reason, "SECTION_DIGEST");
  EXPECT_EQ(scene.StatusOf("members").last_error_reason, "");
  // The stream is opened anew for the others, and for this one only after its own pause.
  const size_t second = scene.Tick(kRetryMin * 2);
  ASSERT_NE(second, first);
  scene.Serve(second, "members", sound);
  EXPECT_EQ(scene.StatusOf("members").state, FollowState::kLive);
  EXPECT_EQ(scene.StatusOf("public").size, 0U);
}

TEST(FollowSession, AFeedThatFailedIsTriedAgainBesideTheOthers) {
  Scene scene;
  scene.Follow({"public", "members"});
  scene.SendTarget(scene.Tick(), "public", "no note");
  EXPECT_EQ(scene.StatusOf("public").last_error_reason, "CHECKPOINT_FORM");
  const size_t later = scene.Tick(kRetryMax);
  EXPECT_THAT(FeedsOf(scene.peers->stream(later).call), ElementsAre("members", "public"));
}

TEST(FollowSession, AForkQuarantinesOneFeedAndTheOthersGoOn) {
  Scene scene;
  scene.Follow({"public", "members"});
  const Feed feed(scene.publisher, "public", scene.Items(2));
  const Feed fork(scene.publisher, "public", scene.Items(2, /*seed=*/2));
  const size_t first = scene.Tick();
  scene.Serve(first, "public", feed);
  scene.SendTarget(first, "public", fork.Checkpoint(2));
  EXPECT_EQ(scene.StatusOf("public").state, FollowState::kQuarantined);
  const size_t second = scene.Tick(kRetryMin * 2);
  EXPECT_THAT(FeedsOf(scene.peers->stream(second).call), ElementsAre("members"));
  EXPECT_THAT(scene.runner->Add(scene.holder, scene.publisher.participant(), {Name("public")}),
              HasReason("QUARANTINED"));
}

TEST(FollowSession, AFeedThatIsDeniedWaitsAndTheOthersGoOn) {
  Scene scene;
  scene.Follow({"public", "members"});
  const Feed feed(scene.publisher, "public", scene.Items(1));
  const size_t stream = scene.Tick();
  FollowEvent denied;
  denied.denial = FeedDenied{"members", Error(absl::StatusCode::kPermissionDenied, "FEED_NOT_READABLE", "no")};
  scene.Send(stream, denied);
  scene.Serve(stream, "public", feed);
  EXPECT_EQ(scene.StatusOf("public").state, FollowState::kLive);
  EXPECT_EQ(scene.StatusOf("members").state, FollowState::kWaiting);
  EXPECT_EQ(scene.StatusOf("members").last_error_reason, "FEED_NOT_READABLE");
  EXPECT_EQ(scene.Tick(kFollowSilenceMax), stream);
  // It comes on the same stream once it may be read.
  scene.Serve(stream, "members", Feed(scene.publisher, "members", scene.Items(1)));
  EXPECT_EQ(scene.StatusOf("members").state, FollowState::kLive);
  EXPECT_EQ(scene.StatusOf("members").last_error_reason, "");
}

TEST(FollowSession, WhatWasNotAskedForCannotBeDenied) {
  Scene scene;
  scene.Follow({"public"});
  FollowEvent denied;
  denied.denial = FeedDenied{"owner", Error(absl::StatusCode::kPermissionDenied, "FEED_NOT_READABLE", "no")};
  scene.Send(scene.Tick(), denied);
  EXPECT_EQ(scene.StatusOf("public").last_error_reason, "UNEXPECTED_FEED");
}

TEST(FollowSession, WhatIsWrongWithThePublisherConcernsAllItsFeeds) {
  Scene scene;
  scene.Follow({"public", "members"});
  const size_t stream = scene.Tick();
  registry::v1::MemberEntry entry = scene.Entry();
  entry.set_status(registry::v1::MEMBER_STATUS_SUSPENDED);
  scene.registry.Set({entry});
  scene.SendTarget(stream, "public", Feed(scene.publisher, "public", {}).Checkpoint(0));
  EXPECT_EQ(scene.StatusOf("public").last_error_reason, "PUBLISHER_SUSPENDED");
  EXPECT_EQ(scene.StatusOf("members").last_error_reason, "PUBLISHER_SUSPENDED");
}

TEST(FollowSession, EndsAStreamThatIsSilent) {
  Scene scene;
  scene.Follow({"public"});
  const size_t stream = scene.Tick();
  scene.Serve(stream, "public", Feed(scene.publisher, "public", scene.Items(1)));
  scene.Tick(kFollowSilenceMax);
  EXPECT_TRUE(scene.peers->stream(stream).open);
  scene.Tick(absl::Milliseconds(1));
  EXPECT_FALSE(scene.peers->stream(stream).open);
}

TEST(FollowSession, GivesTheLargestMessageItsTimeOnTheSlowestLink) {
  Scene scene;
  scene.Follow({"public"});
  const size_t stream = scene.Tick();
  scene.SendTarget(stream, "public", Feed(scene.publisher, "public", scene.Items(1)).Checkpoint(1));
  scene.Tick(kFollowSilenceMax + kLargestMessageTime);
  EXPECT_TRUE(scene.peers->stream(stream).open);
  scene.Tick(absl::Milliseconds(1));
  EXPECT_FALSE(scene.peers->stream(stream).open);
}

TEST(FollowSession, ReportsTroubleOnceWhenItHasLasted) {
  Scene scene;
  scene.Follow({"public"});
  const size_t stream = scene.Tick();
  scene.reporter.Take();
  scene.peers->End(stream, Error(absl::StatusCode::kUnavailable, "NODE_UNREACHABLE", "gone"));
  scene.Tick();
  EXPECT_THAT(scene.reporter.Take(), IsEmpty());
  for (int i = 0; i < 20; ++i) {
    scene.Tick(kTroubleSettles / 10);
  }
  const std::vector<FollowReport> reports = scene.reporter.Take();
  ASSERT_THAT(reports, SizeIs(1));
  EXPECT_EQ(reports[0].kind, FollowReport::Kind::kWaiting);
  EXPECT_EQ(reports[0].message, "gone");
  scene.Serve(scene.Tick(), "public", Feed(scene.publisher, "public", scene.Items(1)));
  EXPECT_THAT(KindsOf(scene.reporter.Take()), ElementsAre(FollowReport::Kind::kLive));
}

TEST(FollowSession, TroubleThatPassesIsNotReported) {
  Scene scene;
  scene.Follow({"public"});
  const Feed feed(scene.publisher, "public", scene.Items(1));
  scene.Serve(scene.Tick(), "public", feed);
  scene.reporter.Take();
  for (int i = 0; i < 50; ++i) {
    scene.peers->End(scene.peers->opened() - 1, Error(absl::StatusCode::kUnavailable, "NODE_UNREACHABLE", "flapping"));
    scene.SendTarget(scene.Tick(kRetryMin * 2), "public", feed.Checkpoint(1));
  }
  EXPECT_THAT(scene.reporter.Take(), IsEmpty());
}

// How long it takes until the stream that ended is opened again, when it cannot be for `attempts` times.
absl::Duration PauseAfter(Scene& scene, int attempts) {
  absl::Duration pause;
  for (int i = 0; i < attempts; ++i) {
    const size_t stream = scene.peers->opened() - 1;
    scene.peers->End(stream, absl::UnavailableError("no such node"));
    pause = absl::ZeroDuration();
    while (scene.Tick(absl::Seconds(1)) == stream) {
      pause += absl::Seconds(1);
    }
  }
  return pause;
}

TEST(FollowSession, ComesBackWithinHalfAMinuteToANodeThatWasWell) {
  Scene scene;
  scene.Follow({"public"});
  const Feed feed(scene.publisher, "public", scene.Items(1));
  scene.Serve(scene.Tick(), "public", feed);
  // Idle for longer than it counts: that the stream was open, and all was here, is what counts.
  scene.clock.Advance(kWellWithin * 2);
  EXPECT_LE(PauseAfter(scene, 12), absl::Seconds(30));
}

TEST(FollowSession, CallsANodeThatHasLongBeenAwayLessOften) {
  Scene scene;
  scene.Follow({"public"});
  scene.Tick();
  EXPECT_GT(PauseAfter(scene, 12), absl::Seconds(100));
}

TEST(FollowRunner, SpreadsTheFeedsOfOnePublisherOverStreams) {
  Scene scene;
  std::vector<std::string> feeds;
  feeds.reserve(kFollowFeedsMax + 1);
  for (size_t i = 0; i <= kFollowFeedsMax; ++i) {
    feeds.push_back(absl::StrCat("recyclers/group-", i));
  }
  scene.Follow(feeds);
  scene.Tick();
  ASSERT_EQ(scene.peers->opened(), 2U);
  EXPECT_THAT(scene.peers->stream(0).call.feeds, SizeIs(kFollowFeedsMax));
  EXPECT_THAT(scene.peers->stream(1).call.feeds, SizeIs(2)) << "one more, and what commits them";
  // A feed that is followed already stays where it is.
  scene.Follow({feeds.back(), "public"});
  const size_t newest = scene.Tick();
  EXPECT_THAT(scene.peers->stream(newest).call.feeds, SizeIs(3));
}

TEST(FollowRunner, RefusesMoreFeedsThanTheStreamsHold) {
  Scene scene;
  std::vector<record::FeedName> feeds;
  feeds.reserve(kFollowFeedsPerPublisherMax);
  for (size_t i = 0; i + 1 < kFollowFeedsPerPublisherMax; ++i) {  // and `heads`, which commits them
    feeds.push_back(Name(absl::StrCat("recyclers/group-", i)));
  }
  MEGURI_ASSERT_OK(scene.runner->Add(scene.holder, scene.publisher.participant(), feeds));
  EXPECT_THAT(scene.runner->Add(scene.holder, scene.publisher.participant(), {Name("public")}),
              HasReason("TOO_MANY_FEEDS"));
  MEGURI_EXPECT_OK(scene.runner->Remove(scene.holder, scene.publisher.participant(), {feeds[7]}).status());
  MEGURI_EXPECT_OK(scene.runner->Add(scene.holder, scene.publisher.participant(), {Name("public")}));
}

TEST(FollowRunner, WhatCommitsNarrowFeedsComesAndGoesWithThem) {
  Scene scene;
  scene.Follow({"public", "members"});
  EXPECT_THAT(FeedsOf(scene.peers->stream(scene.Tick()).call), ElementsAre("members", "public"));
  scene.Follow({"recyclers/battery", "to/0199:follower"});
  EXPECT_THAT(FeedsOf(scene.peers->stream(scene.Tick(kRetryMax)).call),
              ElementsAre("heads", "members", "public", "recyclers/battery", "to/0199:follower"));
  const auto remove = [&](const std::vector<record::FeedName>& feeds) {
    return testing::ValueOf(scene.runner->Remove(scene.holder, scene.publisher.participant(), feeds));
  };
  EXPECT_THAT(remove({Name("recyclers/battery")}), ElementsAre(Name("recyclers/battery")));
  EXPECT_THAT(remove({Name("to/0199:follower")}), ElementsAre(Name("heads"), Name("to/0199:follower")));
  EXPECT_FALSE(scene.runner->Follows(scene.holder, scene.publisher.participant(), Name("heads")));
  // Of a store from before it was followed.
  scene.Follow({"recyclers/battery"});
  EXPECT_THAT(remove({Name("heads")}), ElementsAre(Name("heads")));
  EXPECT_FALSE(scene.runner->Follows(scene.holder, scene.publisher.participant(), Name("heads")));
  scene.Restart();
  EXPECT_TRUE(scene.runner->Follows(scene.holder, scene.publisher.participant(), Name("heads")));
  // It can be followed alone as well.
  remove({});
  scene.Follow({"heads", "public"});
  EXPECT_THAT(remove({Name("public")}), ElementsAre(Name("public")));
}

TEST(FollowSession, ANodeThatDoesNotKnowHeadsIsFollowedWithoutThem) {
  Scene scene;
  scene.Follow({"recyclers/battery"});
  const size_t first = scene.Tick();
  EXPECT_THAT(FeedsOf(scene.peers->stream(first).call), ElementsAre("heads", "recyclers/battery"));
  scene.peers->End(first, Error(absl::StatusCode::kInvalidArgument, "FEED_NAME", "a feed is public, …"));
  scene.Drain();
  const size_t second = scene.Tick(kRetryMin * 2);
  ASSERT_NE(second, first);
  EXPECT_THAT(FeedsOf(scene.peers->stream(second).call), ElementsAre("recyclers/battery"));
  EXPECT_EQ(scene.StatusOf("heads").last_error_reason, "FEED_NAME");
  scene.Tick(kHeadsPause);  // the stream is closed, to be opened anew
  const size_t later = scene.Tick(kRetryMin * 2);
  EXPECT_THAT(FeedsOf(scene.peers->stream(later).call), ElementsAre("heads", "recyclers/battery"));
}

// The longest pause between two calls to a publisher that is away, within an hour.
absl::Duration LongestPause(const std::string& feed) {
  Scene scene;
  scene.Follow({feed});
  absl::Time last = scene.clock.Now();
  absl::Duration longest = absl::ZeroDuration();
  size_t opened = scene.Tick() + 1;
  for (const absl::Time end = last + absl::Hours(1); scene.clock.Now() < end;) {
    if (opened > 0) {
      scene.peers->End(opened - 1, Error(absl::StatusCode::kUnavailable, "NODE_UNREACHABLE", "no answer"));
      scene.Drain();
    }
    if (const size_t now_opened = scene.Tick(absl::Seconds(1)) + 1; now_opened > opened) {
      longest = std::max(longest, scene.clock.Now() - last);
      last = scene.clock.Now();
      opened = now_opened;
    }
  }
  return longest;
}

TEST(FollowSession, WhoHoldsWhatWasGrantedHearsOfARevocationWithinAMinute) {
  EXPECT_LE(LongestPause("offer/00112233445566778899aabbccddeeff"), absl::Seconds(31));
  EXPECT_GT(LongestPause("public"), absl::Minutes(2));
}

TEST(FollowSession, EntriesOfHeadsComeWithoutRecords) {
  Scene scene;
  scene.Follow({"heads"});
  std::vector<feed::v1::FeedItem> items(2);
  items[0].set_entry(record::FeedEntry{record::Sha256("one"), 0}.Encode());
  items[1].set_entry(record::FeedEntry{record::Sha256("two"), 0}.Encode());
  const Feed feed(scene.publisher, "heads", items);
  scene.Serve(scene.Tick(), "heads", feed);
  EXPECT_EQ(scene.StatusOf("heads").state, FollowState::kLive);
  EXPECT_EQ(scene.StatusOf("heads").size, 2U);
  EXPECT_EQ(scene.StatusOf("heads").unread, 0U);
}

TEST(FollowSession, AnEntryOfHeadsThatOpensSomethingIsRefused) {
  for (const bool has_envelope : {true, false}) {
    Scene scene;
    scene.Follow({"heads"});
    std::vector<feed::v1::FeedItem> items(1);
    items[0].set_entry(record::FeedEntry{record::Sha256("one"), has_envelope ? uint64_t{0} : uint64_t{1}}.Encode());
    if (has_envelope) {
      *items[0].mutable_envelope() = scene.Items(1)[0].envelope();
    }
    scene.Serve(scene.Tick(), "heads", Feed(scene.publisher, "heads", items));
    EXPECT_EQ(scene.StatusOf("heads").last_error_reason, "HEADS_ENTRY");
    EXPECT_EQ(scene.StatusOf("heads").size, 0U);
  }
}

TEST(FollowRunner, TheRegistryHasAStreamOfItsOwn) {
  Scene scene;
  const record::ParticipantId operator_id = scene.registry.bundle().operator_id();
  MEGURI_ASSERT_OK(scene.runner->Add(scene.holder, operator_id, {Name("public"), record::FeedName::Registry()}));
  scene.Tick();
  ASSERT_EQ(scene.peers->opened(), 2U);
  EXPECT_THAT(FeedsOf(scene.peers->stream(0).call), ElementsAre("registry"));
  EXPECT_THAT(FeedsOf(scene.peers->stream(1).call), ElementsAre("public"));
  scene.peers->End(1, absl::PermissionDeniedError("no"));
  scene.Drain();
  EXPECT_TRUE(scene.peers->stream(0).open);
}

TEST(FollowRunner, TheRegistryCannotBeUnfollowed) {
  Scene scene;
  const record::ParticipantId operator_id = scene.registry.bundle().operator_id();
  MEGURI_ASSERT_OK(scene.runner->KeepRegistry(scene.holder));
  MEGURI_ASSERT_OK(scene.runner->Add(scene.holder, operator_id, {Name("public")}));
  EXPECT_THAT(scene.runner->Remove(scene.holder, operator_id, {Name("public"), record::FeedName::Registry()}),
              HasReason("REGISTRY_FOLLOW"));
  EXPECT_TRUE(scene.runner->Follows(scene.holder, operator_id, Name("public")));
  // All of the operator's feeds are all but the registry.
  EXPECT_THAT(testing::ValueOf(scene.runner->Remove(scene.holder, operator_id, {})), ElementsAre(Name("public")));
  EXPECT_THAT(testing::ValueOf(scene.runner->Remove(scene.holder, operator_id, {})), IsEmpty());
  EXPECT_TRUE(scene.runner->Follows(scene.holder, operator_id, record::FeedName::Registry()));
  scene.Restart();
  EXPECT_TRUE(scene.runner->Follows(scene.holder, operator_id, record::FeedName::Registry()));
  EXPECT_FALSE(scene.runner->Follows(scene.holder, operator_id, Name("public")));
}

TEST(FollowRunner, AFeedNamedRegistryOfAnotherMemberMayGo) {
  Scene scene;
  scene.Follow({"registry"});
  EXPECT_THAT(testing::ValueOf(scene.runner->Remove(scene.holder, scene.publisher.participant(), {})),
              ElementsAre(record::FeedName::Registry()));
  EXPECT_THAT(scene.runner->Remove(scene.holder, scene.publisher.participant(), {}), HasReason("NOT_FOLLOWED"));
}

TEST(FollowRunner, AQuarantinedRegistryIsLetGoAndFollowedAnew) {
  Scene scene;
  const record::ParticipantId operator_id = scene.registry.bundle().operator_id();
  const hostile::Publisher registry = scene.RegistryPublisher();
  MEGURI_ASSERT_OK(scene.runner->KeepRegistry(scene.holder));
  const size_t stream = scene.Tick();
  scene.SendTarget(stream, "registry", Feed(registry, "registry", registry.MakeItems(1, 2)).Checkpoint(2));
  scene.SendTarget(stream, "registry", Feed(registry, "registry", registry.MakeItems(2, 2)).Checkpoint(2));
  ASSERT_EQ(scene.StatusOf("registry").state, FollowState::kQuarantined);
  MEGURI_ASSERT_OK(scene.runner->Remove(scene.holder, operator_id, {record::FeedName::Registry()}).status());
  EXPECT_FALSE(scene.runner->Follows(scene.holder, operator_id, record::FeedName::Registry()));
  MEGURI_ASSERT_OK(scene.runner->KeepRegistry(scene.holder));
  EXPECT_EQ(FeedsOf(scene.peers->stream(scene.Tick()).call), std::vector<std::string>{"registry"});
}

}  // namespace
}  // namespace meguri::node
