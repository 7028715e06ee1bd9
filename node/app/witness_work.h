// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <set>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/clock.h"
#include "base/executor.h"
#include "base/mutex.h"
#include "node/app/folder.h"
#include "node/app/log.h"
#include "node/witness/cosigning.h"
#include "node/witness/witness.h"
#include "node/witness/witness_watch.h"
#include "node/witness/witnessed.h"
#include "storage/anchor.h"
#include "storage/committer.h"
#include "storage/ordered_store.h"

namespace meguri::node {

// Makes the key with which the member of the folder is a witness, unless it is there. Returns PARTICIPANT=KEY, which
// the operator puts into the trust bundle.
absl::StatusOr<std::string> MakeWitnessKey(const std::string& data_folder);

// What a node borrows for its part with witnesses.
struct WitnessSurroundings {
  const WitnessRegistry& registry;
  WitnessPeer& peers;
  const record::ParticipantId& member;
  storage::Committer& committer;
  Executor& executor;
  const Clock& clock;
  Log& log;
};

// All that a node has to do with witnesses: it asks them, compares with them, and is one if it is told to. Thread-safe.
class WitnessWork {
 public:
  // What is borrowed outlives it, and it outlives what they still run.
  WitnessWork(const WitnessSurroundings& around, CosigningHooks hooks, WitnessWatch::Compare compare);

  // Makes this node a witness, with a store of its own in the folder. FAILED_PRECONDITION with reason WITNESS_KEY if
  // there is no key; the errors of opening a store; DATA_LOSS as Committer::Start.
  absl::Status OpenWitness(const Folder& folder);
  Witness* witness() const { return witness_.get(); }  // null: it is none

  // As Cosigning::CheckNothingLost.
  absl::Status CheckNothingLost() { return cosigning_.CheckNothingLost(); }
  void Tick() { cosigning_.Tick(); }
  void WatchSoon();

 private:
  void TellOfLiar(const record::FeedKey& feed, const record::ParticipantId& witness);
  void WarnIfNotPinned(const record::PublicKey& key) const;

  const WitnessSurroundings around_;
  Mutex mutex_;
  std::set<std::pair<record::FeedKey, record::ParticipantId>> liars_ ABSL_GUARDED_BY(mutex_);  // that were told of
  std::unique_ptr<storage::OrderedStore> store_;
  std::unique_ptr<storage::Anchor> anchor_;
  std::unique_ptr<storage::Committer> witness_committer_;
  std::unique_ptr<Witness> witness_;
  Cosigning cosigning_;
  WitnessWatch watch_;
};

}  // namespace meguri::node
