// SPDX-License-Identifier: Apache-2.0
// A publisher that shows the readers of one narrow feed two faces, who never talk: what it commits in its feed `heads`
// finds it out.
#include "absl/strings/str_cat.h"
#include "certs/evidence_file.h"
#include "gmock/gmock.h"
#include "meguri/passport/v1/composition.pb.h"
#include "node/follow/limits.h"
#include "record/heads_feed.h"
#include "storage/fsck.h"
#include "storage/openings.h"
#include "tests/scenarios/harness/place.h"
#include "tests/testing/status.h"
#include "tests/unit/certs/record_files.h"

namespace meguri::scenarios {
namespace {

using certs::testing::ValueOf;
using meguri::testing::HasReason;
using node::FollowState;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr char kRecyclers[] = "recyclers/washing-machine";
constexpr char kHeads[] = "heads";

class HeadsTest : public ::testing::Test {
 protected:
  HeadsTest() {
    maker_.id = "9999:maker";
    recycler_.id = "9999:recycler";
    other_recycler_.id = "9999:other-recycler";
    city_.id = "9999:city";
    registry_ = std::make_unique<FixedRegistry>(
        operator_.Bundle(),
        ValueOf(certs::Registry::Make(operator_.Bundle(),
                                      {maker_.Entry(), EntryOf(recycler_), EntryOf(other_recycler_), city_.Entry()})));
    // One member, two stores, two networks: each follower sees another face.
    one_ = Start(maker_, one_place_, one_net_);
    other_ = Start(maker_, other_place_, other_net_);
    reader_ = Start(recycler_, reader_place_, one_net_);
    other_reader_ = Start(other_recycler_, other_reader_place_, other_net_);
  }
  static registry::v1::MemberEntry EntryOf(const certs::testing::Member& member) {
    registry::v1::MemberEntry entry = member.Entry();
    *entry.add_roles() = certs::testing::RoleMessage(registry::v1::ROLE_KIND_RECYCLER, {"washing-machine"});
    return entry;
  }
  std::unique_ptr<LoopbackNode> Start(const certs::testing::Member& member, Place& place, LoopbackPeers& net) {
    return std::make_unique<LoopbackNode>(member, *registry_, place.disk(), net, clock_, ++seed_);
  }
  // What recyclers may read and others may not.
  std::vector<node::Publication> Make() {
    passport::v1::Composition composition;
    passport::v1::CompositionNode* material = composition.add_nodes();
    material->set_kind(passport::v1::COMPOSITION_NODE_KIND_MATERIAL);
    material->mutable_name()->set_ja("樹脂");
    material->mutable_mass_fraction()->set_value("1");
    Draft draft{record::RecordId::Make(random_), absl::StrCat("Pack ", ++names_), {}};
    draft.more.push_back({record::v1::SECTION_TYPE_COMPOSITION,
                          record::AudienceSet::Of({record::v1::AUDIENCE_RECYCLERS}), composition.SerializeAsString()});
    return MakePublications({draft}, maker_, clock_.Now(), random_);
  }
  void Publish(LoopbackNode& node, size_t count = 1) {
    for (size_t i = 0; i < count; ++i) {
      MEGURI_ASSERT_OK(node.Publish(Make()).status());
    }
  }
  void PublishToBoth() {
    const std::vector<node::Publication> publications = Make();
    MEGURI_ASSERT_OK(one_->Publish(publications).status());
    MEGURI_ASSERT_OK(other_->Publish(publications).status());
  }
  void Follow(LoopbackNode& reader, const LoopbackNode& face, uint64_t size) {
    MEGURI_ASSERT_OK(reader.Follow(face, {kRecyclers}));
    ASSERT_TRUE(reader.CatchUp(face, kRecyclers, size));
  }
  static storage::FeedId IdOf(const storage::StoreReader& store, const record::ParticipantId& holder,
                              const record::ParticipantId& publisher, const record::FeedName& name) {
    return ValueOf(storage::Feeds(store).Find({holder, {publisher, name, 1}})).value();
  }
  uint64_t HeadsSize(LoopbackNode& node) {
    const storage::StoreReader& store = node.committer().durable();
    return ValueOf(storage::Feeds(store).ReadHead(IdOf(store, node.id(), node.id(), record::HeadsFeed()))).size();
  }
  static void Append(LoopbackNode& face, const record::FeedEntry& entry, const storage::v1::StoredHeadsEntry& opens) {
    MEGURI_ASSERT_OK(face.committer().SubmitAndWait([&](storage::CommitScope& scope) {
      return storage::Openings::Append(face.id(), entry, opens, scope.feeds, scope.transaction).status();
    }));
  }
  // Everybody, witnesses too, sees one feed `heads`: that of the first face is shown by the other as well.
  void CommitTheOtherFace() {
    one_->CommitHeads();
    const storage::StoreReader& store = one_->committer().durable();
    const storage::FeedId heads = IdOf(store, one_->id(), one_->id(), record::HeadsFeed());
    const uint64_t index = HeadsSize(*one_) - 1;
    const std::string entry = ValueOf(storage::Feeds(store).ReadEntries(heads, index, 1)).at(0);
    Append(*other_, ValueOf(record::FeedEntry::Parse(entry)), storage::Openings(store).Find(heads, index).value());
  }
  // Commits of the recyclers' feed that it is as it was at `size`.
  void CommitOlder(LoopbackNode& face, uint64_t size) {
    const storage::StoreReader& store = face.committer().durable();
    const record::FeedName name = ValueOf(record::FeedName::Parse(kRecyclers));
    const storage::FeedId id = IdOf(store, face.id(), face.id(), name);
    const record::Frontier frontier = ValueOf(record::ReadFrontier(
        size, [&](uint32_t level, uint64_t index) { return storage::Feeds(store).ReadNode(id, level, index); }));
    const record::Hash key = record::Sha256(absl::StrCat("key ", size));
    const std::string origin = record::FeedOrigin(certs::testing::kFederation, {face.id(), name, 1});
    storage::v1::StoredHeadsEntry opens;
    opens.set_key(key.ToString());
    opens.add_heads()->set_feed(id);
    opens.mutable_heads(0)->set_size(size);
    opens.mutable_heads(0)->set_root(frontier.Root().ToString());
    Append(face, record::HeadsTree(key, {{origin, size, frontier.Root()}}).entry(), opens);
  }
  bool RunUntilOpened(LoopbackNode& reader, const LoopbackNode& face, uint64_t size) {
    return reader.RunFollowsUntil([&] {
      clock_.Advance(absl::Seconds(1));  // an opening may come before what it speaks of, and is asked for again
      return reader.OpenedOf(face, kRecyclers).size == size;
    });
  }
  bool RunUntilCaught(LoopbackNode& reader, const LoopbackNode& face) {
    return reader.RunFollowsUntil([&] {
      clock_.Advance(absl::Seconds(1));
      return reader.StatusOf(face, kRecyclers).state == FollowState::kQuarantined;
    });
  }
  // What is kept of it proves the fork to somebody who has the trust bundle and nothing else.
  absl::StatusOr<certs::EvidenceReport> VerifyEvidence(Place& place, const record::ParticipantId& holder) {
    const record::FeedKey feed{one_->id(), ValueOf(record::FeedName::Parse(kRecyclers)), 1};
    record::v1::EvidenceFile file;
    *file.mutable_publisher_entry() = certs::testing::MemberRecord(maker_.Entry(), *operator_.record_key, random_);
    const record::Header header = ValueOf(record::Header::Parse(file.publisher_entry().header()));
    *file.mutable_publisher_entry_proof() =
        certs::testing::ProofIn("registry", header, certs::testing::AllSlots(header), *operator_.feed_key);
    *file.mutable_feed_fork() = KeptFork(place, holder, feed);
    return certs::VerifyEvidenceFile(certs::MakeEvidenceFile(file, registry_->bundle()), registry_->bundle(),
                                     clock_.Now());
  }

