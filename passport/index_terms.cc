// SPDX-License-Identifier: Apache-2.0
#include "passport/index_terms.h"

#include <memory>
#include <utility>

#include "absl/status/statusor.h"
#include "google/protobuf/message.h"
#include "passport/payload.h"
#include "passport/section_table.h"
#include "passport/terms/section_terms.h"

namespace meguri::passport {

std::vector<record::IndexTerm> TermsOf(uint32_t section_type, absl::string_view payload) {
  const SectionKind* kind = FindSectionKind(section_type);
  if (kind == nullptr || !kind->understood()) {
    return {};
  }
  const absl::StatusOr<std::unique_ptr<google::protobuf::Message>> message = DecodePayload(*kind, payload);
  if (!message.ok()) {
    return {};
  }
  TermSink terms;
  AddSectionTerms(section_type, **message, terms);
  return std::move(terms).Take();
}

}  // namespace meguri::passport
