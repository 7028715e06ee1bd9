// SPDX-License-Identifier: Apache-2.0
#include "node/erasure/incoming_erasures.h"

#include <algorithm>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "node/erasure/erasure_token.h"
#include "node/erasure/limits.h"
#include "node/erasure/onward_recipients.h"
#include "record/erasure.h"
#include "storage/erasures.h"
#include "storage/records.h"

namespace meguri::node {
namespace {

uint64_t ToMs(absl::Time time) { return static_cast<uint64_t>(absl::ToUnixMillis(time)); }

void Show(const storage::ErasureRequests::Incoming& incoming, erasure::v1::IncomingErasure& out) {
  const auto& [name, stored] = incoming;
  out.set_publisher(name.publisher.text());
  out.set_record_id(name.record_id.ToString());
  out.set_received_ms(stored.received_ms());
  *out.mutable_request() = stored.request();
  if (const auto request = record::ParseErasureRequest(stored.request().body()); request.ok()) {
    out.set_basis(request->basis());
    out.set_deadline_ms(request->deadline_ms());
  }
  if (const auto ack = record::ParseErasureAck(stored.acknowledgement().body()); ack.ok()) {
    out.set_versions(ack->versions());
    out.set_done_ms(ack->time_ms());
    *out.mutable_acknowledgement() = stored.acknowledgement();
  }
}

}  // namespace

IncomingErasures::IncomingErasures(ErasureRegistry registry, SignerOf signer_of, const storage::SnapshotReader& store,
                                   storage::Committer& committer, const Clock& clock)
    : registry_(std::move(registry)),
      signer_of_(std::move(signer_of)),
      store_(store),
      committer_(committer),
      clock_(clock) {}

absl::StatusOr<absl::optional<record::v1::SignedBody>> IncomingErasures::Take(
    const record::ParticipantId& publisher, const record::ParticipantId& holder,
    const erasure::v1::SignedErasure& erasure) const {
  MEGURI_ASSIGN_OR_RETURN(const certs::OpenedErasure opened, certs::OpenErasure(erasure, *registry_(), clock_.Now()));
  if (opened.tombstone.publisher() != publisher) {
    return Error(absl::StatusCode::kPermissionDenied, "ERASURE_CALLER",
                 absl::StrCat("The record is one of ", opened.tombstone.publisher().text(), ", not of ",
                              publisher.text(), ": only its publisher has it erased."));
  }
  if (holder == publisher || signer_of_(holder) == nullptr) {
    return Error(absl::StatusCode::kNotFound, "NOT_HOSTED",
                 absl::StrCat(holder.text(), " is not a member here that could hold it for another."));
  }
  MEGURI_ASSIGN_OR_RETURN(const std::vector<storage::VersionRef> versions, VersionsHere(opened.tombstone));
  if (versions.empty()) {  // and nothing is kept: who never had it has nothing to remember
    return Sign(opened, holder, versions);
  }
  const storage::ErasureName name{publisher, opened.tombstone.record_id()};
  MEGURI_ASSIGN_OR_RETURN(const auto known, storage::ErasureRequests(store_).FindIncoming(holder, name));
  if (known.has_value() && known->has_acknowledgement()) {
    return absl::make_optional(known->acknowledgement());
  }
  MEGURI_RETURN_IF_ERROR(Erase(opened, holder, erasure.request()));
  MEGURI_ASSIGN_OR_RETURN(const bool are_destroyed, AreDestroyed(versions));
  if (!are_destroyed) {
    return absl::optional<record::v1::SignedBody>();
  }
  MEGURI_ASSIGN_OR_RETURN(record::v1::SignedBody ack, Sign(opened, holder, versions));
  MEGURI_RETURN_IF_ERROR(Keep(name, holder, ack));
  return absl::make_optional(std::move(ack));
}

absl::StatusOr<std::vector<storage::VersionRef>> IncomingErasures::VersionsHere(const record::Header& tombstone) const {
  MEGURI_ASSIGN_OR_RETURN(std::vector<storage::VersionRef> versions,
                          storage::Records(store_).FindVersions(tombstone.record_id()));
  versions.erase(std::remove_if(versions.begin(), versions.end(),
                                [&](const storage::VersionRef& version) {
                                  return version.publisher != tombstone.publisher() ||
                                         version.version >= tombstone.version();
                                }),
                 versions.end());
  return versions;
}

absl::StatusOr<bool> IncomingErasures::AreDestroyed(const std::vector<storage::VersionRef>& versions) const {
  const storage::Erasures erasures(store_);
  for (const storage::VersionRef& version : versions) {
    MEGURI_ASSIGN_OR_RETURN(const auto marked, erasures.Find(version.arrival));
    MEGURI_ASSIGN_OR_RETURN(const bool is_pending, erasures.IsPending(version.arrival));
    if (!marked.has_value() || is_pending) {
      return false;
    }
  }
  return true;
}

absl::Status IncomingErasures::Erase(const certs::OpenedErasure& opened, const record::ParticipantId& holder,
                                     const record::v1::SignedBody& request) const {
  return committer_.SubmitAndWait([&](storage::CommitScope& scope) -> absl::Status {
    const storage::ErasureName name{opened.tombstone.publisher(), opened.tombstone.record_id()};
    MEGURI_ASSIGN_OR_RETURN(const auto known, storage::ErasureRequests::FindIncoming(scope.transaction, holder, name));
    storage::v1::StoredIncomingErasure incoming = known.value_or(storage::v1::StoredIncomingErasure());
    if (!known.has_value() || incoming.request().body() != request.body()) {
      *incoming.mutable_request() = request;
      incoming.set_received_ms(ToMs(clock_.Now()));
      storage::ErasureRequests::PutIncoming(scope.transaction, holder, name, incoming);
    }
    return storage::Erasures(store_).EraseRecord(scope.transaction, opened.tombstone, absl::nullopt).status();
  });
}

absl::StatusOr<record::v1::SignedBody> IncomingErasures::Sign(const certs::OpenedErasure& opened,
                                                              const record::ParticipantId& holder,
                                                              const std::vector<storage::VersionRef>& versions) const {
  erasure::v1::ErasureAck ack;
  ack.set_format_version(record::kErasureFormatVersion);
  ack.set_federation(opened.request.federation());
  ack.set_publisher(opened.request.publisher());
  ack.set_record_id(opened.request.record_id());
  ack.set_tombstone_hash(opened.request.tombstone_hash());
  ack.set_holder(holder.text());
  ack.set_versions(versions.size());
  ack.set_newest_version(versions.empty() ? 0 : versions.back().version);
  ack.set_time_ms(ToMs(clock_.Now()));
  MEGURI_RETURN_IF_ERROR(NameRecipients(opened.tombstone, holder, ack));
  const std::shared_ptr<const record::Signer> signer = signer_of_(holder);
  if (signer == nullptr) {
    return Error(absl::StatusCode::kUnavailable, "NO_FEED_KEY", "This node has no feed key of that member now.");
  }
  return certs::SignErasureAck(ack, *signer);
}

// Whoever was handed it on is asked by the publisher too.
absl::Status IncomingErasures::NameRecipients(const record::Header& tombstone, const record::ParticipantId& holder,
                                              erasure::v1::ErasureAck& ack) const {
  MEGURI_ASSIGN_OR_RETURN(const std::set<record::ParticipantId> recipients,
                          OnwardRecipients(store_, holder, tombstone));
  for (const record::ParticipantId& recipient : recipients) {
    if (static_cast<size_t>(ack.onward_recipients_size()) == record::kErasureRecipientsMax) {
      ack.set_has_more_recipients(true);
      break;
    }
    ack.set_format_version(record::kErasureAckFormatVersion);
    ack.add_onward_recipients(recipient.text());
  }
  std::sort(ack.mutable_onward_recipients()->begin(), ack.mutable_onward_recipients()->end());
  return absl::OkStatus();
}

absl::Status IncomingErasures::Keep(const storage::ErasureName& name, const record::ParticipantId& holder,
                                    const record::v1::SignedBody& ack) const {
  return committer_.SubmitAndWait([&](storage::CommitScope& scope) -> absl::Status {
    MEGURI_ASSIGN_OR_RETURN(auto incoming, storage::ErasureRequests::FindIncoming(scope.transaction, holder, name));
    if (incoming.has_value()) {
      *incoming->mutable_acknowledgement() = ack;
      storage::ErasureRequests::PutIncoming(scope.transaction, holder, name, *incoming);
    }
    return absl::OkStatus();
  });
}

absl::StatusOr<erasure::v1::IncomingErasurePage> IncomingErasures::List(const record::ParticipantId& holder,
                                                                        absl::string_view page_token) const {
  MEGURI_ASSIGN_OR_RETURN(const std::string after, ParseErasureToken(page_token));
  MEGURI_ASSIGN_OR_RETURN(const std::vector<storage::ErasureRequests::Incoming> found,
                          storage::ErasureRequests(store_).ListIncoming(holder, after, kErasuresPage));
  erasure::v1::IncomingErasurePage page;
  for (const storage::ErasureRequests::Incoming& incoming : found) {
    Show(incoming, *page.add_erasures());
  }
  if (found.size() == kErasuresPage) {
    const storage::ErasureName& last = found.back().first;
    page.set_next_page_token(MakeErasureToken(absl::StrCat(last.record_id.view(), last.publisher.text())));
  }
  return page;
}

}  // namespace meguri::node
