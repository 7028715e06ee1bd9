// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "absl/time/time.h"
#include "google/protobuf/message.h"
#include "meguri/passport/v1/access.pb.h"
#include "passport/rules/record_rule.h"
#include "passport/rules/rule.h"

namespace meguri::passport {

inline constexpr absl::Duration kOfferTimeMax = absl::Hours(24 * 366 * 5);  // from its issue to its end
inline constexpr uint32_t kRetentionDaysMax = 366 * 30;
inline constexpr int kSelectedMax = 256;  // elements of a list in an offer

// One way of selecting.
void CheckSelector(const v1::Selector& selector, const Path& path, Findings& findings);
// Its lists are those that its onward rule and its auto-approval speak of.
void CheckOffer(const v1::Offer& offer, const Path& path, Findings& findings);
// It is for a member or for a role, and begins before it ends.
void CheckGrant(const v1::Grant& grant, const Path& path, Findings& findings);
// An offer is open for at most kOfferTimeMax; what is offered or granted ends after it was issued.
void CheckAccessPeriod(const record::Header& header, const RecordContent& content, Findings& findings);
// Nobody asks itself, grants itself or agrees with itself.
void CheckOtherMember(const record::Header& header, const RecordContent& content, Findings& findings);
// What the next version of an access record says, given the version before: of a grant another state, until it is
// revoked; of all others the same.
void CheckAccessChange(const google::protobuf::Message& before, const google::protobuf::Message& next, const Path& path,
                       Findings& findings);

}  // namespace meguri::passport
