// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "google/protobuf/message.h"
#include "passport/rules/path.h"
#include "passport/rules/rule.h"

namespace meguri::passport {

// Applies the rules of `message`, which lies at `path`, then those of the messages in it, in the order of their fields.
// It recurses as deep as messages are nested: only what DecodePayload returned may be given to it.
void ApplyRules(const google::protobuf::Message& message, const Path& path, Findings& findings);

}  // namespace meguri::passport
