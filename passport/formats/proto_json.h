// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "google/protobuf/message.h"
#include "passport/formats/json.h"
#include "passport/rules/rule.h"

namespace meguri::passport {

// Fills `message` from proto JSON with the names of the proto file, in which a Decimal is its text, as far as there is
// no problem. Adds every problem to `findings` under `path`, with reason JSON_FIELD_UNKNOWN, JSON_TYPE or JSON_VALUE.
// Returns whether there was none.
bool MessageFromJson(const Json& value, const std::string& path, google::protobuf::Message& message,
                     Findings& findings);

// The reverse. Unknown fields are left out: see HasUnknownFields.
Json MessageToJson(const google::protobuf::Message& message);

}  // namespace meguri::passport
