// SPDX-License-Identifier: Apache-2.0
#include "record/audience.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "base/error.h"

namespace meguri::record {
namespace {

constexpr char kNamePrefix[] = "AUDIENCE_";

constexpr uint32_t Bit(v1::Audience audience) { return uint32_t{1} << audience; }

constexpr uint32_t kOwner = Bit(v1::AUDIENCE_OWNER);
constexpr uint32_t kPublic = Bit(v1::AUDIENCE_PUBLIC);
constexpr uint32_t kKnown = 2 * kOwner - kPublic;  // OWNER is the highest, PUBLIC the lowest

}  // namespace

absl::StatusOr<AudienceSet> AudienceSet::Parse(uint32_t bits) {
  if ((bits & ~kKnown) != 0) {
    return Error(absl::StatusCode::kInvalidArgument, "UNKNOWN_AUDIENCE",
                 absl::StrCat("the audience bits 0x", absl::Hex(bits), " hold a bit outside 0x", absl::Hex(kKnown)));
  }
  if (bits == 0) {
    return Error(absl::StatusCode::kInvalidArgument, "NO_AUDIENCE",
                 "a section needs an audience; OWNER means the publisher alone");
  }
  return AudienceSet(bits);
}

AudienceSet AudienceSet::Of(std::initializer_list<v1::Audience> audiences) {
  uint32_t bits = 0;
  for (const v1::Audience audience : audiences) {
    bits |= Bit(audience);
  }
  return AudienceSet(bits);
}

bool AudienceSet::IsWithin(const AudienceSet& other) const {
  uint32_t open = other.bits_ | kOwner;
  if (other.Has(v1::AUDIENCE_PUBLIC)) {
    open = kKnown;
  } else if (other.Has(v1::AUDIENCE_MEMBERS)) {
    open = kKnown & ~kPublic;
  }
  return (bits_ & ~open) == 0;
}

std::string AudienceSet::ToString() const {
  std::vector<absl::string_view> names;
  for (int number = v1::AUDIENCE_PUBLIC; number <= v1::Audience_MAX; ++number) {
    const auto audience = static_cast<v1::Audience>(number);
    if (Has(audience)) {
      names.push_back(absl::StripPrefix(v1::Audience_Name(audience), kNamePrefix));
    }
  }
  return absl::StrJoin(names, ", ");
}

absl::StatusOr<v1::Audience> ParseAudience(absl::string_view name) {
  v1::Audience audience = v1::AUDIENCE_UNSPECIFIED;
  if (!v1::Audience_Parse(absl::StrCat(kNamePrefix, absl::AsciiStrToUpper(name)), &audience) ||
      audience == v1::AUDIENCE_UNSPECIFIED) {
    return Error(absl::StatusCode::kInvalidArgument, "UNKNOWN_AUDIENCE",
                 "an audience is PUBLIC, MEMBERS, PARTNERS, RECYCLERS, AUTHORITIES, ADDRESSEES, SUBJECT or OWNER");
  }
  return audience;
}

}  // namespace meguri::record
