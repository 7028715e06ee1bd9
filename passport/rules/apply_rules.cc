// SPDX-License-Identifier: Apache-2.0
#include "passport/rules/apply_rules.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "google/protobuf/descriptor.h"
#include "passport/rules/rule_tables.h"

namespace meguri::passport {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

// How many values `field` has: 0 or 1 unless it is repeated.
int CountOf(const Message& message, const FieldDescriptor& field) {
  const Reflection& reflection = *message.GetReflection();
  return field.is_repeated() ? reflection.FieldSize(message, &field) : (reflection.HasField(message, &field) ? 1 : 0);
}

const Message& MessageAt(const Message& message, const FieldDescriptor& field, int index) {
  const Reflection& reflection = *message.GetReflection();
  return field.is_repeated() ? reflection.GetRepeatedMessage(message, &field, index)
                             : reflection.GetMessage(message, &field);
}

Path PathAt(const Path& path, const FieldDescriptor& field, int index) {
  return field.is_repeated() ? path.Element(field.name(), index) : path.Field(field.name());
}

// The text of a string or a Decimal. `scratch` may hold it.
const std::string& TextAt(const Message& message, const FieldDescriptor& field, int index, std::string& scratch) {
  if (field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
    const Message& decimal = MessageAt(message, field, index);
    return TextAt(decimal, *decimal.GetDescriptor()->field(0), 0, scratch);
  }
  Invariant(field.cpp_type() == FieldDescriptor::CPPTYPE_STRING, "value rules are for strings and decimals");
  const Reflection& reflection = *message.GetReflection();
  return field.is_repeated() ? reflection.GetRepeatedStringReference(message, &field, index, &scratch)
                             : reflection.GetStringReference(message, &field, &scratch);
}

void AddMissing(const Path& path, const FieldDescriptor& field, Findings& findings) {
  findings.Add({.field = path.At(field.name()),
                .reason = "FIELD_MISSING",
                .found = absl::StrCat("no ", field.name()),
                .expected = "this required field",
                .cure = "fill it in",
                .message_ja = absl::StrCat("必須項目 ", field.name(), " が記載されていません。")});
}

void AddTooMany(const Path& path, const FieldDescriptor& field, int count, int count_max, Findings& findings) {
  findings.Add({.field = path.At(field.name()),
                .reason = "TOO_MANY_ELEMENTS",
                .found = absl::StrCat(count, " elements"),
                .expected = absl::StrCat("at most ", count_max),
                .cure = "merge elements, or split the record",
                .message_ja = absl::StrCat("要素は", count_max, "件以下にしてください。")});
}

void ApplyFieldRule(const Rule& rule, const Message& message, const Path& path, Findings& findings) {
  const FieldDescriptor* field = message.GetDescriptor()->FindFieldByNumber(rule.field);
  Invariant(field != nullptr, "rules are for fields that exist");
  const int count = CountOf(message, *field);
  if (count == 0 && rule.required) {
    AddMissing(path, *field, findings);
  }
  if (rule.count_max > 0 && count > rule.count_max) {
    AddTooMany(path, *field, count, rule.count_max, findings);
    return;
  }
  std::string scratch;
  for (int i = 0; i < count && !findings.full(); ++i) {
    const Path field_path = PathAt(path, *field, i);
    if (rule.check_message != nullptr) {
      rule.check_message(MessageAt(message, *field, i), field_path, findings);
    }
    if (rule.check_value != nullptr) {
      const std::string& text = TextAt(message, *field, i, scratch);
      if (!text.empty()) {
        rule.check_value(text, field_path, findings);
      }
    }
  }
}

}  // namespace

void ApplyRules(const Message& message, const Path& path, Findings& findings) {
  const google::protobuf::Descriptor& descriptor = *message.GetDescriptor();
  for (const Rule& rule : RulesOf(&descriptor)) {
    if (rule.field == 0) {
      rule.check_message(message, path, findings);
    } else {
      ApplyFieldRule(rule, message, path, findings);
    }
  }
  for (int number = 0; number < descriptor.field_count(); ++number) {
    const FieldDescriptor& field = *descriptor.field(number);
    if (field.cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) {
      continue;
    }
    const int count = CountOf(message, field);
    for (int i = 0; i < count && !findings.full(); ++i) {
      ApplyRules(MessageAt(message, field, i), PathAt(path, field, i), findings);
    }
  }
}

}  // namespace meguri::passport
