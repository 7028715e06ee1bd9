// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "bench/load/figures.h"
#include "grpcpp/channel.h"
#include "grpcpp/support/byte_buffer.h"

namespace meguri::bench {

// Unary calls, a fixed number of them in flight over all connections, from one thread. It never looks into a message,
// so that a call to a node and a call to a raw server cost this end the same.
struct UnaryLoad {
  std::string method;  // "/meguri.record.v1.RecordService/Get"
  std::string acting_member;
  size_t in_flight = 1;
  size_t warm_up = 0;                               // calls before the clock starts
  size_t count = 0;                                 // calls that are measured
  std::function<grpc::ByteBuffer(size_t)> request;  // of call 0 … warm_up + count - 1

  struct Outcome {
    double seconds = 0;
    Latencies latencies;
    std::string answer;  // to the first call that is measured
  };
  // Calls go over the connections in turn; there is at least one. The first error that a call gets ends the load.
  absl::StatusOr<Outcome> Run(const std::vector<std::shared_ptr<grpc::Channel>>& connections) const;
};

grpc::ByteBuffer ToBuffer(const std::string& bytes);
std::string ToString(const grpc::ByteBuffer& buffer);

}  // namespace meguri::bench
