// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/optional.h"
#include "meguri/registry/v1/member.pb.h"

// A member's entry as a person writes it on a command line. Errors are INVALID_ARGUMENT with reason FLAG.
namespace meguri::certs {

// What to set in an entry: what is left out stays as it is. A list replaces the whole list; the empty string in it
// stands for nothing, so that a list can be emptied.
struct EntryText {
  absl::optional<std::string> name_ja;
  absl::optional<std::string> name_en;
  absl::optional<std::string> name_kana;
  absl::optional<std::string> kind;
  std::vector<std::string> roles;
  absl::optional<std::string> permit;  // of the recycler roles
  std::vector<std::string> addresses;
  std::vector<std::string> prefixes;
  std::vector<std::string> domains;
  std::vector<std::string> name_spaces;
};

// A role that is given anew without a permit keeps the permit that the entry has for its kind.
absl::Status ApplyTo(registry::v1::MemberEntry& entry, const EntryText& text);

// `kind[:scope,scope…]`, kinds as in RoleKind without the prefix: recycler:battery, authority:JP, manufacturer.
absl::StatusOr<registry::v1::Role> ParseRole(const std::string& text);
// `type|number|issuer`.
absl::StatusOr<registry::v1::Permit> ParsePermit(const std::string& text);
absl::StatusOr<registry::v1::MemberKind> ParseMemberKind(const std::string& text);

}  // namespace meguri::certs
