// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace meguri {

// A warning tells and never blocks.
enum class Severity { kError, kWarning };

// One problem in an input: which field, which rule, what was found, what was expected, how to mend it.
struct Violation {
  std::string field;       // path, for example publications[0].sections[2].steps[4].time_s
  std::string reason;      // stable SCREAMING_CASE name that a program can switch on
  std::string found;       // what was there, quoted and shortened
  std::string expected;    // what the rule asks for
  std::string cure;        // what to do about it
  std::string message_ja;  // the same in Japanese, one sentence
  Severity severity = Severity::kError;

  friend bool operator==(const Violation&, const Violation&) = default;
};

// Returns "field: found, expected …; cure" in one sentence.
std::string ToSentence(const Violation& violation);

// Takes the warnings out of `violations` and returns them; both keep their order.
std::vector<Violation> TakeWarnings(std::vector<Violation>& violations);

// Keeps at most `max` warnings, and says in the last one (reason MORE_WARNINGS) how many were left out.
void LimitWarnings(std::vector<Violation>& warnings, size_t max);

// Returns an error that carries a stable reason (SCREAMING_CASE).
absl::Status Error(absl::StatusCode code, absl::string_view reason, absl::string_view message);

// Returns INVALID_ARGUMENT that carries every violation. Its reason is that of the first one. `violations` is not
// empty.
absl::Status InvalidInput(const std::vector<Violation>& violations);

// Returns the reason that `status` carries, or "" if it carries none.
std::string ReasonOf(const absl::Status& status);

// Returns the violations that `status` carries.
std::vector<Violation> ViolationsOf(const absl::Status& status);

// Aborts with `why` unless `condition` holds. For our own broken promises only, never for input.
void Invariant(bool condition, absl::string_view why);

}  // namespace meguri
