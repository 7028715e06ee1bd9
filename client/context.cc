// SPDX-License-Identifier: Apache-2.0
#include "client/context.h"

#include <array>
#include <utility>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "certs/files.h"
#include "certs/grammar.h"
#include "certs/identity.h"

#define TOML_EXCEPTIONS 0
#define TOML_HEADER_ONLY 1
#include "toml++/toml.h"

namespace meguri::client {
namespace {

constexpr char kReason[] = "CONTEXT";
constexpr char kSettingsFile[] = "client.toml";
constexpr char kKeyFile[] = "client.key";

struct KnownKey {
  const char* name;
  bool required;
  const char* cure;
  const char* cure_ja;
};
constexpr std::array<KnownKey, 5> kKeys = {{
    {"federation", true, "write the federation's domain, as its trust bundle names it",
     "トラストバンドルにある連合のドメイン名を書いてください"},
    {"member", true, "write the participant ID that you act for, for example \"0188:7123456789012\"",
     "代理するメンバーの参加者 ID を書いてください(例 \"0188:7123456789012\")"},
    {"address", true, "write the node's host and port, for example \"127.0.0.1:7443\"",
     "ノードのホスト名とポートを書いてください(例 \"127.0.0.1:7443\")"},
    {"node_identity", true, "write the identity that the node shows: `meguri-node check-config` prints it",
     "ノードの識別 URI を書いてください(`meguri-node check-config` で表示できます)"},
    {"record_key", false, "write the path of a key file, relative to the folder of client.toml",
     "鍵ファイルのパスを client.toml のフォルダーからの相対パスで書いてください"},
}};

// Collects the problems of one file.
class Problems {
 public:
  explicit Problems(absl::string_view file) : file_(file.data(), file.size()) {}

  void Add(absl::string_view key, absl::string_view found, absl::string_view expected, absl::string_view cure,
           absl::string_view cure_ja) {
    Violation violation;
    violation.field = key.empty() ? file_ : absl::StrCat(file_, ": ", key);
    violation.reason = kReason;
    violation.found = absl::StrCat(found);
    violation.expected = absl::StrCat(expected);
    violation.cure = absl::StrCat(cure);
    violation.message_ja = absl::StrCat(violation.field, " が正しくありません。", cure_ja, "。");
    violations_.push_back(std::move(violation));
  }
  void AddKey(const KnownKey& key, absl::string_view found, absl::string_view expected) {
    Add(key.name, found, expected, key.cure, key.cure_ja);
  }
  const std::vector<Violation>& all() const { return violations_; }

