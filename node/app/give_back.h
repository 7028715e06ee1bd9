// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/clock.h"
#include "base/random.h"
#include "node/app/move.h"

// What a follower gives back to a publisher that has lost its host: docs/operations.md.
namespace meguri::node {

struct GiveBackOptions {
  std::string data_folder;
  std::string holder;     // whose copies: a member that is hosted here; "": the node's own
  std::string publisher;  // participant ID
  std::string out;        // new file
};

// How far a feed goes in a file.
struct GivenFeed {
  std::string feed;
  uint64_t size = 0;   // entries, all of them proven by a head that the publisher signed
  uint64_t known = 0;  // the largest size of which the holder has a signed head
};

struct GivenBack {
  std::string digest;  // hexadecimal, of the file
  std::vector<GivenFeed> feeds;
};

// Writes what the holder has of all feeds of the publisher, as far as heads prove it, and of the registry, as a relay
// would hand it on: whoever takes it in believes nothing of it. It holds what the publisher itself has published, for
// whichever readers, in the clear. NOT_FOUND with reason NO_COPY if there is nothing; UNAVAILABLE with reason
// STORE_LOCKED while the node runs.
absl::StatusOr<GivenBack> GiveBack(const GiveBackOptions& options, const MoveProgress& progress, const Clock& clock,
                                   Random& random);

}  // namespace meguri::node
