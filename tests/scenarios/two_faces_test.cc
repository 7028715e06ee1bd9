// SPDX-License-Identifier: Apache-2.0
// A publisher that shows two followers different feeds, and how these find out.
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "certs/evidence_file.h"
#include "gmock/gmock.h"
#include "meguri/passport/v1/composition.pb.h"
#include "node/follow/limits.h"
#include "tests/scenarios/harness/place.h"
#include "tests/testing/status.h"

namespace meguri::scenarios {
namespace {

using certs::testing::ValueOf;
using meguri::testing::HasReason;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::IsSupersetOf;
using ::testing::SizeIs;

constexpr char kPublic[] = "public";
constexpr char kRecyclers[] = "recyclers/washing-machine";

std::vector<std::string> FeedsIn(const feed::v1::KnownCheckpoints& told) {
  std::vector<std::string> feeds;
  for (const feed::v1::KnownHead& head : told.heads()) {
    feeds.push_back(head.feed().name());
  }
  return feeds;
}

class TwoFacesTest : public ::testing::Test {
 protected:
  TwoFacesTest() {
    maker_.id = "9999:maker";
    recycler_.id = "9999:recycler";
    city_.id = "9999:city";
    registry::v1::MemberEntry recycler = recycler_.Entry();
    *recycler.add_roles() = certs::testing::RoleMessage(registry::v1::ROLE_KIND_RECYCLER, {"washing-machine"});
    registry_ = std::make_unique<FixedRegistry>(
        operator_.Bundle(),
        ValueOf(certs::Registry::Make(operator_.Bundle(), {maker_.Entry(), recycler, city_.Entry()})));
    // One member, two stores, two networks: each follower sees another face.
    one_ = Start(maker_, one_place_, one_net_);
    other_ = Start(maker_, other_place_, other_net_);
    recycler_node_ = Start(recycler_, recycler_place_, one_net_);
    city_node_ = Start(city_, city_place_, other_net_);
  }

  std::unique_ptr<LoopbackNode> Start(const certs::testing::Member& member, Place& place, LoopbackPeers& net) {
    return std::make_unique<LoopbackNode>(member, *registry_, place.disk(), net, clock_, ++seed_);
  }
  std::vector<Draft> Drafts(size_t count) {
    std::vector<Draft> drafts;
    drafts.reserve(count);
    for (size_t i = 0; i < count; ++i) {
      drafts.push_back({record::RecordId::Make(random_), absl::StrCat("Pack ", ++names_), {}});
    }
    return drafts;
  }
  void Publish(LoopbackNode& node, const std::vector<Draft>& drafts) {
    for (const Draft& draft : drafts) {
      MEGURI_ASSERT_OK(node.Publish(MakePublications({draft}, maker_, clock_.Now(), random_)).status());
    }
  }
  // Publishes the very same to both faces.
  void PublishToBoth(size_t count) {
    for (const Draft& draft : Drafts(count)) {
      const auto publications = MakePublications({draft}, maker_, clock_.Now(), random_);
      MEGURI_ASSERT_OK(one_->Publish(publications).status());
      MEGURI_ASSERT_OK(other_->Publish(publications).status());
    }
  }
  void FollowPublic(uint64_t recycler_size, uint64_t city_size) {
    MEGURI_ASSERT_OK(recycler_node_->Follow(*one_, {kPublic}));
    MEGURI_ASSERT_OK(city_node_->Follow(*other_, {kPublic}));
    ASSERT_TRUE(recycler_node_->CatchUp(*one_, kPublic, recycler_size));
    ASSERT_TRUE(city_node_->CatchUp(*other_, kPublic, city_size));
  }
  static record::ParticipantId IdOf(const certs::testing::Member& member) {
    return certs::testing::Participant(member.id);
  }
  // The recycler tells the city, which answers.
  void Exchange() {
    const auto told = recycler_node_->exchange().Tell(IdOf(city_));
    const auto answer = ValueOf(city_node_->exchange().Answer(IdOf(recycler_), told));
    MEGURI_ASSERT_OK(recycler_node_->exchange().Take(answer));
  }
  // The maker's node has told `holder`, of which no other process has the disk, of a head, and nothing came after it.
  void Promise(Place& place, const certs::testing::Member& holder, const std::string& note) {
    const auto committer = ValueOf(storage::Committer::Start(*place.store, *place.anchor));
    MEGURI_ASSERT_OK(committer->SubmitAndWait([&](storage::CommitScope& scope) -> absl::Status {
      MEGURI_ASSIGN_OR_RETURN(
          const storage::FeedId id,
          scope.feeds.FindOrCreate(scope.transaction, {IdOf(holder), {IdOf(maker_), record::FeedName::Public(), 1}}));
      return scope.feeds.SetCheckpoint(scope.transaction, id, note);
    }));
  }
  bool IsQuarantined(const LoopbackNode& node, const LoopbackNode& maker) const {
    return node.StatusOf(maker, kPublic).state == node::FollowState::kQuarantined;
  }
  // What a node keeps against the maker proves the fork to somebody who saw neither feed.
  void ExpectProof(Place& place, const certs::testing::Member& holder) {
    const record::FeedKey feed{IdOf(maker_), record::FeedName::Public(), 1};
    const record::v1::FeedFork fork = KeptFork(place, IdOf(holder), feed);
    ASSERT_THAT(fork.checkpoints(), SizeIs(2));
    const std::string origin = record::FeedOrigin(certs::testing::kFederation, feed);
    const auto open = [&](const std::string& note) {
      return ValueOf(record::OpenCheckpoint(note, origin, maker_.feed_key->public_key()));
    };
    MEGURI_EXPECT_OK(certs::CheckFeedFork(fork, open(fork.checkpoints(0)), open(fork.checkpoints(1))));
  }

