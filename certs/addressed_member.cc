// SPDX-License-Identifier: Apache-2.0
#include "certs/addressed_member.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace meguri::certs {
namespace {

constexpr absl::string_view kMemberDomain = ".member";
constexpr size_t kIcdLength = 4;

}  // namespace

std::string AuthorityOf(const record::ParticipantId& member) {
  return absl::StrCat(member.icd(), ".", member.identifier(), kMemberDomain);
}

absl::optional<record::ParticipantId> MemberOfAuthority(absl::string_view authority) {
  if (!absl::ConsumeSuffix(&authority, kMemberDomain) || authority.size() <= kIcdLength ||
      authority[kIcdLength] != '.') {
    return absl::nullopt;
  }
  const absl::StatusOr<record::ParticipantId> member = record::ParticipantId::Parse(
      absl::StrCat(authority.substr(0, kIcdLength), ":", authority.substr(kIcdLength + 1)));
  return member.ok() ? absl::make_optional(*member) : absl::nullopt;
}

}  // namespace meguri::certs
