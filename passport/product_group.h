// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "meguri/record/v1/record.pb.h"

namespace meguri::passport {

// The product group that the identity section names; "" if there is no such section or the name is not well-formed.
std::string ProductGroupOf(absl::Span<const record::v1::Section> sections);

// The same of the payload of an identity section.
std::string ProductGroupOfIdentity(absl::string_view identity_payload);

}  // namespace meguri::passport
