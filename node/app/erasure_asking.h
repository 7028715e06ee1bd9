// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/clock.h"
#include "base/executor.h"
#include "node/app/log.h"
#include "node/erasure/incoming_erasures.h"
#include "node/erasure/outgoing_erasures.h"
#include "record/participant_id.h"
#include "storage/committer.h"

namespace meguri::node {

// What a node borrows for what members ask each other to erase.
struct ErasureSurroundings {
  const record::ParticipantId& member;
  ErasureRegistry registry;
  ErasurePeer& peers;
  storage::Committer& committer;
  Executor& executor;
  const Clock& clock;
  Log& log;
};

// Both sides of what members ask each other to erase, and what the log says of it. Thread-safe.
class ErasureAsking {
 public:
  // What is borrowed outlives it, and it outlives what they still run.
  ErasureAsking(const ErasureSurroundings& around, IncomingErasures::SignerOf signer_of);

  OutgoingErasures& outgoing() { return outgoing_; }
  const IncomingErasures& incoming() const { return incoming_; }
  void Tick() { outgoing_.Tick(); }
  void Stop() { outgoing_.Stop(); }

 private:
  OutgoingErasures outgoing_;
  const IncomingErasures incoming_;
};

}  // namespace meguri::node
