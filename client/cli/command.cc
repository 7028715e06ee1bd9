// SPDX-License-Identifier: Apache-2.0
#include "client/cli/command.h"

namespace meguri::client {

CLI::App& AddNoun(CLI::App& parent, const char* name, Message about, const Session& session) {
  CLI::App& noun = *parent.add_subcommand(name, session.Say(about));
  noun.set_help_flag("-h,--help", session.Say(Message::kAboutHelp));
  noun.require_subcommand(1);
  return noun;
}

CLI::App& AddVerb(CLI::App& parent, const char* name, Message about, const Session& session) {
  CLI::App& verb = *parent.add_subcommand(name, session.Say(about));
  verb.set_help_flag("-h,--help", session.Say(Message::kAboutHelp));
  return verb;
}

}  // namespace meguri::client
