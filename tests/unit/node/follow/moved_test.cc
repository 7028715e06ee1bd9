// SPDX-License-Identifier: Apache-2.0
// The publisher moves to another host: certs/feed_base.h.
#include <memory>
#include <string>
#include <vector>

#include "certs/feed_base.h"
#include "certs/key_endorsement.h"
#include "node/follow/follower.h"
#include "storage/fsck.h"
#include "tests/testing/status.h"
#include "tests/unit/node/follow/scene.h"

namespace meguri::node {
namespace {

using feed::v1::FeedItem;
using ::testing::ElementsAre;
using testing::Feed;
using testing::Name;
using testing::Scene;
using testing::ValueOf;

constexpr char kPublic[] = "public";
constexpr char kNarrow[] = "to/0199:follower";

// The publisher, its former host, which has signed `before`, and the host to which it moves.
class MovedTest : public ::testing::Test {
 protected:
  MovedTest() { scene_.Follow({kPublic, kNarrow}); }

  // The feed as the new host serves it: `kept` entries of the former one, and others up to `size`.
  Feed ByNewHost(const std::string& name, size_t kept, size_t size, uint64_t seed = 1) const {
    std::vector<FeedItem> items = kept > 0 ? scene_.Items(kept) : std::vector<FeedItem>();
    if (size > kept) {
      for (FeedItem& item : scene_.Items(size - kept, seed + 1)) {
        items.push_back(std::move(item));
      }
    }
    return {new_host_, name, std::move(items)};
  }
  Feed ByFormerHost(const std::string& name, size_t size) const { return {scene_.publisher, name, scene_.Items(size)}; }

  // The registry says that the publisher has moved with these feeds.
  void Move(const std::vector<const Feed*>& feeds, const std::vector<size_t>& sizes,
            const std::vector<std::string>& names) {
    std::vector<certs::BaseHead> heads;
    for (size_t i = 0; i < feeds.size(); ++i) {
      heads.push_back({Name(names[i]), 1, sizes[i], feeds[i]->Root(sizes[i])});
    }
    made_ = ValueOf(certs::MakeFeedBase(heads, scene_.random));
    registry::v1::MemberEntry entry = scene_.Entry();
    registry::v1::MemberKey key = certs::testing::KeyMessage(*new_key_, registry::v1::KEY_PURPOSE_FEED);
    key.set_not_before_ms(certs::testing::NowMs());
    *key.mutable_base() = made_.base;
    const record::ParticipantId& member = scene_.publisher.participant();
    key.mutable_base()->set_signature(ValueOf(certs::SignBase(certs::testing::kFederation, member, *new_key_, key)));
    key.set_origin(registry::v1::KEY_ORIGIN_ENDORSED);
    *key.mutable_endorsement() =
        ValueOf(certs::EndorseKey(certs::testing::kFederation, member, scene_.publisher.record_key(), key));
    *entry.add_keys() = std::move(key);
    entry.mutable_hosting()->set_node_identity(certs::testing::NodeUri("0199:newhost"));
    scene_.registry.Set({entry});
    scene_.runner->RetryNow();
  }
  void SendTarget(size_t stream, const std::string& feed, const std::string& note, bool with_base = true) {
    FollowEvent event;
    event.target.emplace();
    event.target->set_feed(feed);
    event.target->set_checkpoint(note);
    for (const registry::v1::FeedBaseProof& proof : made_.proofs) {
      if (with_base && proof.head().feed() == feed) {
        *event.target->mutable_base() = proof;
      }
    }
    scene_.Send(stream, std::move(event));
  }
  void Serve(size_t stream, const std::string& name, const Feed& feed, size_t start) {
    SendTarget(stream, name, feed.Checkpoint(feed.size()));
    if (start < feed.size()) {
      scene_.SendBatch(stream, feed.Batch(start, feed.size(), feed.size()));
    }
    scene_.Tick(kGatherMax);
  }
  std::string ReasonOf(const std::string& feed) const { return scene_.StatusOf(feed).last_error_reason; }

