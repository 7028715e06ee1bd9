// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/numeric/int128.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "meguri/passport/v1/composition.pb.h"
#include "passport/rules/path.h"

namespace meguri::passport {

// Mass or fraction in units of 1e-18; nullopt if it is not said, is no number or is out of range.
using Amount = absl::optional<absl::int128>;

Amount MassOf(bool present, const v1::Decimal& mass_kg);
Amount FractionOf(bool present, const v1::Decimal& fraction);

// The nodes under one parent with their masses: as they say, or their fraction of the parent's mass.
struct WeighedGroup {
  const Path* path = nullptr;                   // of the parent
  absl::string_view field;                      // of the parent, in which the nodes lie: "nodes" or "children"
  const v1::CompositionNode* parent = nullptr;  // null: the whole
  Amount mass;                                  // of the parent
  bool hangs_on_whole = false;  // its mass follows from a whole that the composition does not say itself
  bool complete = false;        // the nodes make up the whole parent
  const google::protobuf::RepeatedPtrField<v1::CompositionNode>* nodes = nullptr;
  std::vector<Amount> masses;  // one for each node
};

// Visits the top nodes, then each group of children, parents first. `whole` is what the whole weighs if the composition
// does not say it.
void ForEachGroup(const v1::Composition& composition, const Amount& whole, const Path& path,
                  absl::FunctionRef<void(const WeighedGroup&)> visit);

// fraction × mass, both in units of 1e-18; `mass` of at most 1e9 kg, `fraction` of at most 1.
absl::int128 Share(absl::int128 mass, absl::int128 fraction);

}  // namespace meguri::passport
