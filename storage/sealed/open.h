// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "base/random.h"
#include "storage/ordered_store.h"
#include "storage/sealed/section_keys.h"

namespace meguri::storage {

// A store and the keys of its sections, which outlive it.
struct SealedParts {
  std::unique_ptr<SectionKeys> keys;
  std::unique_ptr<OrderedStore> store;
};

// Opens the data keys of `store`, makes them if it is new or of a format that had none, and brings it to the format of
// this program (PrepareFormat). `store` may be older than the keys, as a backup is: what was erased since stays erased,
// and no number that was is given again. DATA_LOSS with the reasons of SectionKeys::Open, or DATA_KEYS_FOREIGN if the
// keys are those of another store; new keys are never made over a store that has some.
absl::StatusOr<SealedParts> OpenSealed(std::unique_ptr<OrderedStore> store, const SectionKeyFiles& files,
                                       Random& random);

struct SealedReaderParts {
  std::unique_ptr<SectionKeys> keys;  // null if the store is of a format that had none
  std::unique_ptr<StoreReader> store;
};

// The same, to look at a store and change nothing.
absl::StatusOr<SealedReaderParts> OpenSealedToRead(std::unique_ptr<StoreReader> store, const SectionKeyFiles& files,
                                                   Random& random);

}  // namespace meguri::storage
