// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "absl/functional/function_ref.h"
#include "meguri/passport/v1/composition.pb.h"
#include "passport/rules/path.h"
#include "passport/rules/weighed_group.h"

namespace meguri::passport {

// A substance or substance group of a composition, and which share it is of what it lies in: by its fraction, or its
// mass and that of what is around it. A mass that is not said is worked out: the fraction of what is around it, or the
// sum of what it consists of if that is complete. A share is rounded up to 1e-9; nullopt if it cannot be worked out.
struct SubstanceShare {
  const v1::CompositionNode* node = nullptr;
  const Path* path = nullptr;
  const v1::CompositionNode* group = nullptr;     // the substance or substance group in which it lies
  const v1::CompositionNode* material = nullptr;  // or the part in which it lies; null in neither
  Amount of_material;                             // or of the part or whole, if no material is around it
  Amount of_article;                              // of the innermost part, or of the whole
  bool is_exempt = false;                         // it, or what it lies in, names an exemption
};

// Visits each of them, jokers left out. `whole` is what the whole weighs if the composition does not say it.
void ForEachSubstance(const v1::Composition& composition, const Amount& whole, const Path& path,
                      absl::FunctionRef<void(const SubstanceShare&)> visit);

}  // namespace meguri::passport
