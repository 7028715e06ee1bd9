// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <istream>
#include <map>
#include <ostream>
#include <string>

#include "absl/time/clock.h"
#include "base/clock.h"
#include "base/random.h"

namespace meguri::client {

// What the program stands on. Borrowed: everything outlives the program.
struct Surroundings {
  std::istream& in;
  std::ostream& out;  // answers only
  std::ostream& err;  // progress, notes and errors
  bool in_is_terminal = false;
  bool out_is_terminal = false;
  bool err_is_terminal = false;
  const std::map<std::string, std::string>& environment;
  const Clock& clock;
  Random& random;
};

}  // namespace meguri::client
