// SPDX-License-Identifier: Apache-2.0
// A publisher erases a record, and has those who hold it say that they did too.
#include "record/erasure.h"

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "meguri/passport/v1/enquiry.pb.h"
#include "node/erasure/incoming_erasures.h"
#include "node/erasure/limits.h"
#include "node/erasure/outgoing_erasures.h"
#include "storage/audit_rows.h"
#include "storage/erasures.h"
#include "storage/fsck.h"
#include "storage/memory/memory_store.h"
#include "tests/scenarios/harness/loopback_node.h"
#include "tests/testing/status.h"

namespace meguri::scenarios {
namespace {

using certs::testing::ValueOf;
using meguri::testing::HasReason;
using meguri::testing::IsOk;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

constexpr char kPublic[] = "public";
constexpr int kStepsMax = 10'000;

// The network: who is here answers, unless its node is off.
class LoopbackHolders final : public node::ErasurePeer {
 public:
  using Answer = absl::StatusOr<absl::optional<record::v1::SignedBody>>;
  using Holder = std::function<Answer(const node::ErasureCall& call)>;
  void EraseCopies(const node::ErasureCall& call, Done done) override {
    Answer answer = Error(absl::StatusCode::kUnavailable, "NODE_UNREACHABLE", "nobody answers");
    {
      MutexLock lock(mutex_);
      ++asked_[call.holder.text()];
      if (const auto found = holders_.find(call.holder.text()); found != holders_.end()) {
        answer = found->second(call);
      }
    }
    done(std::move(answer));
  }
  void Set(const record::ParticipantId& id, Holder holder) {
    MutexLock lock(mutex_);
    holders_[id.text()] = std::move(holder);
  }
  int asked(const record::ParticipantId& id) {
    MutexLock lock(mutex_);
    return asked_[id.text()];
  }

 private:
  Mutex mutex_;
  std::map<std::string, Holder> holders_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, int> asked_ ABSL_GUARDED_BY(mutex_);
};

struct Party {
  explicit Party(const std::string& id) { member.id = id; }
  certs::testing::Member member;
  const std::unique_ptr<storage::OrderedStore> store = storage::OpenMemoryStore(storage::MakeMemoryDisk());
  const std::unique_ptr<storage::Anchor> anchor = storage::MakeMemoryAnchor();
  std::unique_ptr<LoopbackNode> node;
  std::unique_ptr<node::IncomingErasures> incoming;
};

class ErasureScenario : public ::testing::Test {
 protected:
  ErasureScenario() {
    std::vector<registry::v1::MemberEntry> entries;
    for (Party* party : {&maker_, &recycler_, &city_}) {
      entries.push_back(party->member.Entry());
    }
    registry_ = std::make_unique<FixedRegistry>(operator_.Bundle(),
                                                ValueOf(certs::Registry::Make(operator_.Bundle(), entries)));
    for (Party* party : {&maker_, &recycler_, &city_}) {
      Start(*party);
    }
    MakeDesk();
  }
  ~ErasureScenario() override {
    executor_.Stop();
    desk_.reset();
    for (Party* party : {&maker_, &recycler_, &city_}) {
      party->incoming.reset();
      party->node.reset();  // before the network
    }
  }

