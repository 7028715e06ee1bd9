// SPDX-License-Identifier: Apache-2.0
#include "node/witness/cosigning.h"

#include <algorithm>
#include <functional>

#include "gtest/gtest.h"
#include "node/witness/limits.h"
#include "node/witness/witness_watch.h"
#include "storage/cosigned.h"
#include "storage/cosigned_order.h"
#include "storage/fsck.h"
#include "tests/testing/status.h"
#include "tests/unit/node/witness/scene.h"

namespace meguri::node {
namespace {

using meguri::testing::HasReason;
using testing::kMaker;
using testing::kReader;
using testing::kWitnesses;
using testing::Participant;
using testing::PublicFeed;
using testing::Scene;
using testing::Tree;
using testing::ValueOf;
using testing::WitnessId;

// Calls witnesses that live in this process. Some lie, some do not answer.
class FakePeers final : public WitnessPeer {
 public:
  explicit FakePeers(Scene& scene) {
    for (int i = 0; i < kWitnesses; ++i) {
      nodes_[WitnessId(i)] = std::make_unique<testing::WitnessNodeInMemory>(scene, i);
    }
  }
  void AddCheckpoint(const WitnessNode& node, const record::ParticipantId&, const Submission& submission,
                     AddDone done) override {
    ++asked;
    if (silent.contains(node.witness.text())) {
      done(Error(absl::StatusCode::kUnavailable, "NODE_UNREACHABLE", "It does not answer."));
      return;
    }
    const auto lie = lies.find(node.witness.text());
    done(lie == lies.end() ? witness(node.witness.text()).Add(submission) : lie->second(submission));
  }
  void GetWitnessed(const WitnessNode& node, const record::ParticipantId&, const record::FeedKey& feed,
                    GetDone done) override {
    if (silent.contains(node.witness.text())) {
      done(Error(absl::StatusCode::kUnavailable, "NODE_UNREACHABLE", "It does not answer."));
      return;
    }
    done(witness(node.witness.text()).Newest(feed));
  }
  void Forget(const std::string& id) {
    nodes_[id]->disk = storage::MakeMemoryDisk();
    nodes_[id]->anchor = storage::MakeMemoryAnchor();
    nodes_[id]->Start();
  }
  Witness& witness(const std::string& id) { return *nodes_.at(id)->witness; }

  int asked = 0;
  std::set<std::string> silent;
  std::map<std::string, std::function<absl::StatusOr<Verdict>(const Submission&)>> lies;

 private:
  std::map<std::string, std::unique_ptr<testing::WitnessNodeInMemory>> nodes_;
};

// The store of a member that has the maker's feed: the maker, or a reader.
class CosigningTest : public ::testing::Test {
 protected:
  ~CosigningTest() override { executor_.Stop(); }

  void Grow(const std::string& holder, const Tree& tree, uint64_t size) {
    MEGURI_ASSERT_OK(committer_->SubmitAndWait([&](storage::CommitScope& scope) -> absl::Status {
      const storage::HeldFeed feed{Participant(holder), PublicFeed()};
      const storage::FeedId id = ValueOf(scope.feeds.FindOrCreate(scope.transaction, feed));
      for (uint64_t i = ValueOf(scope.feeds.ReadHead(scope.transaction, id)).size(); i < size; ++i) {
        MEGURI_EXPECT_OK(scope.feeds.Append(scope.transaction, id, Tree::Entry(i, tree.face())));
      }
      return absl::OkStatus();
    }));
  }
  storage::FeedHead Head(const std::string& holder) {
    MEGURI_EXPECT_OK(committer_->SubmitAndWait([](storage::CommitScope&) { return absl::OkStatus(); }));
    const storage::Feeds feeds(committer_->durable());
    return ValueOf(feeds.ReadHead(*ValueOf(feeds.Find({Participant(holder), PublicFeed()}))));
  }
  std::string Cosigned(const std::string& holder) {
    return ValueOf(storage::CosignedNotes(committer_->durable()).Find(Head(holder).id));
  }
  certs::Cosigners CosignersOf(const std::string& holder) {
    return ValueOf(certs::CosignersOf(Cosigned(holder), scene_.bundle()));
  }
  // Whether fsck finds fault with the cosigned note of a feed. The records that its entries name are not there.
  bool FsckSaysCosigned() {
    const storage::FsckReport report = ValueOf(storage::Fsck(committer_->durable(), nullptr, {}));
    return std::any_of(report.problems.begin(), report.problems.end(),
                       [](const std::string& problem) { return problem.find("cosigned note") != std::string::npos; });
  }
  // Lets the one thread of the executor finish what it was given.
  void Settle() {
    Mutex mutex;
    CondVar changed;
    bool done = false;
    for (int i = 0; i < 3; ++i) {  // an answer is work of its own
      done = false;
      ASSERT_TRUE(executor_.Submit([&] {
        MutexLock lock(mutex);
        done = true;
        changed.NotifyAll();
      }));
      MutexLock lock(mutex);
      while (!done) {
        changed.Wait(mutex);
      }
    }
    // What that work has submitted is durable before this is.
    MEGURI_ASSERT_OK(committer_->SubmitAndWait([](storage::CommitScope&) { return absl::OkStatus(); }));
  }
  void Tick() {
    cosigning_.Tick();
    Settle();
  }

