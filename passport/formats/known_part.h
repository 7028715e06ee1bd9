// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "google/protobuf/message.h"
#include "passport/formats/imported_record.h"

namespace meguri::passport {

// Takes fields and enumerators that this version does not know out of `message`, and adds each to `left` under `path`.
void KeepKnownPart(google::protobuf::Message& message, const std::string& path, std::vector<UnmappedValue>& left);

}  // namespace meguri::passport