  testing::FakeClock clock_{certs::testing::Now()};
  testing::SeededRandom random_{33};
  uint64_t seed_ = 0;
  int names_ = 0;
  certs::testing::Operator operator_;
  certs::testing::Member maker_;
  certs::testing::Member recycler_;
  certs::testing::Member other_recycler_;
  certs::testing::Member city_;
  std::unique_ptr<FixedRegistry> registry_;
  LoopbackPeers one_net_;
  LoopbackPeers other_net_;
  Place one_place_;
  Place other_place_;
  Place reader_place_;
  Place other_reader_place_;
  std::unique_ptr<LoopbackNode> one_;
  std::unique_ptr<LoopbackNode> other_;
  std::unique_ptr<LoopbackNode> reader_;
  std::unique_ptr<LoopbackNode> other_reader_;
};

TEST_F(HeadsTest, AFollowerComparesWhatItHasWithWhatIsCommitted) {
  Publish(*one_, 3);
  one_->CommitHeads();
  Follow(*reader_, *one_, 3);
  EXPECT_TRUE(reader_->Follows(*one_, kHeads)) << "by itself";
  ASSERT_TRUE(RunUntilOpened(*reader_, *one_, 3));
  Publish(*one_, 2);
  one_->CommitHeads();
  one_->CommitHeads();
  ASSERT_TRUE(RunUntilOpened(*reader_, *one_, 5));
  EXPECT_TRUE(
      reader_->RunFollowsUntil([&] { return reader_->StatusOf(*one_, kRecyclers).state == FollowState::kLive; }));
  EXPECT_FALSE(reader_->OpenedOf(*one_, kRecyclers).is_unopened);
  for (Place* place : {&one_place_, &reader_place_}) {
    EXPECT_THAT(ValueOf(storage::Fsck(*place->store, nullptr, {})).problems, IsEmpty());
  }
  // What commits it is let go with the last feed that it is for.
  reader_.reset();
  reader_ = Start(recycler_, reader_place_, one_net_);
  EXPECT_TRUE(reader_->Follows(*one_, kHeads));
}

TEST_F(HeadsTest, TwoFacesOfOneSizeAreFoundOutWithoutAWordBetweenTheirReaders) {
  Publish(*one_, 2);
  Publish(*other_, 2);
  CommitTheOtherFace();
  Follow(*reader_, *one_, 2);
  Follow(*other_reader_, *other_, 2);
  ASSERT_TRUE(RunUntilOpened(*reader_, *one_, 2));
  ASSERT_TRUE(RunUntilCaught(*other_reader_, *other_));
  EXPECT_NE(other_reader_->StatusOf(*other_, kHeads).state, FollowState::kQuarantined);
  const record::ParticipantId holder = other_reader_->id();
  feed::v1::KnownCheckpoints told;
  ASSERT_TRUE(other_reader_->RunFollowsUntil([&] {
    told = other_reader_->exchange().Tell(reader_->id());
    return told.forks_size() == 1;
  }));
  other_reader_.reset();
  const auto report = VerifyEvidence(other_reader_place_, holder);
  MEGURI_ASSERT_OK(report);
  EXPECT_EQ(report->feed_fork->smaller.size, 2U);
  EXPECT_NE(report->feed_fork->smaller.root, report->feed_fork->larger.root);
  // The other reader takes the proof from whoever has it, and nothing that looks like one.
  told.clear_heads();  // that of the feed itself is enough where it can be told
  feed::v1::KnownCheckpoints forged = told;
  record::v1::FeedFork& fork = *forged.mutable_forks(0)->mutable_fork();
  record::v1::ProvenOpening opening = ValueOf(record::ReadOpening(fork.checkpoints(0)));
  *opening.mutable_opening()->mutable_root() = record::Sha256("a lie").ToString();
  fork.set_checkpoints(0, record::WriteOpening(opening));
  MEGURI_EXPECT_OK(reader_->exchange().Take(forged));
  fork.mutable_checkpoints(0)->pop_back();
  MEGURI_EXPECT_OK(reader_->exchange().Take(forged));
  EXPECT_NE(reader_->StatusOf(*one_, kRecyclers).state, FollowState::kQuarantined);
  MEGURI_EXPECT_OK(reader_->exchange().Take(told));
  EXPECT_EQ(reader_->StatusOf(*one_, kRecyclers).state, FollowState::kQuarantined);
}

TEST_F(HeadsTest, TheFaceThatIsLongerThanWhatIsCommittedIsProvenByItsPath) {
  PublishToBoth();
  Publish(*one_, 1);
  Publish(*other_, 4);
  CommitTheOtherFace();
  Follow(*other_reader_, *other_, 5);
  ASSERT_TRUE(RunUntilCaught(*other_reader_, *other_));
  const record::ParticipantId holder = other_reader_->id();
  other_reader_.reset();
  const auto report = VerifyEvidence(other_reader_place_, holder);
  MEGURI_ASSERT_OK(report);
  EXPECT_EQ(report->feed_fork->smaller.size, 2U);
  EXPECT_EQ(report->feed_fork->larger.size, 5U);
}

// No opening may be left out: else every other entry could commit the other face.
TEST_F(HeadsTest, FacesThatTakeTurnsAreFoundOut) {
  Publish(*one_, 2);
  Publish(*other_, 2);
  one_->CommitHeads();
  other_->CommitHeads();
  Follow(*other_reader_, *other_, 2);
  ASSERT_TRUE(RunUntilOpened(*other_reader_, *other_, 2));
  CommitTheOtherFace();
  other_->CommitHeads();
  EXPECT_TRUE(RunUntilCaught(*other_reader_, *other_));
}

TEST_F(HeadsTest, AFeedThatWasLargerBeforeIsProvenByTwoOpenings) {
  Publish(*one_, 3);
  CommitOlder(*one_, 3);
  Follow(*reader_, *one_, 3);
  ASSERT_TRUE(RunUntilOpened(*reader_, *one_, 3));
  CommitOlder(*one_, 1);
  ASSERT_TRUE(RunUntilCaught(*reader_, *one_));
  const record::ParticipantId holder = reader_->id();
  reader_.reset();
  const auto report = VerifyEvidence(reader_place_, holder);
  MEGURI_ASSERT_OK(report);
  EXPECT_EQ(report->feed_fork->smaller.size, 1U);
  EXPECT_EQ(report->feed_fork->larger.size, 3U);
}

TEST_F(HeadsTest, WhatIsNotOpenedInTurnIsReportedAndProvesNothing) {
  Publish(*one_, 2);
  one_->CommitHeads();
  Follow(*reader_, *one_, 2);
  ASSERT_TRUE(RunUntilOpened(*reader_, *one_, 2));
  Publish(*one_, 1);
  one_->CommitHeads();
  one_->CommitHeads();
  // The publisher's node opens one thing for another.
  std::vector<std::function<void(feed::v1::FeedOpenings&)>> lies = {
      [](feed::v1::FeedOpenings& feed) { feed.mutable_openings()->DeleteSubrange(0, 1); },
      [](feed::v1::FeedOpenings& feed) { feed.clear_openings(); },
      [](feed::v1::FeedOpenings& feed) { feed.mutable_openings(0)->set_index(99); },
      [](feed::v1::FeedOpenings& feed) { feed.mutable_openings(0)->mutable_salt()->back() ^= 1; },
      [](feed::v1::FeedOpenings& feed) { feed.mutable_openings(0)->mutable_path()->back() ^= 1; },
      [](feed::v1::FeedOpenings& feed) { feed.mutable_openings(0)->mutable_path()->pop_back(); },
      [](feed::v1::FeedOpenings& feed) { feed.mutable_openings(0)->mutable_root()->back() ^= 1; },
      [](feed::v1::FeedOpenings& feed) { feed.mutable_openings(0)->set_size(1); },
      [](feed::v1::FeedOpenings& feed) {
        const uint64_t index = feed.openings(0).index();
        *feed.mutable_openings(0) = feed.openings(1);
        feed.mutable_openings(0)->set_index(index);
      },
      [](feed::v1::FeedOpenings& feed) { feed.set_feed("owner"); },
      [](feed::v1::FeedOpenings& feed) { feed.set_feed("public"); },
      [](feed::v1::FeedOpenings& feed) { feed.set_feed("nonsense"); }};
  for (const auto& lie : lies) {
    int asked = 0;
    one_net_.SetOpens(one_->id(), [&](const node::OpeningCall& call) {
      ++asked;
      std::vector<feed::v1::FeedOpenings> answer = one_->Open(call);
      lie(answer.at(0));
      return answer;
    });
    clock_.Advance(node::kOpeningPause);
    ASSERT_TRUE(reader_->RunFollowsUntil([&] { return asked > 0; }));
    reader_->Tick();
    EXPECT_NE(reader_->StatusOf(*one_, kRecyclers).state, FollowState::kQuarantined);
  }
  EXPECT_EQ(reader_->OpenedOf(*one_, kRecyclers).size, 2U);
  EXPECT_FALSE(reader_->OpenedOf(*one_, kRecyclers).is_unopened);
  ASSERT_TRUE(reader_->RunFollowsUntil([&] {
    clock_.Advance(absl::Seconds(20));  // less than the silence after which a stream counts as broken
    return reader_->OpenedOf(*one_, kRecyclers).is_unopened;
  }));
  // An honest answer mends it.
  one_net_.SetOpens(one_->id(), [this](const node::OpeningCall& call) { return one_->Open(call); });
  ASSERT_TRUE(RunUntilOpened(*reader_, *one_, 3));
  EXPECT_FALSE(reader_->OpenedOf(*one_, kRecyclers).is_unopened);
}

TEST_F(HeadsTest, NobodyLearnsByComparingWhoHasANarrowFeed) {
  Publish(*one_, 1);
  one_->CommitHeads();
  Follow(*reader_, *one_, 1);
  ASSERT_TRUE(reader_->CatchUp(*one_, kHeads, 1));
  EXPECT_THAT(reader_->exchange().Tell(other_reader_->id()).heads(), SizeIs(2)) << "who may read that feed as well";
  const record::ParticipantId city = certs::testing::Participant(city_.id);
  EXPECT_THAT(reader_->exchange().Tell(city).heads(), IsEmpty());
  feed::v1::KnownCheckpoints asks;
  feed::v1::FeedName& feed = *asks.add_heads()->mutable_feed();
  feed.set_publisher(maker_.id);
  feed.set_name(kHeads);
  feed.set_epoch(1);
  EXPECT_THAT(ValueOf(reader_->exchange().Answer(city, asks)).heads(), IsEmpty());
  EXPECT_THAT(ValueOf(reader_->exchange().Answer(other_reader_->id(), asks)).heads(), SizeIs(1));
  EXPECT_FALSE(reader_->source().HandsOn(record::HeadsFeed()));
}

TEST_F(HeadsTest, WhoMayNotReadAFeedGetsNoOpeningOfIt) {
  Publish(*one_, 1);
  one_->CommitHeads();
  node::OpeningCall call{{one_->id(), "", {}}, other_reader_->id(), one_->id(), {}};
  for (const char* feed : {"owner", "to/9999:recycler", "audit", kRecyclers}) {
    call.feeds.emplace_back().set_feed(feed);
  }
  const std::vector<feed::v1::FeedOpenings> answer = one_->Open(call);
  ASSERT_THAT(answer, SizeIs(1));
  EXPECT_EQ(answer[0].feed(), kRecyclers);
  EXPECT_THAT(answer[0].openings(), SizeIs(1));
}

// The stream of `heads` is the same of a member that has published nothing and of one with a thousand entries.
TEST_F(HeadsTest, TheFeedTellsNothingOfVolume) {
  size_t bytes[2] = {};
  Publish(*one_, 1000);
  LoopbackNode* const nodes[] = {one_.get(), reader_.get()};
  for (size_t i = 0; i < 2; ++i) {
    for (int entry = 0; entry < 20; ++entry) {
      nodes[i]->CommitHeads();
    }
    const record::FeedKey feed{nodes[i]->id(), record::HeadsFeed(), 1};
    const auto head = ValueOf(nodes[i]->source().ReadHead(feed));
    EXPECT_EQ(head.size, 20U);
    bytes[i] = ValueOf(nodes[i]->source().ReadBatch(feed, *head.id, 0, head.size, head.size)).ByteSizeLong();
  }
  EXPECT_EQ(bytes[0], bytes[1]);
}

TEST_F(HeadsTest, OnlyTheNewestEntriesCanBeOpened) {
  Publish(*one_, 1);
  const uint64_t count = storage::kOpenableEntriesMax + 3;
  for (uint64_t i = 0; i < count; ++i) {
    one_->CommitHeads();
  }
  node::OpeningCall call{{one_->id(), "", {}}, reader_->id(), one_->id(), {}};
  call.feeds.emplace_back().set_feed(kRecyclers);
  const std::vector<feed::v1::FeedOpenings> answer = one_->Open(call);
  ASSERT_THAT(answer[0].openings(), SizeIs(node::kOpeningsMax));
  EXPECT_EQ(answer[0].openings(0).index(), 3U);
  // Who was away for so long goes on with the oldest one that is left.
  Follow(*reader_, *one_, 1);
  ASSERT_TRUE(RunUntilOpened(*reader_, *one_, 1));
}

}  // namespace
}  // namespace meguri::scenarios
