// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/message_lite.h"

// Every value in the store is one encryption byte and the bytes that it protects.
namespace meguri::storage {

enum class ValueEncryption : uint8_t {
  kPlain = 0,
  kSealed = 1,  // a section, by AES-256-GCM under the data key of its record: storage/sealed
};

std::string WrapValue(absl::string_view bytes);
std::string WrapU64(uint64_t number);
std::string WrapMessage(const google::protobuf::MessageLite& message);

// The bytes inside `stored`; the view lives as long as `stored`. DATA_LOSS (reason VALUE_ENCODING) if the encryption
// byte is missing or unknown, or (reason VALUE_SEALED) if it is one that only storage/sealed opens.
absl::StatusOr<absl::string_view> UnwrapValue(absl::string_view stored);
// As UnwrapValue, and DATA_LOSS (reason VALUE_DAMAGED) if the bytes are not what they should be. `what` names them.
absl::StatusOr<uint64_t> UnwrapU64(absl::string_view stored, absl::string_view what);
absl::Status UnwrapMessage(absl::string_view stored, absl::string_view what, google::protobuf::MessageLite& message);

// DATA_LOSS (reason VALUE_DAMAGED).
absl::Status ValueDamaged(absl::string_view what);
// DATA_LOSS (reason VALUE_MISSING): another value says that `what` is there.
absl::Status ValueMissing(absl::string_view what);

}  // namespace meguri::storage
