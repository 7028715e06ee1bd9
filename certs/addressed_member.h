// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "record/participant_id.h"

// Which of the members that a node hosts a call is for: its :authority says so, as HTTP means it.
namespace meguri::certs {

// `<icd>.<identifier>.member`, for example 0188.7123456789012.member.
std::string AuthorityOf(const record::ParticipantId& member);

// The member that an :authority names. Nullopt if it names none, as of a caller that gives the address of the node.
absl::optional<record::ParticipantId> MemberOfAuthority(absl::string_view authority);

}  // namespace meguri::certs
