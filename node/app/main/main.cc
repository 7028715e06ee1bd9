// SPDX-License-Identifier: Apache-2.0
// meguri-node: runs a node, and does what must be done to its folder while it does not run.
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include "CLI/CLI.hpp"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "google/protobuf/stubs/logging.h"
#include "node/app/config.h"
#include "node/app/folder.h"
#include "node/app/log.h"
#include "node/app/node.h"
#include "node/app/setup.h"
#include "node/app/version.h"
#include "node/rpc/server.h"
#include "record/system_random.h"
#include "storage/anchor.h"
#include "storage/fsck.h"
#include "storage/rocksdb/rocksdb_store.h"

namespace meguri::node {
namespace {

// sysexits(3)
constexpr int kExitOk = 0;
constexpr int kExitProblems = 1;
constexpr int kExitUsage = 64;
constexpr int kExitDataRefused = 65;
constexpr int kExitUnavailable = 69;
constexpr int kExitSoftware = 70;
constexpr int kExitConfig = 78;

int ExitCodeOf(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kOk:
      return kExitOk;
    case absl::StatusCode::kInvalidArgument:
      return ReasonOf(status) == "CONFIG" ? kExitConfig : kExitDataRefused;
    case absl::StatusCode::kAlreadyExists:
      return kExitDataRefused;
    case absl::StatusCode::kFailedPrecondition:
    case absl::StatusCode::kNotFound:
      return kExitConfig;
    case absl::StatusCode::kUnavailable:
      return kExitUnavailable;
    default:
      return kExitSoftware;
  }
}

int Report(const absl::Status& status) {
  if (status.ok()) {
    return kExitOk;
  }
  const std::vector<Violation> violations = ViolationsOf(status);
  if (violations.empty()) {
    std::fprintf(stderr, "meguri-node: %s (%s)\n", std::string(status.message()).c_str(), ReasonOf(status).c_str());
  }
  for (const Violation& violation : violations) {
    std::fprintf(stderr, "meguri-node: %s (%s)\n  %s\n", ToSentence(violation).c_str(), violation.reason.c_str(),
                 violation.message_ja.c_str());
  }
  return ExitCodeOf(status);
}

absl::optional<std::string> ReadEnvironment(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  return value == nullptr ? absl::nullopt : absl::make_optional<std::string>(value);
}

LogLevel LevelOf(const std::string& name) {
  return name == "debug"     ? LogLevel::kDebug
         : name == "warning" ? LogLevel::kWarning
         : name == "error"   ? LogLevel::kError
                             : LogLevel::kInfo;
}

absl::Status Serve(const std::string& data, const std::map<std::string, std::string>& flags) {
  MEGURI_ASSIGN_OR_RETURN(const Config config, Config::Load(data, flags, ReadEnvironment));
  const SystemClock clock;
  record::SystemRandom random;
  Log log(STDERR_FILENO, LevelOf(config.Get("log_level")), clock);
  // Signals are taken by this thread alone, so every other thread is started with them blocked.
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  ::signal(SIGPIPE, SIG_IGN);
  MEGURI_ASSIGN_OR_RETURN(std::unique_ptr<Node> node, Node::Start(config, clock, random, log));
  int received = 0;
  sigwait(&signals, &received);
  log.Info("node-stopping", {{"signal", absl::StrCat(received)}});
  node.reset();
  log.Info("node-stopped");
  return absl::OkStatus();
}

absl::Status CheckConfig(const std::string& data, const std::map<std::string, std::string>& flags) {
  MEGURI_ASSIGN_OR_RETURN(const Config config, Config::Load(data, flags, ReadEnvironment));
  for (const Setting& setting : Settings()) {
    const ConfigValue& value = config.values().at(std::string(setting.name));
    std::printf("%-22s %-28s %-12s %s\n", std::string(setting.name).c_str(), value.value.c_str(),
                std::string(ToString(value.source)).c_str(), std::string(setting.description).c_str());
  }
  return absl::OkStatus();
}

absl::StatusOr<int> Fsck(const std::string& data) {
  const Folder folder(data);
  MEGURI_ASSIGN_OR_RETURN(const std::unique_ptr<storage::OrderedStore> store,
                          storage::OpenRocksdbStore(folder.store()));
  MEGURI_ASSIGN_OR_RETURN(const std::unique_ptr<storage::Anchor> anchor, storage::OpenAnchorFile(folder.anchor()));
  const bool shows_progress = ::isatty(STDERR_FILENO) != 0;
  MEGURI_ASSIGN_OR_RETURN(const storage::FsckReport report,
                          storage::Fsck(*store, anchor.get(), [&](uint64_t done, uint64_t total) {
                            if (shows_progress) {
                              std::fprintf(stderr, "\rchecked %llu of %llu keys", static_cast<unsigned long long>(done),
                                           static_cast<unsigned long long>(total));
                            }
                          }));
  if (shows_progress) {
    std::fprintf(stderr, "\n");
  }
  std::printf("records %llu, sections %llu, feeds %llu, entries %llu, index entries %llu: %zu problems\n",
              static_cast<unsigned long long>(report.records), static_cast<unsigned long long>(report.sections),
              static_cast<unsigned long long>(report.feeds), static_cast<unsigned long long>(report.entries),
              static_cast<unsigned long long>(report.index_entries), report.problems.size());
  for (const std::string& problem : report.problems) {
    std::printf("  %s\n", problem.c_str());
  }
  return report.problems.empty() ? kExitOk : kExitProblems;
}

// What the flags of `init` say, before they are understood.
struct InitFlags {
  InitOptions options;
  std::string participant;
  std::string kind;
  std::string name_ja;
  std::string name_en;
  std::string name_kana;
  std::string permit;
  std::vector<std::string> roles;
  std::vector<std::string> addresses;
  std::vector<std::string> prefixes;
  std::vector<std::string> domains;
  std::vector<std::string> name_spaces;
};

absl::Status Init(InitFlags flags) {
  registry::v1::MemberEntry& entry = flags.options.entry;
  entry.set_participant_id(flags.participant);
  MEGURI_ASSIGN_OR_RETURN(const registry::v1::MemberKind kind, ParseMemberKind(flags.kind));
  entry.set_kind(kind);
  entry.mutable_name()->set_ja(flags.name_ja);
  entry.mutable_name()->set_en(flags.name_en);
  entry.mutable_name()->set_kana(flags.name_kana);
  for (const std::string& text : flags.roles) {
    MEGURI_ASSIGN_OR_RETURN(*entry.add_roles(), ParseRole(text));
  }
  if (!flags.permit.empty()) {
    MEGURI_ASSIGN_OR_RETURN(const registry::v1::Permit permit, ParsePermit(flags.permit));
    for (registry::v1::Role& role : *entry.mutable_roles()) {
      if (role.kind() == registry::v1::ROLE_KIND_RECYCLER) {
        *role.mutable_permit() = permit;
      }
    }
  }
  entry.mutable_hosting()->mutable_addresses()->Assign(flags.addresses.begin(), flags.addresses.end());
  entry.mutable_gs1_company_prefixes()->Assign(flags.prefixes.begin(), flags.prefixes.end());
  entry.mutable_link_domains()->Assign(flags.domains.begin(), flags.domains.end());
  entry.mutable_id_name_spaces()->Assign(flags.name_spaces.begin(), flags.name_spaces.end());
  const SystemClock clock;
  record::SystemRandom random;
  const std::string data = flags.options.data_folder;
  const bool is_operator = flags.options.is_operator;
  MEGURI_RETURN_IF_ERROR(InitFolder(std::move(flags.options), clock, random));
  const Folder folder(data);
  if (is_operator) {
    std::printf(
        "Made the operator's node in %s.\nNext: meguri-node serve --data %s, then\n"
        "      meguri-node client add admin --role admin --data %s, and\n"
        "      meguri --home %s member enrol %s\nGive members this file: %s\n",
        data.c_str(), data.c_str(), data.c_str(), folder.client("admin").c_str(), folder.enrolment_request().c_str(),
        folder.trust_bundle().c_str());
  } else {
    std::printf("Made a node in %s.\nNext: send %s to the operator,\n      then meguri-node join ANSWER --data %s\n",
                data.c_str(), folder.enrolment_request().c_str(), data.c_str());
  }
  return absl::OkStatus();
}

void AddInit(CLI::App& app, std::string& data, InitFlags& flags, std::function<absl::Status()>& action) {
  CLI::App* init = app.add_subcommand("init", "Make the folder of a new node: keys, settings, enrolment request");
  init->add_flag("--operator", flags.options.is_operator, "make the operator's node: trust bundle and authority too");
  init->add_option("--federation", flags.options.federation, "operator: domain name of the federation");
  init->add_option("--trust-bundle", flags.options.trust_bundle_path, "members: the operator's trust bundle");
  init->add_option("--participant", flags.participant, "participant ID, for example 0188:7123456789012")->required();
  init->add_option("--name-ja", flags.name_ja, "name in Japanese")->required();
  init->add_option("--name-en", flags.name_en, "name in English")->required();
  init->add_option("--name-kana", flags.name_kana, "name in kana");
  init->add_option("--kind", flags.kind, "company-large, company-sme, company-micro, industry-association …")
      ->default_val("company-large");
  init->add_option("--role", flags.roles, "kind[:scope,…], for example recycler:battery; may be repeated");
  init->add_option("--permit", flags.permit, "of the recycler role: type|number|issuer");
  init->add_option("--address", flags.addresses, "host:port under which others reach this node; may be repeated");
  init->add_option("--gs1-prefix", flags.prefixes, "GS1 company prefix; may be repeated");
  init->add_option("--link-domain", flags.domains, "host name of Digital Links that this member issues");
  init->add_option("--name-space", flags.name_spaces, "URI prefix of identifiers that this member issues");
  init->add_option("--listen", flags.options.listen, "address to serve gRPC on")->default_val("127.0.0.1:7443");
  init->add_option("--node-name", flags.options.node_name, "name of the node in its certificate")->default_val("main");
  init->add_option("--key-algorithm", flags.options.key_algorithm, "of the record key: ed25519 or p256")
      ->default_val("ed25519");
  init->callback([&] {
    action = [&] {
      flags.options.data_folder = data;
      return Init(flags);
    };
  });
}

absl::StatusOr<api::v1::ClientRole> ParseClientRole(const std::string& text) {
  if (text == "read") {
    return api::v1::CLIENT_ROLE_READ;
  }
  if (text == "publish") {
    return api::v1::CLIENT_ROLE_PUBLISH;
  }
  if (text == "approve") {
    return api::v1::CLIENT_ROLE_APPROVE;
  }
  if (text == "admin") {
    return api::v1::CLIENT_ROLE_ADMIN;
  }
  return InvalidInput({{"--role", "FLAG", absl::StrCat("'", text, "'"), "read, publish, approve or admin",
                        "choose what the client may do", "--role は read / publish / approve / admin です。"}});
}

int Run(int argc, char** argv) {
  CLI::App app("meguri-node: a node of the circular-economy information platform");
  app.require_subcommand(1);
  app.set_version_flag("--version", std::string("meguri-node ") + kVersion);
  std::string data = ReadEnvironment("MEGURI_DATA").value_or("meguri-data");
  app.add_option("--data", data, "the node's folder (MEGURI_DATA)");
  app.fallthrough();

  std::function<absl::Status()> action;
  int exit_code = kExitOk;
  std::map<std::string, std::string> flags;
  const auto add_settings = [&](CLI::App* command) {
    for (const Setting& setting : Settings()) {
      const std::string name(setting.name);
      command->add_option_function<std::string>(
          "--" + absl::StrReplaceAll(name, {{"_", "-"}}),
          [&flags, name](const std::string& value) { flags[name] = value; }, std::string(setting.description));
    }
  };

  CLI::App* serve = app.add_subcommand("serve", "Run the node until it is told to stop");
  add_settings(serve);
  serve->callback([&] { action = [&] { return Serve(data, flags); }; });

  CLI::App* check = app.add_subcommand("check-config", "Show every setting, its value, and where that came from");
  add_settings(check);
  check->callback([&] { action = [&] { return CheckConfig(data, flags); }; });

  InitFlags init_flags;
  AddInit(app, data, init_flags, action);

  CLI::App* join = app.add_subcommand("join", "Put the operator's answer to the enrolment request in place");
  std::string enrolment;
  join->add_option("ENROLMENT", enrolment, "file from the operator")->required();
  join->callback([&] { action = [&] { return Join(data, enrolment, SystemClock()); }; });

  CLI::App* client = app.add_subcommand("client", "Clients of this node");
  client->require_subcommand(1);
  CLI::App* add = client->add_subcommand("add", "Make a client folder for `meguri --home`");
  std::string client_name;
  std::string role_name;
  add->add_option("NAME", client_name, "name of the client: a-z, 0-9 and -")->required();
  add->add_option("--role", role_name, "read, publish, approve or admin")->default_val("read");
  add->callback([&] {
    action = [&]() -> absl::Status {
      MEGURI_ASSIGN_OR_RETURN(const api::v1::ClientRole role, ParseClientRole(role_name));
      record::SystemRandom random;
      MEGURI_ASSIGN_OR_RETURN(const std::string path, AddClient(data, client_name, role, SystemClock(), random));
      std::printf("%s\n", path.c_str());
      return absl::OkStatus();
    };
  });

  CLI::App* fsck = app.add_subcommand("fsck", "Check a stopped node's store: rebuild every tree from the stored bytes");
  fsck->callback([&] {
    action = [&]() -> absl::Status {
      MEGURI_ASSIGN_OR_RETURN(exit_code, Fsck(data));
      return absl::OkStatus();
    };
  });

  CLI::App* version = app.add_subcommand("version", "Print the version");
  version->callback([&] {
    action = [] {
      std::printf("meguri-node %s\n", kVersion);
      return absl::OkStatus();
    };
  });

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? kExitOk : kExitUsage;
  }
  const int reported = Report(action());
  return reported != kExitOk ? reported : exit_code;
}

}  // namespace
}  // namespace meguri::node

int main(int argc, char** argv) {
  // What peers send is judged by us; protobuf would print lines about it past the log.
  google::protobuf::SetLogHandler(nullptr);
  meguri::node::RequireTls13();
  return meguri::node::Run(argc, argv);
}
