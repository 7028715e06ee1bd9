// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "absl/strings/string_view.h"
#include "passport/formats/json.h"
#include "record/audience.h"

namespace meguri::passport {

// One payload for reading, in the form of SectionToJson. Total: any bytes are fine.
Json SectionAsJson(uint32_t type, absl::string_view payload);

// ["RECYCLERS", "AUTHORITIES"]
Json AudienceNames(const record::AudienceSet& audiences);

}  // namespace meguri::passport