  testing::FakeClock clock_;
  testing::SeededRandom random_{31};
  uint64_t seed_ = 0;
  int names_ = 0;
  certs::testing::Operator operator_;
  certs::testing::Member maker_;
  certs::testing::Member recycler_;
  certs::testing::Member city_;
  std::unique_ptr<FixedRegistry> registry_;
  LoopbackPeers one_net_;
  LoopbackPeers other_net_;
  Place one_place_;
  Place other_place_;
  Place recycler_place_;
  Place city_place_;
  std::unique_ptr<LoopbackNode> one_;
  std::unique_ptr<LoopbackNode> other_;
  std::unique_ptr<LoopbackNode> recycler_node_;
  std::unique_ptr<LoopbackNode> city_node_;
};

TEST_F(TwoFacesTest, TwoFeedsOfOneSizeAreFoundOutByBoth) {
  Publish(*one_, Drafts(3));
  Publish(*other_, Drafts(3));
  FollowPublic(3, 3);
  Exchange();
  EXPECT_TRUE(IsQuarantined(*recycler_node_, *one_));
  EXPECT_TRUE(IsQuarantined(*city_node_, *other_));
  recycler_node_.reset();
  city_node_.reset();
  ExpectProof(recycler_place_, recycler_);
  ExpectProof(city_place_, city_);
}

TEST_F(TwoFacesTest, WhoHoldsTheLongerFeedProvesItToTheOther) {
  PublishToBoth(2);
  Publish(*one_, Drafts(2));
  Publish(*other_, Drafts(5));
  FollowPublic(4, 7);
  Exchange();
  EXPECT_TRUE(IsQuarantined(*city_node_, *other_));
  // The answer held the proof, which the recycler, whose feed is the shorter one, could not have made.
  EXPECT_TRUE(IsQuarantined(*recycler_node_, *one_));
  recycler_node_.reset();
  city_node_.reset();
  ExpectProof(recycler_place_, recycler_);
  ExpectProof(city_place_, city_);
}

TEST_F(TwoFacesTest, TheOtherWayRoundItTakesASecondExchange) {
  Publish(*one_, Drafts(6));
  Publish(*other_, Drafts(2));
  FollowPublic(6, 2);
  Exchange();
  EXPECT_TRUE(IsQuarantined(*recycler_node_, *one_)) << "from the city's answer";
  EXPECT_FALSE(IsQuarantined(*city_node_, *other_));
  // The recycler tells the proof as soon as it is stored.
  EXPECT_TRUE(recycler_node_->RunFollowsUntil([&] {
    Exchange();
    return IsQuarantined(*city_node_, *other_);
  }));
}

// Whoever was shown one face, and then was promised the head of the other one, still has what shows that there are two.
TEST_F(TwoFacesTest, APromiseOfTheOtherFaceHidesNothing) {
  Publish(*one_, Drafts(3));
  Publish(*other_, Drafts(5));
  FollowPublic(3, 5);
  const auto promised = city_node_->exchange().Tell(IdOf(recycler_));
  ASSERT_THAT(promised.heads(), SizeIs(1));
  recycler_node_.reset();
  Promise(recycler_place_, recycler_, promised.heads(0).checkpoint());
  recycler_node_ = Start(recycler_, recycler_place_, one_net_);
  EXPECT_THAT(FeedsIn(recycler_node_->exchange().Tell(IdOf(city_))), ElementsAre(kPublic, kPublic));
  Exchange();
  EXPECT_TRUE(IsQuarantined(*city_node_, *other_));
  EXPECT_TRUE(IsQuarantined(*recycler_node_, *one_)) << "from the city's answer";
  recycler_node_.reset();
  city_node_.reset();
  ExpectProof(recycler_place_, recycler_);
  ExpectProof(city_place_, city_);
}

TEST_F(TwoFacesTest, WhoIsMerelyBehindIsNotAccused) {
  PublishToBoth(2);
  const std::vector<Draft> more = Drafts(3);
  const auto publications = MakePublications(more, maker_, clock_.Now(), random_);
  MEGURI_ASSERT_OK(one_->Publish(publications).status());
  FollowPublic(5, 2);
  Exchange();
  Exchange();
  EXPECT_FALSE(IsQuarantined(*recycler_node_, *one_));
  EXPECT_FALSE(IsQuarantined(*city_node_, *other_));
}

TEST_F(TwoFacesTest, NobodyIsToldOfAFeedThatItMayNotRead) {
  std::vector<Draft> drafts = Drafts(1);
  passport::v1::Composition composition;
  passport::v1::CompositionNode* material = composition.add_nodes();
  material->set_kind(passport::v1::COMPOSITION_NODE_KIND_MATERIAL);
  material->mutable_name()->set_ja("樹脂");
  material->mutable_mass_fraction()->set_value("1");
  drafts[0].more.push_back({record::v1::SECTION_TYPE_COMPOSITION,
                            record::AudienceSet::Of({record::v1::AUDIENCE_RECYCLERS}),
                            composition.SerializeAsString()});
  MEGURI_ASSERT_OK(recycler_node_->Follow(*one_, {kPublic, kRecyclers}));
  Publish(*one_, drafts);
  ASSERT_TRUE(recycler_node_->CatchUp(*one_, kPublic, 1));
  ASSERT_TRUE(recycler_node_->CatchUp(*one_, kRecyclers, 1));
  EXPECT_THAT(FeedsIn(recycler_node_->exchange().Tell(IdOf(recycler_))), IsSupersetOf({kPublic, kRecyclers}))
      << "another recycler hears of both, and of what commits them";
  const auto told = recycler_node_->exchange().Tell(IdOf(city_));
  ASSERT_THAT(told.heads(), SizeIs(1));
  EXPECT_EQ(told.heads(0).feed().name(), kPublic);
  // Nor does it hear of one by naming it.
  feed::v1::KnownCheckpoints asks;
  *asks.add_heads()->mutable_feed() = told.heads(0).feed();
  asks.mutable_heads(0)->mutable_feed()->set_name(kRecyclers);
  EXPECT_THAT(ValueOf(recycler_node_->exchange().Answer(IdOf(city_), asks)).heads(), IsEmpty());
  asks.mutable_heads(0)->mutable_feed()->set_name(kPublic);
  EXPECT_THAT(ValueOf(recycler_node_->exchange().Answer(IdOf(city_), asks)).heads(), SizeIs(1));
}

TEST_F(TwoFacesTest, WhatThePublisherDidNotSignProvesNothing) {
  Publish(*one_, Drafts(3));
  MEGURI_ASSERT_OK(recycler_node_->Follow(*one_, {kPublic}));
  ASSERT_TRUE(recycler_node_->CatchUp(*one_, kPublic, 3));
  const certs::testing::Member liar{"9999:liar"};
  const record::FeedKey key{IdOf(maker_), record::FeedName::Public(), 1};
  feed::v1::KnownCheckpoints lies;
  feed::v1::KnownHead& head = *lies.add_heads();
  head.mutable_feed()->set_publisher(maker_.id);
  head.mutable_feed()->set_name(kPublic);
  head.mutable_feed()->set_epoch(1);
  head.set_checkpoint(ValueOf(record::SignCheckpoint(
      {record::FeedOrigin(certs::testing::kFederation, key), 3, record::Sha256("a lie")}, *liar.feed_key)));
  feed::v1::KnownFork& fork = *lies.add_forks();
  fork.set_publisher(maker_.id);
  fork.mutable_fork()->set_feed(kPublic);
  fork.mutable_fork()->set_epoch(1);
  const auto told = recycler_node_->exchange().Tell(IdOf(city_));
  fork.mutable_fork()->add_checkpoints(head.checkpoint());
  fork.mutable_fork()->add_checkpoints(told.heads(0).checkpoint());
  lies.add_heads()->set_checkpoint("nonsense");
  MEGURI_EXPECT_OK(recycler_node_->exchange().Take(lies));
  EXPECT_FALSE(IsQuarantined(*recycler_node_, *one_));
}

TEST_F(TwoFacesTest, TooMuchIsRefused) {
  feed::v1::KnownCheckpoints much;
  for (int i = 0; i < node::kExchangedHeadsMax; ++i) {
    much.add_heads();
  }
  for (int i = 0; i < node::kExchangedForksMax; ++i) {
    much.add_forks();
  }
  MEGURI_EXPECT_OK(recycler_node_->exchange().Take(much));
  much.add_heads();
  EXPECT_THAT(recycler_node_->exchange().Take(much), HasReason("EXCHANGE_COUNT"));
  much.mutable_heads()->RemoveLast();
  much.add_forks();
  EXPECT_THAT(recycler_node_->exchange().Take(much), HasReason("EXCHANGE_COUNT"));
}

// The maker's store was restored from an old copy: what it signed since is with its followers.
TEST_F(TwoFacesTest, APublisherHearsThatItsOwnStoreIsNotWhatItSigned) {
  PublishToBoth(2);
  Publish(*one_, Drafts(1));
  MEGURI_ASSERT_OK(recycler_node_->Follow(*one_, {kPublic}));
  ASSERT_TRUE(recycler_node_->CatchUp(*one_, kPublic, 3));
  const auto told = recycler_node_->exchange().Tell(IdOf(maker_));
  MEGURI_ASSERT_OK(one_->exchange().Take(told));
  EXPECT_THAT(one_->contradictions(), IsEmpty());
  MEGURI_ASSERT_OK(other_->exchange().Take(told));
  MEGURI_ASSERT_OK(other_->exchange().Take(told));
  ASSERT_THAT(other_->contradictions(), SizeIs(1)) << "it is said once";
  EXPECT_EQ(other_->contradictions()[0].feed.key.name.text(), kPublic);
}

}  // namespace
}  // namespace meguri::scenarios
