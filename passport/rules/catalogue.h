// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "base/error.h"

namespace meguri::passport {

// What a rule's name means to a person.
struct RuleDescription {
  absl::string_view reason;  // Violation::reason
  absl::string_view source;  // the standard or law it is from; "" if it is ours
  absl::string_view what;    // what holds
  absl::string_view what_ja;
  Severity severity = Severity::kError;
};

// Every reason that the rules of passport/ give: the one vocabulary of rule names. A new rule has a line here.
absl::Span<const RuleDescription> RuleCatalogue();
const RuleDescription* FindRule(absl::string_view reason);

// docs/rules.md.
std::string RulesPage();

}  // namespace meguri::passport
