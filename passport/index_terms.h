// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "absl/strings/string_view.h"
#include "passport/terms/term_sink.h"
#include "record/index_term.h"

namespace meguri::passport {

// The words and numbers under which a section can be found, ascending, each once: the fields of terms/index_fields.h.
// Total: any bytes give some terms or none.
std::vector<record::IndexTerm> TermsOf(uint32_t section_type, absl::string_view payload);

}  // namespace meguri::passport
