// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <type_traits>
#include <vector>

#include "absl/status/status.h"
#include "absl/types/optional.h"
#include "client/cli/messages.h"
#include "client/cli/session.h"

// The parser stands behind these classes, as its header costs every file that includes it four seconds to compile.
namespace CLI {  // NOLINT(readability-identifier-naming): the library's
class App;
class Option;
}  // namespace CLI

namespace meguri::client {

// An option, an argument or a flag of a command. A handle: copies mean the same one.
class Argument {
 public:
  explicit Argument(CLI::Option* option) : option_(option) {}

  Argument Required() const;
  // What the help calls the value.
  Argument TypeName(const char* name) const;
  // The help shows the value that the variable has now.
  Argument ShowDefault() const;
  // May stand several times, each time with one value.
  Argument OnceEach() const;
  // Not together with `other`.
  Argument Excludes(Argument other) const;
  // Takes a number above 0, or within these bounds, and nothing else.
  Argument Positive() const;
  Argument Between(int64_t low, int64_t high) const;
  // Takes one of `words` and nothing else; an enumeration gets the value that belongs to the word.
  Argument OneOf(const std::vector<std::string>& words) const;
  template <typename Value>
  Argument OneOf(const std::map<std::string, Value>& words, const Session& session) const {
    std::map<std::string, int> numbers;
    for (const auto& [word, value] : words) {
      numbers.emplace(word, static_cast<int>(value));
    }
    return OneOfNumbered(numbers, session);
  }

 private:
  Argument OneOfNumbered(const std::map<std::string, int>& words, const Session& session) const;

  CLI::Option* option_;
};

// A noun (which needs a verb) or a verb. A handle: copies mean the same one, which lives as long as the program's run.
// What is parsed goes into the variables that the options are given; they must live as long.
class Command {
 public:
  explicit Command(CLI::App& app) : app_(&app) {}

  // `names` is "-o,--output" or, for an argument without a name, "FILE".
  Argument Option(const char* names, std::string& value, const std::string& about) const;
  Argument Option(const char* names, std::vector<std::string>& value, const std::string& about) const;
  Argument Option(const char* names, int32_t& value, const std::string& about) const;
  Argument Option(const char* names, uint32_t& value, const std::string& about) const;
  Argument Option(const char* names, int64_t& value, const std::string& about) const;
  Argument Option(const char* names, uint64_t& value, const std::string& about) const;
  // Stays without a value if the option is not there.
  Argument Option(const char* names, absl::optional<std::string>& value, const std::string& about) const;
  // Enumerations: OneOf() of the argument says which word means which value.
  template <typename Value, std::enable_if_t<std::is_enum_v<Value>, int> = 0>
  Argument Option(const char* names, Value& value, const std::string& about) const {
    return OptionByNumber(names, [&value](int number) { value = static_cast<Value>(number); }, about);
  }
  template <typename Value, std::enable_if_t<std::is_enum_v<Value>, int> = 0>
  Argument Option(const char* names, std::vector<Value>& values, const std::string& about) const {
    return OptionByNumbers(
        names,
        [&values](const std::vector<int>& numbers) {
          values.clear();
          for (const int number : numbers) {
            values.push_back(static_cast<Value>(number));
          }
        },
        about);
  }
  Argument Flag(const char* name, bool& value, const std::string& about) const;

  // Makes `action` what happens when this command is the one that was called.
  void OnCall(std::function<void()> action) const;

  CLI::App& app() const { return *app_; }

 private:
  Argument OptionByNumber(const char* names, const std::function<void(int)>& set, const std::string& about) const;
  Argument OptionByNumbers(const char* names, const std::function<void(const std::vector<int>&)>& set,
                           const std::string& about) const;

  CLI::App* app_;
};

// Adds a noun or a verb to `parent`. Global flags may stand after it.
Command AddNoun(Command parent, const char* name, Message about, const Session& session);
Command AddVerb(Command parent, const char* name, Message about, const Session& session);

// Makes `run` what the program does if `command` is the one that was called.
template <typename Arguments>
void OnCall(Command command, Session& session, const std::shared_ptr<Arguments>& arguments,
            absl::Status (*run)(Session&, const Arguments&)) {
  command.OnCall(
      [&session, arguments, run] { session.action = [&session, arguments, run] { return run(session, *arguments); }; });
}

}  // namespace meguri::client
