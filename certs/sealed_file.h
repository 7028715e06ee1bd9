// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/message.h"

// Files that say by themselves whether they are whole: the last field, number 8, is SHA-256(domain | all before it).
namespace meguri::certs {

// The bytes of `message`, which has no digest yet, and the digest.
std::string SealFile(absl::string_view domain, const google::protobuf::Message& message);

// Parses a sealed file of at most `size_max` bytes in its one encoding. INVALID_ARGUMENT with `reason` if it is
// another, has a field that this version does not know, or another digest.
absl::Status OpenSealedFile(absl::string_view bytes, size_t size_max, absl::string_view domain,
                            absl::string_view reason, google::protobuf::Message& message);

}  // namespace meguri::certs
