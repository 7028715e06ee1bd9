// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "base/error.h"
#include "client/cli/messages.h"
#include "nlohmann/json_fwd.hpp"

namespace meguri::client {

// For a person: what went wrong, each violation on lines of its own (field, found, expected, cure), and at the end one
// line that says what to do. Text from outside is made harmless.
std::string ErrorReport(const absl::Status& status, Language language, bool color);

// For a person: warnings, each on lines of its own.
std::string WarningReport(const std::vector<Violation>& warnings, Language language);

// The same on one line, for a cell of a sheet: place, what is wrong, the rule.
std::string SheetSentence(Language language, const Violation& violation);

// For a program: {"error": {"code", "reason", "message", "violations", "exit_code"}}.
nlohmann::ordered_json ErrorJson(const absl::Status& status);

}  // namespace meguri::client
