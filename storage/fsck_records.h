// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "storage/fsck_findings.h"
#include "storage/ordered_store.h"

namespace meguri::storage {

// Every record with its header, slots, sections and look-up keys; and that no look-up key is left over.
void CheckRecords(const StoreReader& store, Findings& findings);

// The evidence against frozen records, and the headers that led to it.
void CheckEvidence(const StoreReader& store, Findings& findings);

}  // namespace meguri::storage
