// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "base/error.h"
#include "client/cli/session.h"
#include "meguri/record/v1/record_service.pb.h"

namespace meguri::client {

inline constexpr int kPublicationsPerRequestMax = 256;
inline constexpr size_t kRequestBytesMax = size_t{4} << 20;  // unless one record alone is larger

// A record on its way, and what the person calls it (a file).
struct NamedPublication {
  std::string name;
  record::v1::Publication publication;
};

// A random UUID (version 4).
std::string MakeRequestId(Random& random);

// Cuts `publications` into requests that keep the limits above, in order.
std::vector<record::v1::PublishRequest> MakeRequests(const std::vector<NamedPublication>& publications,
                                                     bool validate_only, Random& random);

// What became of a list of publications: the answers to the first of them, in order, and why there are no more. After
// UNAVAILABLE or DEADLINE_EXCEEDED it is unknown whether the next request took effect.
struct PublishOutcome {
  std::vector<record::v1::PublishedRecord> records;
  absl::Status status;
  // What only the node could warn of, named as the person does.
  std::vector<Violation> warnings = {};
};

// One call with one signed request; if the connection breaks, the same request once more. `publications` name its
// records.
PublishOutcome PublishOnce(const NodeClient& node, const record::v1::PublishRequest& request,
                           const std::vector<NamedPublication>& publications);

// Signs with the member's record key and publishes. One request is one call; more go through one stream, with progress,
// once the node has judged all of them and would refuse none.
// If the connection breaks, what was not answered is sent once more under the same request IDs, so nothing is published
// twice. Violations name the record as the person does.
PublishOutcome SignAndPublish(Session& session, std::vector<NamedPublication> publications, bool validate_only);

// Prints what was published (name, record ID, version), if anything was, and what the node warned of. Returns
// outcome.status, or why printing failed.
absl::Status AnswerPublished(const Session& session, const std::vector<std::string>& names,
                             const PublishOutcome& outcome, bool validate_only);

}  // namespace meguri::client
