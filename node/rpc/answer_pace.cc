// SPDX-License-Identifier: Apache-2.0
#include "node/rpc/answer_pace.h"

#include <memory>
#include <utility>

#include "grpcpp/alarm.h"
#include "node/rpc/limits.h"

namespace meguri::node {

absl::Duration UntilNextStep(absl::Duration elapsed) {
  const absl::Duration into_step = elapsed - absl::Floor(elapsed, kAnswerStep);
  return kAnswerStep - into_step;
}

void AnswerPace::Finish(grpc::ServerUnaryReactor* reactor, grpc::Status status, bool at_once) const {
  if (at_once) {
    reactor->Finish(std::move(status));
    return;
  }
  const gpr_timespec now = gpr_now(GPR_CLOCK_MONOTONIC);
  const gpr_timespec since = gpr_time_sub(now, came_);
  const absl::Duration wait = UntilNextStep(absl::Seconds(since.tv_sec) + absl::Nanoseconds(since.tv_nsec));
  // The alarm goes when it has rung: gRPC keeps what it still needs of it.
  auto* const alarm = new grpc::Alarm;
  alarm->Set(gpr_time_add(now, gpr_time_from_nanos(absl::ToInt64Nanoseconds(wait), GPR_TIMESPAN)),
             [alarm, reactor, status = std::move(status)](bool) {
               const std::unique_ptr<grpc::Alarm> rung(alarm);
               reactor->Finish(status);
             });
}

}  // namespace meguri::node
