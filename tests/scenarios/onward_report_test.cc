// SPDX-License-Identifier: Apache-2.0
// Who handed on the feed of an offer tells its owner at the end of the month; and what the owner erases is erased two
// steps away.
#include "certs/onward_report.h"

#include <atomic>
#include <functional>
#include <map>
#include <thread>
#include <vector>

#include "gmock/gmock.h"
#include "node/erasure/incoming_erasures.h"
#include "node/erasure/outgoing_erasures.h"
#include "node/onward/limits.h"
#include "node/onward/onward_reporting.h"
#include "record/erasure.h"
#include "record/onward_report.h"
#include "storage/audit_rows.h"
#include "storage/erasures.h"
#include "storage/fsck.h"
#include "storage/onward_reports.h"
#include "tests/scenarios/access_scene.h"

namespace meguri::scenarios {
namespace {

using meguri::testing::HasReason;
using ::testing::IsEmpty;
using Side = storage::OnwardReports::Side;

constexpr int kStepsMax = 10'000;

// The network between those who report, and those who are asked to erase.
class Lines final : public node::OnwardPeer, public node::ErasurePeer {
 public:
  using Answer = absl::StatusOr<absl::optional<record::v1::SignedBody>>;
  void ReportOnward(const node::OnwardCall& call, node::OnwardPeer::Done done) override {
    ++reports;
    done(on_report ? on_report(call) : Error(absl::StatusCode::kUnavailable, "NODE_UNREACHABLE", "nobody answers"));
  }
  void EraseCopies(const node::ErasureCall& call, node::ErasurePeer::Done done) override {
    const auto holder = holders.find(call.holder.text());
    done(holder == holders.end() ? Answer(Error(absl::StatusCode::kUnavailable, "NODE_UNREACHABLE", "nobody answers"))
                                 : holder->second(call));
  }

  std::atomic<int> reports{0};
  std::function<absl::Status(const node::OnwardCall&)> on_report;
  std::map<std::string, std::function<Answer(const node::ErasureCall&)>> holders;
};

class OnwardReportTest : public AccessScene {
 protected:
  OnwardReportTest() {
    offer_ = Offer(ListingThird());
    MakeDesks();
    // The first of a month, far from its end.
    clock_.Advance(record::BeginOf(record::NextMonth(record::MonthOf(clock_.Now()))) - clock_.Now() + absl::Hours(1));
  }
  ~OnwardReportTest() override { executor_.Stop(); }

