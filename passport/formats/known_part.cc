// SPDX-License-Identifier: Apache-2.0
#include "passport/formats/known_part.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/unknown_field_set.h"

namespace meguri::passport {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

bool IsKnown(const FieldDescriptor& field, int number) {
  return field.enum_type()->FindValueByNumber(number) != nullptr;
}

void KeepKnownEnumerators(Message& message, const FieldDescriptor& field, const std::string& path,
                          std::vector<UnmappedValue>& left) {
  const Reflection& reflection = *message.GetReflection();
  if (!field.is_repeated()) {
    const int number = reflection.GetEnumValue(message, &field);
    if (!IsKnown(field, number)) {
      left.push_back({path, absl::StrCat(number)});
      reflection.ClearField(&message, &field);
    }
    return;
  }
  std::vector<int> known;
  for (int i = 0; i < reflection.FieldSize(message, &field); ++i) {
    const int number = reflection.GetRepeatedEnumValue(message, &field, i);
    if (IsKnown(field, number)) {
      known.push_back(number);
    } else {
      left.push_back({absl::StrCat(path, "[", i, "]"), absl::StrCat(number)});
    }
  }
  reflection.ClearField(&message, &field);
  for (const int number : known) {
    reflection.AddEnumValue(&message, &field, number);
  }
}

void KeepKnownMessages(Message& message, const FieldDescriptor& field, const std::string& path,
                       std::vector<UnmappedValue>& left) {
  const Reflection& reflection = *message.GetReflection();
  if (!field.is_repeated()) {
    KeepKnownPart(*reflection.MutableMessage(&message, &field), path, left);
    return;
  }
  for (int i = 0; i < reflection.FieldSize(message, &field); ++i) {
    KeepKnownPart(*reflection.MutableRepeatedMessage(&message, &field, i), absl::StrCat(path, "[", i, "]"), left);
  }
}

}  // namespace

// Recursion is bounded: DecodePayload bounds the depth.
void KeepKnownPart(Message& message, const std::string& path, std::vector<UnmappedValue>& left) {
  const Reflection& reflection = *message.GetReflection();
  google::protobuf::UnknownFieldSet& unknown = *reflection.MutableUnknownFields(&message);
  for (int i = 0; i < unknown.field_count(); ++i) {
    left.push_back({absl::StrCat(path, ".$field_", unknown.field(i).number()), "(not known to this version)"});
  }
  unknown.Clear();
  std::vector<const FieldDescriptor*> fields;
  reflection.ListFields(message, &fields);
  for (const FieldDescriptor* field : fields) {
    const std::string field_path = absl::StrCat(path, ".", field->name());
    if (field->cpp_type() == FieldDescriptor::CPPTYPE_ENUM) {
      KeepKnownEnumerators(message, *field, field_path, left);
    } else if (field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
      KeepKnownMessages(message, *field, field_path, left);
    }
  }
}

}  // namespace meguri::passport
