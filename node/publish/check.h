// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/error.h"
#include "certs/registry.h"
#include "node/policy/decision.h"
#include "node/publish/publisher.h"
#include "record/batch.h"
#include "record/header.h"

namespace meguri::node {

// A publication that passed every check which needs no look at the store.
struct CheckedPublication {
  record::Header header;
  RecordScope scope;
  std::vector<SectionFacts> facts;
  std::vector<Violation> warnings;
};

struct CheckContext {
  const certs::Registry& registry;
  const certs::TrustBundle& bundle;
  const record::ParticipantId& acting_member;
  absl::Time now;
  record::VerifiedRoots& verified_roots;
};

// Checks signature, sections, domain rules and scopes of one publication. Adds every problem that keeps it out to
// `violations`, with fields below `path`; nullopt if there was any.
absl::optional<CheckedPublication> CheckPublication(const CheckContext& context, const Publication& publication,
                                                    absl::string_view path, std::vector<Violation>& violations);

}  // namespace meguri::node
