// SPDX-License-Identifier: Apache-2.0
#include "node/erasure/outgoing_erasures.h"

#include <algorithm>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "base/cut_text.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "node/erasure/erasure_token.h"
#include "node/erasure/limits.h"
#include "record/erasure.h"
#include "record/onward_report.h"
#include "storage/audit_rows.h"
#include "storage/onward_reports.h"
#include "storage/records.h"

namespace meguri::node {
namespace {

uint64_t ToMs(absl::Time time) { return static_cast<uint64_t>(absl::ToUnixMillis(time)); }
absl::Time FromMs(uint64_t time_ms) { return absl::FromUnixMillis(static_cast<int64_t>(time_ms)); }

// When to ask after so many tries.
absl::Time NextTry(const storage::v1::StoredHolder& holder) {
  if (holder.tries() == 0) {
    return absl::InfinitePast();
  }
  if (holder.error_reason().empty()) {
    return FromMs(holder.tried_ms()) + kErasureAcceptedRetry;
  }
  return FromMs(holder.tried_ms()) + PauseAfter(holder.tries(), kErasureRetryMin, kErasureRetryMax);
}

}  // namespace

OutgoingErasures::OutgoingErasures(record::ParticipantId member, ErasureRegistry registry, ErasurePeer& peers,
                                   const storage::SnapshotReader& store, storage::Committer& committer,
                                   Executor& executor, const Clock& clock, OnReport on_report)
    : member_(std::move(member)),
      registry_(std::move(registry)),
      peers_(peers),
      store_(store),
      committer_(committer),
      executor_(executor),
      clock_(clock),
      on_report_(std::move(on_report)),
      // A look that fails says nothing: the store says what ails it, and in a minute this is tried again.
      looks_(executor, clock, kErasureLookAgain, [this] { Step().IgnoreError(); }) {}

// The request with the tombstone of the store.
absl::StatusOr<erasure::v1::SignedErasure> OutgoingErasures::Complete(const record::v1::SignedBody& request) const {
  MEGURI_ASSIGN_OR_RETURN(const erasure::v1::ErasureRequest message, record::ParseErasureRequest(request.body()));
  MEGURI_ASSIGN_OR_RETURN(const record::Hash hash, record::Hash::Parse(message.tombstone_hash()));
  const storage::Records records(store_);
  MEGURI_ASSIGN_OR_RETURN(const absl::optional<storage::Arrival> arrival, records.FindByHash(hash));
  if (!arrival.has_value()) {
    return Error(absl::StatusCode::kFailedPrecondition, "NOT_ERASED",
                 "The record is not erased here: run `meguri record withdraw ID --erase` first.");
  }
  MEGURI_ASSIGN_OR_RETURN(const storage::v1::StoredRecord stored, records.Read(*arrival));
  erasure::v1::SignedErasure erasure;
  *erasure.mutable_request() = request;
  erasure.mutable_tombstone()->set_header(stored.header());
  MEGURI_ASSIGN_OR_RETURN(*erasure.mutable_tombstone()->mutable_signature(), storage::ParseSignature(stored));
  return erasure;
}

absl::Status OutgoingErasures::Request(const record::v1::SignedBody& request) {
  const absl::Time now = clock_.Now();
  MEGURI_ASSIGN_OR_RETURN(const erasure::v1::SignedErasure erasure, Complete(request));
  MEGURI_ASSIGN_OR_RETURN(const certs::OpenedErasure opened, certs::OpenErasure(erasure, *registry_(), now));
  if (opened.tombstone.publisher() != member_) {
    return Error(
        absl::StatusCode::kPermissionDenied, "ERASURE_CALLER",
        absl::StrCat("The record is one of ", opened.tombstone.publisher().text(), ", not of ", member_.text(), "."));
  }
  if (FromMs(opened.request.deadline_ms()) <= now) {
    return Error(absl::StatusCode::kFailedPrecondition, "ERASURE_DEADLINE",
                 "The deadline is over already: name one that holders can meet.");
  }
  const storage::ErasureName name{member_, opened.tombstone.record_id()};
  MEGURI_RETURN_IF_ERROR(committer_.SubmitAndWait([&](storage::CommitScope& scope) -> absl::Status {
    MEGURI_ASSIGN_OR_RETURN(const auto known, storage::ErasureRequests::Find(scope.transaction, name));
    storage::v1::StoredErasure stored = known.value_or(storage::v1::StoredErasure());
    *stored.mutable_request() = request;
    stored.set_begun_ms(known.has_value() ? stored.begun_ms() : ToMs(now));
    storage::ErasureRequests::Put(scope.transaction, name, stored);
    return absl::OkStatus();
  }));
  MutexLock lock(mutex_);
  settled_.erase(name);
  told_overdue_.erase(name);
  looks_.DueBy(now);
  return absl::OkStatus();
}

absl::Status OutgoingErasures::Step() {
  std::string after;
  while (!looks_.is_stopping()) {
    MEGURI_ASSIGN_OR_RETURN(std::vector<storage::ErasureRequests::Own> page,
                            storage::ErasureRequests(store_).List(member_, after, kErasuresPage));
    for (const storage::ErasureRequests::Own& own : page) {
      {
        MutexLock lock(mutex_);
        if (settled_.count(own.first) > 0) {
          continue;
        }
      }
      MEGURI_RETURN_IF_ERROR(StepOne(own.first, own.second));
    }
    if (page.size() < kErasuresPage) {
      break;
    }
    after = page.back().first.record_id.ToString();
  }
  return absl::OkStatus();
}

absl::Status OutgoingErasures::StepOne(const storage::ErasureName& name, const storage::v1::StoredErasure& stored) {
  MEGURI_ASSIGN_OR_RETURN(const erasure::v1::SignedErasure erasure, Complete(stored.request()));
  MEGURI_ASSIGN_OR_RETURN(const erasure::v1::ErasureRequest request,
                          record::ParseErasureRequest(stored.request().body()));
  bool has_read_all = stored.has_read_all();
  if (!has_read_all) {
    MEGURI_ASSIGN_OR_RETURN(has_read_all, Search(name, erasure, stored));
  }
  uint64_t open = 0;
  std::string after;
  while (!looks_.is_stopping()) {
    MEGURI_ASSIGN_OR_RETURN(const std::vector<storage::ErasureRequests::Holder> page,
                            storage::ErasureRequests(store_).Holders(name, after, kErasureHoldersPage));
    for (const auto& [holder, asked] : page) {
      if (!asked.has_acknowledgement()) {
        open += StateOf(holder, asked, request.deadline_ms()) == erasure::v1::HOLDER_STATE_GONE ? 0 : 1;
        AskIfDue(name, holder, asked, erasure);
      }
    }
    if (page.size() < kErasureHoldersPage) {
      break;
    }
    after = page.back().first.text();
  }
  NoteState(name, has_read_all, open, request.deadline_ms());
  return absl::OkStatus();
}

void OutgoingErasures::NoteState(const storage::ErasureName& name, bool has_read_all, uint64_t open,
                                 uint64_t deadline_ms) {
  if (open > 0) {
    NoteOverdue(name, deadline_ms, open);
  }
  bool ends_now = false;
  {
    MutexLock lock(mutex_);
    if (open > 0 || !has_read_all) {
      open_.insert(name);
    } else {
      settled_.insert(name);
      ends_now = open_.erase(name) > 0;
    }
  }
  if (ends_now) {
    on_report_({ErasureReport::Kind::kDone, name, 0, absl::nullopt, absl::OkStatus()});
  }
}

absl::StatusOr<bool> OutgoingErasures::Search(const storage::ErasureName& name,
                                              const erasure::v1::SignedErasure& erasure,
                                              const storage::v1::StoredErasure& stored) {
  MEGURI_ASSIGN_OR_RETURN(const record::Header tombstone, record::Header::Parse(erasure.tombstone().header()));
  MEGURI_ASSIGN_OR_RETURN(const Deliveries deliveries, Deliveries::Of(store_, member_, tombstone));
  storage::v1::StoredErasure progress = stored;
  uint64_t to = stored.rows_read();
  // What was read before the tombstone was there may have its row a moment later.
  const bool is_late = clock_.Now() >= FromMs(stored.begun_ms()) + kErasureLateRows;
  MEGURI_ASSIGN_OR_RETURN(const std::set<record::ParticipantId> delivered,
                          ReadRows(deliveries, stored.rows_read(), to));
  const bool is_whole = to - stored.rows_read() < kErasureRowsAtOnce;
  progress.set_rows_read(to);
  progress.set_has_read_all(is_whole && is_late);
  progress.set_asks_everyone(stored.asks_everyone() || deliveries.opened_to_everyone());
  MEGURI_RETURN_IF_ERROR(Found(name, deliveries, delivered, progress));
  if (!progress.has_read_all()) {
    looks_.DueBy(is_whole ? clock_.Now() + kErasureRetryMin : clock_.Now());
  }
  return progress.has_read_all();
}

absl::StatusOr<std::set<record::ParticipantId>> OutgoingErasures::ReadRows(const Deliveries& deliveries, uint64_t from,
                                                                           uint64_t& to) const {
  std::set<record::ParticipantId> readers;
  const storage::Feeds feeds(store_);
  MEGURI_ASSIGN_OR_RETURN(const absl::optional<storage::FeedId> id, feeds.Find(storage::AuditFeedOf(member_)));
  if (!id.has_value()) {
    return readers;
  }
  MEGURI_ASSIGN_OR_RETURN(const storage::FeedHead head, feeds.ReadHead(*id));
  to = std::min(head.size(), from + kErasureRowsAtOnce);
  const storage::AuditRows rows(store_);
  for (uint64_t index = from; index < to; ++index) {
    MEGURI_ASSIGN_OR_RETURN(const record::AuditRow row, rows.Read(*id, index));
    if (deliveries.Tells(row.message())) {
      MEGURI_ASSIGN_OR_RETURN(record::ParticipantId reader, record::ParticipantId::Parse(row.message().reader()));
      readers.insert(std::move(reader));
    }
  }
  return readers;
}

absl::Status OutgoingErasures::Found(const storage::ErasureName& name, const Deliveries& deliveries,
                                     const std::set<record::ParticipantId>& delivered,
                                     const storage::v1::StoredErasure& progress) {
  MEGURI_ASSIGN_OR_RETURN(const std::vector<audit::v1::OnwardReport> reports, ReadReports());
  std::set<record::ParticipantId> holders = delivered;
  if (progress.asks_everyone()) {
    for (const registry::v1::MemberEntry* entry : registry_()->Members()) {
      const absl::StatusOr<record::ParticipantId> id = record::ParticipantId::Parse(entry->participant_id());
      if (id.ok() && *id != member_ && entry->status() != registry::v1::MEMBER_STATUS_LEFT) {
        holders.insert(*id);
      }
    }
  }
  const uint64_t now_ms = ToMs(clock_.Now());
  return committer_.SubmitAndWait([&](storage::CommitScope& scope) -> absl::Status {
    for (const record::ParticipantId& holder : holders) {
      MEGURI_ASSIGN_OR_RETURN(const auto known, storage::ErasureRequests::FindHolder(scope.transaction, name, holder));
      storage::v1::StoredHolder stored = known.value_or(storage::v1::StoredHolder());
      stored.set_was_delivered(stored.was_delivered() || delivered.count(holder) > 0);
      stored.set_found_ms(known.has_value() ? stored.found_ms() : now_ms);
      storage::ErasureRequests::PutHolder(scope.transaction, name, holder, stored);
    }
    for (const audit::v1::OnwardReport& report : reports) {
      MEGURI_RETURN_IF_ERROR(PutReported(name, deliveries, report, scope));
    }
    MEGURI_ASSIGN_OR_RETURN(auto stored, storage::ErasureRequests::Find(scope.transaction, name));
    if (stored.has_value()) {  // its request may be a newer one
      stored->set_rows_read(progress.rows_read());
      stored->set_has_read_all(progress.has_read_all());
      stored->set_asks_everyone(progress.asks_everyone());
      storage::ErasureRequests::Put(scope.transaction, name, *stored);
    }
    return absl::OkStatus();
  });
}

void OutgoingErasures::AskIfDue(const storage::ErasureName& name, const record::ParticipantId& holder,
                                const storage::v1::StoredHolder& stored, const erasure::v1::SignedErasure& erasure) {
  const std::shared_ptr<const certs::Registry> registry = registry_();
  const registry::v1::MemberEntry* entry = registry->Find(holder);
  if (entry == nullptr || !registry->IsActive(holder) || entry->hosting().addresses().empty()) {
    return;  // looked at again in a minute
  }
  const absl::Time due = NextTry(stored);
  if (due > clock_.Now()) {
    looks_.DueBy(due);
    return;
  }
  absl::StatusOr<erasure::v1::ErasureRequest> request = record::ParseErasureRequest(erasure.request().body());
  {
    MutexLock lock(mutex_);
    if (!request.ok() || asked_.count({name, holder}) > 0) {
      return;
    }
    if (asked_.size() >= kErasureAsksMax) {
      looks_.DueBy(clock_.Now() + kErasureRetryMin);
      return;
    }
    asked_.insert({name, holder});
  }
  const auto& addresses = entry->hosting().addresses();
  const ErasureCall call{
      holder, entry->hosting().node_identity(), {addresses.begin(), addresses.end()}, member_, erasure};
  peers_.EraseCopies(call, [this, name, holder, request = *std::move(request)](
                               absl::StatusOr<absl::optional<record::v1::SignedBody>> answer) {
    auto take = [this, name, holder, request, answer = std::move(answer)]() mutable {
      Take(name, holder, request, std::move(answer));
    };
    if (!executor_.Submit(std::move(take))) {
      MutexLock lock(mutex_);
      asked_.erase({name, holder});  // busy: it is asked once more
    }
  });
}

void OutgoingErasures::Take(const storage::ErasureName& name, const record::ParticipantId& holder,
                            const erasure::v1::ErasureRequest& request,
                            absl::StatusOr<absl::optional<record::v1::SignedBody>> answer) {
  const absl::Time now = clock_.Now();
  absl::Status status = answer.status();
  const bool has_answered = answer.ok() && answer->has_value();
  erasure::v1::ErasureAck ack;
  if (has_answered) {
    absl::StatusOr<erasure::v1::ErasureAck> opened =
        certs::OpenErasureAck(**answer, request, holder, *registry_(), now);
    status = opened.status();
    if (!status.ok()) {
      on_report_({ErasureReport::Kind::kRefused, name, 0, holder, status});
    } else {
      ack = *std::move(opened);
    }
  }
  const bool is_done = has_answered && status.ok();
  const absl::Status kept = committer_.SubmitAndWait([&](storage::CommitScope& scope) -> absl::Status {
    MEGURI_ASSIGN_OR_RETURN(auto stored, storage::ErasureRequests::FindHolder(scope.transaction, name, holder));
    if (!stored.has_value() || stored->has_acknowledgement()) {
      return absl::OkStatus();
    }
    stored->set_tries(stored->tries() + 1);
    stored->set_tried_ms(ToMs(now));
    stored->set_error_reason(status.ok() ? "" : ReasonOf(status).empty() ? "UNKNOWN" : ReasonOf(status));
    stored->set_error(std::string(CutText(status.message(), kErasureErrorMax)));
    if (is_done) {
      *stored->mutable_acknowledgement() = **answer;
      stored->set_acknowledged_ms(ToMs(now));
    }
    storage::ErasureRequests::PutHolder(scope.transaction, name, holder, *stored);
    return PutRecipients(name, holder, ack, scope);
  });
  MutexLock lock(mutex_);
  asked_.erase({name, holder});
  if (kept.ok()) {
    looks_.DueBy(now + kErasureRetryMin);
  }
}

// Those to whom a holder handed it on are asked as the holder was. Of more than it could name, each member is.
absl::Status OutgoingErasures::PutRecipients(const storage::ErasureName& name, const record::ParticipantId& holder,
                                             const erasure::v1::ErasureAck& ack, storage::CommitScope& scope) const {
  std::set<record::ParticipantId> recipients;
  for (const std::string& text : ack.onward_recipients()) {
    MEGURI_ASSIGN_OR_RETURN(record::ParticipantId recipient, record::ParticipantId::Parse(text));
    recipients.insert(std::move(recipient));
  }
  MEGURI_RETURN_IF_ERROR(PutVia(name, holder, recipients, scope));
  if (ack.has_more_recipients()) {
    MEGURI_ASSIGN_OR_RETURN(auto stored, storage::ErasureRequests::Find(scope.transaction, name));
    if (stored.has_value()) {
      stored->set_asks_everyone(true);
      stored->set_has_read_all(false);  // so that they are looked for
      storage::ErasureRequests::Put(scope.transaction, name, *stored);
    }
  }
  return absl::OkStatus();
}

absl::Status OutgoingErasures::PutReported(const storage::ErasureName& name, const Deliveries& deliveries,
                                           const audit::v1::OnwardReport& report, storage::CommitScope& scope) const {
  std::set<record::ParticipantId> readers;
  for (const audit::v1::OnwardRow& row : report.rows()) {
    if (deliveries.TellsOfFeed(absl::StrCat("offer/", absl::BytesToHexString(row.offer_id())), row.to())) {
      MEGURI_ASSIGN_OR_RETURN(record::ParticipantId reader, record::ParticipantId::Parse(row.reader()));
      readers.insert(std::move(reader));
    }
  }
  MEGURI_ASSIGN_OR_RETURN(const record::ParticipantId holder, record::ParticipantId::Parse(report.holder()));
  return PutVia(name, holder, readers, scope);
}

absl::StatusOr<std::vector<audit::v1::OnwardReport>> OutgoingErasures::ReadReports() const {
  std::vector<audit::v1::OnwardReport> reports;
  std::string after;
  while (true) {
    MEGURI_ASSIGN_OR_RETURN(const std::vector<storage::OnwardReports::Report> page,
                            storage::OnwardReports(store_).List(storage::OnwardReports::Side::kReceived, member_, after,
                                                                kErasureHoldersPage));
    for (const auto& [name, stored] : page) {
      MEGURI_ASSIGN_OR_RETURN(audit::v1::OnwardReport report, record::ParseOnwardReport(stored.report().body()));
      reports.push_back(std::move(report));
    }
    if (page.size() < kErasureHoldersPage) {
      return reports;
    }
    after = storage::OnwardReports::KeyOf(page.back().first);
  }
}

absl::Status OutgoingErasures::TakeReport(const audit::v1::OnwardReport& report) {
  std::string after;
  while (true) {
    MEGURI_ASSIGN_OR_RETURN(const std::vector<storage::ErasureRequests::Own> page,
                            storage::ErasureRequests(store_).List(member_, after, kErasuresPage));
    for (const auto& [named, stored] : page) {
      const storage::ErasureName& name = named;
      MEGURI_ASSIGN_OR_RETURN(const erasure::v1::SignedErasure erasure, Complete(stored.request()));
      MEGURI_ASSIGN_OR_RETURN(const record::Header tombstone, record::Header::Parse(erasure.tombstone().header()));
      MEGURI_ASSIGN_OR_RETURN(const Deliveries deliveries, Deliveries::Of(store_, member_, tombstone));
      MEGURI_RETURN_IF_ERROR(committer_.SubmitAndWait(
          [&](storage::CommitScope& scope) -> absl::Status { return PutReported(name, deliveries, report, scope); }));
      MutexLock lock(mutex_);
      settled_.erase(name);
      looks_.DueBy(clock_.Now());
    }
    if (page.size() < kErasuresPage) {
      return absl::OkStatus();
    }
    after = page.back().first.record_id.ToString();
  }
}

absl::Status OutgoingErasures::PutVia(const storage::ErasureName& name, const record::ParticipantId& holder,
                                      const std::set<record::ParticipantId>& recipients,
                                      storage::CommitScope& scope) const {
  const std::shared_ptr<const certs::Registry> registry = registry_();
  for (const record::ParticipantId& recipient : recipients) {
    if (recipient == member_ || registry->Find(recipient) == nullptr) {
      continue;  // nobody can be asked whom the registry does not know
    }
    MEGURI_ASSIGN_OR_RETURN(const auto known, storage::ErasureRequests::FindHolder(scope.transaction, name, recipient));
    storage::v1::StoredHolder stored = known.value_or(storage::v1::StoredHolder());
    stored.set_found_ms(known.has_value() ? stored.found_ms() : ToMs(clock_.Now()));
    stored.set_via(stored.via().empty() ? holder.text() : stored.via());
    storage::ErasureRequests::PutHolder(scope.transaction, name, recipient, stored);
  }
  return absl::OkStatus();
}

void OutgoingErasures::NoteOverdue(const storage::ErasureName& name, uint64_t deadline_ms, uint64_t open) {
  const absl::Time deadline = FromMs(deadline_ms);
  if (clock_.Now() < deadline) {
    looks_.DueBy(deadline);
    return;
  }
  {
    MutexLock lock(mutex_);
    if (!told_overdue_.insert(name).second) {
      return;
    }
  }
  on_report_({ErasureReport::Kind::kOverdue, name, open, absl::nullopt, absl::OkStatus()});
}

erasure::v1::HolderState OutgoingErasures::StateOf(const record::ParticipantId& holder,
                                                   const storage::v1::StoredHolder& stored,
                                                   uint64_t deadline_ms) const {
  if (stored.has_acknowledgement()) {
    return erasure::v1::HOLDER_STATE_DONE;
  }
  const std::shared_ptr<const certs::Registry> registry = registry_();
  const registry::v1::MemberEntry* entry = registry->Find(holder);
  if (entry == nullptr || entry->status() == registry::v1::MEMBER_STATUS_LEFT) {
    return erasure::v1::HOLDER_STATE_GONE;
  }
  return clock_.Now() < FromMs(deadline_ms) ? erasure::v1::HOLDER_STATE_PENDING : erasure::v1::HOLDER_STATE_OVERDUE;
}

}  // namespace meguri::node
