// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "CLI/App.hpp"
#include "CLI/Config.hpp"
#include "CLI/Formatter.hpp"
#include "CLI/Validators.hpp"
#include "absl/status/status.h"
#include "client/cli/messages.h"
#include "client/cli/session.h"

namespace meguri::client {

// Adds a noun (which needs a verb) or a verb to `parent`. Global flags may stand after it.
CLI::App& AddNoun(CLI::App& parent, const char* name, Message about, const Session& session);
CLI::App& AddVerb(CLI::App& parent, const char* name, Message about, const Session& session);

// Makes `run` what the program does if `command` is the one that was called.
template <typename Arguments>
void OnCall(CLI::App& command, Session& session, const std::shared_ptr<Arguments>& arguments,
            absl::Status (*run)(Session&, const Arguments&)) {
  command.callback(
      [&session, arguments, run] { session.action = [&session, arguments, run] { return run(session, *arguments); }; });
}

}  // namespace meguri::client
