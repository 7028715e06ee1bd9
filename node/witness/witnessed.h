// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "certs/registry.h"
#include "certs/trust_bundle.h"
#include "record/checkpoint.h"
#include "record/feed.h"
#include "record/hash.h"
#include "record/merkle.h"
#include "record/participant_id.h"
#include "storage/feeds.h"

// What a witness, those who ask it, and those who compare with it have in common.
namespace meguri::node {

// What the witness capability sees of the registry. Thread-safe.
class WitnessRegistry {
 public:
  virtual ~WitnessRegistry() = default;
  virtual std::shared_ptr<const certs::Registry> Get() const = 0;
  virtual const certs::TrustBundle& bundle() const = 0;
  // Whether too long ago for a suspension or a revoked key to be known.
  virtual bool IsStale() const = 0;
};

// Feeds that every member may read, so that a witness learns nothing by their heads: public, members, registry.
bool IsWitnessed(const record::FeedName& feed);

// Opens a head that the publisher of `feed` signed, by the registry and bundle of now.
absl::StatusOr<record::Checkpoint> OpenHead(absl::string_view note, const record::FeedKey& feed,
                                            const WitnessRegistry& registry, absl::Time now);

// The root that a stored feed had at `size`.
absl::StatusOr<record::Hash> RootAt(const storage::Feeds& feeds, storage::FeedId id, uint64_t size);

// A head that a witness is to cosign.
struct Submission {
  record::FeedKey feed;
  uint64_t old_size = 0;           // of the head that it cosigned last; 0: it knows none
  std::vector<record::Hash> path;  // consistency proof from there
  std::string note;
};

// What it says to that: a cosignature, or the head that it cosigned last because that is not of `old_size`, or has
// another root. Neither: it knows none.
struct Verdict {
  std::string cosignature;
  std::string known;
};

// A member's node, as a witness.
struct WitnessNode {
  record::ParticipantId witness;
  std::string identity;                // what the certificate at the other end must say
  std::vector<std::string> addresses;  // host:port, tried in turn
};

// The nodes of the witnesses whose keys are in force, each once, as far as the registry says where they are.
std::vector<WitnessNode> WitnessNodes(const WitnessRegistry& registry, absl::Time now);

// Calls to witnesses. Thread-safe.
class WitnessPeer {
 public:
  using AddDone = absl::AnyInvocable<void(absl::StatusOr<Verdict>)>;
  using GetDone = absl::AnyInvocable<void(absl::StatusOr<std::string>)>;
  virtual ~WitnessPeer() = default;
  // Never block. `done` is called once, on any thread, within kWitnessTimeout or so, and must not block.
  virtual void AddCheckpoint(const WitnessNode& node, const record::ParticipantId& acting_member,
                             const Submission& submission, AddDone done) = 0;
  virtual void GetWitnessed(const WitnessNode& node, const record::ParticipantId& acting_member,
                            const record::FeedKey& feed, GetDone done) = 0;
};

}  // namespace meguri::node
