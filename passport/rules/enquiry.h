// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

#include "meguri/passport/v1/enquiry.pb.h"
#include "passport/rules/record_rule.h"
#include "passport/rules/rule.h"

namespace meguri::passport {

inline constexpr size_t kNeedBytesMax = 1024;  // what a filter may have

void CheckNeed(absl::string_view value, const Path& path, Findings& findings);
// Versions are counted from one.
void CheckRecordReference(const v1::RecordReference& reference, const Path& path, Findings& findings);
// It says what is wanted, and its dates are in order.
void CheckEnquiry(const v1::Enquiry& enquiry, const Path& path, Findings& findings);
// An offer says how much and until when; only an offer has a price; a question asks something.
void CheckEnquiryAnswer(const v1::EnquiryAnswer& answer, const Path& path, Findings& findings);
// Enquiries and offers are valid when they are issued.
void CheckValidWhenIssued(const record::Header& header, const RecordContent& content, Findings& findings);
// Nobody asks, or answers, itself.
void CheckOtherParty(const record::Header& header, const RecordContent& content, Findings& findings);

}  // namespace meguri::passport
