// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "absl/time/time.h"
#include "grpc/support/time.h"
#include "grpcpp/support/server_callback.h"
#include "grpcpp/support/status.h"

namespace meguri::node {

// How long until the next whole step after a call came, `elapsed` after that. Never nothing.
absl::Duration UntilNextStep(absl::Duration elapsed);

// When a call came, and when its answer may leave. Answers to other nodes leave in steps of kAnswerStep: how long a
// node looks depends on what it does not show, and nobody shall read that from the time. Its own clients may.
class AnswerPace {
 public:
  AnswerPace() : came_(gpr_now(GPR_CLOCK_MONOTONIC)) {}

  // Ends the call, at once or at the next step. Never blocks.
  void Finish(grpc::ServerUnaryReactor* reactor, grpc::Status status, bool at_once) const;

 private:
  gpr_timespec came_;
};

}  // namespace meguri::node
