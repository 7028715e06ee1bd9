// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "base/random.h"
#include "storage/ordered_store.h"
#include "storage/sealed/section_keys.h"

namespace meguri::storage {

// `store` as everybody shall see it: every section is encrypted on its way in and decrypted on its way out, and one
// whose key is erased is not there. A section that does not open is handed out as it lies there, which UnwrapValue
// refuses (reason VALUE_SEALED). What is not a section passes as it is. A section for a record whose key is erased is
// refused: FAILED_PRECONDITION with reason DATA_KEY_ERASED. `keys` outlive it.
std::unique_ptr<OrderedStore> MakeSealedStore(std::unique_ptr<OrderedStore> store, const SectionKeys& keys,
                                              Random& random);
std::unique_ptr<StoreReader> MakeSealedReader(std::unique_ptr<StoreReader> store, const SectionKeys& keys);

// Encrypts the sections that `store` holds in the clear, a piece after the other; may be interrupted and run again.
// What lay there before is in no file once it returns OK.
absl::Status SealSections(OrderedStore& store, const SectionKeys& keys, Random& random);

}  // namespace meguri::storage
