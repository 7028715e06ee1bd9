// SPDX-License-Identifier: Apache-2.0
#include "record/header.h"

#include <algorithm>
#include <utility>

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "record/wire.h"

namespace meguri::record {
namespace {

constexpr absl::string_view kHeaderDomain("meguri/header/v1\0", 17);
constexpr size_t kParticipantIdBytesMin = 6;
constexpr size_t kParticipantIdBytesMax = 40;

constexpr uint64_t kTombstoneReasons[] = {v1::TOMBSTONE_REASON_WITHDRAWN, v1::TOMBSTONE_REASON_SUPERSEDED,
                                          v1::TOMBSTONE_REASON_TRANSFERRED, v1::TOMBSTONE_REASON_ERASED};

constexpr uint64_t kRecordTypes[] = {
    v1::RECORD_TYPE_PRODUCT_PASSPORT,
    v1::RECORD_TYPE_MATERIAL_PASSPORT,
    v1::RECORD_TYPE_FACILITY,
    v1::RECORD_TYPE_CERTIFICATION,
    v1::RECORD_TYPE_MEMBER,
    v1::RECORD_TYPE_CIRCULATION_EVENT,
    v1::RECORD_TYPE_OFFER,
    v1::RECORD_TYPE_GRANT,
    v1::RECORD_TYPE_AGREEMENT,
    v1::RECORD_TYPE_ERASURE_REQUEST,
    v1::RECORD_TYPE_ERASURE_ACKNOWLEDGEMENT,
    v1::RECORD_TYPE_ACCESS_REQUEST,
    v1::RECORD_TYPE_ENQUIRY,
    v1::RECORD_TYPE_ENQUIRY_ANSWER,
    v1::RECORD_TYPE_PLAN,
    v1::RECORD_TYPE_PERIODIC_REPORT,
    v1::RECORD_TYPE_COLLECTION_REPORT,
    v1::RECORD_TYPE_CE_COMMERCE_DECLARATION,
    v1::RECORD_TYPE_REGIONAL_FLOW,
    v1::RECORD_TYPE_TARGET,
};

using Kind = WireField::Kind;

constexpr WireField kTombstoneFields[] = {
    {.number = 1, .kind = Kind::kVarint, .required = true, .values = kTombstoneReasons},
    {.number = 2, .kind = Kind::kBytes, .size_min = kRecordIdSize, .size_max = kRecordIdSize},
    {.number = 3, .kind = Kind::kUtf8, .size_min = kParticipantIdBytesMin, .size_max = kParticipantIdBytesMax},
};
constexpr WireMessage kTombstone = {"Tombstone", kTombstoneFields};

constexpr WireField kHeaderFields[] = {
    {.number = 1, .kind = Kind::kVarint, .required = true, .value_max = kFormatVersion},
    {.number = 2, .kind = Kind::kBytes, .required = true, .size_min = kRecordIdSize, .size_max = kRecordIdSize},
    {.number = 3, .kind = Kind::kVarint, .required = true, .value_max = kVersionMax},
    {.number = 4, .kind = Kind::kVarint, .required = true, .values = kRecordTypes},
    {.number = 5,
     .kind = Kind::kUtf8,
     .required = true,
     .size_min = kParticipantIdBytesMin,
     .size_max = kParticipantIdBytesMax},
    {.number = 6, .kind = Kind::kVarint, .required = true, .value_max = kTimeMsMax},
    {.number = 7, .kind = Kind::kBytes, .size_min = kHashSize, .size_max = kHashSize},
    {.number = 8,
     .kind = Kind::kBytes,
     .required = true,
     .repeated = true,
     .size_min = kHashSize,
     .size_max = kHashSize,
     .count_max = kSlotsMax},
    {.number = 9, .kind = Kind::kMessage, .message = &kTombstone},
};
constexpr WireMessage kHeader = {"Header", kHeaderFields};

absl::Status RefuseRule(absl::string_view message) {
  return Error(absl::StatusCode::kInvalidArgument, "HEADER_RULE", message);
}

absl::Status CheckTombstone(const v1::Header& header) {
  const v1::Tombstone& tombstone = header.tombstone();
  if (header.version() < 2) {
    return RefuseRule("a tombstone ends a record that exists: its version is 2 or more");
  }
  if ((tombstone.reason() == v1::TOMBSTONE_REASON_SUPERSEDED) == tombstone.successor_record_id().empty()) {
    return RefuseRule("successor_record_id belongs to a tombstone with reason SUPERSEDED, and to no other");
  }
  if ((tombstone.reason() == v1::TOMBSTONE_REASON_TRANSFERRED) == tombstone.successor_participant_id().empty()) {
    return RefuseRule("successor_participant_id belongs to a tombstone with reason TRANSFERRED, and to no other");
  }
  if (tombstone.successor_record_id() == header.record_id() ||
      tombstone.successor_participant_id() == header.publisher()) {
    return RefuseRule("a record does not succeed itself");
  }
  if (!tombstone.successor_participant_id().empty() &&
      !ParticipantId::Parse(tombstone.successor_participant_id()).ok()) {
    return RefuseRule("successor_participant_id is not a participant ID");
  }
  return absl::OkStatus();
}

// The rules between fields, which the grammar cannot express.
absl::Status CheckRules(const v1::Header& header) {
  if ((header.version() == 1) != header.previous_header_hash().empty()) {
    return RefuseRule("previous_header_hash is absent in version 1 and in no other");
  }
  const int slots = header.section_digests_size();
  if (!IsSlotCount(static_cast<size_t>(slots))) {
    return RefuseRule(absl::StrCat("a header has 8, 16, 32 or 64 section digests, not ", slots));
  }
  return header.has_tombstone() ? CheckTombstone(header) : absl::OkStatus();
}

std::string Encode(const v1::Header& message) {
  std::string bytes;
  google::protobuf::io::StringOutputStream stream(&bytes);
  google::protobuf::io::CodedOutputStream coded(&stream);
  coded.SetSerializationDeterministic(true);
  message.SerializePartialToCodedStream(&coded);
  coded.Trim();
  return bytes;
}

}  // namespace

bool IsNewerFormat(absl::string_view header_bytes) {
  return absl::IsUnimplemented(Header::Parse(header_bytes).status());
}

bool IsSlotCount(size_t count) { return count == 8 || count == 16 || count == 32 || count == kSlotsMax; }

Header::Header(std::string bytes, v1::Header message, Hash hash, RecordId record_id, ParticipantId publisher)
    : bytes_(std::move(bytes)),
      message_(std::move(message)),
      hash_(hash),
      record_id_(record_id),
      publisher_(std::move(publisher)) {}

absl::StatusOr<Header> Header::Parse(absl::string_view bytes) {
  if (bytes.size() > kHeaderBytesMax) {
    return Error(absl::StatusCode::kInvalidArgument, "WIRE_GRAMMAR",
                 absl::StrCat("a header has at most ", kHeaderBytesMax, " bytes, not ", bytes.size()));
  }
  MEGURI_RETURN_IF_ERROR(CheckFormatVersion(bytes, "header", kFormatVersion));
  MEGURI_RETURN_IF_ERROR(CheckWire(bytes, kHeader));
  v1::Header message;
  if (!message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return Error(absl::StatusCode::kInvalidArgument, "WIRE_GRAMMAR", "Header: not a protobuf message");
  }
  MEGURI_RETURN_IF_ERROR(CheckRules(message));
  absl::StatusOr<ParticipantId> publisher = ParticipantId::Parse(message.publisher());
  if (!publisher.ok()) {
    return RefuseRule(absl::StrCat("publisher: ", publisher.status().message()));
  }
  MEGURI_ASSIGN_OR_RETURN(const RecordId record_id, RecordId::Parse(message.record_id()));
  return Header(std::string(bytes), std::move(message), HeaderHash(bytes), record_id, *std::move(publisher));
}

absl::StatusOr<Header> Header::Make(const v1::Header& message) { return Parse(Encode(message)); }

Hash HeaderHash(absl::string_view header_bytes) { return Sha256({kHeaderDomain, header_bytes}); }

}  // namespace meguri::record
