// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "meguri/audit/v1/onward.pb.h"

// The body by which a member tells an owner what it handed on of the owner's offers (docs/format/onward.md).
namespace meguri::record {

inline constexpr char kOnwardReportPayloadType[] = "application/vnd.meguri.onward-report.v1";

// Limits of the body. They are part of the format: changing one needs an ADR.
inline constexpr uint32_t kOnwardReportFormatVersion = 1;
inline constexpr size_t kOnwardRowsMax = 2048;
inline constexpr size_t kOnwardReportBytesMax = size_t{256} << 10;

// A month in UTC as a number: 202611 is November 2026.
uint32_t MonthOf(absl::Time time);
uint32_t NextMonth(uint32_t month);
// When it begins. InfiniteFuture if it is none.
absl::Time BeginOf(uint32_t month);

// Reads a body that obeys the grammar of docs/format/record.md §2 and the rules between fields. INVALID_ARGUMENT with
// reason WIRE_GRAMMAR or ONWARD_FORM; UNIMPLEMENTED with reason NEWER_FORMAT.
absl::StatusOr<audit::v1::OnwardReport> ParseOnwardReport(absl::string_view body);
// The one encoding of a report, checked as above.
absl::StatusOr<std::string> EncodeOnwardReport(const audit::v1::OnwardReport& report);

}  // namespace meguri::record
