// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "meguri/record/v1/record_service.pb.h"
#include "passport/formats/dismantling_card.h"

namespace meguri::client {

// What the node answered to one line of a list.
struct BenchAnswer {
  std::vector<passport::DismantlingCard> cards;
  // If the line fits several products: who they are, without anything to work by.
  std::vector<passport::DismantlingCard> candidates;
};

// The answers to the first ones of `products`, as many as the node gave; empty for one that it did not find. What a
// passport leaves to its batch or model comes from there, unless it says that it does not take it over. INTERNAL with
// reason NODE_ANSWER: the answer does not fit the question.
absl::StatusOr<std::vector<BenchAnswer>> BenchAnswersTo(absl::Span<const passport::ListedProduct> products,
                                                        const record::v1::BatchResolveResponse& response);

}  // namespace meguri::client
