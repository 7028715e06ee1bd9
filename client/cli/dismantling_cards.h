// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "meguri/record/v1/record_service.pb.h"
#include "passport/formats/dismantling_card.h"

namespace meguri::client {

// The cards for each of `identifiers` that the node answered, the first ones of them; none for one that it did not
// find. What a passport leaves to its batch or model comes from there, unless it says that it does not take it over.
// INTERNAL with reason NODE_ANSWER: the answer does not fit the question.
absl::StatusOr<std::vector<std::vector<passport::DismantlingCard>>> CardsOf(
    absl::Span<const std::string> identifiers, const record::v1::BatchResolveResponse& response);

}  // namespace meguri::client
