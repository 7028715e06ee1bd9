// SPDX-License-Identifier: Apache-2.0
#include "node/rpc/field_violation.h"

#include <algorithm>
#include <cstdint>

namespace meguri::node {
namespace {

constexpr size_t kFoundBytesMax = 120;

}  // namespace

std::string CutText(absl::string_view text, size_t max) {
  size_t size = std::min(text.size(), max);
  while (size < text.size() && size > 0 && (static_cast<uint8_t>(text[size]) & 0xC0) == 0x80) {
    --size;
  }
  return std::string(text.substr(0, size));
}

google::rpc::BadRequest::FieldViolation ToFieldViolation(const Violation& violation) {
  google::rpc::BadRequest::FieldViolation field;
  field.set_field(violation.field);
  Violation sentence = violation;
  sentence.field.clear();
  sentence.found = CutText(sentence.found, kFoundBytesMax);
  field.set_description(ToSentence(sentence));
  field.set_reason(violation.reason);
  if (!violation.message_ja.empty()) {
    field.mutable_localized_message()->set_locale("ja");
    field.mutable_localized_message()->set_message(violation.message_ja);
  }
  return field;
}

}  // namespace meguri::node
