// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "base/error.h"
#include "google/protobuf/stubs/logging.h"
#include "passport/formats/canonical_json.h"
#include "passport/index_terms.h"
#include "passport/validate.h"
#include "tests/fuzz/target.h"

namespace meguri::fuzz {
namespace {

using passport::RecordDraft;

bool Same(const RecordDraft& a, const RecordDraft& b) {
  const auto same_section = [](const record::SectionDraft& left, const record::SectionDraft& right) {
    return left.type == right.type && left.audiences == right.audiences && left.payload == right.payload;
  };
  return a.record_type == b.record_type && a.jurisdictions == b.jurisdictions && a.addressees == b.addressees &&
         a.subjects == b.subjects && a.record_id == b.record_id && a.previous == b.previous &&
         std::equal(a.sections.begin(), a.sections.end(), b.sections.begin(), b.sections.end(), same_section);
}

}  // namespace
}  // namespace meguri::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using meguri::Invariant;
  namespace passport = meguri::passport;
  const google::protobuf::LogSilencer no_complaints_about_text;
  const auto draft = passport::ParseRecordJson(meguri::fuzz::BytesOf(data, size));
  if (!draft.ok()) {
    Invariant(!meguri::ViolationsOf(draft.status()).empty() || !meguri::ReasonOf(draft.status()).empty(),
              "a refusal has a reason");
    return 0;
  }
  const absl::StatusOr<std::string> printed = passport::PrintRecordJson(*draft);
  Invariant(printed.ok(), printed.status().ToString());
  const auto again = passport::ParseRecordJson(*printed);
  Invariant(again.ok(), again.status().ToString());
  Invariant(meguri::fuzz::Same(*draft, *again), "what was written reads back as the same draft");
  Invariant(*passport::PrintRecordJson(*again) == *printed, "one draft has one text");
  for (const meguri::record::SectionDraft& section : draft->sections) {
    passport::ValidateSection(section.type, section.payload, "sections");
    passport::TermsOf(section.type, section.payload);
  }
  return 0;
}
