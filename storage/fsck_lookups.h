// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "storage/fsck_findings.h"
#include "storage/ordered_store.h"

namespace meguri::storage {

// The index: the terms of every record, the postings that they call for, and no others.
void CheckIndex(const StoreReader& store, Findings& findings);

// What is counted of replicas against a count of what is stored. A store of an older format has no counts.
void CheckUsage(const StoreReader& store, Findings& findings);

// Remembered answers, followed feeds, settings, the store's own numbers; and that no key is of an unknown kind.
void CheckSmallValues(const StoreReader& store, Findings& findings);

}  // namespace meguri::storage
