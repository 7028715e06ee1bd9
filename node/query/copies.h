// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/optional.h"
#include "certs/registry.h"
#include "meguri/record/v1/record.pb.h"
#include "node/query/identifier.h"
#include "node/query/publisher_node.h"
#include "node/query/query.h"
#include "record/participant_id.h"

// Records of a publisher whose node does not answer, from the nodes of those who hold copies.
namespace meguri::node {

inline constexpr size_t kRelaysAskedMax = 4;      // at once, for one question
inline constexpr size_t kCopyQuestionsMax = 4;    // at a time
inline constexpr size_t kCopyBytesMax = 4 << 20;  // an answer is no larger: what is open to everyone is seldom long

// What the node of one relay is asked.
struct CopyQuestion {
  record::ParticipantId acting_member;  // who asks
  record::ParticipantId relay;
  std::string node_identity;           // of the relay
  std::vector<std::string> addresses;  // host:port
  std::string identifier;
  absl::optional<record::ParticipantId> publisher;  // nullopt: whoever published it
};

struct RecordCopy {
  record::v1::Envelope envelope;
  record::v1::FeedProof proof;
  absl::optional<record::v1::SignedBody> heartbeat;
};

// Calls the nodes of relays. Thread-safe.
class CopyPeer {
 public:
  using Answer = std::vector<RecordCopy>;
  using Done = absl::AnyInvocable<void(absl::StatusOr<Answer>)>;

  virtual ~CopyPeer() = default;
  // Never blocks. Answers once, on any thread, within kAskTimeout.
  virtual void FindCopies(const CopyQuestion& question, Done done) = 0;
};

struct VerifiedCopies {
  std::vector<RecordView> records;
  // When, as its publisher signed, its feed had no more than proves these; of several the earliest. InfinitePast: it
  // is not known of one of them.
  absl::Time as_of = absl::InfinitePast();
};

// Checks what a relay answered as a stranger would: each record is signed by a record key of its publisher, bears the
// identifier, and is named by the publisher's feed `public` at a head that the publisher signed. A record under a key
// that has ended since, or was revoked, is taken, and readers are told. INVALID_ARGUMENT with the reasons of
// VerifyAnswer, FEED_PROOF, SLOT_NOT_PROVEN, HEARTBEAT_MISMATCH or those of record and certs; PERMISSION_DENIED with
// reason PUBLISHER_SUSPENDED.
absl::StatusOr<VerifiedCopies> VerifyCopies(const CopyQuestion& question, const Identifier& identifier,
                                            CopyPeer::Answer answer, const certs::Registry& registry, absl::Time now);

// Whether `a` is the better of two verified answers to one question: newer versions, then a newer word of the
// publisher.
bool IsNewer(const VerifiedCopies& a, const VerifiedCopies& b);

}  // namespace meguri::node
