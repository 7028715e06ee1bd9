// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "base/error.h"
#include "meguri/record/v1/record_service.pb.h"

namespace meguri::client {

// A field of a request that publishes: "publications[3].sections.identity" is `sections.identity` of publication 3.
struct PublicationField {
  size_t index = 0;
  std::string rest;
};
// nullopt if `field` names no publication.
absl::optional<PublicationField> ParsePublicationField(absl::string_view field);

// The warnings of an answer that the node alone could find, in its order: those that the rules find in the very bytes
// of the request were shown before it was sent. Their fields are those of the request.
std::vector<Violation> WarningsOfTheNode(const record::v1::PublishResponse& answer,
                                         const record::v1::PublishRequest& request);

}  // namespace meguri::client
