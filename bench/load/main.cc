// SPDX-License-Identifier: Apache-2.0
#include <iostream>

#include "CLI/App.hpp"
#include "CLI/Config.hpp"
#include "CLI/Formatter.hpp"
#include "bench/load/figures.h"
#include "client/channel.h"

namespace meguri::bench {
namespace {

void AddCommands(CLI::App& app, Chosen& chosen) {
  AddFill(app, chosen);
  AddPublishUnary(app, chosen);
  AddPublishStream(app, chosen);
  AddGet(app, chosen);
  AddGrants(app, chosen);
  AddRevocations(app, chosen);
  AddFollow(app, chosen);
  AddFreshness(app, chosen);
  AddStartUp(app, chosen);
  AddRawServer(app, chosen);
  AddRawStream(app, chosen);
  AddFdatasync(app, chosen);
  AddVerify(app, chosen);
  AddStoreLimit(app, chosen);
  app.require_subcommand(1);
}

}  // namespace
}  // namespace meguri::bench

int main(int argc, char** argv) {
  meguri::client::RequireTls13();
  CLI::App app("Makes one measurement and prints it as JSON. bench/run puts them together.");
  meguri::bench::Chosen chosen;
  meguri::bench::AddCommands(app, chosen);
  CLI11_PARSE(app, argc, argv);
  const absl::StatusOr<meguri::bench::Figures> figures = chosen();
  if (!figures.ok()) {
    std::cerr << "meguri-bench: " << figures.status() << "\n";
    return 1;
  }
  std::cout << meguri::bench::ToJson(*figures) << std::endl;
  return 0;
}
