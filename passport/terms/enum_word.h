// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/generated_enum_reflection.h"

namespace meguri::passport {

// PLASTIC of MATERIAL_FAMILY_PLASTIC, in small letters: what a filter calls the value. "" for the unspecified one and
// for numbers that this version does not know.
template <typename Enum>
std::string EnumWord(Enum value, absl::string_view prefix) {
  const google::protobuf::EnumValueDescriptor* descriptor =
      google::protobuf::GetEnumDescriptor<Enum>()->FindValueByNumber(static_cast<int>(value));
  if (descriptor == nullptr || descriptor->number() == 0) {
    return "";
  }
  return absl::AsciiStrToLower(absl::string_view(descriptor->name()).substr(prefix.size()));
}

}  // namespace meguri::passport
