// SPDX-License-Identifier: Apache-2.0
#include "record/audit_row.h"

#include <utility>

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include "absl/numeric/bits.h"
#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "record/limits.h"
#include "record/merkle.h"
#include "record/participant_id.h"
#include "record/wire.h"

namespace meguri::record {
namespace {

constexpr absl::string_view kRowDomain("meguri/audit-row/v1\0", 20);
constexpr size_t kNameMax = 128;  // participant IDs and names of feeds, which are parsed besides

constexpr uint64_t kDecisions[] = {audit::v1::DECISION_DELIVERED, audit::v1::DECISION_DENIED,
                                   audit::v1::DECISION_ADMINISTERED};

using Kind = WireField::Kind;

constexpr WireField kRecordFields[] = {
    {.number = 1, .kind = Kind::kBytes, .required = true, .size_min = kRecordIdSize, .size_max = kRecordIdSize},
    {.number = 2, .kind = Kind::kVarint, .value_max = kVersionMax},
    {.number = 3, .kind = Kind::kVarint},
    {.number = 4, .kind = Kind::kVarint, .repeated = true, .value_max = UINT32_MAX, .count_max = kSlotsMax},
};
constexpr WireMessage kRecord = {"RowRecord", kRecordFields};

constexpr WireField kFeedFields[] = {
    {.number = 1, .kind = Kind::kUtf8, .required = true, .size_max = kNameMax},
    {.number = 2, .kind = Kind::kVarint},
    {.number = 3, .kind = Kind::kVarint},
};
constexpr WireMessage kFeed = {"RowFeed", kFeedFields};

constexpr WireField kRowFields[] = {
    {.number = 1, .kind = Kind::kVarint, .required = true, .value_max = kAuditRowFormatVersion},
    {.number = 2, .kind = Kind::kBytes, .required = true, .size_min = kAuditNonceSize, .size_max = kAuditNonceSize},
    {.number = 3, .kind = Kind::kVarint, .required = true},
    {.number = 4, .kind = Kind::kVarint, .required = true, .value_max = kTimeMsMax},
    {.number = 5, .kind = Kind::kUtf8, .required = true, .size_max = kNameMax},
    {.number = 6, .kind = Kind::kUtf8, .required = true, .size_max = kAuditTextMax},
    {.number = 7, .kind = Kind::kUtf8, .size_max = kAuditTextMax},
    {.number = 8, .kind = Kind::kVarint, .required = true, .values = kDecisions},
    {.number = 9, .kind = Kind::kUtf8, .size_max = kAuditTextMax},
    {.number = 10, .kind = Kind::kUtf8, .size_max = kNameMax},
    {.number = 11, .kind = Kind::kMessage, .repeated = true, .count_max = kAuditRecordsMax, .message = &kRecord},
    {.number = 12, .kind = Kind::kMessage, .message = &kFeed},
    {.number = 13, .kind = Kind::kVarint},
    {.number = 14, .kind = Kind::kVarint, .value_max = UINT32_MAX},
    {.number = 15, .kind = Kind::kBytes, .size_min = kRecordIdSize, .size_max = kRecordIdSize},
    {.number = 16, .kind = Kind::kUtf8, .size_max = kAuditTextMax},
    {.number = 17, .kind = Kind::kVarint},
    {.number = 18, .kind = Kind::kUtf8, .size_max = kAuditDetailMax},
    {.number = 19, .kind = Kind::kVarint},
};
constexpr WireMessage kRow = {"Row", kRowFields};

absl::Status Refuse(absl::string_view message) {
  return Error(absl::StatusCode::kInvalidArgument, "AUDIT_ROW", message);
}

absl::Status CheckRecords(const audit::v1::Row& row) {
  for (const audit::v1::RowRecord& record : row.records()) {
    const int slots = absl::popcount(record.slots());
    if (record.section_types_size() != 0 && record.section_types_size() != slots) {
      return Refuse(absl::StrCat("a record has ", slots, " slots and ", record.section_types_size(), " section types"));
    }
    if (row.decision() == audit::v1::DECISION_DELIVERED && record.version() == 0) {
      return Refuse("what was delivered is a version of a record");
    }
  }
  return absl::OkStatus();
}

// The rules between fields, which the grammar cannot express.
absl::Status CheckRules(const audit::v1::Row& row) {
  if (!ParticipantId::Parse(row.reader()).ok()) {
    return Refuse("reader is not a participant ID");
  }
  if (!row.publisher().empty() && !ParticipantId::Parse(row.publisher()).ok()) {
    return Refuse("publisher is not a participant ID");
  }
  if (row.has_feed() && !FeedName::Parse(row.feed().name()).ok()) {
    return Refuse("feed.name is not the name of a feed");
  }
  const bool has_entries = row.feed().to() > 0;
  if (row.feed().from() >= row.feed().to() && (has_entries || row.feed().from() > 0)) {
    return Refuse("the entries of a feed end behind where they begin");
  }
  if (row.decision() == audit::v1::DECISION_DELIVERED &&
      (row.publisher().empty() || row.rule().empty() || (row.records().empty() && !has_entries))) {
    return Refuse("a delivery names the rule, the publisher, and records or the entries of a feed");
  }
  if (row.decision() == audit::v1::DECISION_DENIED && row.rule().empty()) {
    return Refuse("a refusal names its reason");
  }
  return CheckRecords(row);
}

}  // namespace

absl::StatusOr<AuditRow> AuditRow::Parse(absl::string_view bytes) {
  if (bytes.size() > kAuditRowBytesMax) {
    return Refuse(absl::StrCat("a row has at most ", kAuditRowBytesMax, " bytes, not ", bytes.size()));
  }
  MEGURI_RETURN_IF_ERROR(CheckFormatVersion(bytes, "row", kAuditRowFormatVersion));
  MEGURI_RETURN_IF_ERROR(CheckWire(bytes, kRow));
  audit::v1::Row message;
  if (!message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return Error(absl::StatusCode::kInvalidArgument, "WIRE_GRAMMAR", "Row: not a protobuf message");
  }
  MEGURI_RETURN_IF_ERROR(CheckRules(message));
  return AuditRow(std::string(bytes), std::move(message));
}

absl::StatusOr<AuditRow> AuditRow::Make(const audit::v1::Row& message) {
  std::string bytes;
  {
    google::protobuf::io::StringOutputStream stream(&bytes);
    google::protobuf::io::CodedOutputStream coded(&stream);
    coded.SetSerializationDeterministic(true);
    message.SerializePartialToCodedStream(&coded);
    coded.Trim();
  }
  return Parse(bytes);
}

FeedEntry AuditRow::entry() const { return {AuditRowHash(bytes_), 0}; }

Hash AuditRowHash(absl::string_view row_bytes) { return Sha256({kRowDomain, row_bytes}); }

absl::StatusOr<std::vector<Hash>> ParseAuditPath(absl::Span<const std::string> path) {
  if (path.size() > kProofHashesMax) {
    return Refuse(absl::StrCat("a path has at most ", kProofHashesMax, " hashes, not ", path.size()));
  }
  std::vector<Hash> hashes;
  for (const std::string& bytes : path) {
    const absl::StatusOr<Hash> hash = Hash::Parse(bytes);
    if (!hash.ok()) {
      return Refuse(absl::StrCat("in a path: ", hash.status().message()));
    }
    hashes.push_back(*hash);
  }
  return hashes;
}

absl::Status VerifyAuditRow(const AuditRow& row, absl::Span<const std::string> path, const Checkpoint& head) {
  MEGURI_ASSIGN_OR_RETURN(const std::vector<Hash> hashes, ParseAuditPath(path));
  return VerifyInclusion(LeafHash(row.entry().Encode()), row.index(), head.size, hashes, head.root);
}

}  // namespace meguri::record
