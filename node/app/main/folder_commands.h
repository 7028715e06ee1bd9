// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>

#include "CLI/CLI.hpp"
#include "absl/status/status.h"

namespace meguri::node {

// Adds the commands that work on a node's folder, whether the node runs or not: init, join, client, and those that
// change what others know of this node. `data`, the folder, is read when the chosen `action` runs; both outlive `app`.
void AddFolderCommands(CLI::App& app, const std::string& data, std::function<absl::Status()>& action);

}  // namespace meguri::node
