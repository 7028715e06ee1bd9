// SPDX-License-Identifier: Apache-2.0
#include "node/app/config.h"

#include <fstream>
#include <sstream>

#include "absl/algorithm/container.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "certs/grammar.h"
#include "node/app/folder.h"
#include "record/participant_id.h"

// Errors come back as values: nothing of ours throws.
#define TOML_EXCEPTIONS 0
#define TOML_HEADER_ONLY 1
#include "toml++/toml.h"

namespace meguri::node {
namespace {

struct IntRange {
  absl::string_view name;
  int64_t min;
  int64_t max;
};

constexpr IntRange kIntRanges[] = {
    {"registry_stale_hours", 1, int64_t{24} * 30},
    {"heartbeat_seconds", 1, 60},
    {"exchange_seconds", 1, 86'400},
    {"heads_seconds", 1, 3600},
    {"receipts_needed", 0, 8},
    {"block_cache_mib", 1, 65536},
    {"write_buffer_mib", 1, 4096},
    {"follow_quota_mib", 1, int64_t{1} << 40},
    {"follow_quota_entries", 1, int64_t{1} << 40},
};

constexpr absl::string_view kHttp = "http://";

// Whether each % begins the two hexadecimal digits of a character that is no control character.
bool HasOnlyVisibleEscapes(absl::string_view text) {
  for (size_t at = text.find('%'); at != absl::string_view::npos; at = text.find('%', at + 1)) {
    int character = 0;
    if (at + 2 >= text.size() || !absl::SimpleHexAtoi(text.substr(at + 1, 2), &character) || character < ' ') {
      return false;
    }
  }
  return true;
}

absl::Status ConfigError(absl::string_view where, absl::string_view found, absl::string_view expected,
                         absl::string_view cure) {
  return InvalidInput({{std::string(where), "CONFIG", std::string(found), std::string(expected), std::string(cure),
                        absl::StrCat("設定 ", where, " が正しくありません。")}});
}

bool IsKnown(absl::string_view name) {
  for (const Setting& setting : Settings()) {
    if (setting.name == name) {
      return true;
    }
  }
  return false;
}

absl::Status ReadFile(const std::string& path, std::map<std::string, ConfigValue>& values) {
  std::ifstream in(path);
  if (!in) {
    return ConfigError(path, "no such file", "the configuration of a node",
                       "run `meguri-node init` first, or give --data");
  }
  std::stringstream text;
  text << in.rdbuf();
  toml::table table;
  toml::parse_result result = toml::parse(text.str(), path);
  if (!result) {
    return ConfigError(absl::StrCat(path, ":", result.error().source().begin.line),
                       std::string(result.error().description()), "TOML", "mend the line");
  }
  table = std::move(result).table();
  for (const auto& [key, node] : table) {
    const std::string name(key.str());
    if (!IsKnown(name)) {
      return ConfigError(absl::StrCat(path, ": ", name), "an unknown setting", "one that check-config lists",
                         "correct its name or remove it");
    }
    if (node.is_string()) {
      values[name] = {node.as_string()->get(), ConfigSource::kFile};
    } else if (node.is_integer()) {
      values[name] = {absl::StrCat(node.as_integer()->get()), ConfigSource::kFile};
    } else {
      return ConfigError(absl::StrCat(path, ": ", name), "neither a string nor a number", "a string or a number",
                         "write for example listen = \"127.0.0.1:7443\"");
    }
  }
  return absl::OkStatus();
}

absl::Status CheckValues(const std::map<std::string, ConfigValue>& values) {
  for (const IntRange& range : kIntRanges) {
    const std::string& value = values.at(std::string(range.name)).value;
    int64_t number = 0;
    if (!absl::SimpleAtoi(value, &number) || number < range.min || number > range.max) {
      return ConfigError(range.name, absl::StrCat("'", value, "'"),
                         absl::StrCat("a number from ", range.min, " to ", range.max), "change the value");
    }
  }
  const std::string& participant = values.at("participant").value;
  if (!record::ParticipantId::Parse(participant).ok()) {
    return ConfigError("participant", absl::StrCat("'", participant, "'"),
                       "a participant ID such as 0188:7123456789012", "set the member that this node belongs to");
  }
  const std::string& listen = values.at("listen").value;
  if (!IsListenAddress(listen)) {
    return ConfigError("listen", absl::StrCat("'", listen, "'"), "host:port, for example 0.0.0.0:7443 or [::]:7443",
                       "change the value");
  }
  const std::string& proxy = values.at("http_proxy").value;
  if (!proxy.empty() && !IsHttpProxy(proxy)) {
    return ConfigError("http_proxy", absl::StrCat("'", ShownValue("http_proxy", proxy), "'"),
                       "http://host:port, or http://user:password@host:port with what is special in it as %XX",
                       "change the value, or leave it out to call other nodes directly");
  }
  for (const absl::string_view name : {"follow_correspondents", "hand_on", "witness"}) {
    const std::string& value = values.at(std::string(name)).value;
    if (value != "yes" && value != "no") {
      return ConfigError(name, absl::StrCat("'", value, "'"), "yes or no", "change the value");
    }
  }
  const std::string& level = values.at("log_level").value;
  if (level != "debug" && level != "info" && level != "warning" && level != "error") {
    return ConfigError("log_level", absl::StrCat("'", level, "'"), "debug, info, warning or error", "change the value");
  }
  return absl::OkStatus();
}

}  // namespace

const std::vector<Setting>& Settings() {
  static const auto& settings = *new std::vector<Setting>{
      {"participant", "", "the member that this node belongs to, as a participant ID"},
      {"node_name", "main", "name of this node in its certificate"},
      {"listen", "127.0.0.1:7443", "address on which gRPC is served"},
      {"registry_stale_hours", "72", "age of the registry beyond which only PUBLIC sections are served"},
      {"heartbeat_seconds", "30", "operator: how often the registry heartbeat is signed (at most 60)"},
      {"exchange_seconds", "300", "how often another node is told which heads of feeds are known here, and asked"},
      {"receipts_needed", "1",
       "how many members at different nodes must say that they saw what no witnesses saw; 0: none"},
      {"heads_seconds", "300", "how often the heads of feeds that not everybody may read are committed"},
      {"http_proxy", "",
       "proxy through which other nodes are called: http://host:port, or http://user:password@host:port"},
      {"block_cache_mib", "16", "memory for reading from the store"},
      {"write_buffer_mib", "16", "memory for each write buffer of the store"},
      {"follow_quota_mib", "16384", "how much of each followed publisher is kept at most"},
      {"follow_quota_entries", "10000000", "how many feed entries of each followed publisher are kept at most"},
      {"follow_correspondents", "yes", "yes or no: follow what those address to this member with whom it corresponds"},
      {"hand_on", "yes", "yes or no: hand on to other members the copies of feeds that they may read all the same"},
      {"witness", "no", "yes or no: cosign heads of members' feeds; `meguri-node witness` says yes"},
      {"log_level", "info", "debug, info, warning or error"},
  };
  return settings;
}

bool IsListenAddress(absl::string_view text) {
  return certs::IsAddress(text) || (absl::ConsumeSuffix(&text, ":0") && certs::IsAddress(absl::StrCat(text, ":1")));
}

bool IsHttpProxy(absl::string_view text) {
  if (!absl::ConsumePrefix(&text, kHttp)) {
    return false;
  }
  const size_t at = text.rfind('@');
  const absl::string_view user = at == absl::string_view::npos ? "" : text.substr(0, at);
  const bool is_user = HasOnlyVisibleEscapes(user) && absl::c_all_of(user, [](char c) {
                         return absl::ascii_isgraph(static_cast<unsigned char>(c)) && !absl::StrContains("/?#@", c);
                       });
  text.remove_prefix(at == absl::string_view::npos ? 0 : at + 1);
  return is_user && (at == absl::string_view::npos || !user.empty()) && certs::IsAddress(text);
}

std::string ShownValue(absl::string_view name, absl::string_view value) {
  const size_t at = value.rfind('@');
  return name == "http_proxy" && at != absl::string_view::npos ? absl::StrCat(kHttp, "***", value.substr(at))
                                                               : std::string(value.data(), value.size());
}

absl::string_view ToString(ConfigSource source) {
  switch (source) {
    case ConfigSource::kDefault:
      return "default";
    case ConfigSource::kFile:
      return "file";
    case ConfigSource::kEnvironment:
      return "environment";
    case ConfigSource::kFlag:
      return "flag";
  }
  return "default";
}

absl::StatusOr<Config> Config::Load(const std::string& data_folder, const std::map<std::string, std::string>& flags,
                                    const std::function<absl::optional<std::string>(const std::string&)>& environment) {
  Config config;
  config.data_folder_ = data_folder;
  for (const Setting& setting : Settings()) {
    config.values_[std::string(setting.name)] = {std::string(setting.default_value), ConfigSource::kDefault};
  }
  MEGURI_RETURN_IF_ERROR(ReadFile(Folder(data_folder).config(), config.values_));
  for (const Setting& setting : Settings()) {
    const std::string name(setting.name);
    const absl::optional<std::string> variable = environment(absl::StrCat("MEGURI_", absl::AsciiStrToUpper(name)));
    if (variable.has_value()) {
      config.values_[name] = {*variable, ConfigSource::kEnvironment};
    }
    const auto flag = flags.find(name);
    if (flag != flags.end()) {
      config.values_[name] = {flag->second, ConfigSource::kFlag};
    }
  }
  MEGURI_RETURN_IF_ERROR(CheckValues(config.values_));
  return config;
}

const std::string& Config::Get(absl::string_view name) const {
  const auto found = values_.find(std::string(name));
  Invariant(found != values_.end(), "settings are asked for by their names");
  return found->second.value;
}

int64_t Config::GetInt(absl::string_view name) const {
  int64_t number = 0;
  Invariant(absl::SimpleAtoi(Get(name), &number), "numbers are checked when the settings are loaded");
  return number;
}

}  // namespace meguri::node
