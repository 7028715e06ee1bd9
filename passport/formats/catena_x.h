// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "absl/status/status.h"
#include "passport/formats/imported_record.h"
#include "passport/readers/input_tree.h"

// Aspects of Catena-X. Each is a file of its own there; here each makes one record with the sections that it fills.
namespace meguri::passport {

// Battery passport 6.1.0 and digital product passport 7.0.0. Another major version is refused: reason ASPECT_VERSION.
bool IsCatenaXPassport(InputNode& root);
absl::Status ReadCatenaXPassport(InputNode& root, TakeRecord take);

// Product carbon footprint 9.0.0.
bool IsCatenaXFootprint(InputNode& root);
absl::Status ReadCatenaXFootprint(InputNode& root, TakeRecord take);

// Secondary material content calculated 1.0.0.
bool IsCatenaXSecondaryMaterial(InputNode& root);
absl::Status ReadCatenaXSecondaryMaterial(InputNode& root, TakeRecord take);

// Single level bill of materials as built 4.0.0.
bool IsCatenaXBill(InputNode& root);
absl::Status ReadCatenaXBill(InputNode& root, TakeRecord take);

// Mandatory dismantling 2.0.0.
bool IsCatenaXDismantling(InputNode& root);
absl::Status ReadCatenaXDismantling(InputNode& root, TakeRecord take);

// Recycling batch of material accounting 1.0.0.
bool IsCatenaXRecyclingBatch(InputNode& root);
absl::Status ReadCatenaXRecyclingBatch(InputNode& root, TakeRecord take);

// A container of many twins with their aspects, as test data come: one record a twin.
bool IsCatenaXTwins(InputNode& root);
absl::Status ReadCatenaXTwins(InputNode& root, TakeRecord take);

}  // namespace meguri::passport
