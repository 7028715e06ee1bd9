// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "meguri/erasure/v1/erasure.pb.h"

// The bodies by which members ask each other to erase, answer, and account for it (docs/format/erasure.md).
namespace meguri::record {

inline constexpr char kErasureRequestPayloadType[] = "application/vnd.meguri.erasure-request.v1";
inline constexpr char kErasureAckPayloadType[] = "application/vnd.meguri.erasure-ack.v1";
inline constexpr char kErasureAccountPayloadType[] = "application/vnd.meguri.erasure-account.v1";

// Limits of these bodies. They are part of the format: changing one needs an ADR.
inline constexpr uint32_t kErasureFormatVersion = 1;
inline constexpr size_t kErasureBytesMax = 1024;
inline constexpr uint32_t kErasureAckFormatVersion = 2;  // of one that names recipients; else it is 1
inline constexpr size_t kErasureRecipientsMax = 256;
inline constexpr size_t kErasureAckBytesMax = size_t{16} << 10;
inline constexpr size_t kErasureAccountHoldersMax = size_t{16} << 10;
inline constexpr size_t kErasureAccountBytesMax = size_t{2} << 20;
inline constexpr uint64_t kErasureDeadlineMsMax = uint64_t{3660} * 24 * 3600 * 1000;  // after the request

// Reads a body that obeys the grammar of docs/format/record.md §2 and the rules between fields. INVALID_ARGUMENT with
// reason WIRE_GRAMMAR or ERASURE_FORM; UNIMPLEMENTED with reason NEWER_FORMAT.
absl::StatusOr<erasure::v1::ErasureRequest> ParseErasureRequest(absl::string_view body);
absl::StatusOr<erasure::v1::ErasureAck> ParseErasureAck(absl::string_view body);
absl::StatusOr<erasure::v1::ErasureAccount> ParseErasureAccount(absl::string_view body);

// The one encoding of a message, checked as above.
absl::StatusOr<std::string> EncodeErasureRequest(const erasure::v1::ErasureRequest& request);
absl::StatusOr<std::string> EncodeErasureAck(const erasure::v1::ErasureAck& ack);
absl::StatusOr<std::string> EncodeErasureAccount(const erasure::v1::ErasureAccount& account);

}  // namespace meguri::record
