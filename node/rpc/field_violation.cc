// SPDX-License-Identifier: Apache-2.0
#include "node/rpc/field_violation.h"

#include "base/cut_text.h"

namespace meguri::node {
namespace {

constexpr size_t kFoundBytesMax = 120;

}  // namespace

google::rpc::BadRequest::FieldViolation ToFieldViolation(const Violation& violation) {
  google::rpc::BadRequest::FieldViolation field;
  field.set_field(violation.field);
  Violation sentence = violation;
  sentence.field.clear();
  sentence.found = std::string(CutText(sentence.found, kFoundBytesMax));
  field.set_description(ToSentence(sentence));
  field.set_reason(violation.reason);
  if (!violation.message_ja.empty()) {
    field.mutable_localized_message()->set_locale("ja");
    field.mutable_localized_message()->set_message(violation.message_ja);
  }
  return field;
}

}  // namespace meguri::node
