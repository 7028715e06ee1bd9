// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <string>
#include <vector>

#include "CLI/App.hpp"
#include "CLI/Config.hpp"
#include "CLI/Formatter.hpp"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "client/cli/command.h"
#include "client/cli/commands.h"
#include "nlohmann/json.hpp"

namespace meguri::client {
namespace {

struct Arguments {
  const CLI::App* program = nullptr;
  std::string shell;
};

// One branch of the script for each command: `path` → the words that may follow it.
void AppendBranches(const CLI::App& command, const std::string& path, std::string& script) {
  std::vector<std::string> words;
  for (const CLI::App* child : command.get_subcommands({})) {
    words.push_back(child->get_name());
    AppendBranches(*child, absl::StrCat(path, " ", child->get_name()), script);
  }
  for (const CLI::Option* option : command.get_options()) {
    for (const std::string& name : option->get_lnames()) {
      words.push_back(absl::StrCat("--", name));
    }
  }
  absl::StrAppend(&script, "    \"", path, "\") words=\"", absl::StrJoin(words, " "), "\" ;;\n");
}

absl::Status PrintScript(Session& session, const Arguments& arguments) {
  std::string branches;
  AppendBranches(*arguments.program, "meguri", branches);
  const std::string script = absl::StrCat(
      "_meguri() {\n"
      "  local path=meguri words= word\n"
      "  for word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n"
      "    case \"$word\" in -*) ;; *[!a-z-]*) ;; *) path=\"$path $word\" ;; esac\n"
      "  done\n"
      "  case \"$path\" in\n",
      branches,
      "  esac\n"
      "  COMPREPLY=($(compgen -W \"$words\" -- \"${COMP_WORDS[COMP_CWORD]}\"))\n"
      "}\n"
      "complete -o default -F _meguri meguri\n");
  return session.Answer(script, {{"shell", arguments.shell}, {"script", script}});
}

}  // namespace

void AddCompletion(Command parent, Session& session) {
  const auto arguments = std::make_shared<Arguments>();
  arguments->program = &parent.app();
  const Command command = AddVerb(parent, "completion", Message::kAboutCompletion, session);
  command.Option("SHELL", arguments->shell, session.Say(Message::kAboutShell)).Required().OneOf({"bash"});
  OnCall(command, session, arguments, &PrintScript);
}

}  // namespace meguri::client
