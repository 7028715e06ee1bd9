// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "record/participant_id.h"
#include "record/public_key.h"
#include "storage/ordered_store.h"

// What a witness remembers, in a store of its own: "W" origin -> the newest note that it cosigned, with its line; "X"
// origin 00 u64 number -> Contradiction.
namespace meguri::node {

std::string WitnessedKey(absl::string_view origin);
std::string ContradictionPrefix();
std::string ContradictionKey(absl::string_view origin, uint64_t number);
struct ContradictionKeyParts {
  std::string origin;
  uint64_t number = 0;
};
absl::optional<ContradictionKeyParts> ParseContradictionKey(absl::string_view key);

// The member whose feed has this origin; nullopt if it is none.
absl::optional<record::ParticipantId> PublisherOf(absl::string_view origin);

// What is wrong with the memory of `witness`, whose key is `key`, one sentence each: every note that was cosigned is of
// its feed and has a line of the witness, which holds if it is by this key; what contradicts is two heads that do, of
// which the first is no other than the newest of its size, nor larger. The publishers' signatures are not checked: that
// takes the registry.
std::vector<std::string> CheckWitnessMemory(const storage::StoreReader& store, const record::ParticipantId& witness,
                                            const record::PublicKey& key);

}  // namespace meguri::node
