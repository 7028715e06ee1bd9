// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/optional.h"
#include "base/clock.h"

// The trust bundle after the first: the operator drafts it, holders of bundle keys sign it, everyone adopts it.
namespace meguri::node {

struct NextBundleOptions {
  std::string data_folder;
  std::string out;                       // "": trust-bundle-next in the folder
  int valid_days = 365;                  // from now on
  std::vector<std::string> add_holders;  // public bundle keys in hexadecimal, as `meguri key generate` prints them
  std::vector<std::string> remove_holders;
  absl::optional<uint32_t> threshold;
  std::vector<std::string> add_witnesses;     // PARTICIPANT=KEY, the key in hexadecimal
  std::vector<std::string> remove_witnesses;  // participants: their keys end now, what they cosigned until now counts
  std::vector<std::string> revoke_witnesses;  // participants: nothing that their keys signed counts any more
  absl::optional<uint32_t> witness_quorum;    // nullopt: as it is, or if witnesses change, enough for their number
  std::vector<std::string> addresses;         // of the operator's node; empty: as they are
  std::string registry_record_key;            // file of a key that the registry is signed with from then on
  std::string registry_feed_key;
};

// How many of `witnesses` must cosign so that no fork gets a quorum while fewer than a third of them lie: more than
// half of witnesses and liars together.
uint32_t WitnessQuorumFor(uint32_t witnesses);

// Writes the version after the folder's bundle, signed with the folder's bundle key if that is a holder's. Keys that
// are replaced stay in it, so that older signatures can be checked. Returns its path. INVALID_ARGUMENT with reason
// FLAG, or the errors of SignTrustBundle.
absl::StatusOr<std::string> MakeNextBundle(const NextBundleOptions& options, const Clock& clock);

// Adds the signature of `key_path` to a bundle that is being signed.
absl::Status SignBundleFile(const std::string& bundle_path, const std::string& key_path);

// What a bundle says, and what it still lacks to follow the folder's one.
absl::StatusOr<std::string> DescribeBundle(const std::string& data_folder, const std::string& bundle_path,
                                           const Clock& clock);

// Puts the next bundles, in order, in the place of the folder's one, and of that of every client folder in it. A
// running node takes it up when it starts anew. The errors of TrustBundle::OpenNext. Returns the version now in force.
absl::StatusOr<uint64_t> AdoptBundles(const std::string& data_folder, const std::vector<std::string>& bundle_paths,
                                      const Clock& clock);

}  // namespace meguri::node
