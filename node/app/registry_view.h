// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "node/follow/follow_runner.h"
#include "node/membership/registry_state.h"
#include "node/publish/publisher.h"
#include "node/witness/witnessed.h"

namespace meguri::node {

// What publishing, following and witnesses see of the registry.
class RegistryView final : public PublisherRegistry, public FollowRegistry, public WitnessRegistry {
 public:
  explicit RegistryView(RegistryState& state) : state_(state) {}
  std::shared_ptr<const certs::Registry> Get() const override { return state_.Get(); }
  const certs::TrustBundle& bundle() const override { return state_.bundle(); }
  absl::Status AcceptHeartbeat(const record::v1::SignedBody& heartbeat) override {
    return state_.AcceptHeartbeat(heartbeat);
  }
  bool IsStale() const override { return state_.IsStale(); }

 private:
  RegistryState& state_;
};

}  // namespace meguri::node
