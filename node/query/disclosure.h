// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "record/participant_id.h"
#include "record/record_id.h"

namespace meguri::node {

// What of one version an answer shows that is not open to everyone, and the rule by which the reader gets it.
struct Disclosure {
  record::ParticipantId publisher;
  record::RecordId record_id;
  uint64_t version = 0;
  uint64_t slots = 0;           // 0: the header alone, of a record none of whose sections is public
  std::vector<uint32_t> types;  // of these slots in their order; none: they are proven, not shown
  uint64_t bytes = 0;           // of these sections
  std::string rule;             // stable name
  std::string feed;             // by which they are proven
  std::string grant = "";       // record ID of the grant that opens them, 32 hexadecimal digits; empty: none does
  uint32_t purpose = 0;         // for which it was given
};

// A member reads what it holds a copy of by the right by which the copy came.
inline constexpr char kRuleOfCopies[] = "allow-copy";
// What was fetched from the publisher's node, that node decided.
inline constexpr char kRuleOfPublisher[] = "allow-publisher";

// The first fields of a section.
struct SectionTraits {
  uint32_t slot = 0;
  uint32_t type = 0;
  uint64_t audiences = 0;

  bool is_public() const;
};

// Reads them from the bytes of a section, which begin with them, and nothing else. nullopt if they do not.
absl::optional<SectionTraits> PeekSection(absl::string_view section_bytes);

// Adds a section of a version to what is disclosed of it: one Disclosure for each rule and grant. `of` says of which
// version, and by which grant.
void AddDisclosed(const Disclosure& of, const SectionTraits& section, absl::string_view rule, uint64_t bytes,
                  std::vector<Disclosure>& disclosed);

}  // namespace meguri::node