  void Start(Party& party) {
    party.node = std::make_unique<LoopbackNode>(party.member, *registry_,
                                                LoopbackNode::Disk{*party.store, *party.anchor}, net_, clock_, ++seed_);
    party.incoming = std::make_unique<node::IncomingErasures>(
        [this] { return registry_->Get(); },
        [&party](const record::ParticipantId& member) {
          const record::Signer* key = member.text() == party.member.id ? party.member.feed_key.get() : nullptr;
          return std::shared_ptr<const record::Signer>(std::shared_ptr<const record::Signer>(), key);
        },
        party.node->committer().durable(), party.node->committer(), clock_);
    LetAnswer(party);
  }
  void LetAnswer(Party& party) {
    holders_.Set(party.node->id(), [this, &party](const node::ErasureCall& call) -> LoopbackHolders::Answer {
      return party.incoming->Take(maker_.node->id(), call.holder, call.erasure);
    });
  }
  void MakeDesk() {
    Drain();
    desk_ = std::make_unique<node::OutgoingErasures>(
        maker_.node->id(), [this] { return registry_->Get(); }, holders_, maker_.node->committer().durable(),
        maker_.node->committer(), executor_, clock_,
        [this](const node::ErasureReport& report) {
          MutexLock lock(mutex_);
          reports_.push_back(report);
        });
  }
  // As the node's own ticker would destroy the keys.
  static void DestroyKeys(Party& party) {
    MEGURI_EXPECT_OK(party.node->committer().SubmitAndWait([&](storage::CommitScope& scope) -> absl::Status {
      const auto pending = ValueOf(storage::Erasures(party.node->committer().durable()).Pending(100));
      storage::Erasures::Finish(scope.transaction, pending);
      return absl::OkStatus();
    }));
  }
  Draft Passport() {
    Draft draft{record::RecordId::Make(random_), "Washer", {}};
    MEGURI_EXPECT_OK(maker_.node->Publish(MakePublications({draft}, maker_.member, clock_.Now(), random_)).status());
    return draft;
  }
  Draft Enquiry(const Party& to) {
    passport::v1::Enquiry enquiry;
    enquiry.set_seller_id(to.member.id);
    enquiry.set_need("product_group = \"plastic-lot\"");
    enquiry.mutable_wanted_mass_kg()->set_value("5000");
    enquiry.mutable_contact()->mutable_name()->set_ja("調達課");
    enquiry.mutable_contact()->set_email("buyer@example.jp");
    enquiry.set_valid_until("2026-12-31");
    Draft draft{record::RecordId::Make(random_),
                "",
                {{record::v1::SECTION_TYPE_ENQUIRY, record::AudienceSet::Of({record::v1::AUDIENCE_ADDRESSEES}),
                  enquiry.SerializeAsString()}},
                absl::nullopt,
                record::v1::RECORD_TYPE_ENQUIRY,
                {to.member.id}};
    MEGURI_EXPECT_OK(maker_.node->Publish(MakePublications({draft}, maker_.member, clock_.Now(), random_)).status());
    return draft;
  }
  record::Hash HashOf(const Draft& draft, uint64_t version) {
    for (const storage::VersionRef& ref : ValueOf(storage::Records(*maker_.store).FindVersions(draft.record_id))) {
      if (ref.version == version) {
        return ref.header_hash;
      }
    }
    return {};
  }
  // Publishes the tombstone, and signs the request.
  record::v1::SignedBody Erase(const Draft& draft, absl::Duration deadline) {
    Draft last = draft;
    last.version = 2;
    last.previous = HashOf(draft, 1);
    last.is_tombstone = true;
    last.tombstone_reason = record::v1::TOMBSTONE_REASON_ERASED;
    last.more.clear();
    MEGURI_EXPECT_OK(maker_.node->Publish(MakePublications({last}, maker_.member, clock_.Now(), random_)).status());
    erasure::v1::ErasureRequest request;
    request.set_format_version(1);
    request.set_federation(certs::testing::kFederation);
    request.set_publisher(maker_.member.id);
    request.set_record_id(draft.record_id.ToString());
    request.set_tombstone_hash(HashOf(draft, 2).ToString());
    request.set_basis(erasure::v1::ERASURE_BASIS_OWNER_DECISION);
    request.set_time_ms(static_cast<uint64_t>(absl::ToUnixMillis(clock_.Now())));
    request.set_deadline_ms(static_cast<uint64_t>(absl::ToUnixMillis(clock_.Now() + deadline)));
    return ValueOf(certs::SignErasureRequest(request, *maker_.member.record_key));
  }
  void WriteRow(const std::string& feed, uint64_t to, const Party& reader) {
    audit::v1::Row row;
    row.set_format_version(1);
    row.set_nonce("0123456789abcdef");
    row.set_time_ms(static_cast<uint64_t>(absl::ToUnixMillis(clock_.Now())));
    row.set_reader(reader.member.id);
    row.set_identity(certs::testing::NodeUri(reader.member.id));
    row.set_decision(audit::v1::DECISION_DELIVERED);
    row.set_rule("allow-addressee");
    row.set_publisher(maker_.member.id);
    row.mutable_feed()->set_name(feed);
    row.mutable_feed()->set_to(to);
    std::vector<audit::v1::Row> rows = {row};
    MEGURI_EXPECT_OK(maker_.node->committer().SubmitAndWait([&](storage::CommitScope& scope) {
      return storage::AuditRows::Append(scope, maker_.node->id(), absl::MakeSpan(rows));
    }));
  }
  erasure::v1::ErasureHolderPage Page(const Draft& draft) { return ValueOf(desk_->Get(draft.record_id, "")); }
  std::string StateOf(const Draft& draft, const Party& party) {
    const erasure::v1::ErasureHolderPage page = Page(draft);
    for (const erasure::v1::ErasureHolder& holder : page.holders()) {
      if (holder.participant_id() == party.member.id) {
        return erasure::v1::HolderState_Name(holder.state());
      }
    }
    return "";
  }
  // Waits for what Tick has begun, and for what that has put behind it: the answers.
  void Drain() {
    for (int i = 0; i < 2; ++i) {
      std::atomic<bool> is_through{false};
      if (executor_.Submit([&] { is_through = true; })) {
        while (!is_through) {
          std::this_thread::yield();
        }
      }
    }
  }
  // Lets time pass.
  bool RunUntil(const std::function<bool()>& is_over) {
    for (int step = 0; step < kStepsMax; ++step) {
      desk_->Tick();
      Drain();
      if (is_over()) {
        return true;
      }
      clock_.Advance(absl::Milliseconds(500));
    }
    return false;
  }
  bool IsDone(const Draft& draft) {
    const erasure::v1::Erasure erasure = Page(draft).erasure();
    return erasure.counts().pending() + erasure.counts().overdue() == 0 && !erasure.looks_for_holders();
  }
  std::vector<node::ErasureReport> ReportsOf(node::ErasureReport::Kind kind) {
    MutexLock lock(mutex_);
    std::vector<node::ErasureReport> found;
    for (const node::ErasureReport& report : reports_) {
      if (report.kind == kind) {
        found.push_back(report);
      }
    }
    return found;
  }
  void ExpectSound(Party& party) {
    EXPECT_THAT(ValueOf(storage::Fsck(*party.store, nullptr, [](uint64_t, uint64_t) {})).problems, IsEmpty());
  }
  bool HasSections(Party& party, const Draft& draft) {
    for (const storage::VersionRef& ref : ValueOf(storage::Records(*party.store).FindVersions(draft.record_id))) {
      if (!ValueOf(storage::Records(*party.store).ReadSections(ref.arrival, ~uint64_t{0})).empty()) {
        return true;
      }
    }
    return false;
  }

