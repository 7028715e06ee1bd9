// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "record/header.h"
#include "record/index_term.h"

namespace meguri::passport {

// The word that every record which is alive can be found under.
inline constexpr char kAllRecordsField[] = "all";

// The words under which a record can be found by its header alone: all, record_type, publisher. None for a tombstone.
std::vector<record::IndexTerm> RecordTerms(const record::Header& header);

}  // namespace meguri::passport
