// SPDX-License-Identifier: Apache-2.0
#include "storage/committer.h"

#include <atomic>
#include <functional>
#include <future>
#include <thread>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "base/mutex.h"
#include "gmock/gmock.h"
#include "record/feed.h"
#include "storage/commit_keys.h"
#include "storage/memory/memory_store.h"
#include "storage/own_heads.h"
#include "storage/value.h"
#include "tests/testing/faulty_store.h"
#include "tests/testing/status.h"

namespace meguri::storage {
namespace {

using ::testing::ElementsAre;
using ::testing::UnorderedElementsAre;

HeldFeed Feed(const char* holder, const char* publisher, record::FeedName name = record::FeedName::Public()) {
  return HeldFeed{*record::ParticipantId::Parse(holder),
                  record::FeedKey{*record::ParticipantId::Parse(publisher), std::move(name), 1}};
}
HeldFeed OwnFeed() { return Feed("9999:alpha", "9999:alpha"); }
HeldFeed Replica() { return Feed("9999:alpha", "9999:beta"); }

Committer::Work Put(std::string key, std::string value = "value") {
  return [key = std::move(key), value = std::move(value)](CommitScope& scope) {
    scope.transaction.Put(Family::kLookup, key, value);
    return absl::OkStatus();
  };
}

Committer::Work AppendTo(HeldFeed feed, int entry) {
  return [feed = std::move(feed), entry](CommitScope& scope) -> absl::Status {
    const auto id = scope.feeds.FindOrCreate(scope.transaction, feed);
    if (!id.ok()) {
      return id.status();
    }
    const record::FeedEntry bytes{record::Sha256(absl::StrCat(entry)), 1};
    return scope.feeds.Append(scope.transaction, *id, bytes.Encode()).status();
  };
}

// Holds the committer's thread in a piece of work, so that what is submitted meanwhile forms one group with it.
class Gate {
 public:
  // Returns once the thread is held, or once the committer has refused.
  void Hold(Committer& committer) {
    committer.Submit(
        [this](CommitScope&) {
          is_held_ = true;
          held_or_refused_.set_value();
          opened_.get_future().wait();
          return absl::OkStatus();
        },
        [this](const absl::Status&) {
          if (!is_held_) {
            held_or_refused_.set_value();
          }
        });
    held_or_refused_.get_future().wait();
  }
  void Open() { opened_.set_value(); }

 private:
  std::atomic<bool> is_held_ = false;
  std::promise<void> held_or_refused_;
  std::promise<void> opened_;
};

// Answers by name, in the order in which they came.
class Answers {
 public:
  Committer::Done Note(std::string name) {
    return [this, name = std::move(name)](const absl::Status& status) {
      Add(status.ok() ? name : absl::StrCat(name, " ", ReasonOf(status)));
    };
  }
  void Add(std::string text) {
    MutexLock lock(mutex_);
    texts_.push_back(std::move(text));
  }
  std::vector<std::string> all() const {
    MutexLock lock(mutex_);
    return texts_;
  }

 private:
  mutable Mutex mutex_;
  std::vector<std::string> texts_ ABSL_GUARDED_BY(mutex_);
};

class CommitterTest : public ::testing::Test {
 protected:
  std::unique_ptr<Committer> Start() {
    auto committer = Committer::Start(*store_, *anchor_);
    EXPECT_THAT(committer, testing::IsOk());
    return committer.ok() ? *std::move(committer) : nullptr;
  }
  absl::Status StartStatus() { return Committer::Start(*store_, *anchor_).status(); }
  // Runs `works` as one group. Returns their answers.
  std::vector<std::string> RunGroup(Committer& committer, std::vector<std::pair<std::string, Committer::Work>> works) {
    Gate gate;
    Answers answers;
    gate.Hold(committer);
    for (auto& [name, work] : works) {
      committer.Submit(std::move(work), answers.Note(name));
    }
    gate.Open();
    // Work of a later group is answered after all of this one.
    committer.SubmitAndWait([](CommitScope&) { return absl::OkStatus(); }).IgnoreError();
    return answers.all();
  }
  absl::optional<std::string> Stored(absl::string_view key) { return *store_->Get(Family::kLookup, key); }
  // Reopens as a restart does. `disk` is another one if a backup was restored.
  void UseDisk(std::shared_ptr<MemoryDisk> disk) {
    disk_ = std::move(disk);
    store_ = OpenMemoryStore(disk_);
  }

