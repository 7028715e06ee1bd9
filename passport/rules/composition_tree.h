// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "meguri/passport/v1/composition.pb.h"
#include "passport/rules/rule.h"

namespace meguri::passport {

inline constexpr int kCompositionDepthMax = 32;  // levels of nodes
inline constexpr int kCompositionNodesMax = 20'000;

// The tree has nodes, not too many and not too deep.
void CheckCompositionSize(const v1::Composition& composition, const Path& path, Findings& findings);

// IEC 62474: the children of a node are of kinds that it may hold; it says how much of it there is; a joker hides
// nothing that must be declared.
void CheckCompositionNode(const v1::CompositionNode& node, const Path& path, Findings& findings);

}  // namespace meguri::passport
