// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "meguri/record/v1/record.pb.h"

namespace meguri::record {

// A set of audiences, as the bits of Section.audiences: bit n stands for Audience n.
class AudienceSet {
 public:
  AudienceSet() = default;
  // INVALID_ARGUMENT (reason UNKNOWN_AUDIENCE) on an unknown bit; NO_AUDIENCE on the empty set.
  static absl::StatusOr<AudienceSet> Parse(uint32_t bits);
  static AudienceSet Of(std::initializer_list<v1::Audience> audiences);

  bool Has(v1::Audience audience) const { return (bits_ >> audience & 1U) != 0; }
  // Whether every audience of this set is in `other` too, or `other` is open to it: PUBLIC contains all,
  // MEMBERS all but PUBLIC. OWNER is in every set.
  bool IsWithin(const AudienceSet& other) const;
  uint32_t bits() const { return bits_; }
  // "PUBLIC", or "RECYCLERS, AUTHORITIES".
  std::string ToString() const;

  friend bool operator==(const AudienceSet&, const AudienceSet&) = default;

 private:
  explicit AudienceSet(uint32_t bits) : bits_(bits) {}
  uint32_t bits_ = 0;
};

// Parses "RECYCLERS" and the like, of either case. INVALID_ARGUMENT otherwise.
absl::StatusOr<v1::Audience> ParseAudience(absl::string_view name);

}  // namespace meguri::record