  std::shared_ptr<MemoryDisk> disk_ = MakeMemoryDisk();
  std::unique_ptr<OrderedStore> store_ = OpenMemoryStore(disk_);
  std::unique_ptr<Anchor> anchor_ = MakeMemoryAnchor();
};

TEST_F(CommitterTest, MakesWorkDurableBeforeItAnswers) {
  const auto committer = Start();
  MEGURI_ASSERT_OK(committer->SubmitAndWait(Put("key", "value")));
  EXPECT_EQ(Stored("key"), "value");
  EXPECT_EQ(committer->commit_count(), 1);
  EXPECT_EQ((*anchor_->Read())->commit, 1);
}

TEST_F(CommitterTest, AnswersInTheOrderOfSubmission) {
  const auto committer = Start();
  const auto failing = [](CommitScope&) { return Error(absl::StatusCode::kNotFound, "REFUSED", "refused"); };
  EXPECT_THAT(RunGroup(*committer,
                       [&] {
                         std::vector<std::pair<std::string, Committer::Work>> works;
                         works.emplace_back("a", Put("z/a"));
                         works.emplace_back("b", failing);
                         works.emplace_back("c", [](CommitScope&) { return absl::OkStatus(); });
                         works.emplace_back("d", Put("z/d"));
                         return works;
                       }()),
              ElementsAre("a", "b REFUSED", "c", "d"));
}

// Tells what is written, and lets a test look just before it is.
class NotingStore final : public OrderedStore {
 public:
  NotingStore(OrderedStore& store, Answers& events) : store_(store), events_(events) {}
  absl::StatusOr<absl::optional<std::string>> Get(Family family, absl::string_view key) const override {
    return store_.Get(family, key);
  }
  std::unique_ptr<Cursor> NewCursor(Family family, absl::string_view prefix) const override {
    return store_.NewCursor(family, prefix);
  }
  std::unique_ptr<StoreReader> Snapshot() const override { return store_.Snapshot(); }
  absl::Status Apply(const WriteBatch& batch) override {
    events_.Add("apply");
    return store_.Apply(batch);
  }
  absl::Status ApplyBulk(const WriteBatch& batch) override {
    events_.Add("apply in bulk");
    return store_.ApplyBulk(batch);
  }
  absl::StatusOr<bool> Purge(Family family, absl::string_view begin, absl::string_view end) override {
    return store_.Purge(family, begin, end);
  }

 private:
  OrderedStore& store_;
  Answers& events_;
};

class NotingAnchor final : public Anchor {
 public:
  NotingAnchor(Anchor& anchor, Answers& events) : anchor_(anchor), events_(events) {}
  absl::StatusOr<absl::optional<AnchorState>> Read() override { return anchor_.Read(); }
  absl::Status Write(const AnchorState& state) override {
    events_.Add(absl::StrCat("anchor ", state.commit));
    if (before_write) {
      before_write();
    }
    return anchor_.Write(state);
  }
  std::function<void()> before_write;

