// SPDX-License-Identifier: Apache-2.0
#include "node/onward/onward_reporting.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/cut_text.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "certs/onward_report.h"
#include "node/onward/limits.h"
#include "record/audit_row.h"
#include "record/feed.h"
#include "record/onward_report.h"
#include "storage/audit_rows.h"
#include "storage/feeds.h"

namespace meguri::node {
namespace {

using storage::OnwardName;
using storage::OnwardReports;
using storage::OnwardSumName;
using Side = storage::OnwardReports::Side;

constexpr char kOnwardRules[] = "allow-onward-";
constexpr uint32_t kMonthsInYear = 12;

uint64_t ToMs(absl::Time time) { return static_cast<uint64_t>(absl::ToUnixMillis(time)); }
absl::Time FromMs(uint64_t time_ms) { return absl::FromUnixMillis(static_cast<int64_t>(time_ms)); }

// How many months lie between two.
uint32_t MonthsSince(uint32_t earlier, uint32_t later) {
  const auto count = [](uint32_t month) { return month / 100 * kMonthsInYear + month % 100; };
  return count(later) < count(earlier) ? 0 : count(later) - count(earlier);
}

// What a row tells of something that was handed on; nullopt if it does not.
absl::StatusOr<absl::optional<OnwardSumName>> NameOf(const audit::v1::Row& row) {
  if (row.decision() != audit::v1::DECISION_DELIVERED || !absl::StartsWith(row.rule(), kOnwardRules) ||
      !row.has_feed()) {
    return absl::optional<OnwardSumName>();
  }
  MEGURI_ASSIGN_OR_RETURN(record::ParticipantId owner, record::ParticipantId::Parse(row.publisher()));
  MEGURI_ASSIGN_OR_RETURN(record::ParticipantId reader, record::ParticipantId::Parse(row.reader()));
  MEGURI_ASSIGN_OR_RETURN(const record::FeedName feed, record::FeedName::Parse(row.feed().name()));
  MEGURI_ASSIGN_OR_RETURN(const record::RecordId offer, record::RecordId::ParseHex(feed.scope()));
  return absl::make_optional(
      OnwardSumName{std::move(owner), record::MonthOf(FromMs(row.time_ms())), offer, std::move(reader), row.purpose()});
}

void Add(const storage::v1::StoredOnwardSum& more, storage::v1::StoredOnwardSum& sum) {
  const bool is_first = sum.batches() == 0;
  sum.set_from(is_first ? more.from() : std::min(sum.from(), more.from()));
  sum.set_to(std::max(sum.to(), more.to()));
  sum.set_batches(sum.batches() + more.batches());
  sum.set_first_ms(is_first ? more.first_ms() : std::min(sum.first_ms(), more.first_ms()));
  sum.set_last_ms(std::max(sum.last_ms(), more.last_ms()));
}

audit::v1::OnwardRow RowOf(const OnwardSumName& name, const storage::v1::StoredOnwardSum& sum) {
  audit::v1::OnwardRow row;
  row.set_offer_id(name.offer.ToString());
  row.set_reader(name.reader.text());
  row.set_purpose(name.purpose);
  row.set_from(sum.from());
  row.set_to(sum.to());
  row.set_batches(sum.batches());
  row.set_first_ms(sum.first_ms());
  row.set_last_ms(sum.last_ms());
  return row;
}

absl::Time NextTry(const storage::v1::StoredOnwardReport& stored) {
  if (stored.tries() == 0) {
    return absl::InfinitePast();
  }
  return FromMs(stored.tried_ms()) + PauseAfter(stored.tries(), kOnwardRetryMin, kOnwardRetryMax);
}

void Show(const storage::v1::StoredOnwardReport& stored, audit::v1::OnwardReportView& view) {
  if (const auto report = record::ParseOnwardReport(stored.report().body()); report.ok()) {
    *view.mutable_report() = *report;
  }
  *view.mutable_signed_report() = stored.report();
  view.set_received_ms(stored.received_ms());
  view.set_delivered_ms(stored.delivered_ms());
  view.set_tries(stored.tries());
  view.set_tried_ms(stored.tried_ms());
  view.set_error_reason(stored.error_reason());
  view.set_error(stored.error());
}

absl::Status BadToken() {
  return Error(absl::StatusCode::kInvalidArgument, "PAGE_TOKEN", "The page token is none that this node gave.");
}

}  // namespace

OnwardReporting::OnwardReporting(record::ParticipantId member, Hooks hooks, OnwardPeer& peers,
                                 const storage::SnapshotReader& store, storage::Committer& committer,
                                 Executor& executor, const Clock& clock)
    : member_(std::move(member)),
      hooks_(std::move(hooks)),
      peers_(peers),
      store_(store),
      committer_(committer),
      executor_(executor),
      clock_(clock),
      looks_(executor, clock, kOnwardLook, [this] {
        if (const absl::Status stepped = Step(); !stepped.ok()) {
          hooks_.on_problem(stepped);
        }
      }) {}

absl::Status OnwardReporting::Step() {
  MEGURI_RETURN_IF_ERROR(CountRows());
  MEGURI_RETURN_IF_ERROR(MakeReports());
  return SendReports();
}

absl::Status OnwardReporting::CountRows() {
  while (!looks_.is_stopping()) {
    MEGURI_ASSIGN_OR_RETURN(const uint64_t from, OnwardReports(store_).RowsRead(member_));
    uint64_t to = from;
    MEGURI_ASSIGN_OR_RETURN(const Sums sums, ReadRows(from, to));
    if (to == from) {
      break;
    }
    MEGURI_RETURN_IF_ERROR(AddSums(from, to, sums));
  }
  return absl::OkStatus();
}

absl::StatusOr<OnwardReporting::Sums> OnwardReporting::ReadRows(uint64_t from, uint64_t& to) const {
  Sums sums;
  const storage::Feeds feeds(store_);
  MEGURI_ASSIGN_OR_RETURN(const absl::optional<storage::FeedId> id, feeds.Find(storage::AuditFeedOf(member_)));
  if (!id.has_value()) {
    return sums;
  }
  MEGURI_ASSIGN_OR_RETURN(const storage::FeedHead head, feeds.ReadHead(*id));
  to = std::max(from, std::min(head.size(), from + kOnwardReadAtOnce));
  const storage::AuditRows rows(store_);
  for (uint64_t index = from; index < to; ++index) {
    MEGURI_ASSIGN_OR_RETURN(const record::AuditRow read, rows.Read(*id, index));
    const audit::v1::Row& row = read.message();
    MEGURI_ASSIGN_OR_RETURN(const absl::optional<OnwardSumName> name, NameOf(row));
    if (name.has_value()) {
      storage::v1::StoredOnwardSum one;
      one.set_from(row.feed().from());
      one.set_to(row.feed().to());
      one.set_batches(1);
      one.set_first_ms(row.time_ms());
      one.set_last_ms(row.time_ms());
      Add(one, sums[*name]);
    }
  }
  return sums;
}

// A month that was reported is over: what comes of it all the same counts for the next one.
absl::Status OnwardReporting::AddSums(uint64_t from, uint64_t to, const Sums& sums) {
  return committer_.SubmitAndWait([&](storage::CommitScope& scope) -> absl::Status {
    MEGURI_ASSIGN_OR_RETURN(const uint64_t read, OnwardReports::RowsRead(scope.transaction, member_));
    if (read != from) {
      return absl::OkStatus();  // somebody else has counted them
    }
    for (const auto& [named, more] : sums) {
      OnwardSumName name = named;
      while (true) {
        MEGURI_ASSIGN_OR_RETURN(const auto reported, OnwardReports::Find(scope.transaction, Side::kOwn, member_,
                                                                         OnwardName{name.month, name.owner}));
        if (!reported.has_value()) {
          break;
        }
        name.month = record::NextMonth(name.month);
      }
      MEGURI_ASSIGN_OR_RETURN(const auto known, OnwardReports::FindSum(scope.transaction, member_, name));
      storage::v1::StoredOnwardSum sum = known.value_or(storage::v1::StoredOnwardSum());
      Add(more, sum);
      OnwardReports::PutSum(scope.transaction, member_, name, sum);
    }
    OnwardReports::PutRowsRead(scope.transaction, member_, to);
    return absl::OkStatus();
  });
}

// What is counted of months that have begun before `now`, one draft for each owner and month.
absl::StatusOr<std::vector<OnwardReporting::Draft>> OnwardReporting::DraftsUntil(absl::Time now) const {
  std::map<OnwardName, Draft> drafts;
  MEGURI_ASSIGN_OR_RETURN(const std::vector<OnwardReports::Sum> sums, OnwardReports(store_).Sums(member_));
  for (const auto& [name, sum] : sums) {
    if (record::BeginOf(name.month) > now) {
      continue;
    }
    Draft& draft = drafts[OnwardName{name.month, name.owner}];
    audit::v1::OnwardReport& report = draft.report;
    report.set_format_version(record::kOnwardReportFormatVersion);
    report.set_federation(hooks_.registry()->federation());
    report.set_holder(member_.text());
    report.set_owner(name.owner.text());
    report.set_month(name.month);
    *report.add_rows() = RowOf(name, sum);
    draft.taken.push_back(name);
  }
  std::vector<Draft> all;
  for (auto& [name, draft] : drafts) {
    auto& rows = *draft.report.mutable_rows();
    std::sort(rows.begin(), rows.end(), [](const audit::v1::OnwardRow& a, const audit::v1::OnwardRow& b) {
      return std::tie(a.offer_id(), a.reader()) != std::tie(b.offer_id(), b.reader())
                 ? std::tie(a.offer_id(), a.reader()) < std::tie(b.offer_id(), b.reader())
                 : a.purpose() < b.purpose();
    });
    const auto rows_max = static_cast<int>(record::kOnwardRowsMax);
    if (rows.size() > rows_max) {
      draft.report.set_rows_left_out(static_cast<uint64_t>(rows.size() - rows_max));
      rows.DeleteSubrange(rows_max, rows.size() - rows_max);
    }
    all.push_back(std::move(draft));
  }
  return all;
}

absl::Status OnwardReporting::MakeReports() {
  const absl::Time now = clock_.Now();
  MEGURI_ASSIGN_OR_RETURN(std::vector<Draft> drafts, DraftsUntil(now));
  for (Draft& draft : drafts) {
    if (now < record::BeginOf(record::NextMonth(draft.report.month())) + kOnwardMonthEnd) {
      continue;
    }
    const std::shared_ptr<const record::Signer> signer = hooks_.signer();
    if (signer == nullptr) {
      return Error(absl::StatusCode::kUnavailable, "NO_FEED_KEY", "This node has no feed key of the member now.");
    }
    draft.report.set_time_ms(ToMs(now));
    MEGURI_RETURN_IF_ERROR(Keep(draft, *signer));
  }
  return absl::OkStatus();
}

absl::Status OnwardReporting::Keep(const Draft& draft, const record::Signer& signer) {
  MEGURI_ASSIGN_OR_RETURN(record::v1::SignedBody report, certs::SignOnwardReport(draft.report, signer));
  MEGURI_ASSIGN_OR_RETURN(record::ParticipantId owner, record::ParticipantId::Parse(draft.report.owner()));
  const OnwardName name{draft.report.month(), std::move(owner)};
  return committer_.SubmitAndWait([&](storage::CommitScope& scope) -> absl::Status {
    MEGURI_ASSIGN_OR_RETURN(const auto known, OnwardReports::Find(scope.transaction, Side::kOwn, member_, name));
    if (known.has_value()) {
      return absl::OkStatus();
    }
    storage::v1::StoredOnwardReport stored;
    *stored.mutable_report() = report;
    OnwardReports::Put(scope.transaction, Side::kOwn, member_, name, stored);
    for (const OnwardSumName& taken : draft.taken) {
      OnwardReports::DeleteSum(scope.transaction, member_, taken);
    }
    return absl::OkStatus();
  });
}

absl::Status OnwardReporting::SendReports() {
  std::string after;
  while (!looks_.is_stopping()) {
    MEGURI_ASSIGN_OR_RETURN(const std::vector<OnwardReports::Report> page,
                            OnwardReports(store_).List(Side::kOwn, member_, after, kOnwardReportsPage));
    for (const auto& [name, stored] : page) {
      if (stored.delivered_ms() == 0) {
        Send(name, stored);
      }
    }
    if (page.size() < kOnwardReportsPage) {
      break;
    }
    after = OnwardReports::KeyOf(page.back().first);
  }
  return absl::OkStatus();
}

void OnwardReporting::Send(const OnwardName& name, const storage::v1::StoredOnwardReport& stored) {
  const std::shared_ptr<const certs::Registry> registry = hooks_.registry();
  const registry::v1::MemberEntry* entry = registry->Find(name.other);
  if (entry == nullptr || !registry->IsActive(name.other) || entry->hosting().addresses().empty()) {
    return;  // looked at again
  }
  const absl::Time due = NextTry(stored);
  if (due > clock_.Now()) {
    looks_.DueBy(due);
    return;
  }
  {
    MutexLock lock(mutex_);
    if (sent_.size() >= kOnwardSendsMax || !sent_.insert(name).second) {
      return;
    }
  }
  const auto& addresses = entry->hosting().addresses();
  const OnwardCall call{
      name.other, entry->hosting().node_identity(), {addresses.begin(), addresses.end()}, member_, stored.report()};
  peers_.ReportOnward(call, [this, name](const absl::Status& status) {
    if (!executor_.Submit([this, name, status] { TakeAnswer(name, status); })) {
      MutexLock lock(mutex_);
      sent_.erase(name);  // busy: it is sent once more
    }
  });
}

void OnwardReporting::TakeAnswer(const OnwardName& name, const absl::Status& status) {
  const absl::Time now = clock_.Now();
  const absl::Status kept = committer_.SubmitAndWait([&](storage::CommitScope& scope) -> absl::Status {
    MEGURI_ASSIGN_OR_RETURN(auto stored, OnwardReports::Find(scope.transaction, Side::kOwn, member_, name));
    if (!stored.has_value() || stored->delivered_ms() != 0) {
      return absl::OkStatus();
    }
    stored->set_tries(stored->tries() + 1);
    stored->set_tried_ms(ToMs(now));
    stored->set_delivered_ms(status.ok() ? ToMs(now) : 0);
    stored->set_error_reason(status.ok() ? "" : ReasonOf(status).empty() ? "UNKNOWN" : ReasonOf(status));
    stored->set_error(std::string(CutText(status.message(), kOnwardErrorMax)));
    OnwardReports::Put(scope.transaction, Side::kOwn, member_, name, *stored);
    return absl::OkStatus();
  });
  if (!kept.ok()) {
    hooks_.on_problem(kept);
  }
  MutexLock lock(mutex_);
  sent_.erase(name);
}

absl::Status OnwardReporting::CheckOffers(const audit::v1::OnwardReport& report) const {
  const storage::Feeds feeds(store_);
  std::string last;
  for (const audit::v1::OnwardRow& row : report.rows()) {
    if (row.offer_id() == last) {
      continue;
    }
    last = row.offer_id();
    const absl::StatusOr<record::FeedName> name =
        record::FeedName::Parse(absl::StrCat("offer/", absl::BytesToHexString(last)));
    absl::optional<storage::FeedId> id;
    if (name.ok()) {
      MEGURI_ASSIGN_OR_RETURN(id, feeds.Find({member_, {member_, *name, 1}}));
    }
    if (!id.has_value()) {
      return Error(absl::StatusCode::kInvalidArgument, "ONWARD_OFFER",
                   absl::StrCat(member_.text(), " has no feed of an offer ", absl::BytesToHexString(last), "."));
    }
  }
  return absl::OkStatus();
}

absl::Status OnwardReporting::Take(const record::ParticipantId& holder, const record::ParticipantId& owner,
                                   const record::v1::SignedBody& report) {
  if (owner != member_) {
    return Error(absl::StatusCode::kNotFound, "NOT_HOSTED", absl::StrCat(owner.text(), " is not a member here."));
  }
  const absl::Time now = clock_.Now();
  MEGURI_ASSIGN_OR_RETURN(const audit::v1::OnwardReport opened,
                          certs::OpenOnwardReport(report, holder, owner, *hooks_.registry(), now));
  if (MonthsSince(opened.month(), record::MonthOf(now)) > kOnwardMonthsKept) {
    return Error(absl::StatusCode::kInvalidArgument, "ONWARD_MONTH",
                 absl::StrCat("The month ", opened.month(), " is more than ", kOnwardMonthsKept, " months ago."));
  }
  MEGURI_RETURN_IF_ERROR(CheckOffers(opened));
  const OnwardName name{opened.month(), holder};
  bool is_new = false;
  MEGURI_RETURN_IF_ERROR(committer_.SubmitAndWait([&](storage::CommitScope& scope) -> absl::Status {
    MEGURI_ASSIGN_OR_RETURN(const auto known, OnwardReports::Find(scope.transaction, Side::kReceived, member_, name));
    if (known.has_value()) {
      return known->report().body() == report.body()
                 ? absl::OkStatus()
                 : Error(absl::StatusCode::kAlreadyExists, "ONWARD_REPORTED",
                         absl::StrCat(holder.text(), " has reported the month ", opened.month(),
                                      " already, and otherwise: the first report stays."));
    }
    is_new = true;
    storage::v1::StoredOnwardReport stored;
    *stored.mutable_report() = report;
    stored.set_received_ms(ToMs(now));
    OnwardReports::Put(scope.transaction, Side::kReceived, member_, name, stored);
    return absl::OkStatus();
  }));
  if (is_new) {
    hooks_.on_received(opened);
  }
  return absl::OkStatus();
}

absl::StatusOr<audit::v1::OnwardReportPage> OnwardReporting::List(bool own, absl::string_view page_token) {
  const std::string after = absl::HexStringToBytes(page_token);
  if (absl::BytesToHexString(after) != page_token) {
    return BadToken();
  }
  audit::v1::OnwardReportPage page;
  if (own && after.empty()) {
    MEGURI_RETURN_IF_ERROR(CountRows());
    MEGURI_ASSIGN_OR_RETURN(std::vector<Draft> drafts, DraftsUntil(absl::InfiniteFuture()));
    for (auto draft = drafts.rbegin(); draft != drafts.rend(); ++draft) {
      *page.add_reports()->mutable_report() = std::move(draft->report);
    }
  }
  const Side side = own ? Side::kOwn : Side::kReceived;
  MEGURI_ASSIGN_OR_RETURN(const std::vector<OnwardReports::Report> found,
                          OnwardReports(store_).List(side, member_, after, kOnwardReportsPage));
  for (const auto& [name, stored] : found) {
    Show(stored, *page.add_reports());
  }
  if (found.size() == kOnwardReportsPage) {
    page.set_next_page_token(absl::BytesToHexString(OnwardReports::KeyOf(found.back().first)));
  }
  return page;
}

}  // namespace meguri::node
