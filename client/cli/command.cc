// SPDX-License-Identifier: Apache-2.0
#include "client/cli/command.h"

#include <utility>

#include "CLI/App.hpp"
#include "CLI/Config.hpp"
#include "CLI/Formatter.hpp"
#include "CLI/Validators.hpp"
#include "absl/strings/str_join.h"

namespace meguri::client {

Argument Argument::Required() const { return Argument(option_->required()); }

Argument Argument::TypeName(const char* name) const { return Argument(option_->type_name(name)); }

Argument Argument::ShowDefault() const { return Argument(option_->capture_default_str()); }

Argument Argument::OnceEach() const { return Argument(option_->take_all()->allow_extra_args(false)); }

Argument Argument::Excludes(Argument other) const { return Argument(option_->excludes(other.option_)); }

Argument Argument::Positive() const { return Argument(option_->check(CLI::PositiveNumber)); }

Argument Argument::Between(int64_t low, int64_t high) const { return Argument(option_->check(CLI::Range(low, high))); }

Argument Argument::OneOf(const std::vector<std::string>& words) const {
  return Argument(option_->check(CLI::IsMember(words)));
}

Argument Argument::OneOfNumbered(const std::map<std::string, int>& words, const Session& session) const {
  const auto number = [words, &session](std::string& given) -> std::string {
    const auto found = words.find(given);
    if (found != words.end()) {
      given = std::to_string(found->second);
      return "";
    }
    std::vector<std::string> names;
    names.reserve(words.size());
    for (const auto& [name, value] : words) {
      names.push_back(name);
    }
    return session.Say(Message::kNoneOf, {given, absl::StrJoin(names, ", ")});
  };
  return Argument(option_->transform(CLI::Validator(number, "")));
}

Argument Command::Option(const char* names, std::string& value, const std::string& about) const {
  return Argument(app_->add_option(names, value, about));
}

Argument Command::Option(const char* names, std::vector<std::string>& value, const std::string& about) const {
  return Argument(app_->add_option(names, value, about));
}

Argument Command::Option(const char* names, int32_t& value, const std::string& about) const {
  return Argument(app_->add_option(names, value, about));
}

Argument Command::Option(const char* names, uint32_t& value, const std::string& about) const {
  return Argument(app_->add_option(names, value, about));
}

Argument Command::Option(const char* names, int64_t& value, const std::string& about) const {
  return Argument(app_->add_option(names, value, about));
}

Argument Command::Option(const char* names, uint64_t& value, const std::string& about) const {
  return Argument(app_->add_option(names, value, about));
}

Argument Command::Option(const char* names, absl::optional<std::string>& value, const std::string& about) const {
  return Argument(
      app_->add_option_function<std::string>(names, [&value](const std::string& given) { value = given; }, about));
}

Argument Command::OptionByNumber(const char* names, const std::function<void(int)>& set,
                                 const std::string& about) const {
  return Argument(app_->add_option_function<int>(names, set, about)).TypeName("WORD");
}

Argument Command::OptionByNumbers(const char* names, const std::function<void(const std::vector<int>&)>& set,
                                  const std::string& about) const {
  return Argument(app_->add_option_function<std::vector<int>>(names, set, about)).TypeName("WORD");
}

Argument Command::Flag(const char* name, bool& value, const std::string& about) const {
  return Argument(app_->add_flag(name, value, about));
}

void Command::OnCall(std::function<void()> action) const { app_->callback(std::move(action)); }

Command AddNoun(Command parent, const char* name, Message about, const Session& session) {
  const Command noun = AddVerb(parent, name, about, session);
  noun.app().require_subcommand(1);
  return noun;
}

Command AddVerb(Command parent, const char* name, Message about, const Session& session) {
  CLI::App& verb = *parent.app().add_subcommand(name, session.Say(about));
  verb.set_help_flag("-h,--help", session.Say(Message::kAboutHelp));
  return Command(verb);
}

}  // namespace meguri::client
