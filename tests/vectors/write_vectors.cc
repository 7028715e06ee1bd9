// SPDX-License-Identifier: Apache-2.0
// Writes the golden files into the folder that is named on the command line.
#include <cstdio>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "tests/vectors/golden.h"

int main(int count, char** arguments) {
  if (count != 2) {
    std::fprintf(stderr, "usage: %s FOLDER\n", arguments[0]);
    return 64;
  }
  for (const auto& [name, contents] : meguri::vectors::GoldenFiles()) {
    std::ofstream file(absl::StrCat(arguments[1], "/", name), std::ios::binary);
    file << contents;
    file.close();
    if (!file) {
      std::fprintf(stderr, "cannot write %s/%s\n", arguments[1], name.c_str());
      return 73;
    }
  }
  return 0;
}
