// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "absl/status/status.h"

namespace meguri::client {

// What the program returns: the numbers of sysexits.h, and 1 for a record that does not verify.
enum class ExitCode {
  kOk = 0,
  kNotVerified = 1,
  kUsage = 64,
  kDataRefused = 65,
  kNoInput = 66,
  kUnavailable = 69,
  kInternal = 70,
  kCannotCreate = 73,
  kInputOutput = 74,
  kDenied = 77,
  kConfig = 78,
};

// By the reason that `status` carries where that says more than its code, else by its code.
ExitCode ExitCodeOf(const absl::Status& status);

}  // namespace meguri::client
