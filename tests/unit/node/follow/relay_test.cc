// SPDX-License-Identifier: Apache-2.0
// Feeds that somebody hands on while their publisher's node does not answer.
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "certs/evidence_file.h"
#include "certs/registry.h"
#include "node/follow/feed_source.h"
#include "node/follow/follow_session.h"
#include "storage/fsck.h"
#include "tests/testing/status.h"
#include "tests/unit/node/follow/scene.h"

namespace meguri::node {
namespace {

using meguri::testing::HasReason;
using ::testing::ElementsAre;
using testing::Feed;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::Name;
using testing::Scene;
using testing::ValueOf;

constexpr char kPublic[] = "public";
constexpr char kRelay[] = "0199:relay";
constexpr char kOtherRelay[] = "0199:relay-2";

// A publisher that may fall silent, and two members that may hand its feed on.
class RelayTest : public ::testing::Test {
 protected:
  RelayTest() {
    scene_.registry.Set(
        {scene_.Entry(), certs::testing::Member{kRelay}.Entry(), certs::testing::Member{kOtherRelay}.Entry()});
  }

  void FollowVia(const absl::optional<std::string>& relay) {
    const auto named = relay.has_value() ? absl::make_optional(certs::testing::Participant(*relay)) : absl::nullopt;
    MEGURI_ASSERT_OK(scene_.runner->Add(scene_.holder, scene_.publisher.participant(), {Name(kPublic)}, named));
  }
  // Of which member's node the stream was asked.
  std::string AskedOf(size_t stream) const {
    const auto& identity = scene_.peers->stream(stream).call.peer.node_identity;
    return ValueOf(certs::Identity::Parse(identity)).participant.text();
  }
  void Fail(size_t stream) {
    scene_.peers->End(stream, Error(absl::StatusCode::kUnavailable, "NODE_UNREACHABLE", "no route"));
    scene_.Drain();
  }
  // The publisher does not answer, and a relay is asked.
  size_t TurnToRelay() {
    const size_t direct = scene_.Tick(kRetryMax);
    EXPECT_EQ(AskedOf(direct), testing::kPublisher);
    Fail(direct);
    return scene_.Tick();
  }
  // Follows `feed` from the publisher, which falls silent then.
  size_t TurnToRelayAfter(const Feed& feed, size_t promised) {
    FollowVia(kRelay);
    const size_t stream = scene_.Tick();
    scene_.SendTarget(stream, kPublic, feed.Checkpoint(promised));
    scene_.SendBatch(stream, feed.Batch(0, 3, promised));
    scene_.Tick(kGatherMax);
    Fail(stream);
    return TurnToRelay();
  }
  FollowStatus Status() const { return scene_.StatusOf(kPublic); }
  storage::HeldFeed Held() const { return {scene_.holder, {scene_.publisher.participant(), Name(kPublic), 1}}; }
  storage::FeedId Id() const { return *ValueOf(storage::Feeds(*scene_.store).Find(Held())); }
  FeedSource Source(bool hands_on = true) const {
    return {scene_.publisher.bundle().federation(), *scene_.store, no_keys_,
            hands_on ? absl::make_optional(scene_.holder) : absl::nullopt};
  }
  record::v1::SignedBody SignHeartbeat(const Feed& feed) const {
    registry::v1::Heartbeat body;
    body.set_origin(scene_.publisher.OriginOf(kPublic));
    body.set_size(feed.size());
    body.set_root(feed.Root(feed.size()).ToString());
    body.set_time_ms(static_cast<uint64_t>(absl::ToUnixMillis(scene_.clock.Now())));
    body.set_next_update_ms(static_cast<uint64_t>(absl::ToUnixMillis(scene_.clock.Now() + kFeedHeartbeat)));
    return ValueOf(certs::SignFeedHeartbeat(body, scene_.publisher.bundle().federation(),
                                            scene_.publisher.participant(), scene_.publisher.feed_key()));
  }
  void SendHeartbeat(size_t stream, const record::v1::SignedBody& heartbeat) {
    FollowEvent event;
    event.feed_heartbeat.emplace();
    event.feed_heartbeat->set_feed(kPublic);
    *event.feed_heartbeat->mutable_heartbeat() = heartbeat;
    scene_.Send(stream, std::move(event));
    scene_.Tick();
  }
  std::vector<std::string> ProblemsOf() const {
    return ValueOf(storage::Fsck(*scene_.store, nullptr, [](uint64_t, uint64_t) {})).problems;
  }
  // Items that begin as those of seed 1 do.
  std::vector<feed::v1::FeedItem> Fork(size_t begin, size_t count) const {
    std::vector<feed::v1::FeedItem> items = begin == 0 ? std::vector<feed::v1::FeedItem>() : scene_.Items(begin);
    for (feed::v1::FeedItem& item : scene_.Items(count - begin, /*seed=*/2)) {
      items.push_back(std::move(item));
    }
    return items;
  }