 private:
  Anchor& anchor_;
  Answers& events_;
};

TEST_F(CommitterTest, AppliesThenAnchorsThenAnswersThenNotifies) {
  Answers events;
  NotingStore store(*store_, events);
  NotingAnchor anchor(*anchor_, events);
  auto committer = Committer::Start(store, anchor);
  MEGURI_ASSERT_OK(committer);
  (*committer)->AddObserver([&events](const std::vector<FeedId>&) { events.Add("observer"); });
  (*committer)->Submit(Put("key"), events.Note("done"));
  committer->reset();
  EXPECT_THAT(events.all(), ElementsAre("anchor 0", "apply", "anchor 1", "done", "observer"));
}

TEST_F(CommitterTest, AppliesALargeGroupInBulk) {
  Answers events;
  NotingStore store(*store_, events);
  const auto committer = *Committer::Start(store, *anchor_);
  const size_t value_bytes = GroupWriter::kBulkBytes - 3;  // with a key of three bytes
  MEGURI_ASSERT_OK(committer->SubmitAndWait(Put("key", std::string(value_bytes - 1, 'x'))));
  MEGURI_ASSERT_OK(committer->SubmitAndWait(Put("key", std::string(value_bytes, 'x'))));
  EXPECT_THAT(events.all(), ElementsAre("apply", "apply in bulk"));
  EXPECT_EQ((*anchor_->Read())->commit, 2);
  EXPECT_EQ(Stored("key")->size(), value_bytes);
}

TEST_F(CommitterTest, ShowsReadersNothingThatIsNotAnchored) {
  Answers events;
  NotingAnchor anchor(*anchor_, events);
  const auto committer = *Committer::Start(*store_, anchor);
  MEGURI_ASSERT_OK(committer->SubmitAndWait(Put("key", "old")));
  const std::unique_ptr<StoreReader> snapshot = committer->durable().Snapshot();
  const std::unique_ptr<Cursor> cursor = committer->durable().NewCursor(Family::kLookup, "key");
  absl::optional<std::string> seen;
  anchor.before_write = [&] {
    EXPECT_EQ(Stored("key"), "new");
    seen = *committer->durable().Get(Family::kLookup, "key");
    EXPECT_EQ(committer->durable().NewCursor(Family::kLookup, "key")->value(), "old");
    EXPECT_EQ(*committer->durable().Snapshot()->Get(Family::kLookup, "key"), "old");
  };
  absl::optional<std::string> seen_by_answer;
  std::promise<void> answered;
  committer->Submit(Put("key", "new"), [&](const absl::Status&) {
    seen_by_answer = *committer->durable().Get(Family::kLookup, "key");
    answered.set_value();
  });
  answered.get_future().wait();
  EXPECT_EQ(seen, "old");
  EXPECT_EQ(seen_by_answer, "new");
  EXPECT_EQ(*snapshot->Get(Family::kLookup, "key"), "old");
  EXPECT_EQ(cursor->value(), "old");
  cursor->Seek("key");
  EXPECT_EQ(cursor->value(), "old");
  EXPECT_EQ(committer->durable().NewCursor(Family::kLookup, "key")->value(), "new");
}

TEST_F(CommitterTest, NeverShowsACommitWhoseAnchorFailed) {
  testing::FaultPlan plan(3);  // 1 is the first anchor, 2 the batch, 3 its anchor
  const auto anchor = testing::MakeFaultyAnchor(*anchor_, plan);
  const auto store = testing::MakeFaultyStore(*store_, plan);
  const auto committer = *Committer::Start(*store, *anchor);
  EXPECT_FALSE(committer->SubmitAndWait(Put("key")).ok());
  EXPECT_EQ(Stored("key"), "value");
  EXPECT_EQ(*committer->durable().Get(Family::kLookup, "key"), absl::nullopt);
}

TEST_F(CommitterTest, LeavesNoTraceOfWorkThatFails) {
  const auto committer = Start();
  std::vector<std::pair<std::string, Committer::Work>> works;
  works.emplace_back("first", Put("key", "first"));
  works.emplace_back("failing", [](CommitScope& scope) {
    scope.transaction.Put(Family::kLookup, "key", "failing");
    scope.transaction.Put(Family::kLookup, "other", "failing");
    AppendTo(OwnFeed(), 1)(scope).IgnoreError();
    return absl::InternalError("no");
  });
  works.emplace_back("last", [](CommitScope& scope) -> absl::Status {
    const auto value = scope.transaction.Get(Family::kLookup, "key");
    scope.transaction.Put(Family::kLookup, "seen", (*value).value_or("nothing"));
    return absl::OkStatus();
  });
  RunGroup(*committer, std::move(works));
  EXPECT_EQ(Stored("key"), "first");
  EXPECT_EQ(Stored("other"), absl::nullopt);
  EXPECT_EQ(Stored("seen"), "first");
  EXPECT_TRUE(Feeds(*store_).All()->empty());
}

TEST_F(CommitterTest, PutsWhatWaitsIntoOneBatchUpToTheGroupLimit) {
  for (const size_t waiting : {Committer::kGroupMax - 1, Committer::kGroupMax}) {
    UseDisk(MakeMemoryDisk());
    anchor_ = MakeMemoryAnchor();
    const auto committer = Start();
    std::vector<std::pair<std::string, Committer::Work>> works;
    works.reserve(waiting);
    for (size_t i = 0; i < waiting; ++i) {
      works.emplace_back("", Put(absl::StrCat("key", i)));
    }
    RunGroup(*committer, std::move(works));  // the gate is work too
    EXPECT_EQ(committer->commit_count(), waiting < Committer::kGroupMax ? 1 : 2);
  }
}

TEST_F(CommitterTest, TakesNoFurtherWorkIntoABatchThatIsLarge) {
  const auto committer = Start();
  for (const auto& [bytes, commits] : {std::pair<size_t, uint64_t>{Committer::kGroupBytesMax / 2, 2},
                                       std::pair<size_t, uint64_t>{Committer::kGroupBytesMax / 2 - 100, 1}}) {
    const uint64_t before = committer->commit_count();
    std::vector<std::pair<std::string, Committer::Work>> works;
    works.emplace_back("", Put("a", std::string(bytes, 'x')));
    works.emplace_back("", Put("b", std::string(bytes, 'x')));
    works.emplace_back("", Put("c", "small"));
    RunGroup(*committer, std::move(works));
    EXPECT_EQ(committer->commit_count(), before + commits);
  }
}

TEST_F(CommitterTest, AppliesNothingForAGroupThatWroteNothing) {
  testing::FaultPlan plan;
  const auto store = testing::MakeFaultyStore(*store_, plan);
  const auto committer = *Committer::Start(*store, *anchor_);
  int notified = 0;
  committer->AddObserver([&notified](const std::vector<FeedId>&) { ++notified; });
  MEGURI_EXPECT_OK(committer->SubmitAndWait([](CommitScope&) { return absl::OkStatus(); }));
  EXPECT_FALSE(committer
                   ->SubmitAndWait([](CommitScope& scope) {
                     scope.transaction.Put(Family::kLookup, "key", "value");
                     return absl::InternalError("no");
                   })
                   .ok());
  EXPECT_EQ(plan.writes_seen(), 0);
  EXPECT_EQ(committer->commit_count(), 0);
  EXPECT_EQ((*anchor_->Read())->commit, 0);
  EXPECT_EQ(notified, 0);
}

TEST_F(CommitterTest, RefusesWorkBeyondTheQueueLimitAtOnce) {
  auto committer = Start();
  Gate gate;
  Answers answers;
  std::atomic<size_t> succeeded = 0;
  gate.Hold(*committer);
  for (size_t i = 0; i < Committer::kQueueMax; ++i) {
    committer->Submit(Put("key"), [&succeeded](const absl::Status& status) { succeeded += status.ok() ? 1 : 0; });
  }
  EXPECT_THAT(answers.all(), ElementsAre());
  committer->Submit(Put("refused"), answers.Note("refused"));
  EXPECT_THAT(answers.all(), ElementsAre("refused COMMIT_QUEUE_FULL"));
  gate.Open();
  committer = nullptr;
  EXPECT_EQ(succeeded, Committer::kQueueMax);
  EXPECT_EQ(Stored("refused"), absl::nullopt);
}

TEST_F(CommitterTest, FinishesWhatWaitsBeforeItStops) {
  auto committer = Start();
  Answers answers;
  for (int i = 0; i < 3; ++i) {
    committer->Submit(Put(absl::StrCat("key", i)), answers.Note(absl::StrCat(i)));
  }
  committer = nullptr;
  EXPECT_THAT(answers.all(), ElementsAre("0", "1", "2"));
  EXPECT_EQ(Stored("key2"), "value");
}

TEST_F(CommitterTest, TakesWorkFromAnAnswer) {
  const auto committer = Start();
  std::promise<absl::Status> second;
  committer->Submit(Put("first"), [&](const absl::Status&) {
    committer->Submit(Put("second"), [&second](const absl::Status& status) { second.set_value(status); });
  });
  MEGURI_EXPECT_OK(second.get_future().get());
  EXPECT_EQ(Stored("second"), "value");
}

TEST_F(CommitterTest, LosesNoIncrementOfTwoThreads) {
  const auto committer = Start();
  constexpr int kThreads = 2;
  constexpr int kIncrements = 200;
  std::vector<std::thread> threads;
  threads.reserve(kThreads);
  for (int thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([&committer] {
      for (int i = 0; i < kIncrements; ++i) {
        MEGURI_EXPECT_OK(committer->SubmitAndWait([](CommitScope& scope) -> absl::Status {
          const auto before = scope.transaction.Get(Family::kLookup, "count");
          const int count = std::stoi((*before).value_or("0"));
          scope.transaction.Put(Family::kLookup, "count", absl::StrCat(count + 1));
          return absl::OkStatus();
        }));
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  EXPECT_EQ(Stored("count"), absl::StrCat(kThreads * kIncrements));
}

TEST_F(CommitterTest, TellsObserversWhichFeedsGrew) {
  const auto committer = Start();
  Mutex mutex;
  std::vector<std::vector<FeedId>> seen;
  committer->AddObserver([&](const std::vector<FeedId>& grown) {
    MutexLock lock(mutex);
    seen.push_back(grown);
  });
  MEGURI_ASSERT_OK(committer->SubmitAndWait(AppendTo(OwnFeed(), 1)));
  MEGURI_ASSERT_OK(committer->SubmitAndWait(AppendTo(Replica(), 1)));
  MEGURI_ASSERT_OK(committer->SubmitAndWait([](CommitScope& scope) -> absl::Status {
    return scope.feeds.FindOrCreate(scope.transaction, Feed("9999:alpha", "9999:alpha", record::FeedName::Members()))
        .status();
  }));
  const FeedId own = **Feeds(*store_).Find(OwnFeed());
  const FeedId replica = **Feeds(*store_).Find(Replica());
  MEGURI_ASSERT_OK(committer->SubmitAndWait(
      [replica](CommitScope& scope) { return scope.feeds.SetCheckpoint(scope.transaction, replica, "note"); }));
  MEGURI_ASSERT_OK(committer->SubmitAndWait([](CommitScope& scope) -> absl::Status {
    const absl::Status status = AppendTo(OwnFeed(), 2)(scope);
    return status.ok() ? AppendTo(Replica(), 2)(scope) : status;
  }));
  MEGURI_ASSERT_OK(committer->SubmitAndWait(Put("key")));
  // The observers of the last group run after its answer: let one more group pass.
  MEGURI_ASSERT_OK(committer->SubmitAndWait([](CommitScope&) { return absl::OkStatus(); }));
  MutexLock lock(mutex);
  EXPECT_THAT(seen, ElementsAre(ElementsAre(own), ElementsAre(replica), ElementsAre(), ElementsAre(),
                                UnorderedElementsAre(own, replica), ElementsAre()));
}

TEST_F(CommitterTest, AnchorsTheHeadsOfAllOwnFeeds) {
  for (int restart = 0; restart < 3; ++restart) {
    const auto committer = Start();
    MEGURI_ASSERT_OK(committer->SubmitAndWait(AppendTo(OwnFeed(), restart)));
    MEGURI_ASSERT_OK(committer->SubmitAndWait(AppendTo(Replica(), restart)));
    MEGURI_ASSERT_OK(committer->SubmitAndWait(AppendTo(Feed("9999:beta", "9999:beta"), restart)));
    const auto own_heads = ReadOwnHeads(Feeds(*store_));
    MEGURI_ASSERT_OK(own_heads);
    EXPECT_EQ(own_heads->size(), 2);
    EXPECT_EQ((*anchor_->Read())->own_heads, OwnHeadsDigest(*own_heads));
  }
}

TEST_F(CommitterTest, GrowsTheFencingNumberAtEveryStart) {
  for (uint64_t start = 1; start <= 3; ++start) {
    MEGURI_ASSERT_OK(Start()->SubmitAndWait(Put("key")));
    EXPECT_EQ((*anchor_->Read())->fencing, start);
    EXPECT_EQ(*ReadNumber(*store_, kFencingKey), start);
  }
}

TEST_F(CommitterTest, StopsWhenASecondCommitterHasWritten) {
  const auto first = Start();
  MEGURI_ASSERT_OK(first->SubmitAndWait(Put("first")));
  const auto second = Start();
  MEGURI_ASSERT_OK(second->SubmitAndWait(Put("second")));
  MEGURI_EXPECT_OK(first->health());
  EXPECT_THAT(first->SubmitAndWait(Put("too late")), testing::HasReason("STORE_FAILED"));
  EXPECT_THAT(first->SubmitAndWait(Put("too late")), testing::HasReason("STORE_FAILED"));
  EXPECT_THAT(first->health(), testing::HasReason("STORE_FAILED"));
  EXPECT_EQ(Stored("too late"), absl::nullopt);
  MEGURI_EXPECT_OK(second->SubmitAndWait(Put("third")));
}

TEST_F(CommitterTest, LetsOnlyOneOfTwoFreshCommittersWrite) {
  const auto first = Start();
  const auto second = Start();
  MEGURI_ASSERT_OK(second->SubmitAndWait(Put("second")));
  EXPECT_THAT(first->SubmitAndWait(Put("first")), testing::HasReason("STORE_FAILED"));
  EXPECT_EQ(Stored("first"), absl::nullopt);
}

TEST_F(CommitterTest, StartsAgainWithItsOwnAnchor) {
  MEGURI_ASSERT_OK(Start()->SubmitAndWait(AppendTo(OwnFeed(), 1)));
  EXPECT_EQ(Start()->commit_count(), 1);
  MEGURI_ASSERT_OK(Start()->SubmitAndWait(AppendTo(OwnFeed(), 2)));
  EXPECT_EQ(Start()->commit_count(), 2);
}

TEST_F(CommitterTest, RefusesAStoreThatHasLostAnAcknowledgedCommit) {
  MEGURI_ASSERT_OK(Start()->SubmitAndWait(Put("first")));
  const auto backup = CopyMemoryDisk(*disk_);
  MEGURI_ASSERT_OK(Start()->SubmitAndWait(Put("second")));
  UseDisk(backup);
  EXPECT_THAT(StartStatus(), testing::HasReason("STORE_BEHIND_ANCHOR"));
  EXPECT_THAT(StartStatus(), testing::HasCode(absl::StatusCode::kDataLoss));
  UseDisk(MakeMemoryDisk());
  EXPECT_THAT(StartStatus(), testing::HasReason("STORE_BEHIND_ANCHOR"));
}

TEST_F(CommitterTest, RefusesAStoreWithOtherOwnHeads) {
  MEGURI_ASSERT_OK(Start()->SubmitAndWait(Put("base")));
  const auto other = CopyMemoryDisk(*disk_);
  const auto other_store = OpenMemoryStore(other);
  const auto other_anchor = MakeMemoryAnchor();
  MEGURI_ASSERT_OK(other_anchor->Write(**anchor_->Read()));
  MEGURI_ASSERT_OK((*Committer::Start(*other_store, *other_anchor))->SubmitAndWait(AppendTo(OwnFeed(), 1)));
  MEGURI_ASSERT_OK(Start()->SubmitAndWait(AppendTo(OwnFeed(), 2)));
  UseDisk(other);
  EXPECT_THAT(StartStatus(), testing::HasReason("STORE_BEHIND_ANCHOR"));
}

TEST_F(CommitterTest, AcceptsOneCommitAheadOfTheAnchorAndAnchorsIt) {
  MEGURI_ASSERT_OK(Start()->SubmitAndWait(AppendTo(OwnFeed(), 1)));
  const AnchorState before = **anchor_->Read();
  MEGURI_ASSERT_OK(Start()->SubmitAndWait(AppendTo(OwnFeed(), 2)));
  const AnchorState after = **anchor_->Read();
  MEGURI_ASSERT_OK(anchor_->Write(before));
  EXPECT_EQ(Start()->commit_count(), 2);
  EXPECT_EQ((*anchor_->Read())->commit, 2);
  EXPECT_EQ((*anchor_->Read())->own_heads, after.own_heads);
}

TEST_F(CommitterTest, RefusesAnAnchorTwoCommitsBehind) {
  MEGURI_ASSERT_OK(Start()->SubmitAndWait(Put("first")));
  const AnchorState old = **anchor_->Read();
  MEGURI_ASSERT_OK(Start()->SubmitAndWait(Put("second")));
  MEGURI_ASSERT_OK(Start()->SubmitAndWait(Put("third")));
  MEGURI_ASSERT_OK(anchor_->Write(old));
  EXPECT_THAT(StartStatus(), testing::HasReason("ANCHOR_BEHIND_STORE"));
  EXPECT_THAT(StartStatus(), testing::HasCode(absl::StatusCode::kDataLoss));
}

TEST_F(CommitterTest, RefusesAStoreWhoseAnchorIsMissing) {
  MEGURI_ASSERT_OK(Start()->SubmitAndWait(Put("key")));
  anchor_ = MakeMemoryAnchor();
  EXPECT_THAT(StartStatus(), testing::HasReason("ANCHOR_MISSING"));
  EXPECT_THAT(StartStatus(), testing::HasCode(absl::StatusCode::kDataLoss));
  EXPECT_EQ(*anchor_->Read(), absl::nullopt);
}

TEST_F(CommitterTest, RefusesEntriesThatNoCommitterWrote) {
  MEGURI_ASSERT_OK(store_->Apply(WriteBatch{{}, {Write{Family::kArrival, "record", std::string("bytes")}}}));
  EXPECT_THAT(StartStatus(), testing::HasReason("ANCHOR_MISSING"));
}

TEST_F(CommitterTest, RefusesACommitNumberThatCannotBeRead) {
  MEGURI_ASSERT_OK(store_->Apply(WriteBatch{{}, {Write{Family::kLookup, kCommitKey, std::string("?")}}}));
  EXPECT_THAT(StartStatus(), testing::HasCode(absl::StatusCode::kDataLoss));
}

TEST_F(CommitterTest, PassesOnThatTheAnchorIsDamaged) {
  class DamagedAnchor final : public Anchor {
   public:
    absl::StatusOr<absl::optional<AnchorState>> Read() override {
      return Error(absl::StatusCode::kDataLoss, "ANCHOR_DAMAGED", "damaged");
    }
    absl::Status Write(const AnchorState&) override { return absl::OkStatus(); }
  };
  anchor_ = std::make_unique<DamagedAnchor>();
  EXPECT_THAT(StartStatus(), testing::HasReason("ANCHOR_DAMAGED"));
}

TEST_F(CommitterTest, RefusesEverythingAfterAFailedWrite) {
  for (const uint64_t fail_at : {uint64_t{2}, uint64_t{3}}) {  // 1 is the first anchor, 2 the batch, 3 its anchor
    UseDisk(MakeMemoryDisk());
    anchor_ = MakeMemoryAnchor();
    testing::FaultPlan plan(fail_at);
    const auto store = testing::MakeFaultyStore(*store_, plan);
    const auto anchor = testing::MakeFaultyAnchor(*anchor_, plan);
    const auto committer = *Committer::Start(*store, *anchor);
    std::vector<std::pair<std::string, Committer::Work>> works;
    works.emplace_back("write", Put("key"));
    works.emplace_back("read", [](CommitScope&) { return absl::OkStatus(); });
    works.emplace_back("refused", [](CommitScope&) { return Error(absl::StatusCode::kNotFound, "REFUSED", ""); });
    EXPECT_THAT(RunGroup(*committer, std::move(works)),
                ElementsAre("write STORE_FAILED", "read STORE_FAILED", "refused REFUSED"));
    EXPECT_THAT(committer->SubmitAndWait(Put("later")), testing::HasReason("STORE_FAILED"));
    EXPECT_EQ(plan.writes_seen(), fail_at);
    EXPECT_EQ(Stored("later"), absl::nullopt);
  }
}

TEST_F(CommitterTest, RefusesWhatWaitedBehindAFailedGroupInItsOrder) {
  testing::FaultPlan plan(1);
  const auto store = testing::MakeFaultyStore(*store_, plan);
  auto committer = *Committer::Start(*store, *anchor_);
  std::vector<std::pair<std::string, Committer::Work>> works;
  works.reserve(Committer::kGroupMax + 10);
  std::vector<std::string> expected;
  for (size_t i = 0; i < Committer::kGroupMax + 10; ++i) {
    works.emplace_back(absl::StrCat(i), Put("key"));
    expected.push_back(absl::StrCat(i, " STORE_FAILED"));
  }
  EXPECT_EQ(RunGroup(*committer, std::move(works)), expected);
}

// Every place where the disk can fail: whatever was acknowledged is there after the restart, and whatever was not is
// there wholly or not at all.
class CommitterCrash : public CommitterTest, public ::testing::WithParamInterface<testing::FaultPlan::Kind> {
 protected:
  static constexpr int kWorks = 12;

  static Committer::Work WorkNumber(int number) {
    return [number](CommitScope& scope) {
      scope.transaction.Put(Family::kLookup, absl::StrCat("z/", number), "small");
      scope.transaction.Put(Family::kArrival, absl::StrCat("z/", number), "large");
      return AppendTo(OwnFeed(), number)(scope);
    };
  }
  // Runs work `first` and all after it, in groups of one, two and three, until the plan strikes. Notes what was
  // acknowledged.
  void RunUntilCrash(int first, testing::FaultPlan& plan, std::vector<bool>& acknowledged) {
    const auto store = testing::MakeFaultyStore(*store_, plan);
    const auto anchor = testing::MakeFaultyAnchor(*anchor_, plan);
    auto committer = Committer::Start(*store, *anchor);
    if (!committer.ok()) {
      EXPECT_THAT(committer, testing::HasReason("STORE_FAILED"));
      return;
    }
    for (int number = first, size = 1; number < kWorks; number += size, size = size % 3 + 1) {
      std::vector<std::pair<std::string, Committer::Work>> works;
      for (int i = number; i < std::min(number + size, kWorks); ++i) {
        works.emplace_back(absl::StrCat(i), WorkNumber(i));
      }
      for (const std::string& answer : RunGroup(**committer, std::move(works))) {
        int done = 0;
        if (absl::SimpleAtoi(answer, &done)) {
          acknowledged[static_cast<size_t>(done)] = true;
        }
      }
    }
  }
  // Returns the number of works that are there.
  int CheckContents(const std::vector<bool>& acknowledged) {
    int present = 0;
    for (int number = 0; number < kWorks; ++number) {
      const std::string key = absl::StrCat("z/", number);
      const bool is_small_there = (*store_->Get(Family::kLookup, key)).has_value();
      const bool is_large_there = (*store_->Get(Family::kArrival, key)).has_value();
      EXPECT_EQ(is_small_there, is_large_there) << key;
      EXPECT_TRUE(is_small_there || !acknowledged[static_cast<size_t>(number)]) << key << " was acknowledged";
      present += is_small_there ? 1 : 0;
    }
    const auto feed = Feeds(*store_).Find(OwnFeed());
    const uint64_t size = feed->has_value() ? Feeds(*store_).ReadHead(**feed)->size() : 0;
    EXPECT_EQ(size, static_cast<uint64_t>(present));
    return present;
  }
};

TEST_P(CommitterCrash, KeepsEveryAcknowledgedWorkAndNoHalfOne) {
  bool struck = true;
  for (uint64_t fail_at = 1; struck; ++fail_at) {
    SCOPED_TRACE(absl::StrCat("write ", fail_at, " fails"));
    UseDisk(MakeMemoryDisk());
    anchor_ = MakeMemoryAnchor();
    testing::FaultPlan plan(fail_at, GetParam());
    std::vector<bool> acknowledged(kWorks, false);
    RunUntilCrash(0, plan, acknowledged);
    struck = plan.writes_seen() >= fail_at;
    UseDisk(disk_);
    const int present = CheckContents(acknowledged);
    EXPECT_TRUE(struck || present == kWorks);
    MEGURI_ASSERT_OK(StartStatus());
    EXPECT_EQ(CheckContents(acknowledged), present);
    MEGURI_ASSERT_OK(Start()->SubmitAndWait(Put("after")));
    MEGURI_ASSERT_OK(StartStatus());
  }
}

TEST_P(CommitterCrash, KeepsThePromiseWhenTheRestartCrashesToo) {
  for (uint64_t first_fault = 1; first_fault <= 8; ++first_fault) {
    for (uint64_t second_fault = 1; second_fault <= 6; ++second_fault) {
      SCOPED_TRACE(absl::StrCat("write ", first_fault, " fails, then write ", second_fault));
      UseDisk(MakeMemoryDisk());
      anchor_ = MakeMemoryAnchor();
      std::vector<bool> acknowledged(kWorks, false);
      testing::FaultPlan first(first_fault, GetParam());
      RunUntilCrash(0, first, acknowledged);
      testing::FaultPlan second(second_fault, GetParam());
      RunUntilCrash(CheckContents(acknowledged), second, acknowledged);
      EXPECT_GE(second.writes_seen(), second_fault);
      UseDisk(disk_);
      CheckContents(acknowledged);
      MEGURI_ASSERT_OK(StartStatus());
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Faults, CommitterCrash,
                         ::testing::Values(testing::FaultPlan::Kind::kLost, testing::FaultPlan::Kind::kUnheard));

}  // namespace
}  // namespace meguri::storage
