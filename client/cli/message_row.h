// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "client/cli/messages.h"

namespace meguri::client {

// A message in both languages.
struct MessageRow {
  Message message;
  const char* ja;
  const char* en;
};

}  // namespace meguri::client