  Scene scene_;
  const std::shared_ptr<const certs::SigningKey> new_key_ = certs::testing::NewKey();
  const hostile::Publisher new_host_ = scene_.PublisherWith(new_key_);
  certs::MadeFeedBase made_;
};

TEST_F(MovedTest, AFollowerGoesOnAtTheNewHost) {
  const Feed before = ByFormerHost(kPublic, 3);
  const Feed narrow = ByFormerHost(kNarrow, 2);
  const size_t stream = scene_.Tick();
  scene_.Serve(stream, kPublic, before);
  scene_.Serve(stream, kNarrow, narrow);
  scene_.Tick(kGatherMax);
  ASSERT_EQ(scene_.StatusOf(kNarrow).size, 2U);
  Move({&before, &narrow}, {3, 2}, {kPublic, kNarrow});
  // The stream to the former host was closed, though it still answers.
  scene_.Drain();
  EXPECT_FALSE(scene_.peers->stream(stream).open);
  const size_t next = scene_.Tick(kRetryMin * 2);
  EXPECT_EQ(scene_.peers->stream(next).call.peer.node_identity, certs::testing::NodeUri("0199:newhost"));
  Serve(next, kPublic, ByNewHost(kPublic, 3, 5), 3);
  Serve(next, kNarrow, ByNewHost(kNarrow, 2, 4), 2);
  EXPECT_EQ(scene_.StatusOf(kPublic).size, 5U);
  EXPECT_EQ(scene_.StatusOf(kNarrow).size, 4U);
  EXPECT_EQ(ReasonOf(kPublic), "");
  EXPECT_EQ(ReasonOf(kNarrow), "");
}

// Before it had an entry its host signed that it had none, which the new host need not know.
TEST_F(MovedTest, AFeedThatWasEmptyNeedsNoProof) {
  scene_.SendTarget(scene_.Tick(), kNarrow, ByFormerHost(kNarrow, 1).Checkpoint(0));
  scene_.Tick();
  Move({}, {}, {});
  Serve(scene_.Tick(kRetryMin * 2), kNarrow, ByNewHost(kNarrow, 0, 2), 0);
  EXPECT_EQ(ReasonOf(kNarrow), "");
  EXPECT_EQ(scene_.StatusOf(kNarrow).size, 2U);
}

TEST_F(MovedTest, WhoWasAwayOrIsNewComesByTheBase) {
  const Feed before = ByFormerHost(kPublic, 3);
  Move({&before}, {3}, {kPublic});
  const size_t stream = scene_.Tick(kRetryMin);
  Serve(stream, kPublic, ByNewHost(kPublic, 3, 5), 0);
  EXPECT_EQ(scene_.StatusOf(kPublic).size, 5U);
  EXPECT_EQ(scene_.StatusOf(kPublic).state, FollowState::kLive);
}

TEST_F(MovedTest, TheNewHostCannotWriteHistoryAnew) {
  const Feed before = ByFormerHost(kPublic, 3);
  Move({&before}, {3}, {kPublic});
  const size_t stream = scene_.Tick(kRetryMin);
  Serve(stream, kPublic, ByNewHost(kPublic, 2, 5, 7), 0);
  EXPECT_EQ(scene_.StatusOf(kPublic).state, FollowState::kQuarantined);
  EXPECT_EQ(ReasonOf(kPublic), "MOVE_CONTRADICTED");
  EXPECT_EQ(scene_.StatusOf(kPublic).size, 0U);
}

TEST_F(MovedTest, WhatTheFormerHostSignedBeyondTheMoveContradictsIt) {
  const Feed before = ByFormerHost(kPublic, 5);
  scene_.Serve(scene_.Tick(), kPublic, before);
  scene_.Tick(kGatherMax);
  Move({&before}, {3}, {kPublic});
  const size_t stream = scene_.Tick(kRetryMin * 2);
  const Feed after = ByNewHost(kPublic, 3, 4);
  SendTarget(stream, kPublic, after.Checkpoint(4));
  EXPECT_EQ(scene_.StatusOf(kPublic).state, FollowState::kQuarantined);
  EXPECT_EQ(ReasonOf(kPublic), "MOVE_CONTRADICTED");
  const auto follow = ValueOf(
      storage::Settings(*scene_.store).FindFollow(scene_.holder, {scene_.publisher.participant(), Name(kPublic), 1}));
  scene_.Tick();
  ASSERT_TRUE(follow.has_value());
  EXPECT_THAT(follow->evidence.notes, ElementsAre(before.Checkpoint(5), after.Checkpoint(4)));
  EXPECT_EQ(scene_.StatusOf(kPublic).size, 5U) << "what was read is kept";
}

TEST_F(MovedTest, APromiseOfTheFormerHostBeyondTheMoveContradictsIt) {
  const Feed before = ByFormerHost(kPublic, 5);
  scene_.SendTarget(scene_.Tick(), kPublic, before.Checkpoint(5));  // and no entry came
  scene_.Tick();
  Move({&before}, {3}, {kPublic});
  const size_t stream = scene_.Tick(kRetryMin * 2);
  SendTarget(stream, kPublic, ByNewHost(kPublic, 3, 9).Checkpoint(9));
  EXPECT_EQ(ReasonOf(kPublic), "MOVE_CONTRADICTED");
}

TEST_F(MovedTest, AMoveWithAnotherFeedContradictsWhatIsHere) {
  const Feed before = ByFormerHost(kPublic, 3);
  scene_.Serve(scene_.Tick(), kPublic, before);
  scene_.Tick(kGatherMax);
  const Feed other = ByNewHost(kPublic, 1, 3, 9);
  Move({&other}, {3}, {kPublic});
  SendTarget(scene_.Tick(kRetryMin * 2), kPublic, other.Checkpoint(3));
  EXPECT_EQ(ReasonOf(kPublic), "MOVE_CONTRADICTED");
}

TEST_F(MovedTest, TheFormerHostCanAddNothing) {
  const Feed before = ByFormerHost(kPublic, 5);
  scene_.SendTarget(scene_.Tick(), kPublic, before.Checkpoint(3));
  scene_.Tick();
  Move({&before}, {3}, {kPublic});
  size_t stream = scene_.Tick(kRetryMin * 2);
  SendTarget(stream, kPublic, before.Checkpoint(5));
  EXPECT_EQ(ReasonOf(kPublic), "HEAD_BEYOND_MOVE");
  EXPECT_NE(scene_.StatusOf(kPublic).state, FollowState::kQuarantined) << "it would stop the member";
  stream = scene_.Tick(kRetryMax);
  SendTarget(stream, kPublic, before.Checkpoint(3));
  EXPECT_EQ(ReasonOf(kPublic), "HEAD_OF_FORMER_HOST");
  stream = scene_.Tick(kRetryMax);
  SendTarget(stream, kPublic, ByNewHost(kPublic, 2, 2).Checkpoint(2));
  EXPECT_EQ(ReasonOf(kPublic), "HEAD_BELOW_BASE");
  stream = scene_.Tick(kRetryMax);
  Serve(stream, kPublic, ByNewHost(kPublic, 3, 4), 0);
  EXPECT_EQ(scene_.StatusOf(kPublic).size, 4U);
}

TEST_F(MovedTest, CopiesOfTheFormerHostsHeadsAreGoodUpToTheMove) {
  const Feed before = ByFormerHost(kPublic, 5);
  Move({&before}, {3}, {kPublic});
  record::VerifiedRoots roots;
  const auto follower = ValueOf(Follower::Make({scene_.holder, {scene_.publisher.participant(), Name(kPublic), 1}},
                                               certs::testing::kFederation, absl::nullopt, *scene_.store, roots));
  const auto registry = scene_.registry.Get();
  const absl::Time now = scene_.clock.Now();
  EXPECT_THAT(follower->TakeTarget(before.Checkpoint(5), *registry, now, ShownBy::kRelay),
              meguri::testing::HasReason("HEAD_BEYOND_MOVE"));
  MEGURI_ASSERT_OK(follower->TakeTarget(before.Checkpoint(2), *registry, now, ShownBy::kRelay));
  MEGURI_ASSERT_OK(follower->TakeBatch(before.Batch(0, 2, 2), *registry, now).status());
  EXPECT_EQ(follower->size(), 2U);
  // Its heartbeats say nothing of today, and are no lie of the relay either.
  EXPECT_EQ(ValueOf(follower->TakeHeartbeat(record::v1::SignedBody(), *registry, now)), absl::InfinitePast());
}

TEST_F(MovedTest, TheNewHostShowsReadersOfANarrowFeedWhereItStood) {
  const Feed before = ByFormerHost(kNarrow, 3);
  scene_.Serve(scene_.Tick(), kNarrow, before);
  scene_.Tick(kGatherMax);
  Move({&before}, {3}, {kNarrow});
  const Feed after = ByNewHost(kNarrow, 3, 4);
  size_t stream = scene_.Tick(kRetryMin * 2);
  SendTarget(stream, kNarrow, after.Checkpoint(4), /*with_base=*/false);
  EXPECT_EQ(ReasonOf(kNarrow), "FEED_BASE_PROOF");
  // One that shows another size does not hold.
  stream = scene_.Tick(kRetryMax);
  made_.proofs[0].mutable_head()->set_size(2);
  SendTarget(stream, kNarrow, after.Checkpoint(4));
  EXPECT_EQ(ReasonOf(kNarrow), "FEED_BASE_PROOF");
  made_.proofs[0].mutable_head()->set_size(3);
  stream = scene_.Tick(kRetryMax);
  Serve(stream, kNarrow, after, 3);
  EXPECT_EQ(scene_.StatusOf(kNarrow).size, 4U);
}

TEST_F(MovedTest, AFeedThatBeganSinceNeedsNoProof) {
  const Feed before = ByFormerHost(kPublic, 1);
  Move({&before}, {1}, {kPublic});
  Serve(scene_.Tick(kRetryMin), kNarrow, ByNewHost(kNarrow, 0, 2), 0);
  EXPECT_EQ(scene_.StatusOf(kNarrow).size, 2U);
}

TEST_F(MovedTest, AllOfItHoldsOverARestart) {
  const Feed before = ByFormerHost(kPublic, 5);
  scene_.Serve(scene_.Tick(), kPublic, before);
  scene_.Tick(kGatherMax);
  scene_.Restart();
  Move({&before}, {3}, {kPublic});
  SendTarget(scene_.Tick(kRetryMin * 2), kPublic, ByNewHost(kPublic, 3, 9).Checkpoint(9));
  EXPECT_EQ(ReasonOf(kPublic), "MOVE_CONTRADICTED");
}

}  // namespace
}  // namespace meguri::node