  Scene scene_;
  FakePeers peers_{scene_};
  const Tree tree_;
  std::shared_ptr<storage::MemoryDisk> disk_ = storage::MakeMemoryDisk();
  std::unique_ptr<storage::OrderedStore> store_ = storage::OpenMemoryStore(disk_);
  std::unique_ptr<storage::Anchor> anchor_ = storage::MakeMemoryAnchor();
  std::unique_ptr<storage::Committer> committer_ = ValueOf(storage::Committer::Start(*store_, *anchor_));
  Executor executor_{1, 64};
  int cosigned_ = 0;
  std::vector<std::string> contradictions_;
  Cosigning cosigning_{
      scene_,
      peers_,
      Participant(kMaker),
      committer_->durable(),
      *committer_,
      executor_,
      scene_.clock,
      CosigningHooks{[this](const record::FeedKey&) -> absl::StatusOr<std::string> {
                       return scene_.Note(tree_, Head(kMaker).size());
                     },
                     [this](storage::FeedId) { ++cosigned_; },
                     [this](const record::FeedKey&, const std::string& note) { contradictions_.push_back(note); }}};
};

TEST_F(CosigningTest, CollectsWhatAllWitnessesSign) {
  Grow(kMaker, tree_, 5);
  Tick();
  const certs::Cosigners cosigners = CosignersOf(kMaker);
  EXPECT_EQ(cosigners.cosigned.size(), 4U);
  EXPECT_TRUE(cosigners.HasQuorum());
  EXPECT_EQ(cosigned_, 1);
  EXPECT_EQ(ValueOf(OpenHead(Cosigned(kMaker), PublicFeed(), scene_, scene_.clock.Now())).size, 5U);
  EXPECT_FALSE(FsckSaysCosigned());
  // Of what is not there fsck tells.
  MEGURI_ASSERT_OK(committer_->SubmitAndWait([this](storage::CommitScope& scope) {
    const storage::FeedId id =
        *ValueOf(storage::Feeds(committer_->durable()).Find({Participant(kMaker), PublicFeed()}));
    storage::CosignedNotes::Put(scope.transaction, id, scene_.Note(Tree("other"), 4));
    return absl::OkStatus();
  }));
  EXPECT_TRUE(FsckSaysCosigned());
}

TEST_F(CosigningTest, AsksAtMostOnceInAnIntervalHoweverOftenTheFeedGrows) {
  Grow(kMaker, tree_, 5);
  Tick();
  EXPECT_EQ(peers_.asked, 4);
  for (uint64_t size = 6; size < 12; ++size) {
    Grow(kMaker, tree_, size);
    Tick();
  }
  EXPECT_EQ(peers_.asked, 4);
  scene_.clock.Advance(kCosignInterval);
  Tick();
  EXPECT_EQ(peers_.asked, 8);
  EXPECT_EQ(ValueOf(OpenHead(Cosigned(kMaker), PublicFeed(), scene_, scene_.clock.Now())).size, 11U);
}

TEST_F(CosigningTest, HasTheSameHeadCosignedAnewNowAndThen) {
  Grow(kMaker, tree_, 5);
  Tick();
  scene_.clock.Advance(kCosignAgain - absl::Seconds(1));
  Tick();
  EXPECT_EQ(peers_.asked, 4);
  scene_.clock.Advance(absl::Seconds(1));
  Tick();
  EXPECT_EQ(peers_.asked, 8);
  EXPECT_EQ(CosignersOf(kMaker).cosigned.front().time, scene_.clock.Now());
}

// So that an entry can be shown to have been there before its key ended, however often the feed is cosigned since.
TEST_F(CosigningTest, KeepsTheLastCosignedHeadOfEachSpanForGood) {
  const auto sizes_kept = [this](uint64_t index) {
    std::vector<uint64_t> sizes;
    const storage::CosignedNotes notes(committer_->durable());
    for (const std::string& note : ValueOf(notes.KeptCovering(Head(kMaker).id, index, 100))) {
      sizes.push_back(ValueOf(OpenHead(note, PublicFeed(), scene_, scene_.clock.Now())).size);
    }
    return sizes;
  };
  const absl::Time first = scene_.clock.Now();
  Grow(kMaker, tree_, 5);
  Tick();
  EXPECT_TRUE(sizes_kept(0).empty()) << "the newest is there";
  // A feed that stays is cosigned again: what counts is the first time.
  scene_.clock.Advance(kCosignAgain);
  Tick();
  scene_.clock.Advance(kCosignAgain);
  Tick();
  EXPECT_EQ(sizes_kept(0), std::vector<uint64_t>({5}));
  const std::string kept =
      ValueOf(storage::CosignedNotes(committer_->durable()).KeptCovering(Head(kMaker).id, 0, 1))[0];
  EXPECT_EQ(ValueOf(certs::CosignersOf(kept, scene_.bundle())).cosigned.front().time, first);
  // A feed that grows all the time: one of each span, whatever is signed in between.
  const auto minutes = static_cast<uint64_t>(storage::kCosignedSpan / absl::Minutes(1));
  for (uint64_t size = 6; size < 6 + 3 * minutes; ++size) {
    Grow(kMaker, tree_, size);
    scene_.clock.Advance(absl::Minutes(1));
    Tick();
  }
  const std::vector<uint64_t> all = sizes_kept(0);
  EXPECT_GE(all.size(), 3U);
  EXPECT_LE(all.size(), 5U);
  EXPECT_EQ(sizes_kept(all[1]), std::vector<uint64_t>(all.begin() + 2, all.end())) << "only those that include it";
  EXPECT_FALSE(FsckSaysCosigned());
  // One under the wrong size.
  const storage::FeedId id = Head(kMaker).id;
  MEGURI_ASSERT_OK(committer_->SubmitAndWait(
      [&](storage::CommitScope& scope) { return storage::CosignedNotes::Keep(scope.transaction, id, 2, kept); }));
  EXPECT_TRUE(FsckSaysCosigned());
}

TEST_F(CosigningTest, StandsOneWitnessThatDoesNotAnswer) {
  peers_.silent = {WitnessId(2)};
  Grow(kMaker, tree_, 5);
  Tick();
  EXPECT_EQ(CosignersOf(kMaker).cosigned.size(), 3U);
  EXPECT_TRUE(CosignersOf(kMaker).HasQuorum());
  // It is asked again after a while, and again later; what it adds is kept.
  Tick();
  EXPECT_EQ(peers_.asked, 4);
  scene_.clock.Advance(kWitnessBackoff);
  Tick();
  EXPECT_EQ(peers_.asked, 5);
  scene_.clock.Advance(kWitnessBackoff);
  Tick();
  EXPECT_EQ(peers_.asked, 5);
  peers_.silent.clear();
  scene_.clock.Advance(kWitnessBackoff);
  Tick();
  EXPECT_EQ(CosignersOf(kMaker).cosigned.size(), 4U);
  EXPECT_EQ(cosigned_, 2);
}

TEST_F(CosigningTest, TakesNoLineThatIsNotTheWitnessesOwn) {
  peers_.lies[WitnessId(0)] = [this](const Submission& submission) -> absl::StatusOr<Verdict> {
    return Verdict{ValueOf(record::Cosign(submission.note, "w.example", *scene_.witness_keys[0], 7)), ""};
  };
  peers_.lies[WitnessId(1)] = [this](const Submission& submission) {
    return peers_.witness(WitnessId(2)).Add(submission);  // another witness's line
  };
  peers_.lies[WitnessId(3)] = [](const Submission&) -> absl::StatusOr<Verdict> {
    return Verdict{"no line at all", ""};
  };
  Grow(kMaker, tree_, 5);
  Tick();
  Tick();  // the third knows the head already, by the second
  EXPECT_EQ(CosignersOf(kMaker).cosigned.size(), 1U);
  EXPECT_FALSE(CosignersOf(kMaker).HasQuorum());
}

TEST_F(CosigningTest, GoesOnFromWhatAWitnessKnows) {
  MEGURI_ASSERT_OK(peers_.witness(WitnessId(1)).Add(scene_.Submit(tree_, 0, 3)));
  Grow(kMaker, tree_, 5);
  Tick();
  Tick();
  EXPECT_EQ(CosignersOf(kMaker).cosigned.size(), 4U);
  EXPECT_TRUE(contradictions_.empty());
}

TEST_F(CosigningTest, LeavesAWitnessAloneThatNamesAnotherHeadEachTime) {
  peers_.lies[WitnessId(1)] = [this](const Submission&) -> absl::StatusOr<Verdict> {
    return Verdict{"", scene_.Note(tree_, 2)};
  };
  Grow(kMaker, tree_, 5);
  for (int i = 0; i < 10; ++i) {
    Tick();
    scene_.clock.Advance(kWitnessBackoffMax / 20);
  }
  EXPECT_LT(peers_.asked, 10);
  EXPECT_EQ(CosignersOf(kMaker).cosigned.size(), 3U);
}

TEST_F(CosigningTest, ToldOfAHeadThatIsNotHereSaysSo) {
  MEGURI_ASSERT_OK(peers_.witness(WitnessId(1)).Add(scene_.Submit(tree_, 0, 9)));
  Grow(kMaker, tree_, 5);
  Tick();
  ASSERT_EQ(contradictions_.size(), 1U);
  EXPECT_EQ(ValueOf(OpenHead(contradictions_[0], PublicFeed(), scene_, scene_.clock.Now())).size, 9U);
}

TEST_F(CosigningTest, AStoreThatWasRolledBackIsFoundOutBeforeAnythingIsSigned) {
  Grow(kMaker, tree_, 5);
  MEGURI_EXPECT_OK(cosigning_.CheckNothingLost());
  MEGURI_ASSERT_OK(peers_.witness(WitnessId(3)).Add(scene_.Submit(tree_, 0, 4)));
  MEGURI_EXPECT_OK(cosigning_.CheckNothingLost());
  MEGURI_ASSERT_OK(peers_.witness(WitnessId(3)).Add(scene_.Submit(tree_, 4, 6)));
  EXPECT_THAT(cosigning_.CheckNothingLost(), HasReason("OWN_FEED_ROLLED_BACK"));
  peers_.silent = {WitnessId(3)};
  MEGURI_EXPECT_OK(cosigning_.CheckNothingLost());
  // Another face of a size that is here tells the same.
  MEGURI_ASSERT_OK(peers_.witness(WitnessId(0)).Add(scene_.Submit(Tree("other"), 0, 4)));
  EXPECT_THAT(cosigning_.CheckNothingLost(), HasReason("OWN_FEED_ROLLED_BACK"));
}

class WatchTest : public CosigningTest {
 protected:
  void Step() {
    watch_.Step();
    Settle();
  }
  std::vector<std::string> compared_;
  std::vector<std::string> liars_;
  WitnessWatch watch_{
      scene_,
      peers_,
      Participant(kReader),
      committer_->durable(),
      *committer_,
      executor_,
      scene_.clock,
      [this](const record::FeedKey&, const std::string& note) { compared_.push_back(note); },
      [this](const record::FeedKey&, const record::ParticipantId& witness) { liars_.push_back(witness.text()); }};
};

TEST_F(WatchTest, KeepsWhatWitnessesSignedOfAReplica) {
  Grow(kReader, tree_, 7);
  Step();
  EXPECT_EQ(Cosigned(kReader), "");
  for (const int i : {0, 1, 3}) {
    MEGURI_ASSERT_OK(peers_.witness(WitnessId(i)).Add(scene_.Submit(tree_, 0, 5)));
  }
  MEGURI_ASSERT_OK(peers_.witness(WitnessId(2)).Add(scene_.Submit(tree_, 0, 4)));
  Step();
  EXPECT_EQ(compared_.size(), 4U);
  EXPECT_EQ(CosignersOf(kReader).cosigned.size(), 3U);
  EXPECT_EQ(ValueOf(OpenHead(Cosigned(kReader), PublicFeed(), scene_, scene_.clock.Now())).size, 5U);
  // A witness that comes later, or is silent this time, changes nothing of the others.
  peers_.silent = {WitnessId(0)};
  MEGURI_ASSERT_OK(peers_.witness(WitnessId(2)).Add(scene_.Submit(tree_, 4, 5)));
  Step();
  EXPECT_EQ(CosignersOf(kReader).cosigned.size(), 4U);
}

TEST_F(WatchTest, AQuorumIsWorthMoreThanANewerHeadWithoutOne) {
  Grow(kReader, tree_, 7);
  for (const int i : {0, 1, 2}) {
    MEGURI_ASSERT_OK(peers_.witness(WitnessId(i)).Add(scene_.Submit(tree_, 0, 5)));
  }
  Step();
  for (const int i : {0, 1}) {
    MEGURI_ASSERT_OK(peers_.witness(WitnessId(i)).Add(scene_.Submit(tree_, 5, 6)));
  }
  Step();
  EXPECT_EQ(CosignersOf(kReader).cosigned.size(), 3U);
  EXPECT_EQ(ValueOf(OpenHead(Cosigned(kReader), PublicFeed(), scene_, scene_.clock.Now())).size, 5U);
  MEGURI_ASSERT_OK(peers_.witness(WitnessId(2)).Add(scene_.Submit(tree_, 5, 6)));
  Step();
  EXPECT_EQ(ValueOf(OpenHead(Cosigned(kReader), PublicFeed(), scene_, scene_.clock.Now())).size, 6U);
}

TEST_F(WatchTest, NamesAWitnessThatSignedBothFaces) {
  Grow(kReader, tree_, 7);
  for (const int i : {0, 1, 2}) {
    MEGURI_ASSERT_OK(peers_.witness(WitnessId(i)).Add(scene_.Submit(tree_, 0, 5)));
  }
  Step();
  EXPECT_TRUE(liars_.empty());
  // The first loses its memory, on purpose, and cosigns another face; the last has never seen the feed before.
  peers_.Forget(WitnessId(0));
  for (const int i : {0, 3}) {
    MEGURI_ASSERT_OK(peers_.witness(WitnessId(i)).Add(scene_.Submit(Tree("other"), 0, 4)));
  }
  Step();
  EXPECT_EQ(liars_, std::vector<std::string>{WitnessId(0)});
  EXPECT_EQ(CosignersOf(kReader).cosigned.size(), 3U);
}

TEST_F(WatchTest, KeepsNoHeadThatIsNotWhatIsStored) {
  Grow(kReader, tree_, 7);
  MEGURI_ASSERT_OK(peers_.witness(WitnessId(0)).Add(scene_.Submit(Tree("other"), 0, 5)));
  MEGURI_ASSERT_OK(peers_.witness(WitnessId(1)).Add(scene_.Submit(tree_, 0, 9)));
  Step();
  EXPECT_EQ(compared_.size(), 2U);
  EXPECT_EQ(Cosigned(kReader), "");
}

}  // namespace
}  // namespace meguri::node
