// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/clock.h"
#include "base/first_then_counted.h"
#include "node/app/log.h"

namespace meguri::node {

// While it lives, what gRPC would print goes to `log` as events `grpc`, of lines that differ in numbers alone the
// first in a minute and then a count. gRPC has one log function for the whole program, so only one such object may live
// at a time.
class GrpcLog {
 public:
  GrpcLog(Log& log, const Clock& clock);
  // gRPC's lines are dropped from now on: threads of its own may still print some.
  ~GrpcLog();
  GrpcLog(const GrpcLog&) = delete;
  GrpcLog& operator=(const GrpcLog&) = delete;

  // Takes one line. `place` is a file of gRPC and a line number.
  void Take(LogLevel level, absl::string_view place, absl::string_view text);

 private:
  Log& log_;
  FirstThenCounted lines_;
};

}  // namespace meguri::node
