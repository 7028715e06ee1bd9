// SPDX-License-Identifier: Apache-2.0
#include "node/policy/own_version.h"

#include "base/status_macros.h"
#include "record/audience.h"

namespace meguri::node {

absl::StatusOr<std::vector<SectionFacts>> FactsOf(const storage::v1::StoredRecord& stored) {
  std::vector<SectionFacts> facts;
  for (const storage::v1::StoredSlot& slot : stored.slots()) {
    MEGURI_ASSIGN_OR_RETURN(const record::AudienceSet audiences, record::AudienceSet::Parse(slot.audiences()));
    facts.push_back({slot.slot(), slot.type(), audiences});
  }
  return facts;
}

}  // namespace meguri::node
