// SPDX-License-Identifier: Apache-2.0
#include "passport/payload.h"

#include <cstdint>
#include <limits>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/wire_format_lite.h"
#include "record/limits.h"
#include "record/wire.h"

namespace meguri::passport {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::internal::WireFormatLite;
using google::protobuf::io::CodedInputStream;

absl::Status Refuse(absl::string_view reason, absl::string_view message) {
  return Error(absl::StatusCode::kInvalidArgument, reason, message);
}

absl::Status Malformed(const Descriptor& message) {
  return Refuse("PAYLOAD_MALFORMED", absl::StrCat("the bytes are not a message of type ", message.full_name()));
}

// Walks the wire form beside the descriptor, counting, before protobuf allocates anything. It also keeps from protobuf
// what it would log to standard error (bad UTF-8), and groups, which proto3 does not have.
class ShapeCheck {
 public:
  explicit ShapeCheck(absl::string_view payload)
      : in_(reinterpret_cast<const uint8_t*>(payload.data()), static_cast<int>(payload.size())) {
    in_.PushLimit(static_cast<int>(payload.size()));
  }

  absl::Status CheckMessage(const Descriptor& message, size_t depth) {
    if (depth > kPayloadDepthMax) {
      return Refuse("PAYLOAD_DEPTH", absl::StrCat("messages are nested deeper than ", kPayloadDepthMax, " levels"));
    }
    if (++messages_ > kPayloadMessagesMax) {
      return Refuse("PAYLOAD_FIELDS", absl::StrCat("there are more than ", kPayloadMessagesMax, " messages"));
    }
    while (const uint32_t tag = in_.ReadTag()) {
      if (++fields_ > kPayloadFieldsMax) {
        return Refuse("PAYLOAD_FIELDS", absl::StrCat("there are more than ", kPayloadFieldsMax, " fields"));
      }
      MEGURI_RETURN_IF_ERROR(CheckField(message, tag, depth));
    }
    return in_.ConsumedEntireMessage() ? absl::OkStatus() : Malformed(message);
  }

 private:
  absl::Status CheckField(const Descriptor& message, uint32_t tag, size_t depth) {
    switch (WireFormatLite::GetTagWireType(tag)) {
      case WireFormatLite::WIRETYPE_START_GROUP:
      case WireFormatLite::WIRETYPE_END_GROUP:
        return Malformed(message);
      case WireFormatLite::WIRETYPE_LENGTH_DELIMITED:
        return CheckDelimited(message, message.FindFieldByNumber(WireFormatLite::GetTagFieldNumber(tag)), depth);
      default:
        return WireFormatLite::SkipField(&in_, tag) ? absl::OkStatus() : Malformed(message);
    }
  }

  // `field` is null if unknown.
  absl::Status CheckDelimited(const Descriptor& message, const FieldDescriptor* field, size_t depth) {
    int size = 0;
    if (!in_.ReadVarintSizeAsInt(&size) || size > in_.BytesUntilLimit()) {
      return Malformed(message);
    }
    if (field != nullptr && field->type() == FieldDescriptor::TYPE_MESSAGE) {
      const CodedInputStream::Limit outer = in_.PushLimit(size);
      MEGURI_RETURN_IF_ERROR(CheckMessage(*field->message_type(), depth + 1));
      in_.PopLimit(outer);
      return absl::OkStatus();
    }
    const void* bytes = nullptr;
    int available = 0;
    in_.GetDirectBufferPointerInline(&bytes, &available);
    const absl::string_view text(static_cast<const char*>(bytes), static_cast<size_t>(size));
    if (field != nullptr && field->type() == FieldDescriptor::TYPE_STRING && !record::IsUtf8(text)) {
      return Refuse("PAYLOAD_MALFORMED", absl::StrCat("the text of ", field->full_name(), " is not UTF-8"));
    }
    return in_.Skip(size) ? absl::OkStatus() : Malformed(message);
  }

  CodedInputStream in_;
  size_t messages_ = 0;
  size_t fields_ = 0;
};

}  // namespace

absl::StatusOr<std::unique_ptr<google::protobuf::Message>> DecodePayload(const SectionKind& kind,
                                                                         absl::string_view payload) {
  static_assert(record::kSectionBytesMax <= size_t{std::numeric_limits<int>::max()});
  Invariant(kind.understood(), "only understood sections are decoded");
  if (payload.size() > kind.payload_bytes_max) {
    return Refuse("PAYLOAD_SIZE", absl::StrCat("the ", kind.name, " section has ", payload.size(), " bytes; at most ",
                                               kind.payload_bytes_max, " are allowed"));
  }
  const Descriptor& descriptor = *kind.prototype->GetDescriptor();
  MEGURI_RETURN_IF_ERROR(ShapeCheck(payload).CheckMessage(descriptor, 1));
  std::unique_ptr<google::protobuf::Message> message(kind.prototype->New());
  if (!message->ParseFromArray(payload.data(), static_cast<int>(payload.size()))) {
    return Malformed(descriptor);
  }
  return message;
}

}  // namespace meguri::passport
