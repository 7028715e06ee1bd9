// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/clock.h"
#include "base/error.h"
#include "meguri/record/v1/record.pb.h"
#include "node/policy/own_version.h"
#include "node/publish/publish_sequence.h"
#include "record/batch.h"
#include "record/participant_id.h"
#include "storage/committer.h"
#include "storage/ordered_store.h"

namespace meguri::certs {
class Registry;
class TrustBundle;
}  // namespace meguri::certs

namespace meguri::node {

// A signed record with all its sections, and whom its scoped audiences mean.
struct Publication {
  record::v1::Envelope envelope;
  std::vector<std::string> jurisdictions;
  std::vector<std::string> addressees;
  std::vector<std::string> subjects;
};

struct PublishedRecord {
  std::string record_id;
  uint64_t version = 0;
  record::Hash header_hash;
  bool already_there = false;
};

// What became of a call.
struct Published {
  std::vector<PublishedRecord> records;
  // At most kWarningsMax, first what only this node can know. Of this check: they are not remembered with the request.
  std::vector<Violation> warnings;
};

// A request to publish, as one member makes it.
struct PublishCall {
  record::ParticipantId acting_member;
  std::string method;      // with the request ID, names the request
  std::string request_id;  // empty: not remembered
  record::Hash body_hash;  // of the request as received
  bool validate_only = false;
  std::vector<Publication> publications;
  // Null for a call on its own. The calls of a sequence come one after the other, in the order of their positions.
  std::shared_ptr<PublishSequence> sequence = nullptr;
  uint64_t position = 0;
};

// What the publisher needs to know of the registry.
class PublisherRegistry {
 public:
  virtual ~PublisherRegistry() = default;
  virtual std::shared_ptr<const certs::Registry> Get() const = 0;
  virtual const certs::TrustBundle& bundle() const = 0;
};

// Whoever has to do with some of what is published, sections for partners and access records: each is told of those
// versions of a call, on the committer's thread. Each may be empty.
struct PublishHooks {
  // They are written to `scope`, which is not committed yet. What this refuses is refused.
  std::function<absl::Status(const std::vector<OwnVersion>& versions, storage::CommitScope& scope)> written;
  // They are durable, and nobody was answered yet.
  std::function<void(const std::vector<OwnVersion>& versions)> durable;
  // Whether more may be stored. Ending records is not asked for.
  std::function<absl::Status()> admit = nullptr;
};

// Takes in what hosted members publish: checks everything, reports every problem at once, and commits all records of a
// call or none. A request ID that was answered within storage::kRequestRetention gets the same answer again, whatever
// has changed since; with another body it is refused (ALREADY_EXISTS, reason REQUEST_ID_REUSED). A call behind a
// refused one of its sequence is refused with ABORTED (reason EARLIER_REFUSED). Thread-safe.
class Publisher {
 public:
  using Done = absl::AnyInvocable<void(absl::StatusOr<Published>)>;

  Publisher(const PublisherRegistry& registry, const storage::StoreReader& store, storage::Committer& committer,
            const Clock& clock, PublishHooks hooks = {});
  ~Publisher();

  // Checks on the calling thread (up to some milliseconds), commits on the committer's, and answers there, or at once
  // if there is nothing to write or to look up.
  void Publish(PublishCall call, Done done);

 private:
  struct Prepared;
  struct Pending;
  absl::StatusOr<std::vector<Prepared>> Prepare(const PublishCall& call);
  absl::Status CommitPending(Pending& pending, storage::CommitScope& scope);
  absl::Status Rehearse(Pending& pending) const;

  const PublisherRegistry& registry_;
  const storage::StoreReader& store_;
  storage::Committer& committer_;
  const Clock& clock_;
  const PublishHooks hooks_;
  record::VerifiedRoots verified_roots_;
};

}  // namespace meguri::node
