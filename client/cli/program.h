// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "client/cli/exit_code.h"
#include "client/cli/surroundings.h"

namespace meguri::client {

// Runs `meguri` with `arguments` (without the program's own name).
ExitCode RunProgram(const std::vector<std::string>& arguments, const Surroundings& surroundings);

}  // namespace meguri::client
