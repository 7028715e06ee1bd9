// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "client/cli/session.h"
#include "client/cli/table.h"
#include "meguri/passport/v1/enquiry.pb.h"
#include "meguri/record/v1/record_service.pb.h"
#include "record/header.h"
#include "record/record_id.h"

namespace meguri::client {

// An enquiry as this member sees it.
struct SeenEnquiry {
  record::v1::RecordView view;
  record::Header header;
  passport::v1::Enquiry enquiry;
};

struct SeenAnswer {
  record::v1::RecordView view;
  record::Header header;
  passport::v1::EnquiryAnswer answer;
};

// NOT_FOUND (reason RECORD_NOT_FOUND) if there is none for this member; INVALID_ARGUMENT (reason NOT_AN_ENQUIRY) if it
// is something else.
absl::StatusOr<SeenEnquiry> GetEnquiry(const NodeClient& node, const record::RecordId& record_id);
// Those that are alive and match `filter`, "" for all; the newest first.
absl::StatusOr<std::vector<SeenEnquiry>> ListEnquiries(const NodeClient& node, absl::string_view filter);
// The answers that the sellers of `enquiries` gave, by the enquiry's record ID, the oldest first. What anybody else
// says to be an answer is none.
absl::StatusOr<std::map<record::RecordId, std::vector<SeenAnswer>>> ListAnswers(
    const NodeClient& node, const std::vector<SeenEnquiry>& enquiries, absl::string_view filter);

// "offer 5000 kg, 120 JPY/kg, until 2026-12-10".
std::string OfferInWords(const passport::v1::EnquiryAnswer& answer, const Session& session);
// Everything that it says, a line each.
Table TableOf(const SeenEnquiry& enquiry, const Session& session);
Table TableOf(const SeenAnswer& answer, const Session& session);

}  // namespace meguri::client