  testing::FakeClock clock_;
  testing::SeededRandom random_{37};
  uint64_t seed_ = 0;
  certs::testing::Operator operator_;
  Party maker_{"9999:maker"};
  Party recycler_{"9999:recycler"};
  Party city_{"9999:city"};
  std::unique_ptr<FixedRegistry> registry_;
  LoopbackPeers net_;
  LoopbackHolders holders_;
  Mutex mutex_;
  std::vector<node::ErasureReport> reports_ ABSL_GUARDED_BY(mutex_);
  Executor executor_{1, 1024};
  std::unique_ptr<node::OutgoingErasures> desk_;
};

TEST_F(ErasureScenario, WhoNoLongerFollowsErasesAndSaysSo) {
  const Draft passport = Passport();
  MEGURI_ASSERT_OK(recycler_.node->Follow(*maker_.node, {kPublic}));
  ASSERT_TRUE(recycler_.node->CatchUp(*maker_.node, kPublic, 1));
  net_.Remove(maker_.node->id());  // nothing more comes by the feed
  MEGURI_ASSERT_OK(desk_->Request(Erase(passport, absl::Hours(1))));
  ASSERT_TRUE(HasSections(recycler_, passport));
  ASSERT_TRUE(RunUntil([&] { return !HasSections(recycler_, passport); }));
  EXPECT_EQ(StateOf(passport, recycler_), "HOLDER_STATE_PENDING") << "its data keys are not destroyed yet";
  DestroyKeys(recycler_);
  ASSERT_TRUE(RunUntil([&] { return IsDone(passport); }));

  const erasure::v1::ErasureHolderPage page = Page(passport);
  EXPECT_TRUE(page.erasure().asks_everyone());
  ASSERT_EQ(page.holders_size(), 2);
  EXPECT_EQ(page.holders(0).participant_id(), city_.member.id);
  EXPECT_EQ(page.holders(0).versions(), 0U);
  EXPECT_EQ(page.holders(1).versions(), 1U);
  EXPECT_FALSE(page.holders(1).was_delivered()) << "of public records there are no rows";
  EXPECT_EQ(ReportsOf(node::ErasureReport::Kind::kDone).size(), 1U);
  const auto incoming = ValueOf(recycler_.incoming->List(recycler_.node->id(), ""));
  ASSERT_EQ(incoming.erasures_size(), 1);
  EXPECT_EQ(incoming.erasures(0).publisher(), maker_.member.id);
  EXPECT_GT(incoming.erasures(0).done_ms(), 0U);
  EXPECT_EQ(ValueOf(city_.incoming->List(city_.node->id(), "")).erasures_size(), 0) << "it had nothing";
  for (Party* party : {&maker_, &recycler_, &city_}) {
    ExpectSound(*party);
  }
}

TEST_F(ErasureScenario, OnlyThoseToWhomRowsShowADeliveryAreAsked) {
  const Draft enquiry = Enquiry(recycler_);
  const std::string feed = "to/" + recycler_.member.id;
  MEGURI_ASSERT_OK(recycler_.node->Follow(*maker_.node, {feed}));
  ASSERT_TRUE(recycler_.node->CatchUp(*maker_.node, feed, 1));
  WriteRow(feed, 1, recycler_);
  WriteRow(kPublic, 100, city_);
  MEGURI_ASSERT_OK(desk_->Request(Erase(enquiry, absl::Hours(1))));
  ASSERT_TRUE(RunUntil([&] {
    DestroyKeys(recycler_);
    return IsDone(enquiry);
  }));
  const erasure::v1::ErasureHolderPage page = Page(enquiry);
  EXPECT_FALSE(page.erasure().asks_everyone());
  ASSERT_EQ(page.holders_size(), 1);
  EXPECT_EQ(page.holders(0).participant_id(), recycler_.member.id);
  EXPECT_TRUE(page.holders(0).was_delivered());
  EXPECT_EQ(page.holders(0).versions(), 1U);
  EXPECT_EQ(holders_.asked(city_.node->id()), 0);
}

TEST_F(ErasureScenario, ARowThatComesAMomentLaterCounts) {
  const Draft enquiry = Enquiry(recycler_);
  MEGURI_ASSERT_OK(desk_->Request(Erase(enquiry, absl::Hours(1))));
  ASSERT_TRUE(RunUntil([&] { return Page(enquiry).erasure().looks_for_holders(); }));
  WriteRow("to/" + recycler_.member.id, 1, recycler_);
  ASSERT_TRUE(RunUntil([&] { return IsDone(enquiry); }));
  EXPECT_EQ(StateOf(enquiry, recycler_), "HOLDER_STATE_DONE");
}

TEST_F(ErasureScenario, WhoIsDownIsAskedAgainAndOverdueMeanwhile) {
  const Draft passport = Passport();
  holders_.Set(city_.node->id(), [](const node::ErasureCall&) -> LoopbackHolders::Answer {
    return Error(absl::StatusCode::kUnavailable, "NODE_UNREACHABLE", "it is off");
  });
  MEGURI_ASSERT_OK(desk_->Request(Erase(passport, absl::Minutes(5))));
  ASSERT_TRUE(RunUntil([&] { return StateOf(passport, city_) == "HOLDER_STATE_OVERDUE"; }));
  ASSERT_TRUE(RunUntil([&] { return !ReportsOf(node::ErasureReport::Kind::kOverdue).empty(); }));
  const auto overdue = ReportsOf(node::ErasureReport::Kind::kOverdue);
  EXPECT_EQ(overdue.size(), 1U);
  EXPECT_EQ(overdue.front().open, 1U);
  const erasure::v1::ErasureHolderPage page = Page(passport);
  for (const erasure::v1::ErasureHolder& holder : page.holders()) {
    if (holder.participant_id() == city_.member.id) {
      EXPECT_EQ(holder.error_reason(), "NODE_UNREACHABLE");
      EXPECT_GT(holder.tries(), 3U);
      EXPECT_LT(holder.tries(), 12U) << "pauses grow";
    }
  }
  // A restart of the publisher's node changes nothing.
  MakeDesk();
  LetAnswer(city_);
  ASSERT_TRUE(RunUntil([&] { return IsDone(passport); }));
  EXPECT_EQ(StateOf(passport, city_), "HOLDER_STATE_DONE");
}

TEST_F(ErasureScenario, WhatTheHolderDidNotSignIsRefused) {
  const Draft passport = Passport();
  holders_.Set(city_.node->id(), [this](const node::ErasureCall& call) -> LoopbackHolders::Answer {
    auto answer = recycler_.incoming->Take(maker_.node->id(), recycler_.node->id(), call.erasure);
    return answer;  // another's word
  });
  MEGURI_ASSERT_OK(desk_->Request(Erase(passport, absl::Hours(1))));
  ASSERT_TRUE(RunUntil([&] { return !ReportsOf(node::ErasureReport::Kind::kRefused).empty(); }));
  const auto refused = ReportsOf(node::ErasureReport::Kind::kRefused);
  EXPECT_EQ(refused.front().holder, city_.node->id());
  EXPECT_THAT(refused.front().status, HasReason("ERASURE_OTHER"));
  EXPECT_EQ(StateOf(passport, city_), "HOLDER_STATE_PENDING");
}

TEST_F(ErasureScenario, TheHolderTakesNothingFromOthers) {
  const Draft passport = Passport();
  MEGURI_ASSERT_OK(recycler_.node->Follow(*maker_.node, {kPublic}));
  ASSERT_TRUE(recycler_.node->CatchUp(*maker_.node, kPublic, 1));
  net_.Remove(maker_.node->id());
  erasure::v1::SignedErasure erasure;
  *erasure.mutable_request() = Erase(passport, absl::Hours(1));
  const auto arrival = ValueOf(storage::Records(*maker_.store).FindByHash(HashOf(passport, 2)));
  const auto stored = ValueOf(storage::Records(*maker_.store).Read(*arrival));
  erasure.mutable_tombstone()->set_header(stored.header());
  *erasure.mutable_tombstone()->mutable_signature() = ValueOf(storage::ParseSignature(stored));
  EXPECT_THAT(recycler_.incoming->Take(city_.node->id(), recycler_.node->id(), erasure), HasReason("ERASURE_CALLER"));
  EXPECT_THAT(recycler_.incoming->Take(maker_.node->id(), city_.node->id(), erasure), HasReason("NOT_HOSTED"));
  erasure.mutable_tombstone()->mutable_signature()->set_signature(std::string(64, 's'));
  EXPECT_THAT(recycler_.incoming->Take(maker_.node->id(), recycler_.node->id(), erasure), HasReason("BAD_SIGNATURE"));
  EXPECT_TRUE(HasSections(recycler_, passport));
}

TEST_F(ErasureScenario, ARequestNamesARecordThatIsErasedAndADayToCome) {
  const Draft passport = Passport();
  const record::v1::SignedBody request = Erase(passport, absl::Minutes(1));
  clock_.Advance(absl::Minutes(2));
  EXPECT_THAT(desk_->Request(request), HasReason("ERASURE_DEADLINE"));
  erasure::v1::ErasureRequest other = ValueOf(record::ParseErasureRequest(request.body()));
  other.set_tombstone_hash(record::Sha256("unknown").ToString());
  EXPECT_THAT(desk_->Request(ValueOf(certs::SignErasureRequest(other, *maker_.member.record_key))),
              HasReason("NOT_ERASED"));
  EXPECT_THAT(desk_->Get(passport.record_id, ""), HasReason("ERASURE_NOT_FOUND"));
  EXPECT_THAT(desk_->List("no token"), HasReason("PAGE_TOKEN"));
}

TEST_F(ErasureScenario, ANewerRequestKeepsWhatWasAnswered) {
  const Draft passport = Passport();
  const record::v1::SignedBody first = Erase(passport, absl::Hours(1));
  MEGURI_ASSERT_OK(desk_->Request(first));
  ASSERT_TRUE(RunUntil([&] { return IsDone(passport); }));
  erasure::v1::ErasureRequest later = ValueOf(record::ParseErasureRequest(first.body()));
  later.set_deadline_ms(later.deadline_ms() + 1000);
  later.set_basis(erasure::v1::ERASURE_BASIS_LEGAL_ORDER);
  MEGURI_ASSERT_OK(desk_->Request(ValueOf(certs::SignErasureRequest(later, *maker_.member.record_key))));
  const auto page = ValueOf(desk_->List(""));
  ASSERT_EQ(page.erasures_size(), 1);
  EXPECT_EQ(page.erasures(0).basis(), erasure::v1::ERASURE_BASIS_LEGAL_ORDER);
  EXPECT_EQ(page.erasures(0).counts().done(), 2U);
}

}  // namespace
}  // namespace meguri::scenarios