  // A node that publishes nothing.
  class NoKeys final : public FeedSigners {
   public:
    std::shared_ptr<const record::Signer> Find(const record::FeedKey&) const override { return nullptr; }
  };

  const NoKeys no_keys_;
  Scene scene_;
};

TEST_F(RelayTest, TheNamedRelayIsAskedAsSoonAsThePublisherDoesNotAnswer) {
  FollowVia(kRelay);
  const size_t relayed = TurnToRelay();
  EXPECT_EQ(AskedOf(relayed), kRelay);
  EXPECT_EQ(scene_.peers->stream(relayed).call.publisher, scene_.publisher.participant());
  scene_.Serve(relayed, kPublic, Feed(scene_.publisher, kPublic, scene_.Items(3)));
  EXPECT_EQ(Status().state, FollowState::kLive);
  EXPECT_EQ(Status().size, 3U);
  ASSERT_TRUE(Status().relay.has_value());
  EXPECT_EQ(Status().relay->text(), kRelay);
}

TEST_F(RelayTest, TheRelayIsAskedWhereTheNodeDoesNotHostThePublisherAnyMore) {
  FollowVia(kRelay);
  const size_t direct = scene_.Tick(kRetryMax);
  EXPECT_EQ(scene_.peers->stream(direct).call.peer.member, scene_.publisher.participant());
  scene_.peers->End(direct, Error(absl::StatusCode::kNotFound, "NOT_HOSTED_HERE", "not here"));
  scene_.Drain();
  const size_t relayed = scene_.Tick();
  EXPECT_EQ(AskedOf(relayed), kRelay);
  EXPECT_EQ(scene_.peers->stream(relayed).call.peer.member.text(), kRelay);
  EXPECT_EQ(scene_.peers->stream(relayed).call.publisher, scene_.publisher.participant());
}

TEST_F(RelayTest, WithoutARelayThePublisherIsTriedAlone) {
  FollowVia(absl::nullopt);
  for (int attempt = 0; attempt < 20; ++attempt) {
    const size_t stream = scene_.Tick(kRetryMax * 2);
    EXPECT_EQ(AskedOf(stream), testing::kPublisher);
    Fail(stream);
  }
}

TEST_F(RelayTest, WhatOthersSayThatTheyHandOnCountsOnlyAfterAWhile) {
  FollowVia(absl::nullopt);
  scene_.runner->relays().Note(certs::testing::Participant(kRelay), {scene_.publisher.participant()});
  size_t stream = scene_.Tick();
  const absl::Time silent_since = scene_.clock.Now();
  while (AskedOf(stream) == testing::kPublisher) {
    Fail(stream);
    ASSERT_LT(scene_.clock.Now() - silent_since, kRelayAfter + kRelayTurnMax);
    stream = scene_.Tick(absl::Minutes(1));
  }
  EXPECT_GE(scene_.clock.Now() - silent_since, kRelayAfter);
  EXPECT_EQ(AskedOf(stream), kRelay);
}

TEST_F(RelayTest, ThePublisherIsAskedAgainAndGoesOnWhereTheRelayEnded) {
  FollowVia(kRelay);
  const Feed feed(scene_.publisher, kPublic, scene_.Items(4));
  const size_t relayed = TurnToRelay();
  scene_.SendTarget(relayed, kPublic, feed.Checkpoint(3));
  scene_.SendBatch(relayed, feed.Batch(0, 3, 3));
  EXPECT_EQ(scene_.Tick(kRelayTurnMin / 2), relayed);
  scene_.Tick(kRelayTurnMin);
  const size_t direct = scene_.Tick();
  EXPECT_EQ(AskedOf(direct), testing::kPublisher);
  EXPECT_EQ(scene_.peers->stream(direct).call.feeds.at(0).size, 3U);
  scene_.Serve(direct, kPublic, feed, 3);
  EXPECT_EQ(Status().size, 4U);
  EXPECT_FALSE(Status().relay.has_value());
  // It answered: from now on it alone is asked.
  Fail(direct);
  EXPECT_EQ(AskedOf(scene_.Tick(kRetryMax)), testing::kPublisher);
}

TEST_F(RelayTest, ARelayIsNoLongerAskedOnceThePublisherIsNamed) {
  FollowVia(kRelay);
  FollowVia(testing::kPublisher);
  Fail(scene_.Tick());
  EXPECT_EQ(AskedOf(scene_.Tick(kRetryMax)), testing::kPublisher);
}

TEST_F(RelayTest, TheNamedRelayOutlivesARestart) {
  FollowVia(kRelay);
  scene_.Restart();
  EXPECT_EQ(AskedOf(TurnToRelay()), kRelay);
  EXPECT_THAT(ProblemsOf(), IsEmpty());
}

TEST_F(RelayTest, ASmallerHeadOfARelayIsNoRollback) {
  const Feed feed(scene_.publisher, kPublic, scene_.Items(4));
  const size_t relayed = TurnToRelayAfter(feed, 3);
  scene_.SendTarget(relayed, kPublic, feed.Checkpoint(2));
  EXPECT_EQ(Status().state, FollowState::kLive);
  EXPECT_EQ(Status().last_error_reason, "");
  // It comes up.
  scene_.Serve(relayed, kPublic, feed, 3);
  EXPECT_EQ(Status().size, 4U);
}

TEST_F(RelayTest, NoEntriesAreTakenBelowASmallerHead) {
  const Feed feed(scene_.publisher, kPublic, scene_.Items(4));
  const size_t relayed = TurnToRelayAfter(feed, 3);
  scene_.SendTarget(relayed, kPublic, feed.Checkpoint(2));
  scene_.SendBatch(relayed, feed.Batch(3, 4, 4));
  EXPECT_EQ(Status().last_error_reason, "BATCH_COUNT");
  EXPECT_EQ(Status().size, 3U);
}

TEST_F(RelayTest, AHeadBetweenWhatIsHereAndWhatWasPromisedIsTaken) {
  const Feed feed(scene_.publisher, kPublic, scene_.Items(6));
  const size_t relayed = TurnToRelayAfter(feed, 6);
  scene_.Serve(relayed, kPublic, Feed(scene_.publisher, kPublic, scene_.Items(6)), 6);  // a head alone
  scene_.SendTarget(relayed, kPublic, feed.Checkpoint(5));
  scene_.SendBatch(relayed, feed.Batch(3, 5, 5));
  scene_.Tick(kGatherMax);
  EXPECT_EQ(Status().size, 5U);
  // What the publisher promised is not here yet, and what is here can be handed on.
  EXPECT_EQ(Status().state, FollowState::kCatchingUp);
  EXPECT_EQ(ValueOf(Source().ReadHead(Held().key)).checkpoint, feed.Checkpoint(5));
  scene_.Serve(relayed, kPublic, feed, 5);
  EXPECT_EQ(Status().state, FollowState::kLive);
}

TEST_F(RelayTest, AnotherBeginningIsAForkWhoeverShowsIt) {
  const size_t relayed = TurnToRelayAfter(Feed(scene_.publisher, kPublic, scene_.Items(3)), 3);
  const Feed fork(scene_.publisher, kPublic, Fork(1, 2));
  scene_.SendTarget(relayed, kPublic, fork.Checkpoint(2));
  EXPECT_EQ(Status().state, FollowState::kQuarantined);
  EXPECT_EQ(Status().last_error_reason, "FORK");
  scene_.Drain();
  const auto follow = ValueOf(storage::Settings(*scene_.store).FindFollow(Held().holder, Held().key));
  ASSERT_TRUE(follow.has_value());
  ASSERT_EQ(follow->evidence.notes.size(), 2U);
  record::v1::FeedFork evidence;
  evidence.set_other_root(follow->evidence.other_root);
  evidence.mutable_consistency_path()->Assign(follow->evidence.consistency_path.begin(),
                                              follow->evidence.consistency_path.end());
  const auto open = [&](const std::string& note) {
    return ValueOf(
        record::OpenCheckpoint(note, scene_.publisher.OriginOf(kPublic), scene_.publisher.feed_key().public_key()));
  };
  MEGURI_EXPECT_OK(certs::CheckFeedFork(evidence, open(follow->evidence.notes[0]), open(follow->evidence.notes[1])));
}

TEST_F(RelayTest, TwoHeadsOfOneSizeThatWerePromisedAreAFork) {
  const Feed feed(scene_.publisher, kPublic, scene_.Items(6));
  const size_t relayed = TurnToRelayAfter(feed, 6);
  scene_.SendTarget(relayed, kPublic, feed.Checkpoint(5));
  scene_.SendTarget(relayed, kPublic, Feed(scene_.publisher, kPublic, Fork(3, 5)).Checkpoint(5));
  EXPECT_EQ(Status().last_error_reason, "FORK");
}

TEST_F(RelayTest, WhoHandsOnWhatDoesNotVerifyIsLeftAloneAndAnotherOneIsAsked) {
  FollowVia(kRelay);
  scene_.runner->relays().Note(certs::testing::Participant(kOtherRelay), {scene_.publisher.participant()});
  const Feed feed(scene_.publisher, kPublic, scene_.Items(2));
  std::vector<feed::v1::FeedItem> items = scene_.Items(2);
  (*items[1].mutable_envelope()->mutable_sections(0)->mutable_payload())[0] ^= 1;
  scene_.Serve(TurnToRelay(), kPublic, Feed(scene_.publisher, kPublic, items));
  EXPECT_EQ(Status().last_error_reason, "SECTION_DIGEST");
  EXPECT_THAT(Status().last_error, HasSubstr(kRelay));
  EXPECT_EQ(Status().size, 0U);
  const absl::Time lied = scene_.clock.Now();
  std::string asked;
  while (asked != kOtherRelay) {
    ASSERT_LT(scene_.clock.Now() - lied, kLiarPause / 2);
    const size_t stream = scene_.Tick(absl::Minutes(1));
    asked = AskedOf(stream);
    EXPECT_NE(asked, kRelay);
    if (asked == kOtherRelay) {
      scene_.Serve(stream, kPublic, feed);
    } else {
      Fail(stream);
    }
  }
  EXPECT_EQ(Status().size, 2U);
}

// The other end may change any byte of what it hands on.
TEST_F(RelayTest, NoChangedByteIsTaken) {
  const Feed feed(scene_.publisher, kPublic, scene_.Items(2));
  const auto registry = scene_.registry.Get();
  record::VerifiedRoots roots;
  const auto make = [&] {
    return ValueOf(Follower::Make(Held(), scene_.publisher.bundle().federation(), absl::nullopt, *scene_.store, roots));
  };
  const std::string note = feed.Checkpoint(2);
  for (size_t at = 0; at < note.size(); ++at) {
    std::string changed = note;
    changed[at] = static_cast<char>(changed[at] ^ 1);
    EXPECT_FALSE(make()->TakeTarget(changed, *registry, scene_.clock.Now(), ShownBy::kRelay).ok()) << at;
  }
  const feed::v1::FeedBatch batch = feed.Batch(0, 2, 2);
  const std::string bytes = batch.SerializeAsString();
  for (size_t at = 0; at < bytes.size(); ++at) {
    std::string changed = bytes;
    changed[at] = static_cast<char>(changed[at] ^ 1);
    feed::v1::FeedBatch parsed;
    if (!parsed.ParseFromString(changed)) {
      continue;
    }
    const auto follower = make();
    MEGURI_ASSERT_OK(follower->TakeTarget(note, *registry, scene_.clock.Now(), ShownBy::kRelay));
    const auto taken = follower->TakeBatch(parsed, *registry, scene_.clock.Now());
    // The name of the feed says which follower is asked; what became a field that nobody knows is dropped.
    for (size_t i = 0; taken.ok() && i < taken->items.size(); ++i) {
      const feed::v1::FeedItem& item = batch.items(static_cast<int>(i));
      EXPECT_EQ(taken->items[i].entry, item.entry()) << at;
      EXPECT_EQ(taken->items[i].header->bytes(), item.envelope().header()) << at;
      EXPECT_EQ(taken->items[i].signature.SerializeAsString(), item.envelope().signature().SerializeAsString()) << at;
      ASSERT_EQ(taken->items[i].sections.size(), static_cast<size_t>(item.envelope().sections_size())) << at;
      for (size_t s = 0; s < taken->items[i].sections.size(); ++s) {
        EXPECT_EQ(taken->items[i].sections[s].SerializeAsString(),
                  item.envelope().sections(static_cast<int>(s)).SerializeAsString())
            << at;
      }
    }
  }
}

TEST_F(RelayTest, ACopyIsHandedOnByteForByte) {
  FollowVia(absl::nullopt);
  const Feed feed(scene_.publisher, kPublic, scene_.Items(5));
  const size_t stream = scene_.Tick();
  scene_.Serve(stream, kPublic, feed);
  scene_.Tick(kGatherMax);
  const FeedSource source = Source();
  MEGURI_EXPECT_OK(source.CheckServed(Held().key));
  const FeedSource::Head head = ValueOf(source.ReadHead(Held().key));
  EXPECT_EQ(head.checkpoint, feed.Checkpoint(5));
  const feed::v1::CarriedFeedBatch batch = ValueOf(source.ReadBatch(Held().key, *head.id, 1, head.size, head.size));
  EXPECT_EQ(batch.SerializeAsString(), feed.Batch(1, 5, 5).SerializeAsString());
}

TEST_F(RelayTest, TheNewestWordOfThePublisherIsHandedOn) {
  FollowVia(absl::nullopt);
  const Feed feed(scene_.publisher, kPublic, scene_.Items(3));
  const size_t stream = scene_.Tick();
  scene_.Serve(stream, kPublic, feed);
  scene_.Tick(kGatherMax);
  const FeedSource source = Source();
  const FeedSource::Head head = ValueOf(source.ReadHead(Held().key));
  absl::Time last = absl::InfinitePast();
  EXPECT_FALSE(ValueOf(source.NextHeartbeat(Held().key, head, scene_.clock.Now(), last)).has_value());
  const record::v1::SignedBody heartbeat = SignHeartbeat(feed);
  const absl::Time said = scene_.clock.Now();
  SendHeartbeat(stream, heartbeat);
  scene_.clock.Advance(absl::Hours(5));
  const auto handed = ValueOf(source.NextHeartbeat(Held().key, head, scene_.clock.Now(), last));
  ASSERT_TRUE(handed.has_value());
  EXPECT_EQ(handed->heartbeat().SerializeAsString(), heartbeat.SerializeAsString());
  EXPECT_EQ(last, said);
  EXPECT_FALSE(ValueOf(source.NextHeartbeat(Held().key, head, scene_.clock.Now(), last)).has_value());
  // It does not speak of a head that came later.
  scene_.Serve(stream, kPublic, Feed(scene_.publisher, kPublic, scene_.Items(4)), 3);
  last = absl::InfinitePast();
  const FeedSource::Head grown = ValueOf(source.ReadHead(Held().key));
  EXPECT_EQ(grown.size, 4U);
  EXPECT_THAT(ProblemsOf(), IsEmpty());
  EXPECT_FALSE(ValueOf(source.NextHeartbeat(Held().key, grown, scene_.clock.Now(), last)).has_value());
}

// Who withholds can hand on old words alone: their age shows.
TEST_F(RelayTest, TheAgeOfACopyIsThatOfItsPublishersWord) {
  const Feed feed(scene_.publisher, kPublic, scene_.Items(3));
  const absl::Time said = scene_.clock.Now();
  const record::v1::SignedBody heartbeat = SignHeartbeat(feed);
  const size_t relayed = TurnToRelayAfter(feed, 3);
  scene_.clock.Advance(absl::Hours(1));
  scene_.SendTarget(relayed, kPublic, feed.Checkpoint(3));
  SendHeartbeat(relayed, heartbeat);
  EXPECT_EQ(Status().heard, said);
  scene_.clock.Advance(kFeedOverdue);
  EXPECT_TRUE(Status().is_overdue);
}

TEST_F(RelayTest, OnlyWhatIsFollowedAndOpenToAllMembersIsHandedOn) {
  FollowVia(absl::nullopt);
  EXPECT_THAT(Source().CheckServed(Held().key), HasReason("COPY_BEHIND"));
  const Feed feed(scene_.publisher, kPublic, scene_.Items(1));
  const size_t stream = scene_.Tick();
  scene_.Serve(stream, kPublic, feed);
  MEGURI_EXPECT_OK(Source().CheckServed(Held().key));
  EXPECT_THAT(Source(/*hands_on=*/false).CheckServed(Held().key), HasReason("NOT_HOSTED"));
  EXPECT_THAT(Source(/*hands_on=*/false).ReadHead(Held().key).status(), HasReason("NOT_HOSTED"));
  ASSERT_EQ(ValueOf(scene_.runner->Remove(scene_.holder, scene_.publisher.participant(), {})).size(), 1U);
  EXPECT_THAT(Source().CheckServed(Held().key), HasReason("NOT_HOSTED"));
  for (const std::string name :
       {"recyclers/battery", "authorities/JP", "to/0199:follower", "owner", "audit", "heads"}) {
    EXPECT_FALSE(Source().HandsOn(Name(name))) << name;
    EXPECT_THAT(Source().CheckServed({scene_.publisher.participant(), Name(name), 1}), HasReason("NOT_HOSTED"));
  }
}

TEST_F(RelayTest, ACopyOfAFeedThatWasForkedIsNotHandedOn) {
  FollowVia(absl::nullopt);
  const size_t stream = scene_.Tick();
  scene_.Serve(stream, kPublic, Feed(scene_.publisher, kPublic, scene_.Items(2)));
  scene_.SendTarget(stream, kPublic, Feed(scene_.publisher, kPublic, Fork(0, 2)).Checkpoint(2));
  scene_.Drain();
  EXPECT_THAT(Source().CheckServed(Held().key), HasReason("COPY_QUARANTINED"));
}

TEST(KnownRelays, ThoseWhoHandOnAPublisherComeFirst) {
  KnownRelays relays;
  const auto id = [](absl::string_view text) { return certs::testing::Participant(std::string(text)); };
  relays.Note(id("0199:a"), {});
  relays.Note(id("0199:b"), {id("0199:maker")});
  relays.Note(id("0199:maker"), {id("0199:maker")});
  EXPECT_THAT(relays.For(id("0199:maker"), 8), ElementsAre(id("0199:b"), id("0199:a")));
  EXPECT_THAT(relays.For(id("0199:maker"), 1), ElementsAre(id("0199:b")));
  relays.Forget(id("0199:b"));
  EXPECT_THAT(relays.For(id("0199:maker"), 8), ElementsAre(id("0199:a")));
}

TEST(KnownRelays, AreNotMoreThanTheirLimit) {
  KnownRelays relays;
  const auto id = [](size_t number) { return certs::testing::Participant(absl::StrCat("0199:m", number)); };
  for (size_t i = 0; i < kKnownRelaysMax; ++i) {
    relays.Note(id(i), {});
  }
  relays.Note(id(kKnownRelaysMax), {});
  EXPECT_EQ(relays.For(id(kKnownRelaysMax + 1), kKnownRelaysMax + 2).size(), kKnownRelaysMax);
  std::vector<record::ParticipantId> publishers;
  for (size_t i = 0; i <= kRelayedPublishersMax; ++i) {
    publishers.push_back(id(1'000'000 + i));
  }
  relays.Note(id(5), publishers);
  EXPECT_EQ(relays.For(publishers[kRelayedPublishersMax - 1], 1).front(), id(5));
  EXPECT_NE(relays.For(publishers[kRelayedPublishersMax], 1).front(), id(5));
}

}  // namespace
}  // namespace meguri::node
