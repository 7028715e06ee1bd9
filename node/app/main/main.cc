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
#include "absl/synchronization/mutex.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "google/protobuf/stubs/logging.h"
#include "node/app/config.h"
#include "node/app/folder.h"
#include "node/app/grpc_log.h"
#include "node/app/hosting.h"
#include "node/app/log.h"
#include "node/app/main/folder_commands.h"
#include "node/app/node.h"
#include "node/app/store_check.h"
#include "node/app/version.h"
#include "node/rpc/server.h"
#include "record/system_random.h"
#include "storage/fsck.h"

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
    case absl::StatusCode::kUnauthenticated:  // a certificate of others, or one that has expired
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
  const GrpcLog grpc_log(log, clock);
  // Signals are taken by this thread alone, so every other thread is started with them blocked.
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  ::signal(SIGPIPE, SIG_IGN);
  ::signal(SIGXFSZ, SIG_IGN);  // a limit on the size of files is an error of that write
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
    std::printf("%-22s %-28s %-12s %s\n", std::string(setting.name).c_str(),
                ShownValue(setting.name, value.value).c_str(), std::string(ToString(value.source)).c_str(),
                std::string(setting.description).c_str());
  }
  return absl::OkStatus();
}

absl::StatusOr<int> FsckOne(const Folder& folder) {
  const bool shows_progress = ::isatty(STDERR_FILENO) != 0;
  MEGURI_ASSIGN_OR_RETURN(const storage::FsckReport report, CheckStore(folder, [&](uint64_t done, uint64_t total) {
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

// The stores of all members, or that of one.
absl::StatusOr<int> Fsck(const std::string& data, const std::string& member) {
  if (!member.empty()) {
    MEGURI_ASSIGN_OR_RETURN(const Folder folder, FolderOf(data, member));
    return FsckOne(folder);
  }
  MEGURI_ASSIGN_OR_RETURN(const std::vector<record::ParticipantId> hosted, HostedMembersIn(Folder(data)));
  MEGURI_ASSIGN_OR_RETURN(int exit_code, FsckOne(Folder(data)));
  for (const record::ParticipantId& participant : hosted) {
    std::printf("%s: ", participant.text().c_str());
    std::fflush(stdout);
    const Folder folder = Folder(data).hosted(participant);
    if (!HasServed(folder)) {
      std::printf("has not been served yet, so there is nothing to check\n");
      continue;
    }
    MEGURI_ASSIGN_OR_RETURN(const int found, FsckOne(folder));
    exit_code = found == kExitOk ? exit_code : found;
  }
  return exit_code;
}

// What the command line says, where the actions find it.
struct CommandLine {
  std::string data = ReadEnvironment("MEGURI_DATA").value_or("meguri-data");
  std::map<std::string, std::string> flags;
  std::string fsck_member;
  std::function<absl::Status()> action;
  int exit_code = kExitOk;
};

// Commands that take every setting as a flag.
void AddServingCommands(CLI::App& app, CommandLine& line) {
  const auto add_settings = [&line](CLI::App* command) {
    for (const Setting& setting : Settings()) {
      const std::string name(setting.name);
      command->add_option_function<std::string>(
          "--" + absl::StrReplaceAll(name, {{"_", "-"}}),
          [&line, name](const std::string& value) { line.flags[name] = value; }, std::string(setting.description));
    }
  };

  CLI::App* serve = app.add_subcommand("serve", "Run the node until it is told to stop");
  add_settings(serve);
  serve->callback([&line] { line.action = [&line] { return Serve(line.data, line.flags); }; });

  CLI::App* witness = app.add_subcommand("witness", "Run the node as a witness: it cosigns heads of members' feeds");
  add_settings(witness);
  witness->callback([&line] {
    line.flags["witness"] = "yes";
    line.action = [&line] { return Serve(line.data, line.flags); };
  });

  CLI::App* check = app.add_subcommand("check-config", "Show every setting, its value, and where that came from");
  add_settings(check);
  check->callback([&line] { line.action = [&line] { return CheckConfig(line.data, line.flags); }; });
}

int Run(int argc, char** argv) {
  CommandLine line;
  CLI::App app("meguri-node: a node of the circular-economy information platform");
  app.require_subcommand(1);
  app.set_version_flag("--version", std::string("meguri-node ") + kVersion);
  app.add_option("--data", line.data, "the node's folder (MEGURI_DATA)");
  app.fallthrough();
  AddServingCommands(app, line);
  AddFolderCommands(app, line.data, line.action);

  CLI::App* fsck = app.add_subcommand("fsck", "Check a stopped node's store: rebuild every tree from the stored bytes");
  fsck->add_option("--member", line.fsck_member,
                   "participant ID: of a member that is hosted here alone; all if left out");
  fsck->callback([&line] {
    line.action = [&line]() -> absl::Status {
      MEGURI_ASSIGN_OR_RETURN(line.exit_code, Fsck(line.data, line.fsck_member));
      return absl::OkStatus();
    };
  });

  CLI::App* version = app.add_subcommand("version", "Print the version");
  version->callback([&line] {
    line.action = [] {
      std::printf("meguri-node %s\n", kVersion);
      return absl::OkStatus();
    };
  });

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? kExitOk : kExitUsage;
  }
  const int reported = Report(line.action());
  return reported != kExitOk ? reported : line.exit_code;
}

}  // namespace
}  // namespace meguri::node

int main(int argc, char** argv) {
  // What peers send is judged by us; protobuf would print lines about it past the log.
  google::protobuf::SetLogHandler(nullptr);
  meguri::node::RequireTls13();
  // gRPC's own mutexes, as packaged, look for deadlocks at every lock: a thirtieth of the time of a read.
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
  return meguri::node::Run(argc, argv);
}
