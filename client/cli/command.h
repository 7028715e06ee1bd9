// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "CLI/App.hpp"
#include "CLI/Config.hpp"
#include "CLI/Formatter.hpp"
#include "CLI/Validators.hpp"
#include "absl/status/status.h"
#include "absl/strings/str_join.h"
#include "client/cli/messages.h"
#include "client/cli/session.h"

namespace meguri::client {

// Adds a noun (which needs a verb) or a verb to `parent`. Global flags may stand after it.
CLI::App& AddNoun(CLI::App& parent, const char* name, Message about, const Session& session);
CLI::App& AddVerb(CLI::App& parent, const char* name, Message about, const Session& session);

// Takes one of `words` and nothing else; the option gets the value that belongs to it.
template <typename Value>
CLI::Validator WordOf(const std::map<std::string, Value>& words, const Session& session) {
  return CLI::Validator(
      [words, &session](std::string& given) -> std::string {
        const auto found = words.find(given);
        if (found != words.end()) {
          given = std::to_string(static_cast<int>(found->second));
          return "";
        }
        std::vector<std::string> names;
        names.reserve(words.size());
        for (const auto& [name, value] : words) {
          names.push_back(name);
        }
        return session.Say(Message::kNoneOf, {given, absl::StrJoin(names, ", ")});
      },
      "");
}

// Makes `run` what the program does if `command` is the one that was called.
template <typename Arguments>
void OnCall(CLI::App& command, Session& session, const std::shared_ptr<Arguments>& arguments,
            absl::Status (*run)(Session&, const Arguments&)) {
  command.callback(
      [&session, arguments, run] { session.action = [&session, arguments, run] { return run(session, *arguments); }; });
}

}  // namespace meguri::client
