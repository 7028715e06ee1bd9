// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/message.h"
#include "passport/section_table.h"

namespace meguri::passport {

// What one payload may hold. Counted before anything is allocated: a few bytes can stand for a large message.
inline constexpr size_t kPayloadDepthMax = 64;  // messages within messages
inline constexpr size_t kPayloadMessagesMax = 150'000;
inline constexpr size_t kPayloadFieldsMax = 500'000;

// Decodes a payload of an understood section. Unknown fields are kept. INVALID_ARGUMENT with reason PAYLOAD_SIZE,
// PAYLOAD_DEPTH, PAYLOAD_FIELDS or PAYLOAD_MALFORMED. Total: any bytes are fine.
absl::StatusOr<std::unique_ptr<google::protobuf::Message>> DecodePayload(const SectionKind& kind,
                                                                         absl::string_view payload);

}  // namespace meguri::passport
