// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "google/protobuf/message.h"
#include "nlohmann/json_fwd.hpp"

namespace meguri::client {

// Proto JSON with the names of the proto files, save that bytes are hexadecimal (so an ID can be pasted into the next
// command), 64-bit numbers are numbers, the header of an envelope is opened, and sections show what they say.
nlohmann::ordered_json ToJson(const google::protobuf::Message& message);

// One line, or indented. Text that is not UTF-8 is replaced.
std::string PrintJson(const nlohmann::ordered_json& json, bool indented);

}  // namespace meguri::client
