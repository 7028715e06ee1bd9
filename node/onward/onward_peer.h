// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "meguri/record/v1/record.pb.h"
#include "record/participant_id.h"

namespace meguri::node {

// Who is told, as whom, and what.
struct OnwardCall {
  record::ParticipantId owner;
  std::string node_identity;           // what the certificate at the other end must say
  std::vector<std::string> addresses;  // host:port, tried in turn
  record::ParticipantId acting_member;
  record::v1::SignedBody report;
};

// Calls to the nodes of owners. Thread-safe.
class OnwardPeer {
 public:
  using Done = absl::AnyInvocable<void(absl::Status)>;
  virtual ~OnwardPeer() = default;
  // Never blocks. `done` is called once, on any thread, within kOnwardSendTimeout or so, and must not block. OK: the
  // owner's node has the report.
  virtual void ReportOnward(const OnwardCall& call, Done done) = 0;
};

}  // namespace meguri::node
