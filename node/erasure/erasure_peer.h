// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "absl/types/optional.h"
#include "certs/registry.h"
#include "meguri/erasure/v1/erasure.pb.h"
#include "meguri/record/v1/record.pb.h"
#include "record/participant_id.h"

namespace meguri::node {

// The registry as it is now.
using ErasureRegistry = std::function<std::shared_ptr<const certs::Registry>()>;

// Who is asked to erase, as whom, and what.
struct ErasureCall {
  record::ParticipantId holder;
  std::string node_identity;           // what the certificate at the other end must say
  std::vector<std::string> addresses;  // host:port, tried in turn
  record::ParticipantId acting_member;
  erasure::v1::SignedErasure erasure;
};

// Calls to the nodes of holders. Thread-safe.
class ErasurePeer {
 public:
  // What the holder has signed; nullopt: it has accepted, and is not done.
  using Done = absl::AnyInvocable<void(absl::StatusOr<absl::optional<record::v1::SignedBody>>)>;
  virtual ~ErasurePeer() = default;
  // Never blocks. `done` is called once, on any thread, within kErasureAskTimeout or so, and must not block.
  virtual void EraseCopies(const ErasureCall& call, Done done) = 0;
};

}  // namespace meguri::node
