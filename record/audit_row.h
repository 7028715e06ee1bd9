// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "meguri/audit/v1/row.pb.h"
#include "record/checkpoint.h"
#include "record/feed.h"
#include "record/hash.h"

namespace meguri::record {

// Limits of the form of a row (docs/format/audit.md). They are part of it: changing one needs an ADR.
inline constexpr uint32_t kAuditRowFormatVersion = 1;
inline constexpr size_t kAuditRowBytesMax = size_t{64} << 10;
inline constexpr size_t kAuditRecordsMax = 256;  // that one row names
inline constexpr size_t kAuditNonceSize = 16;
inline constexpr size_t kAuditTextMax = 256;     // identity, method, rule, request ID
inline constexpr size_t kAuditDetailMax = 1024;  // what an administrator asked for

// A row of an audit feed together with its bytes, which are hashed as carried. Immutable; only a row that obeys the
// grammar can exist.
class AuditRow {
 public:
  // INVALID_ARGUMENT with reason WIRE_GRAMMAR or AUDIT_ROW; UNIMPLEMENTED with reason NEWER_FORMAT if the first field
  // names a format version that this program does not know.
  static absl::StatusOr<AuditRow> Parse(absl::string_view bytes);
  // Encodes `message` and checks it as Parse does.
  static absl::StatusOr<AuditRow> Make(const audit::v1::Row& message);

  const std::string& bytes() const { return bytes_; }
  const audit::v1::Row& message() const { return message_; }
  // Where its entry stands in the feed, from 0.
  uint64_t index() const { return message_.number() - 1; }
  // The entry of the feed that names it. It opens no slots.
  FeedEntry entry() const;

 private:
  AuditRow(std::string bytes, audit::v1::Row message) : bytes_(std::move(bytes)), message_(std::move(message)) {}
  std::string bytes_;
  audit::v1::Row message_;
};

// SHA-256("meguri/audit-row/v1" 00 | row bytes).
Hash AuditRowHash(absl::string_view row_bytes);

// Checks that `row` stands in the tree of `head`. INVALID_ARGUMENT with reason INCLUSION_PROOF or AUDIT_ROW.
absl::Status VerifyAuditRow(const AuditRow& row, absl::Span<const std::string> path, const Checkpoint& head);

// 32 bytes each, at most kProofHashesMax. INVALID_ARGUMENT with reason AUDIT_ROW.
absl::StatusOr<std::vector<Hash>> ParseAuditPath(absl::Span<const std::string> path);

}  // namespace meguri::record
