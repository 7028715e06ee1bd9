// SPDX-License-Identifier: Apache-2.0
#include <iostream>
#include <map>
#include <string>
#include <vector>

#include <stdlib.h>
#include <unistd.h>

#include "client/channel.h"
#include "client/cli/program.h"
#include "google/protobuf/stubs/logging.h"
#include "record/system_random.h"

namespace {

std::map<std::string, std::string> Environment(char** entries) {
  std::map<std::string, std::string> environment;
  for (; *entries != nullptr; ++entries) {
    const std::string entry = *entries;
    const size_t equals = entry.find('=');
    if (equals != std::string::npos) {
      environment.emplace(entry.substr(0, equals), entry.substr(equals + 1));
    }
  }
  return environment;
}

}  // namespace

int main(int argc, char** argv, char** entries) {
  // gRPC and protobuf would write their own lines between ours; what went wrong comes back as a status anyway.
  google::protobuf::SetLogHandler(nullptr);
  ::setenv("GRPC_VERBOSITY", "NONE", /*overwrite=*/0);
  meguri::client::RequireTls13();
  const meguri::client::GrpcInUse grpc;
  const std::map<std::string, std::string> environment = Environment(entries);
  const meguri::SystemClock clock;
  meguri::record::SystemRandom random;
  const meguri::client::Surroundings surroundings{std::cin,
                                                  std::cout,
                                                  std::cerr,
                                                  ::isatty(STDIN_FILENO) == 1,
                                                  ::isatty(STDOUT_FILENO) == 1,
                                                  ::isatty(STDERR_FILENO) == 1,
                                                  environment,
                                                  clock,
                                                  random};
  const std::vector<std::string> arguments(argv + (argc > 0 ? 1 : 0), argv + argc);
  return static_cast<int>(meguri::client::RunProgram(arguments, surroundings));
}
