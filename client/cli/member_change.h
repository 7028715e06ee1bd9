// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "certs/record_file.h"
#include "client/cli/session.h"
#include "meguri/registry/v1/member.pb.h"

namespace meguri::client {

// What `after` says otherwise than `before`: a line each, "- " for what goes and "+ " for what comes. "" if nothing.
std::string DifferenceOf(const registry::v1::MemberEntry& before, const registry::v1::MemberEntry& after,
                         absl::string_view federation, const Session& session);

// Warns of prefixes that `next` has, that `before` (null: nothing) had not, and that another member has too.
void WarnOfSharedPrefixes(Session& session, const registry::v1::MemberEntry* before,
                          const registry::v1::MemberEntry& next);

// Shows what `next` changes, asks unless `yes`, and publishes it as the next version of the member's record. Publishes
// nothing, and says so, if nothing changes. Once it is decided `before_publishing` is called, if it is given, and its
// error ends it.
absl::Status ChangeMember(Session& session, const certs::VerifiedMember& current, const registry::v1::MemberEntry& next,
                          bool yes, const std::function<absl::Status()>& before_publishing = nullptr);

}  // namespace meguri::client
