// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "node/app/log.h"
#include "node/follow/follow_report.h"

namespace meguri::node {

// Writes what becomes of follows into the log: follow-started, follow-live, follow-waiting … (docs/operations.md).
class FollowLog final : public FollowReporter {
 public:
  explicit FollowLog(Log& log) : log_(log) {}
  void Report(const FollowReport& report) override;

 private:
  Log& log_;
};

}  // namespace meguri::node
