// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "meguri/registry/v1/member.pb.h"
#include "record/public_key.h"

namespace meguri::certs {

// As CheckMemberEntry; returns the keys of `entry`, in its order, so that nobody parses them again.
absl::StatusOr<std::vector<record::PublicKey>> KeysOfChecked(absl::string_view federation,
                                                             const registry::v1::MemberEntry& entry);

}  // namespace meguri::certs
