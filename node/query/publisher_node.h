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
#include "node/query/query.h"
#include "record/header.h"
#include "record/participant_id.h"

namespace meguri::node {

inline constexpr absl::Duration kAskTimeout = absl::Seconds(5);
inline constexpr size_t kAskRecordsMax = kPageSizeDefault;  // in an answer
inline constexpr size_t kAsksMax = 8;                       // at a time; an answer may be as large as a message

// What the publisher's node is asked when nothing is found here.
struct PublisherQuestion {
  record::ParticipantId publisher;      // whose identifier it is
  record::ParticipantId acting_member;  // who asks
  std::string node_identity;
  std::vector<std::string> addresses;  // host:port
  std::string identifier;
  // For which the reader asks, an AccessPurpose; 0: whatever its grants are for.
  uint32_t purpose = 0;
};

// Calls the nodes of publishers. Thread-safe.
class PublisherNode {
 public:
  using Answer = std::vector<record::v1::Envelope>;
  using Done = absl::AnyInvocable<void(absl::StatusOr<Answer>)>;

  virtual ~PublisherNode() = default;
  // Never blocks. Answers once, on any thread, within kAskTimeout.
  virtual void Resolve(const PublisherQuestion& question, Done done) = 0;
};

// Whether a record whose sections were verified bears the identifier: the same question as Query::Resolve asks of the
// index.
bool IsNamedBy(const record::Header& header, const record::v1::Envelope& envelope, const Identifier& identifier);

// The member whose identifier it is, by the longest registered prefix; then by the host, then by the name space of a
// Digital Link. Null if nobody has registered it.
const registry::v1::MemberEntry* FindIssuer(const certs::Registry& registry, const Identifier& identifier);

// Checks what a publisher's node answered: records of that publisher, signed by a key that it has registered and that
// is usable now, each section that of its header, and the identifier among them. It cannot be known whether a newer
// version exists, or more records. INVALID_ARGUMENT with the reasons of record and certs, PUBLISHER_MISMATCH,
// UNKNOWN_KEY, ANSWER_SIZE, RECORD_TWICE or IDENTIFIER_MISMATCH.
absl::StatusOr<std::vector<RecordView>> VerifyAnswer(const PublisherQuestion& question, const Identifier& identifier,
                                                     PublisherNode::Answer answer, const certs::Registry& registry,
                                                     absl::Time now);

}  // namespace meguri::node