  v1::Offer ListingThird() const {
    v1::Offer offer = OfferOfLots();
    offer.set_onward(v1::ONWARD_RULE_LISTED_MEMBERS);
    offer.add_onward_member_ids(third_.member.id);
    return offer;
  }
  std::unique_ptr<node::OnwardReporting> MakeReporting(Party& party) {
    node::OnwardReporting::Hooks hooks;
    hooks.registry = [this] { return registry_->Get(); };
    hooks.signer = [&party] { return SignerOf(party); };
    hooks.on_received = [this](const audit::v1::OnwardReport& report) {
      MEGURI_EXPECT_OK(erasing_->TakeReport(report));
    };
    hooks.on_problem = [](const absl::Status& status) { ADD_FAILURE() << status; };
    return std::make_unique<node::OnwardReporting>(party.node->id(), std::move(hooks), lines_,
                                                   party.node->committer().durable(), party.node->committer(),
                                                   executor_, clock_);
  }
  static std::shared_ptr<const record::Signer> SignerOf(const Party& party) {
    return {std::shared_ptr<const record::Signer>(), party.member.feed_key.get()};
  }
  // As after a start of every node.
  void MakeDesks() {
    Drain();
    erasing_ = std::make_unique<node::OutgoingErasures>(
        owner_.node->id(), [this] { return registry_->Get(); }, lines_, owner_.node->committer().durable(),
        owner_.node->committer(), executor_, clock_, [](const node::ErasureReport&) {});
    readers_ = MakeReporting(reader_);
    owners_ = MakeReporting(owner_);
  }
  void LetTheOwnerHear() {
    lines_.on_report = [this](const node::OnwardCall& call) {
      return owners_->Take(call.acting_member, call.owner, call.report);
    };
  }
  audit::v1::Row RowTo(const Party& reader, const std::string& rule, uint64_t from, uint64_t to) const {
    audit::v1::Row row;
    row.set_format_version(1);
    row.set_nonce("0123456789abcdef");
    row.set_time_ms(static_cast<uint64_t>(absl::ToUnixMillis(clock_.Now())));
    row.set_reader(reader.member.id);
    row.set_identity(certs::testing::NodeUri(reader.member.id));
    row.set_decision(audit::v1::DECISION_DELIVERED);
    row.set_rule(rule);
    row.set_publisher(owner_.member.id);
    row.mutable_feed()->set_name(FeedOf(offer_));
    row.mutable_feed()->set_from(from);
    row.mutable_feed()->set_to(to);
    row.set_purpose(v1::ACCESS_PURPOSE_RECYCLING);
    return row;
  }
  static void Write(Party& party, audit::v1::Row row) {
    std::vector<audit::v1::Row> rows = {std::move(row)};
    MEGURI_EXPECT_OK(party.node->committer().SubmitAndWait([&](storage::CommitScope& scope) {
      return storage::AuditRows::Append(scope, party.node->id(), absl::MakeSpan(rows));
    }));
  }
  void HandOn(uint64_t from, uint64_t to) { Write(reader_, RowTo(third_, "allow-onward-listed", from, to)); }

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
  void Step() {
    readers_->Tick();
    owners_->Tick();
    erasing_->Tick();
    Drain();
  }
  bool RunUntilThat(const std::function<bool()>& is_over) {
    for (int step = 0; step < kStepsMax; ++step) {
      Step();
      if (is_over()) {
        return true;
      }
      clock_.Advance(absl::Seconds(1));
    }
    return false;
  }
  void EndTheMonth() {
    clock_.Advance(record::BeginOf(record::NextMonth(record::MonthOf(clock_.Now()))) - clock_.Now() +
                   node::kOnwardMonthEnd);
    Step();
    clock_.Advance(node::kOnwardLook);
    Step();
  }
  std::vector<audit::v1::OnwardReportView> ReportsOf(node::OnwardReporting& reporting, bool own) {
    const audit::v1::OnwardReportPage page = ValueOf(reporting.List(own, ""));
    return {page.reports().begin(), page.reports().end()};
  }
  void ExpectSound(Party& party) {
    EXPECT_THAT(ValueOf(storage::Fsck(party.node->store(), nullptr, [](uint64_t, uint64_t) {})).problems, IsEmpty());
  }

