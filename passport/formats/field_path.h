// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "base/error.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"
#include "passport/formats/unit.h"

namespace meguri::passport {

// Writes a value from outside, as text, into the field `field` of `message`; a repeated field gets one more element.
// Numbers are multiplied by `factor`; one of a share that ends in % is a percentage whatever the factor. Truth is true,
// 1, yes, はい, 有, ○ (and false, 0, no, いいえ, 無, ×). Enumerators go by their name, or by what is behind its prefix,
// in any case: GRANULARITY_ITEM, item. Returns what is wrong, without a field: reason NUMBER_SYNTAX, NUMBER_RANGE,
// UNIT_MISMATCH, TRUTH_VALUE, ENUMERATOR or FIELD_TYPE.
absl::optional<Violation> SetValue(google::protobuf::Message& message, const google::protobuf::FieldDescriptor& field,
                                   absl::string_view text, Factor factor);

// The enumerator as people write it: item for GRANULARITY_ITEM. SetValue takes it.
std::string ShortName(const google::protobuf::EnumValueDescriptor& value);

inline constexpr int kFieldIndexMax = 999;

// A place in a payload: mass_kg, name.ja, claims[0].subject, plastic_markings[]. Immutable.
class FieldPath {
 public:
  // INVALID_ARGUMENT with reason FIELD_PATH, which names the part that `root` does not have.
  static absl::StatusOr<FieldPath> Parse(const google::protobuf::Descriptor& root, absl::string_view text);

  const google::protobuf::FieldDescriptor& field() const { return *steps_.back().field; }
  // As SetValue. Makes the messages on the way.
  absl::optional<Violation> Set(google::protobuf::Message& root, absl::string_view text, Factor factor) const;
  // The same where nothing is there yet; what is there stays. Reason VALUE_CONFLICT if it says something else.
  absl::optional<Violation> Supply(google::protobuf::Message& root, absl::string_view text) const;

 private:
  bool IsSet(const google::protobuf::Message& root) const;

  struct Step {
    const google::protobuf::FieldDescriptor* field = nullptr;
    int index = 0;  // of repeated messages
  };
  std::vector<Step> steps_;
};

}  // namespace meguri::passport
