// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "absl/types/span.h"
#include "google/protobuf/descriptor.h"
#include "passport/rules/record_rule.h"
#include "passport/rules/rule.h"

namespace meguri::passport {

// A line of a section's table: what one message, or one field of it, must obey. A new rule is a file and a line.
struct Rule {
  const google::protobuf::Descriptor* message = nullptr;
  int field = 0;                        // number of a field; 0: the message as a whole
  bool required = false;                // the field must be there
  ValueRule check_value = nullptr;      // each string or Decimal of the field
  MessageRule check_message = nullptr;  // the message, or each message of the field
  int count_max = 0;                    // of a repeated field; 0: no limit but that of the payload
};

// The rules of messages of this type, in the order of their lines.
absl::Span<const Rule> RulesOf(const google::protobuf::Descriptor* message);

// The rules between sections.
absl::Span<const RecordRule> RecordRules();

}  // namespace meguri::passport
