// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "meguri/passport/v1/identity.pb.h"
#include "passport/rules/rule.h"

namespace meguri::passport {

// By how much pieces of one model may differ from it, and from each other: 10 %.
inline constexpr int64_t kPieceTolerancePerMille = 100;

// V6: whatever stands above a passport fits to what it weighs. The mass of a model is that of one piece as it is meant
// to be, that of an item what the piece weighs, that of a batch the whole lot. So an item that is off its model by more
// than 0.5 % is a warning; a lot that is lighter than one piece of its model, or an item that is heavier than its lot,
// is an error, with the tolerance of pieces. `path` is that of the identity section.
void CheckParentMass(const v1::Identity& own, const v1::Identity& above, const Path& path, Findings& findings);

// Whether an item differs more from its model than pieces do: then the masses that it would take over are not its own.
bool IsAnotherPiece(const v1::Identity& item, const v1::Identity& model);

}  // namespace meguri::passport