 private:
  const std::string file_;
  std::vector<Violation> violations_;
};

// Reads the string at `key`; "" if it is absent or wrong, which `problems` then says.
std::string ReadKey(const toml::table& table, const KnownKey& key, Problems& problems) {
  const toml::node* node = table.get(key.name);
  if (node == nullptr) {
    if (key.required) {
      problems.AddKey(key, "the key is missing", "a text");
    }
    return "";
  }
  const toml::value<std::string>* value = node->as_string();
  if (value == nullptr || value->get().empty()) {
    problems.AddKey(key, value == nullptr ? "the value is not a text" : "the value is empty", "a text in quotes");
    return "";
  }
  return value->get();
}

void FindUnknownKeys(const toml::table& table, Problems& problems) {
  for (const auto& [key, value] : table) {
    const absl::string_view name(key.str().data(), key.str().size());
    if (absl::c_none_of(kKeys, [name](const KnownKey& known) { return name == known.name; })) {
      problems.Add(name, "there is no such key", "federation, member, address, node_identity or record_key",
                   "correct its spelling or remove it", "綴りを直すか、削除してください");
    }
  }
}

// The rules of each value, once all that are required are there.
absl::StatusOr<ContextSettings> CheckValues(const std::array<std::string, kKeys.size()>& values, Problems& problems) {
  const absl::StatusOr<record::ParticipantId> member = record::ParticipantId::Parse(values[1]);
  if (!member.ok()) {
    problems.AddKey(kKeys[1], certs::Quoted(values[1]), member.status().message());
  }
  if (!certs::IsAddress(values[2])) {
    problems.AddKey(kKeys[2], certs::Quoted(values[2]), "host:port");
  }
  const absl::StatusOr<certs::Identity> node = certs::Identity::Parse(values[3]);
  if (!node.ok() || node->certificate_class != certs::Identity::Class::kNode) {
    problems.AddKey(kKeys[3], certs::Quoted(values[3]), "spiffe://<federation>/member/<icd>/<identifier>/node/<name>");
  } else if (node->federation != values[0]) {
    problems.AddKey(kKeys[3], certs::Quoted(values[3]),
                    absl::StrCat("an identity of the federation ", certs::Quoted(values[0])));
  }
  if (!problems.all().empty()) {
    return InvalidInput(problems.all());
  }
  return ContextSettings{values[0], *member, values[2], values[3], values[4]};
}

// Reads one file of the folder; "" if it cannot be read, which `violations` then say.
std::string ReadPart(const std::string& folder, const char* name, std::vector<Violation>& violations) {
  const std::string path = absl::StrCat(folder, "/", name);
  absl::StatusOr<std::string> bytes = certs::ReadFile(path, kContextFileBytesMax);
  if (bytes.ok() && !bytes->empty()) {
    return *std::move(bytes);
  }
  Problems problems(path);
  problems.Add("", bytes.ok() ? "the file is empty" : bytes.status().message(), "a client folder with all its files",
               "make the folder anew with `meguri-node client add`",
               "`meguri-node client add` でクライアントフォルダーを作り直してください");
  violations.insert(violations.end(), problems.all().begin(), problems.all().end());
  return "";
}

// The same for the private key, which nobody else may read.
std::string ReadKeyPart(const std::string& folder, std::vector<Violation>& violations) {
  const std::string path = absl::StrCat(folder, "/", kKeyFile);
  absl::StatusOr<std::string> bytes = certs::ReadPrivateFile(path, kContextFileBytesMax);
  if (bytes.ok() || ReasonOf(bytes.status()) != "KEY_FILE_MODE") {
    return ReadPart(folder, kKeyFile, violations);
  }
  Problems problems(path);
  problems.Add("", "others than its owner may use this private key", "mode 0600",
               absl::StrCat("run `chmod 600 ", path, "`"), absl::StrCat("`chmod 600 ", path, "` を実行してください"));
  violations.insert(violations.end(), problems.all().begin(), problems.all().end());
  return "";
}

std::string Resolve(const std::string& folder, const std::string& path) {
  return path.empty() || path[0] == '/' ? path : absl::StrCat(folder, "/", path);
}

}  // namespace

absl::StatusOr<ContextSettings> ContextSettings::Parse(absl::string_view toml, absl::string_view file) {
  Problems problems(file);
  const toml::parse_result parsed = toml::parse(std::string(toml.data(), toml.size()));
  if (!parsed) {
    const auto what = parsed.error().description();
    problems.Add("",
                 absl::StrCat("line ", parsed.error().source().begin.line,
                              " is not TOML: ", absl::string_view(what.data(), what.size())),
                 "lines of the form key = \"value\"", "correct that line",
                 "その行を key = \"値\" の形に直してください");
    return InvalidInput(problems.all());
  }
  FindUnknownKeys(parsed.table(), problems);
  std::array<std::string, kKeys.size()> values;
  for (size_t i = 0; i < kKeys.size(); ++i) {
    values[i] = ReadKey(parsed.table(), kKeys[i], problems);
  }
  const bool complete = !values[0].empty() && !values[1].empty() && !values[2].empty() && !values[3].empty();
  return complete ? CheckValues(values, problems) : absl::StatusOr<ContextSettings>(InvalidInput(problems.all()));
}

absl::StatusOr<Context> Context::Load(const std::string& folder) {
  const std::string file = absl::StrCat(folder, "/", kSettingsFile);
  std::vector<Violation> violations;
  const std::string toml = ReadPart(folder, kSettingsFile, violations);
  if (toml.empty()) {
    return InvalidInput(violations);
  }
  MEGURI_ASSIGN_OR_RETURN(ContextSettings settings, ContextSettings::Parse(toml, file));
  TlsMaterial tls;
  tls.private_key = ReadKeyPart(folder, violations);
  tls.certificate_chain = ReadPart(folder, "client.crt", violations);
  tls.roots = ReadPart(folder, "roots.crt", violations);
  std::string trust_bundle = ReadPart(folder, "trust-bundle", violations);
  if (!violations.empty()) {
    return InvalidInput(violations);
  }
  std::string record_key = Resolve(folder, settings.record_key);
  return Context{folder, std::move(settings), std::move(tls), std::move(trust_bundle), std::move(record_key)};
}

}  // namespace meguri::client
