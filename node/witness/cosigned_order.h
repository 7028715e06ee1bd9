// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "absl/strings/string_view.h"
#include "certs/trust_bundle.h"

namespace meguri::node {

// Whether `note` is worth at least as much as `kept`, both cosigned heads of the feed with this origin: a quorum comes
// before none, then the larger head, then more witnesses. What is not a note is worth nothing.
bool IsWorthKeeping(absl::string_view note, absl::string_view kept, const std::string& origin,
                    const certs::TrustBundle& bundle);

}  // namespace meguri::node
