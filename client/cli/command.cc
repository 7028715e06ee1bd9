// SPDX-License-Identifier: Apache-2.0
#include "client/cli/command.h"

namespace meguri::client {

CLI::App& AddNoun(CLI::App& parent, const char* name, Message about, const Session& session) {
  CLI::App& noun = *parent.add_subcommand(name, session.Say(about));
  noun.require_subcommand(1);
  return noun;
}

CLI::App& AddVerb(CLI::App& parent, const char* name, Message about, const Session& session) {
  return *parent.add_subcommand(name, session.Say(about));
}

}  // namespace meguri::client
