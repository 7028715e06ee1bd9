// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "meguri/registry/v1/member.pb.h"
#include "record/public_key.h"

// An enrolment request whose keys lie in two places: the node that is to host a member has the feed key, and the member
// keeps its record key. Each signs the same body. certs/registry.h opens what is whole.
namespace meguri::certs {

// Checks everything but the signatures, and signs with one of the keys. Errors as of OpenEnrolmentRequest.
absl::StatusOr<std::string> BeginEnrolmentRequest(const registry::v1::EnrolmentRequest& request,
                                                  absl::string_view federation, const record::Signer& signer);

// What a request asks for, whoever has signed it until now: checked in all but the signatures, for the federation of
// the node that it names.
absl::StatusOr<registry::v1::EnrolmentRequest> ReadEnrolmentDraft(absl::string_view bytes);

// Adds the last signature. INVALID_ARGUMENT with reason KEY_NOT_NAMED if the entry does not name that key as a record
// or feed key; errors as of OpenEnrolmentRequest.
absl::StatusOr<std::string> AddEnrolmentSignature(absl::string_view bytes, const record::Signer& signer);

}  // namespace meguri::certs
