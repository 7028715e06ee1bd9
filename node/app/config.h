// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"

namespace meguri::node {

// One setting: what it is called, what it may be, and what it is if nobody says.
struct Setting {
  absl::string_view name;  // key of node.toml; MEGURI_<NAME> in the environment; --<name> as a flag
  absl::string_view default_value;
  absl::string_view description;
};

// Every setting there is.
const std::vector<Setting>& Settings();

// host:port as a server takes it: port 0 lets the system choose one.
bool IsListenAddress(absl::string_view text);

// http://host:port, or http://user:password@host:port.
bool IsHttpProxy(absl::string_view text);

// A value as it may be shown: without a password.
std::string ShownValue(absl::string_view name, absl::string_view value);

// Where a value came from, weakest first.
enum class ConfigSource { kDefault, kFile, kEnvironment, kFlag };
absl::string_view ToString(ConfigSource source);

struct ConfigValue {
  std::string value;
  ConfigSource source = ConfigSource::kDefault;
};

// The settings of a node: flags win over the environment, that over the file, that over the defaults. Immutable.
class Config {
 public:
  // `flags` holds what was given on the command line, by setting name. `environment` returns a variable, or nullopt.
  // INVALID_ARGUMENT with reason CONFIG: the key, where it stands, what is wrong, what would be right.
  static absl::StatusOr<Config> Load(const std::string& data_folder, const std::map<std::string, std::string>& flags,
                                     const std::function<absl::optional<std::string>(const std::string&)>& environment);

  const std::string& data_folder() const { return data_folder_; }
  const std::map<std::string, ConfigValue>& values() const { return values_; }
  const std::string& Get(absl::string_view name) const;
  int64_t GetInt(absl::string_view name) const;

 private:
  std::string data_folder_;
  std::map<std::string, ConfigValue> values_;
};

}  // namespace meguri::node
