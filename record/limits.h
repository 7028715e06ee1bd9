// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

// Limits of the signed format (docs/format/record.md). They are part of the format: changing one needs an ADR.
namespace meguri::record {

inline constexpr uint32_t kFormatVersion = 1;
inline constexpr size_t kRecordIdSize = 16;
inline constexpr size_t kHashSize = 32;
inline constexpr size_t kSaltSize = 32;
inline constexpr size_t kSignatureSize = 64;
inline constexpr uint64_t kVersionMax = uint64_t{INT64_MAX};
inline constexpr uint64_t kTimeMsMax = 253'402'300'799'999;  // the last millisecond of the year 9999
inline constexpr size_t kHeaderBytesMax = 4096;
inline constexpr size_t kSectionBytesMax = size_t{8} << 20;
inline constexpr size_t kRecordBytesMax = size_t{32} << 20;
inline constexpr size_t kSlotsMax = 64;
inline constexpr uint64_t kBatchSizeMax = 65536;
inline constexpr size_t kParticipantIdentifierMax = 35;
inline constexpr size_t kProofHashesMax = 63;
inline constexpr size_t kNoteBytesMax = 16384;
inline constexpr size_t kNoteSignaturesMax = 16;

}  // namespace meguri::record
