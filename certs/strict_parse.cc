// SPDX-License-Identifier: Apache-2.0
#include "certs/strict_parse.h"

#include <vector>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "certs/limits.h"
#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/io/zero_copy_stream_impl_lite.h"
#include "google/protobuf/unknown_field_set.h"

namespace meguri::certs {
namespace {

absl::Status Refuse(absl::string_view reason, const google::protobuf::Message& message, absl::string_view why) {
  return Error(absl::StatusCode::kInvalidArgument, reason,
               absl::StrCat("not a ", message.GetDescriptor()->full_name(), ": ", why));
}

}  // namespace

std::string UnknownFieldIn(const google::protobuf::Message& message) {
  const google::protobuf::Reflection& reflection = *message.GetReflection();
  const google::protobuf::UnknownFieldSet& unknown = reflection.GetUnknownFields(message);
  if (!unknown.empty()) {
    return absl::StrCat("unknown field ", unknown.field(0).number(), " in ", message.GetDescriptor()->full_name());
  }
  std::vector<const google::protobuf::FieldDescriptor*> fields;
  reflection.ListFields(message, &fields);
  for (const google::protobuf::FieldDescriptor* field : fields) {
    if (field->cpp_type() != google::protobuf::FieldDescriptor::CPPTYPE_MESSAGE) {
      continue;
    }
    const int count = field->is_repeated() ? reflection.FieldSize(message, field) : 1;
    for (int i = 0; i < count; ++i) {
      const std::string found = UnknownFieldIn(field->is_repeated() ? reflection.GetRepeatedMessage(message, field, i)
                                                                    : reflection.GetMessage(message, field));
      if (!found.empty()) {
        return found;
      }
    }
  }
  return "";
}

absl::Status ParseStrictly(absl::string_view bytes, size_t size_max, absl::string_view reason,
                           google::protobuf::Message& message) {
  if (bytes.size() > size_max) {
    return Refuse(reason, message, absl::StrCat("it has ", bytes.size(), " bytes and may have ", size_max));
  }
  if (!message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return Refuse(reason, message, "its bytes are not a protobuf message with UTF-8 strings");
  }
  const std::string unknown = UnknownFieldIn(message);
  if (!unknown.empty()) {
    return Refuse(reason, message, absl::StrCat(unknown, "; it may come from a newer version of this program"));
  }
  return absl::OkStatus();
}

absl::Status ParseSignedBody(absl::string_view bytes, size_t size_max, absl::string_view reason,
                             record::v1::SignedBody& signed_body) {
  MEGURI_RETURN_IF_ERROR(ParseStrictly(bytes, size_max, reason, signed_body));
  if (signed_body.signatures_size() > kSignaturesMax) {
    return Refuse(reason, signed_body, absl::StrCat("it carries more than ", kSignaturesMax, " signatures"));
  }
  return absl::OkStatus();
}

std::string SerializeForSigning(const google::protobuf::Message& message) {
  std::string bytes;
  {
    google::protobuf::io::StringOutputStream stream(&bytes);
    google::protobuf::io::CodedOutputStream coded(&stream);
    coded.SetSerializationDeterministic(true);
    Invariant(message.SerializeToCodedStream(&coded), "a message in memory can be serialised");
  }
  return bytes;
}

}  // namespace meguri::certs
