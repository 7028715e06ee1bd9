// SPDX-License-Identifier: Apache-2.0
#include <csignal>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include <arpa/inet.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "CLI/App.hpp"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "bench/load/figures.h"
#include "bench/load/surroundings.h"
#include "bench/load/unary_load.h"

namespace meguri::bench {
namespace {

constexpr absl::Duration kLook = absl::Milliseconds(1);
constexpr absl::Duration kGiveUp = absl::Seconds(60);
constexpr double kMegabyte = 1e6;

struct Arguments {
  std::string home;
  std::vector<double> idle_s;  // after how many seconds to look at the memory, ascending
  std::string program;
  std::string node_folder;
};

// A program that is ended with the object.
class Child {
 public:
  explicit Child(const std::vector<std::string>& command) : pid_(::fork()) {
    Invariant(pid_ >= 0, "this machine can start a program");
    if (pid_ == 0) {
      std::vector<char*> arguments;
      arguments.reserve(command.size() + 1);
      for (const std::string& argument : command) {
        arguments.push_back(const_cast<char*>(argument.c_str()));
      }
      arguments.push_back(nullptr);
      ::execv(arguments[0], arguments.data());
      ::_exit(127);
    }
  }
  ~Child() {
    ::kill(pid_, SIGTERM);
    ::waitpid(pid_, nullptr, 0);
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  // The memory that it uses, in MB; `key` is VmRSS or RssAnon.
  double Memory(const std::string& key) const {
    std::ifstream status(absl::StrCat("/proc/", pid_, "/status"));
    std::string word;
    double kibibytes = 0;
    while (status >> word) {
      if (word == key + ":") {
        status >> kibibytes;
      }
    }
    return kibibytes * 1024 / kMegabyte;
  }

 private:
  const pid_t pid_;
};

// Whether something listens. gRPC itself would wait a second before it tries again.
bool Listens(const std::string& address) {
  const std::vector<std::string> parts = absl::StrSplit(address, ':');
  int port = 0;
  sockaddr_in to{};
  to.sin_family = AF_INET;
  if (parts.size() != 2 || !absl::SimpleAtoi(parts[1], &port) ||
      ::inet_pton(AF_INET, parts[0].c_str(), &to.sin_addr) != 1) {
    return false;
  }
  to.sin_port = htons(static_cast<uint16_t>(port));
  const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
  const bool connected = ::connect(socket, reinterpret_cast<const sockaddr*>(&to), sizeof(to)) == 0;
  ::close(socket);
  return connected;
}

bool IsServing(const Caller& caller) {
  UnaryLoad load;
  load.method = "/grpc.health.v1.Health/Check";
  load.acting_member = caller.context().settings.member.text();
  load.count = 1;
  load.request = [](size_t) { return ToBuffer(""); };
  const absl::StatusOr<UnaryLoad::Outcome> outcome = load.Run({caller.Open()});
  return outcome.ok() && outcome->answer == std::string("\x08\x01", 2);  // HealthCheckResponse: status SERVING
}

absl::StatusOr<Figures> StartUp(const Arguments& arguments) {
  MEGURI_ASSIGN_OR_RETURN(const std::unique_ptr<Caller> caller, Caller::Make(arguments.home));
  const std::string address = caller->context().settings.address;
  if (Listens(address)) {
    return Error(absl::StatusCode::kFailedPrecondition, "RUNNING", absl::StrCat(address, " answers already."));
  }
  const absl::Time begin = absl::Now();
  const Child child({arguments.program, "--data", arguments.node_folder, "serve"});
  while (!Listens(address) || !IsServing(*caller)) {
    if (absl::Now() - begin > kGiveUp) {
      return Error(absl::StatusCode::kDeadlineExceeded, "NOT_SERVING", "The node did not start serving.");
    }
    absl::SleepFor(kLook);
  }
  const absl::Time serving = absl::Now();
  Figures figures = {{"seconds", absl::ToDoubleSeconds(serving - begin)}};
  for (const double idle_s : arguments.idle_s) {
    absl::SleepFor(serving + absl::Seconds(idle_s) - absl::Now());
    figures.emplace_back(absl::StrCat("rss_mb_", idle_s, "s"), child.Memory("VmRSS"));
    figures.emplace_back(absl::StrCat("anonymous_mb_", idle_s, "s"), child.Memory("RssAnon"));
  }
  return figures;
}

}  // namespace

void AddStartUp(CLI::App& app, Chosen& chosen) {
  CLI::App& command = *app.add_subcommand("start-up", "Starts a node, waits until it serves, ends it");
  const auto arguments = std::make_shared<Arguments>();
  command.add_option("--home", arguments->home, "Client folder of the node")->required();
  command.add_option("--idle", arguments->idle_s, "Seconds after which to look at the memory of the idle node");
  command.add_option("--program", arguments->program, "Path of meguri-node")->required();
  command.add_option("--data", arguments->node_folder, "Data folder of the node")->required();
  command.callback([arguments, &chosen] { chosen = [arguments] { return StartUp(*arguments); }; });
}

}  // namespace meguri::bench