  // A lot of which nothing is open to everyone, so that nobody is asked who did not get it.
  Signed PublishHiddenLot() {
    Draft lot = LotDraft();
    lot.identity_audience = record::v1::AUDIENCE_OWNER;
    return ValueOf(TryPublish(owner_, lot));
  }
  void LetAnswer(Party& party) {
    auto& incoming = incoming_[party.member.id];
    incoming =
        std::make_unique<node::IncomingErasures>([this] { return registry_->Get(); },
                                                 [&party](const record::ParticipantId& member) {
                                                   return member == party.node->id() ? SignerOf(party) : nullptr;
                                                 },
                                                 party.node->committer().durable(), party.node->committer(), clock_);
    lines_.holders[party.member.id] = [this, &party, &incoming](const node::ErasureCall& call) -> Lines::Answer {
      Lines::Answer answer = incoming->Take(owner_.node->id(), call.holder, call.erasure);
      DestroyKeys(party);
      return answer;
    };
  }
  // As the node's own ticker would.
  static void DestroyKeys(Party& party) {
    MEGURI_EXPECT_OK(party.node->committer().SubmitAndWait([&](storage::CommitScope& scope) -> absl::Status {
      const auto pending = ValueOf(storage::Erasures(party.node->committer().durable()).Pending(100));
      storage::Erasures::Finish(scope.transaction, pending);
      return absl::OkStatus();
    }));
  }
  record::v1::SignedBody Erase(const Signed& lot) {
    Draft last{lot.id, "", {}, absl::nullopt, record::v1::RECORD_TYPE_MATERIAL_PASSPORT, {}, 2, lot.hash, true};
    last.tombstone_reason = record::v1::TOMBSTONE_REASON_ERASED;
    const Signed erased = ValueOf(TryPublish(owner_, last));
    erasure::v1::ErasureRequest request;
    request.set_format_version(1);
    request.set_federation(certs::testing::kFederation);
    request.set_publisher(owner_.member.id);
    request.set_record_id(lot.id.ToString());
    request.set_tombstone_hash(erased.hash.ToString());
    request.set_basis(erasure::v1::ERASURE_BASIS_CONTRACT_ENDED);
    request.set_time_ms(static_cast<uint64_t>(absl::ToUnixMillis(clock_.Now())));
    request.set_deadline_ms(static_cast<uint64_t>(absl::ToUnixMillis(clock_.Now() + absl::Hours(24 * 60))));
    return ValueOf(certs::SignErasureRequest(request, *owner_.member.record_key));
  }
  // The hidden lot at the reader, and by way of it at the third; then the owner's node is heard of no more.
  Signed ShareHiddenLot() {
    const Signed lot = PublishHiddenLot();
    const Signed grant = Grant(offer_);
    Agree(reader_, AgreementTo(grant, offer_));
    EXPECT_TRUE(RunUntil([&] { return CountFoundAtHome(reader_) == 1; }));
    MEGURI_EXPECT_OK(third_.node->Follow(*owner_.node, {FeedOf(offer_)}, reader_.node->id()));
    EXPECT_TRUE(RunUntil([&] { return CountFoundAtHome(third_) == 1; }));
    Write(owner_, RowTo(reader_, "allow-grant", 0, 1));
    HandOn(0, 1);
    peers_.Remove(owner_.node->id());
    peers_.Remove(reader_.node->id());
    return lot;
  }
  static bool HasSections(const Party& party, const Signed& lot) {
    for (const storage::VersionRef& ref : ValueOf(storage::Records(party.node->store()).FindVersions(lot.id))) {
      if (!ValueOf(storage::Records(party.node->store()).ReadSections(ref.arrival, ~uint64_t{0})).empty()) {
        return true;
      }
    }
    return false;
  }
  erasure::v1::ErasureHolder HolderOf(const Signed& lot, const Party& party) const {
    const auto page = ValueOf(erasing_->Get(lot.id, ""));
    for (const erasure::v1::ErasureHolder& holder : page.holders()) {
      if (holder.participant_id() == party.member.id) {
        return holder;
      }
    }
    return {};
  }

