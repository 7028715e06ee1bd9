// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>

#include "CLI/CLI.hpp"
#include "absl/status/status.h"
#include "certs/entry_text.h"
#include "node/app/move.h"
#include "node/app/recover.h"

namespace meguri::node {

// Adds the commands that work on a node's folder, whether the node runs or not: init, join, client, and those that
// change what others know of this node. `data`, the folder, is read when the chosen `action` runs; both outlive `app`.
void AddFolderCommands(CLI::App& app, const std::string& data, std::function<absl::Status()>& action);

// Adds `meguri-node host …`, the commands about members that are hosted beside the node's own.
void AddHostCommands(CLI::App& app, const std::string& data, std::function<absl::Status()>& action);

// Adds `meguri-node give-back`, and `recover` to the commands about hosted members.
void AddGiveBack(CLI::App& app, const std::string& data, std::function<absl::Status()>& action);
void AddRecover(CLI::App& host, const std::string& data, std::function<absl::Status()>& action);
// What could be put together, and what that means.
void PrintRecovered(const RecoveredMember& recovered);

// Shows on a terminal how far a command has come: a line, over which the next one is written.
MoveProgress TerminalProgress();

// The flags that say what stands in a member's entry.
void AddEntryFlags(CLI::App& command, certs::EntryText& text);

}  // namespace meguri::node
