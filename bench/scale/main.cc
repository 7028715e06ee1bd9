// SPDX-License-Identifier: Apache-2.0
#include <cstdio>
#include <string>

#include "CLI/CLI.hpp"
#include "absl/status/statusor.h"
#include "bench/scale/scale.h"

namespace meguri::bench {
namespace {

constexpr int kFailed = 70;

int Print(const absl::StatusOr<nlohmann::ordered_json>& figures) {
  if (!figures.ok()) {
    std::fprintf(stderr, "%s\n", figures.status().ToString().c_str());
    return kFailed;
  }
  std::printf("%s\n", figures->dump(1).c_str());
  return 0;
}

int Main(int argc, char** argv) {
  CLI::App app("Measures one thing, and very much of it");
  app.require_subcommand(1);
  std::string folder;
  std::string path;
  size_t count = 0;
  CLI::App& questions = *app.add_subcommand("questions", "A substance above a fraction, among many records");
  questions.add_option("--folder", folder, "an empty folder for the store, or that of an earlier run")->required();
  questions.add_option("--records", count)->default_val(1'000'000);
  CLI::App& pages = *app.add_subcommand("pages", "Pages of those who may see all records, and next to none");
  pages.add_option("--folder", folder, "an empty folder for the store, or that of an earlier run")->required();
  pages.add_option("--records", count)->default_val(1'000'000);
  CLI::App& make_sheet = *app.add_subcommand("make-sheet", "Writes the workbook for `sheet`");
  make_sheet.add_option("FILE", path)->required();
  make_sheet.add_option("--rows", count)->default_val(100'000);
  CLI::App& sheet = *app.add_subcommand("sheet", "Reads and judges a workbook");
  sheet.add_option("FILE", path)->required();
  CLI11_PARSE(app, argc, argv);
  if (questions.parsed()) {
    return Print(MeasureQuestions(folder, count));
  }
  if (pages.parsed()) {
    return Print(MeasurePages(folder, count));
  }
  if (sheet.parsed()) {
    return Print(MeasureSheet(path));
  }
  const absl::Status made = MakeSheet(path, count);
  return made.ok() ? 0 : Print(made);
}

}  // namespace
}  // namespace meguri::bench

int main(int argc, char** argv) { return meguri::bench::Main(argc, argv); }
