// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "absl/status/statusor.h"
#include "meguri/record/v1/record_service.pb.h"
#include "node/publish/publisher.h"

namespace meguri::node {

// The call that a request asks for. The body hash is of the request as it would be encoded again: it only has to be the
// same for the same request from the same client.
PublishCall ToPublishCall(const record::ParticipantId& acting_member, const record::v1::PublishRequest& request);
void ToResponse(const Published& published, record::v1::PublishResponse& response);

}  // namespace meguri::node
