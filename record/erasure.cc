// SPDX-License-Identifier: Apache-2.0
#include "record/erasure.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "record/limits.h"
#include "record/participant_id.h"
#include "record/wire.h"

namespace meguri::record {
namespace {

constexpr size_t kDomainNameMax = 253;
constexpr size_t kParticipantMax = 40;  // participant IDs are parsed besides

using Kind = WireField::Kind;

constexpr WireField kRequestFields[] = {
    {.number = 1, .kind = Kind::kVarint, .required = true, .value_max = kErasureFormatVersion},
    {.number = 2, .kind = Kind::kUtf8, .required = true, .size_max = kDomainNameMax},
    {.number = 3, .kind = Kind::kUtf8, .required = true, .size_max = kParticipantMax},
    {.number = 4, .kind = Kind::kBytes, .required = true, .size_min = kRecordIdSize, .size_max = kRecordIdSize},
    {.number = 5, .kind = Kind::kBytes, .required = true, .size_min = kHashSize, .size_max = kHashSize},
    {.number = 6, .kind = Kind::kVarint, .required = true, .value_max = erasure::v1::ErasureBasis_MAX},
    {.number = 7, .kind = Kind::kVarint, .required = true, .value_max = kTimeMsMax},
    {.number = 8, .kind = Kind::kVarint, .required = true, .value_max = kTimeMsMax},
};
constexpr WireMessage kRequest = {"ErasureRequest", kRequestFields};

constexpr WireField kAckFields[] = {
    {.number = 1, .kind = Kind::kVarint, .required = true, .value_max = kErasureAckFormatVersion},
    {.number = 2, .kind = Kind::kUtf8, .required = true, .size_max = kDomainNameMax},
    {.number = 3, .kind = Kind::kUtf8, .required = true, .size_max = kParticipantMax},
    {.number = 4, .kind = Kind::kBytes, .required = true, .size_min = kRecordIdSize, .size_max = kRecordIdSize},
    {.number = 5, .kind = Kind::kBytes, .required = true, .size_min = kHashSize, .size_max = kHashSize},
    {.number = 6, .kind = Kind::kUtf8, .required = true, .size_max = kParticipantMax},
    {.number = 7, .kind = Kind::kVarint, .value_max = kVersionMax},
    {.number = 8, .kind = Kind::kVarint, .value_max = kVersionMax},
    {.number = 9, .kind = Kind::kVarint, .required = true, .value_max = kTimeMsMax},
    {.number = 10,
     .kind = Kind::kUtf8,
     .repeated = true,
     .size_max = kParticipantMax,
     .count_max = kErasureRecipientsMax},
    {.number = 11, .kind = Kind::kVarint, .value_max = 1},
};
constexpr WireMessage kAck = {"ErasureAck", kAckFields};

constexpr WireField kHolderFields[] = {
    {.number = 1, .kind = Kind::kUtf8, .required = true, .size_max = kParticipantMax},
    {.number = 2, .kind = Kind::kVarint, .required = true, .value_max = kTimeMsMax},
    {.number = 3, .kind = Kind::kBytes, .size_min = kHashSize, .size_max = kHashSize},
    {.number = 4, .kind = Kind::kVarint, .value_max = 1},
};
constexpr WireMessage kHolder = {"AskedHolder", kHolderFields};

constexpr WireField kAccountFields[] = {
    {.number = 1, .kind = Kind::kVarint, .required = true, .value_max = kErasureFormatVersion},
    {.number = 2, .kind = Kind::kUtf8, .required = true, .size_max = kDomainNameMax},
    {.number = 3, .kind = Kind::kUtf8, .required = true, .size_max = kParticipantMax},
    {.number = 4, .kind = Kind::kBytes, .required = true, .size_min = kRecordIdSize, .size_max = kRecordIdSize},
    {.number = 5, .kind = Kind::kBytes, .required = true, .size_min = kHashSize, .size_max = kHashSize},
    {.number = 6, .kind = Kind::kBytes, .required = true, .size_min = kHashSize, .size_max = kHashSize},
    {.number = 7, .kind = Kind::kVarint, .required = true, .value_max = kTimeMsMax},
    {.number = 8,
     .kind = Kind::kMessage,
     .repeated = true,
     .count_max = kErasureAccountHoldersMax,
     .message = &kHolder},
    {.number = 9, .kind = Kind::kVarint, .value_max = 1},
    {.number = 10, .kind = Kind::kVarint, .value_max = 1},
};
constexpr WireMessage kAccount = {"ErasureAccount", kAccountFields};

absl::Status Refuse(absl::string_view message) {
  return Error(absl::StatusCode::kInvalidArgument, "ERASURE_FORM", message);
}

absl::Status CheckRules(const erasure::v1::ErasureRequest& request) {
  if (!ParticipantId::Parse(request.publisher()).ok()) {
    return Refuse("publisher is not a participant ID");
  }
  if (request.deadline_ms() <= request.time_ms() || request.deadline_ms() - request.time_ms() > kErasureDeadlineMsMax) {
    return Refuse("deadline_ms does not lie within ten years after time_ms");
  }
  return absl::OkStatus();
}

absl::Status CheckRecipients(const erasure::v1::ErasureAck& ack) {
  const auto& recipients = ack.onward_recipients();
  if ((ack.format_version() == kErasureAckFormatVersion) == recipients.empty()) {
    return Refuse("format_version is 2 if recipients are named, and 1 if none are");
  }
  if (ack.has_more_recipients() && static_cast<size_t>(recipients.size()) < kErasureRecipientsMax) {
    return Refuse("has_more_recipients, although there is room for more");
  }
  for (int i = 0; i < recipients.size(); ++i) {
    const bool is_in_order = i == 0 || recipients[i - 1] < recipients[i];
    if (!ParticipantId::Parse(recipients[i]).ok() || !is_in_order || recipients[i] == ack.holder() ||
        recipients[i] == ack.publisher()) {
      return Refuse("onward_recipients are not others' participant IDs in ascending order");
    }
  }
  return absl::OkStatus();
}

absl::Status CheckRules(const erasure::v1::ErasureAck& ack) {
  if (!ParticipantId::Parse(ack.publisher()).ok() || !ParticipantId::Parse(ack.holder()).ok()) {
    return Refuse("publisher or holder is not a participant ID");
  }
  if (ack.publisher() == ack.holder()) {
    return Refuse("the holder is the publisher, who asks others");
  }
  if ((ack.versions() == 0) != (ack.newest_version() == 0) || ack.versions() > ack.newest_version()) {
    return Refuse("newest_version does not fit the number of versions");
  }
  return CheckRecipients(ack);
}

absl::Status CheckRules(const erasure::v1::ErasureAccount& account) {
  if (!ParticipantId::Parse(account.publisher()).ok()) {
    return Refuse("publisher is not a participant ID");
  }
  const auto& holders = account.holders();
  for (int i = 0; i < holders.size(); ++i) {
    const erasure::v1::AskedHolder& holder = holders[i];
    const bool is_in_order = i == 0 || holders[i - 1].participant_id() < holder.participant_id();
    if (!ParticipantId::Parse(holder.participant_id()).ok() || !is_in_order ||
        holder.participant_id() == account.publisher()) {
      return Refuse("holders are not others' participant IDs in ascending order");
    }
    if (holder.has_left() && !holder.acknowledgement_hash().empty()) {
      return Refuse("a holder has acknowledged, or left without doing so, not both");
    }
  }
  return absl::OkStatus();
}

template <typename Message>
absl::StatusOr<Message> ParseBody(absl::string_view body, const WireMessage& grammar, size_t bytes_max,
                                  uint32_t format_version_max) {
  if (body.size() > bytes_max) {
    return Refuse(absl::StrCat("it has at most ", bytes_max, " bytes, not ", body.size()));
  }
  MEGURI_RETURN_IF_ERROR(CheckFormatVersion(body, grammar.name, format_version_max));
  MEGURI_RETURN_IF_ERROR(CheckWire(body, grammar));
  Message message;
  if (!message.ParseFromArray(body.data(), static_cast<int>(body.size()))) {
    return Error(absl::StatusCode::kInvalidArgument, "WIRE_GRAMMAR",
                 absl::StrCat(grammar.name, ": not a protobuf message"));
  }
  MEGURI_RETURN_IF_ERROR(CheckRules(message));
  return message;
}

std::string Encode(const google::protobuf::MessageLite& message) {
  std::string bytes;
  google::protobuf::io::StringOutputStream stream(&bytes);
  google::protobuf::io::CodedOutputStream coded(&stream);
  coded.SetSerializationDeterministic(true);
  message.SerializePartialToCodedStream(&coded);
  coded.Trim();
  return bytes;
}

}  // namespace

absl::StatusOr<erasure::v1::ErasureRequest> ParseErasureRequest(absl::string_view body) {
  return ParseBody<erasure::v1::ErasureRequest>(body, kRequest, kErasureBytesMax, kErasureFormatVersion);
}

absl::StatusOr<erasure::v1::ErasureAck> ParseErasureAck(absl::string_view body) {
  return ParseBody<erasure::v1::ErasureAck>(body, kAck, kErasureAckBytesMax, kErasureAckFormatVersion);
}

absl::StatusOr<erasure::v1::ErasureAccount> ParseErasureAccount(absl::string_view body) {
  return ParseBody<erasure::v1::ErasureAccount>(body, kAccount, kErasureAccountBytesMax, kErasureFormatVersion);
}

absl::StatusOr<std::string> EncodeErasureRequest(const erasure::v1::ErasureRequest& request) {
  std::string body = Encode(request);
  MEGURI_RETURN_IF_ERROR(ParseErasureRequest(body).status());
  return body;
}

absl::StatusOr<std::string> EncodeErasureAck(const erasure::v1::ErasureAck& ack) {
  std::string body = Encode(ack);
  MEGURI_RETURN_IF_ERROR(ParseErasureAck(body).status());
  return body;
}

absl::StatusOr<std::string> EncodeErasureAccount(const erasure::v1::ErasureAccount& account) {
  std::string body = Encode(account);
  MEGURI_RETURN_IF_ERROR(ParseErasureAccount(body).status());
  return body;
}

}  // namespace meguri::record
