// SPDX-License-Identifier: Apache-2.0
// What OutgoingErasures shows.
#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "node/erasure/erasure_token.h"
#include "node/erasure/limits.h"
#include "node/erasure/outgoing_erasures.h"
#include "record/erasure.h"

namespace meguri::node {
namespace {

void Count(erasure::v1::HolderState state, erasure::v1::ErasureCounts& counts) {
  switch (state) {
    case erasure::v1::HOLDER_STATE_DONE:
      counts.set_done(counts.done() + 1);
      break;
    case erasure::v1::HOLDER_STATE_PENDING:
      counts.set_pending(counts.pending() + 1);
      break;
    case erasure::v1::HOLDER_STATE_OVERDUE:
      counts.set_overdue(counts.overdue() + 1);
      break;
    default:
      counts.set_gone(counts.gone() + 1);
  }
}

void Show(const storage::v1::StoredHolder& stored, erasure::v1::ErasureHolder& out) {
  out.set_was_delivered(stored.was_delivered());
  out.set_found_ms(stored.found_ms());
  out.set_tries(stored.tries());
  out.set_tried_ms(stored.tried_ms());
  out.set_error_reason(stored.error_reason());
  out.set_error(stored.error());
  out.set_via(stored.via());
  if (const auto ack = record::ParseErasureAck(stored.acknowledgement().body()); ack.ok()) {
    *out.mutable_acknowledgement() = stored.acknowledgement();
    out.set_versions(ack->versions());
    out.set_done_ms(ack->time_ms());
    out.set_acknowledged_ms(stored.acknowledged_ms());
  }
}

}  // namespace

absl::StatusOr<erasure::v1::Erasure> OutgoingErasures::Describe(const storage::ErasureRequests::Own& own) const {
  const auto& [name, stored] = own;
  MEGURI_ASSIGN_OR_RETURN(const erasure::v1::ErasureRequest request,
                          record::ParseErasureRequest(stored.request().body()));
  erasure::v1::Erasure out;
  out.set_record_id(name.record_id.ToString());
  *out.mutable_request() = stored.request();
  out.set_basis(request.basis());
  out.set_time_ms(request.time_ms());
  out.set_deadline_ms(request.deadline_ms());
  out.set_asks_everyone(stored.asks_everyone());
  out.set_looks_for_holders(!stored.has_read_all());
  out.set_rows_read(stored.rows_read());
  out.mutable_counts();
  std::string after;
  while (true) {
    MEGURI_ASSIGN_OR_RETURN(const std::vector<storage::ErasureRequests::Holder> page,
                            storage::ErasureRequests(store_).Holders(name, after, kErasureHoldersPage));
    for (const auto& [holder, asked] : page) {
      Count(StateOf(holder, asked, request.deadline_ms()), *out.mutable_counts());
    }
    if (page.size() < kErasureHoldersPage) {
      return out;
    }
    after = page.back().first.text();
  }
}

absl::StatusOr<erasure::v1::ErasurePage> OutgoingErasures::List(absl::string_view page_token) const {
  MEGURI_ASSIGN_OR_RETURN(const std::string after, ParseErasureToken(page_token));
  MEGURI_ASSIGN_OR_RETURN(const std::vector<storage::ErasureRequests::Own> found,
                          storage::ErasureRequests(store_).List(member_, after, kErasuresPage));
  erasure::v1::ErasurePage page;
  for (const storage::ErasureRequests::Own& own : found) {
    MEGURI_ASSIGN_OR_RETURN(*page.add_erasures(), Describe(own));
  }
  if (found.size() == kErasuresPage) {
    page.set_next_page_token(MakeErasureToken(found.back().first.record_id.view()));
  }
  return page;
}

absl::StatusOr<erasure::v1::ErasureHolderPage> OutgoingErasures::Get(const record::RecordId& record_id,
                                                                     absl::string_view page_token) const {
  MEGURI_ASSIGN_OR_RETURN(const std::string after, ParseErasureToken(page_token));
  const storage::ErasureName name{member_, record_id};
  const storage::ErasureRequests requests(store_);
  MEGURI_ASSIGN_OR_RETURN(auto stored, requests.Find(name));
  if (!stored.has_value()) {
    return Error(absl::StatusCode::kNotFound, "ERASURE_NOT_FOUND",
                 absl::StrCat("Nobody was asked to erase ", record_id.ToHex(),
                              "; `meguri erasure list` shows what was asked for."));
  }
  erasure::v1::ErasureHolderPage page;
  MEGURI_ASSIGN_OR_RETURN(*page.mutable_erasure(), Describe({name, *std::move(stored)}));
  MEGURI_ASSIGN_OR_RETURN(const std::vector<storage::ErasureRequests::Holder> holders,
                          requests.Holders(name, after, kErasureHoldersPage));
  for (const auto& [holder, asked] : holders) {
    erasure::v1::ErasureHolder& out = *page.add_holders();
    out.set_participant_id(holder.text());
    out.set_state(StateOf(holder, asked, page.erasure().deadline_ms()));
    Show(asked, out);
  }
  if (holders.size() == kErasureHoldersPage) {
    page.set_next_page_token(MakeErasureToken(holders.back().first.text()));
  }
  return page;
}

}  // namespace meguri::node
