// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "client/cli/session.h"
#include "client/cli/table.h"
#include "meguri/passport/v1/access.pb.h"
#include "meguri/record/v1/record_service.pb.h"
#include "record/header.h"
#include "record/record_id.h"

namespace meguri::client {

struct SeenOffer {
  record::v1::RecordView view;
  record::Header header;
  passport::v1::Offer offer;
};

struct SeenRequest {
  record::v1::RecordView view;
  record::Header header;
  passport::v1::AccessRequest request;
};

struct SeenGrant {
  record::v1::RecordView view;
  record::Header header;
  passport::v1::Grant grant;
};

struct SeenAgreement {
  record::v1::RecordView view;
  record::Header header;
  passport::v1::Agreement agreement;
};

// Of `publisher`, "" for whoever it is. NOT_FOUND (reason RECORD_NOT_FOUND), or INVALID_ARGUMENT (reason
// NOT_OF_THAT_KIND) if it is something else.
absl::StatusOr<SeenOffer> GetOffer(const NodeClient& node, const record::RecordId& id, const std::string& publisher);
absl::StatusOr<SeenRequest> GetRequest(const NodeClient& node, const record::RecordId& id);
absl::StatusOr<SeenGrant> GetGrant(const NodeClient& node, const record::RecordId& id, const std::string& publisher);
// The version of the offer that a grant or a request names by its hash. FAILED_PRECONDITION (reason OFFER_UNKNOWN) if
// this member does not see it.
absl::StatusOr<SeenOffer> GetNamedOffer(const Session& session, const NodeClient& node,
                                        const passport::v1::SignedVersion& named, const std::string& publisher);

// Those that are alive and match `filter`, "" for all; the newest first.
absl::StatusOr<std::vector<SeenOffer>> ListOffers(const NodeClient& node, absl::string_view filter);
absl::StatusOr<std::vector<SeenRequest>> ListRequests(const NodeClient& node, absl::string_view filter);
absl::StatusOr<std::vector<SeenGrant>> ListGrants(const NodeClient& node, absl::string_view filter);
absl::StatusOr<std::vector<SeenAgreement>> ListAgreements(const NodeClient& node, absl::string_view filter);

// The filter for what is about one offer, "" for all.
absl::StatusOr<std::string> AboutOffer(const std::string& offer_id);

// What another record names: the record, and the hash of this version.
passport::v1::SignedVersion NameOf(const record::v1::RecordView& view, const record::Header& header);

std::string GranteeName(Language language, const passport::v1::Grant& grant);
// Whether `grant` is over at `now`, by its state or by the clock.
bool IsOver(const passport::v1::Grant& grant, absl::Time now);
// "active", "suspended", "revoked", or "expired" at `now`.
std::string StateInWords(Language language, const passport::v1::Grant& grant, absl::Time now);
// Whether it answers `request`: for its sender, and of its offer.
bool Answers(const SeenGrant& grant, const SeenRequest& request);
// Which records an offer selects, in a few words.
std::string SelectorInWords(const passport::v1::Selector& selector, const Session& session);
// All terms, a line each.
Table TableOf(const SeenOffer& offer, const Session& session);

}  // namespace meguri::client