  Lines lines_;
  Executor executor_{1, 1024};
  Signed offer_ = NothingYet();
  std::unique_ptr<node::OnwardReporting> readers_;
  std::unique_ptr<node::OnwardReporting> owners_;
  std::unique_ptr<node::OutgoingErasures> erasing_;
  std::map<std::string, std::unique_ptr<node::IncomingErasures>> incoming_;
};

TEST_F(OnwardReportTest, TheOwnerHearsOfAMonthWhenItIsOver) {
  PublishLot();
  owner_.node->TickAccess();
  LetTheOwnerHear();
  const uint32_t month = record::MonthOf(clock_.Now());
  HandOn(0, 256);
  clock_.Advance(absl::Hours(5));
  HandOn(256, 300);
  Write(reader_, RowTo(third_, "allow-member", 0, 9'000));  // no rule of an offer
  // Until then, who handed it on sees what it will report.
  auto own = ReportsOf(*readers_, true);
  ASSERT_EQ(own.size(), 1U);
  EXPECT_FALSE(own[0].has_signed_report());
  EXPECT_EQ(own[0].report().rows(0).batches(), 2U);
  EXPECT_THAT(ReportsOf(*owners_, false), IsEmpty());

  EndTheMonth();
  const auto received = ReportsOf(*owners_, false);
  ASSERT_EQ(received.size(), 1U);
  const audit::v1::OnwardReport& report = received[0].report();
  EXPECT_EQ(report.holder(), reader_.member.id);
  EXPECT_EQ(report.month(), month);
  ASSERT_EQ(report.rows_size(), 1);
  const audit::v1::OnwardRow& row = report.rows(0);
  EXPECT_EQ(row.offer_id(), offer_.id.ToString());
  EXPECT_EQ(row.reader(), third_.member.id);
  EXPECT_EQ(row.purpose(), static_cast<uint32_t>(v1::ACCESS_PURPOSE_RECYCLING));
  EXPECT_EQ(row.from(), 0U);
  EXPECT_EQ(row.to(), 300U);
  EXPECT_EQ(row.last_ms() - row.first_ms(), static_cast<uint64_t>(absl::ToInt64Milliseconds(absl::Hours(5))));
  own = ReportsOf(*readers_, true);
  ASSERT_EQ(own.size(), 1U);
  EXPECT_GT(own[0].delivered_ms(), 0U);
  EXPECT_EQ(own[0].signed_report().body(), received[0].signed_report().body());
  // A month in which nothing was handed on has none.
  EndTheMonth();
  EXPECT_EQ(ReportsOf(*readers_, true).size(), 1U);
  for (Party* party : {&reader_, &owner_}) {
    ExpectSound(*party);
  }
}

TEST_F(OnwardReportTest, ARestartNeitherLosesNorRepeatsAnything) {
  PublishLot();
  owner_.node->TickAccess();
  HandOn(0, 5);
  Step();
  HandOn(5, 7);
  MakeDesks();
  EndTheMonth();
  // Signed, and the owner's node is off.
  ASSERT_EQ(ReportsOf(*readers_, true).size(), 1U);
  const std::string body = ReportsOf(*readers_, true)[0].signed_report().body();
  ASSERT_TRUE(RunUntilThat([&] { return ReportsOf(*readers_, true)[0].tries() >= 3; }));
  EXPECT_EQ(ReportsOf(*readers_, true)[0].error_reason(), "NODE_UNREACHABLE");
  MakeDesks();
  EXPECT_EQ(ReportsOf(*readers_, true)[0].signed_report().body(), body);
  // The answer is lost once, and the report comes again.
  lines_.on_report = [this](const node::OnwardCall& call) {
    MEGURI_EXPECT_OK(owners_->Take(call.acting_member, call.owner, call.report));
    return Error(absl::StatusCode::kUnavailable, "NODE_UNREACHABLE", "the line broke");
  };
  const int before = lines_.reports;
  ASSERT_TRUE(RunUntilThat([&] { return lines_.reports > before; }));
  LetTheOwnerHear();
  ASSERT_TRUE(RunUntilThat([&] { return ReportsOf(*readers_, true)[0].delivered_ms() > 0; }));
  ASSERT_EQ(ReportsOf(*owners_, false).size(), 1U);
  EXPECT_EQ(ReportsOf(*owners_, false)[0].report().rows(0).batches(), 2U);
}

TEST_F(OnwardReportTest, WhatBelongsToAMonthThatIsReportedCountsForTheNext) {
  PublishLot();
  owner_.node->TickAccess();
  LetTheOwnerHear();
  audit::v1::Row late = RowTo(third_, "allow-onward-listed", 7, 8);
  HandOn(0, 7);
  const uint32_t month = record::MonthOf(clock_.Now());
  EndTheMonth();
  Write(reader_, late);  // the clock was set back
  EndTheMonth();
  const auto received = ReportsOf(*owners_, false);
  ASSERT_EQ(received.size(), 2U);
  EXPECT_EQ(received[0].report().month(), record::NextMonth(month)) << "the newest first";
  EXPECT_EQ(received[0].report().rows(0).from(), 7U);
  EXPECT_EQ(received[1].report().rows(0).to(), 7U);
}

TEST_F(OnwardReportTest, OnlyWhatTheHolderSignedOfTheOwnersOffersIsTaken) {
  PublishLot();
  owner_.node->TickAccess();
  HandOn(0, 5);
  EndTheMonth();
  const auto view = ReportsOf(*readers_, true)[0];
  const record::ParticipantId& holder = reader_.node->id();
  const record::ParticipantId& owner = owner_.node->id();
  EXPECT_THAT(owners_->Take(third_.node->id(), owner, view.signed_report()), HasReason("ONWARD_OTHER"));
  EXPECT_THAT(owners_->Take(holder, third_.node->id(), view.signed_report()), HasReason("NOT_HOSTED"));
  const auto sign = [&](const audit::v1::OnwardReport& report, const Party& by) {
    return ValueOf(certs::SignOnwardReport(report, *by.member.feed_key));
  };
  record::v1::SignedBody forged = sign(view.report(), third_);
  forged.mutable_signatures(0)->set_key_id(view.signed_report().signatures(0).key_id());
  EXPECT_THAT(owners_->Take(holder, owner, forged), HasReason("BAD_SIGNATURE"));
  audit::v1::OnwardReport other = view.report();
  other.mutable_rows(0)->set_offer_id(std::string(16, 'x'));
  EXPECT_THAT(owners_->Take(holder, owner, sign(other, reader_)), HasReason("ONWARD_OFFER"));
  other = view.report();
  other.set_month(202001);
  EXPECT_THAT(owners_->Take(holder, owner, sign(other, reader_)), HasReason("ONWARD_MONTH"));
  other = view.report();
  other.set_time_ms(other.time_ms() + 3'600'000);
  EXPECT_THAT(owners_->Take(holder, owner, sign(other, reader_)), HasReason("ONWARD_TIME"));
  EXPECT_THAT(ReportsOf(*owners_, false), IsEmpty());
  MEGURI_EXPECT_OK(owners_->Take(holder, owner, view.signed_report()));
  MEGURI_EXPECT_OK(owners_->Take(holder, owner, view.signed_report()));
  other = view.report();
  other.mutable_rows(0)->set_to(3);
  EXPECT_THAT(owners_->Take(holder, owner, sign(other, reader_)), HasReason("ONWARD_REPORTED"));
  EXPECT_THAT(owners_->List(false, "no token"), HasReason("PAGE_TOKEN"));
}

TEST_F(OnwardReportTest, WhatIsErasedIsErasedTwoStepsAway) {
  const Signed lot = ShareHiddenLot();
  ASSERT_TRUE(HasSections(third_, lot));
  LetAnswer(reader_);
  LetAnswer(third_);
  MEGURI_ASSERT_OK(erasing_->Request(Erase(lot)));
  ASSERT_TRUE(RunUntilThat([&] { return HolderOf(lot, third_).state() == erasure::v1::HOLDER_STATE_DONE; }));
  EXPECT_FALSE(HasSections(third_, lot));
  EXPECT_FALSE(HasSections(reader_, lot));
  const erasure::v1::ErasureHolder holder = HolderOf(lot, reader_);
  EXPECT_TRUE(holder.was_delivered());
  const auto ack = ValueOf(record::ParseErasureAck(holder.acknowledgement().body()));
  ASSERT_EQ(ack.onward_recipients_size(), 1);
  EXPECT_EQ(ack.onward_recipients(0), third_.member.id);
  const erasure::v1::ErasureHolder further = HolderOf(lot, third_);
  EXPECT_EQ(further.via(), reader_.member.id);
  EXPECT_FALSE(further.was_delivered());
  EXPECT_EQ(further.versions(), 1U);
  for (Party* party : {&owner_, &reader_, &third_}) {
    ExpectSound(*party);
  }
}

TEST_F(OnwardReportTest, WhomAReportNamesIsAskedEvenIfTheHolderDoesNotAnswer) {
  const Signed lot = ShareHiddenLot();
  LetAnswer(third_);
  LetTheOwnerHear();
  MEGURI_ASSERT_OK(erasing_->Request(Erase(lot)));
  ASSERT_TRUE(RunUntilThat([&] { return HolderOf(lot, reader_).tries() > 0; }));
  EXPECT_EQ(HolderOf(lot, third_).participant_id(), "") << "nobody knows of it yet";
  EndTheMonth();
  ASSERT_TRUE(RunUntilThat([&] { return HolderOf(lot, third_).state() == erasure::v1::HOLDER_STATE_DONE; }));
  EXPECT_EQ(HolderOf(lot, third_).via(), reader_.member.id);
  EXPECT_FALSE(HasSections(third_, lot));
  EXPECT_EQ(HolderOf(lot, reader_).state(), erasure::v1::HOLDER_STATE_PENDING);
}

TEST_F(OnwardReportTest, AReportThatIsThereCountsForALaterErasure) {
  const Signed lot = ShareHiddenLot();
  LetAnswer(third_);
  LetTheOwnerHear();
  EndTheMonth();
  ASSERT_EQ(ReportsOf(*owners_, false).size(), 1U);
  MEGURI_ASSERT_OK(erasing_->Request(Erase(lot)));
  ASSERT_TRUE(RunUntilThat([&] { return HolderOf(lot, third_).state() == erasure::v1::HOLDER_STATE_DONE; }));
  EXPECT_EQ(HolderOf(lot, third_).via(), reader_.member.id);
}

}  // namespace
}  // namespace meguri::scenarios
