// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "meguri/passport/v1/identity.pb.h"
#include "record/audience.h"

namespace meguri::passport {

// A set of granularities. UNSPECIFIED stands for records without an identity section.
class GranularitySet {
 public:
  GranularitySet() = default;
  static GranularitySet All();
  void Add(v1::Granularity granularity) { bits_ |= 1U << granularity; }
  bool empty() const { return bits_ == 0; }
  // Whether `granularity` is in it; of a record that has none, whether anything is.
  bool Has(v1::Granularity granularity) const;

 private:
  uint32_t bits_ = 0;
};

// What a profile says of one section: see proto/meguri/profile/v1/profile.proto.
struct SectionPolicy {
  uint32_t type = 0;
  record::AudienceSet audiences;  // the default, and the widest
  record::AudienceSet locked;     // what may not be taken away; empty: nothing
  std::string law;
  GranularitySet required;
  GranularitySet recommended;
};

// What the passports of a product group hold, and who may read it. Immutable once made.
struct Profile {
  std::string name;
  uint32_t record_type = 0;
  std::vector<std::string> product_groups;  // none: the other records of this type
  size_t slot_count = 0;
  std::vector<SectionPolicy> sections;  // ascending types
  std::vector<std::string> jurisdictions;

  const SectionPolicy* Find(uint32_t section_type) const;
};

// Reads a data file. INVALID_ARGUMENT with reason PROFILE_SYNTAX or PROFILE_RULE: it is no profile, a locked audience
// is not among the audiences, sections are not ascending or do not fit into the slots.
absl::StatusOr<Profile> ParseProfile(absl::string_view text);

// Those of the data files in the order of their names, then one for each record type that no file without groups
// covers, made of passport/section_table.h. Static storage duration.
absl::Span<const Profile> Profiles();

// The profile of that group, or the one of all other records of that type. Null if this version does not understand the
// record type.
const Profile* FindProfile(uint32_t record_type, absl::string_view product_group);

}  // namespace meguri::passport
