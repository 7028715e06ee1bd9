// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "base/clock.h"
#include "base/random.h"
#include "node/app/config.h"
#include "node/app/log.h"

namespace meguri::node {

// A running node: everything wired together. This is the one place that knows all parts.
class Node {
 public:
  // Opens the folder, starts serving, and takes up what is followed. Borrowed arguments outlive the node.
  static absl::StatusOr<std::unique_ptr<Node>> Start(const Config& config, const Clock& clock, Random& random,
                                                     Log& log);
  // Stops serving, finishes what was accepted, closes the store.
  ~Node();

  // The port that gRPC is served on.
  int port() const;

 private:
  struct Parts;
  explicit Node(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace meguri::node
