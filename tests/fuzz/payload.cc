// SPDX-License-Identifier: Apache-2.0
#include "passport/payload.h"

#include <vector>

#include "base/error.h"
#include "google/protobuf/stubs/logging.h"
#include "passport/formats/canonical_json.h"
#include "passport/index_terms.h"
#include "passport/section_table.h"
#include "passport/validate.h"
#include "record/limits.h"
#include "tests/fuzz/target.h"

namespace meguri::fuzz {
namespace {

void CheckTerms(uint32_t type, absl::string_view payload) {
  const std::vector<record::IndexTerm> terms = passport::TermsOf(type, payload);
  Invariant(terms.size() <= passport::kTermsPerSectionMax, "terms are limited");
  for (size_t i = 0; i < terms.size(); ++i) {
    Invariant(terms[i].value.size() <= record::kIndexValueMax, "values are limited");
    Invariant(i == 0 || terms[i - 1] < terms[i], "terms ascend, each once");
    Invariant(passport::NormalisedTerm(terms[i].field, terms[i].value) == terms[i], "terms are in their normal form");
  }
}

}  // namespace
}  // namespace meguri::fuzz

// An input is a byte that chooses the kind of section, and a payload.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using meguri::Invariant;
  namespace passport = meguri::passport;
  const google::protobuf::LogSilencer no_complaints_about_text;
  meguri::fuzz::Parts parts(meguri::fuzz::BytesOf(data, size));
  const passport::SectionKind& kind = passport::SectionKinds()[parts.TakeByte() % passport::SectionKinds().size()];
  const absl::string_view payload = parts.rest();
  const auto violations = passport::ValidateSection(kind.type, payload, "sections");
  Invariant(violations.size() <= passport::kViolationsMax + 1, "violations are limited");
  passport::HasUnknownFields(kind.type, payload);
  Invariant(passport::SectionToJson(kind.type, payload).ok(), "every section can be shown");
  meguri::fuzz::CheckTerms(kind.type, payload);
  if (kind.understood() && violations.empty()) {
    Invariant(passport::DecodePayload(kind, payload).ok(), "what has no fault can be read");
  }
  return 0;
}
