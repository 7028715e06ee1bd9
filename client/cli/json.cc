// SPDX-License-Identifier: Apache-2.0
#include "client/cli/json.h"

#include <vector>

#include "base/bytes.h"
#include "client/cli/words.h"
#include "google/protobuf/descriptor.h"
#include "meguri/record/v1/record.pb.h"
#include "meguri/record/v1/record_service.pb.h"
#include "nlohmann/json.hpp"
#include "passport/formats/canonical_json.h"

namespace meguri::client {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using Json = nlohmann::ordered_json;

Json EnvelopeJson(const record::v1::Envelope& envelope) {
  const absl::StatusOr<std::string> printed = passport::EnvelopeToJson(envelope);
  if (!printed.ok()) {
    return {{"$not_understood", true}, {"$bytes", envelope.header().size()}};
  }
  return Json::parse(*printed, nullptr, /*allow_exceptions=*/false);
}

Json EnumJson(const google::protobuf::EnumDescriptor& type, int number) {
  const google::protobuf::EnumValueDescriptor* value = type.FindValueByNumber(number);
  return value == nullptr ? Json(number) : Json(value->name());
}

// `index` is -1 for a field that is not repeated.
// NOLINTNEXTLINE(readability-function-cognitive-complexity): one case a type, each a line
Json ValueJson(const Message& message, const FieldDescriptor& field, int index) {
  const google::protobuf::Reflection& reflection = *message.GetReflection();
  const bool repeated = index >= 0;
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return ToJson(repeated ? reflection.GetRepeatedMessage(message, &field, index)
                             : reflection.GetMessage(message, &field));
    case FieldDescriptor::CPPTYPE_ENUM:
      return EnumJson(*field.enum_type(), repeated ? reflection.GetRepeatedEnumValue(message, &field, index)
                                                   : reflection.GetEnumValue(message, &field));
    case FieldDescriptor::CPPTYPE_STRING: {
      const std::string text =
          repeated ? reflection.GetRepeatedString(message, &field, index) : reflection.GetString(message, &field);
      return field.type() == FieldDescriptor::TYPE_BYTES ? Json(ToHex(text)) : Json(text);
    }
    case FieldDescriptor::CPPTYPE_BOOL:
      return repeated ? reflection.GetRepeatedBool(message, &field, index) : reflection.GetBool(message, &field);
    case FieldDescriptor::CPPTYPE_UINT32:
      return repeated ? reflection.GetRepeatedUInt32(message, &field, index) : reflection.GetUInt32(message, &field);
    case FieldDescriptor::CPPTYPE_INT32:
      return repeated ? reflection.GetRepeatedInt32(message, &field, index) : reflection.GetInt32(message, &field);
    // Versions, sizes and times stay far below 2^53, up to where every reader of JSON counts exactly.
    case FieldDescriptor::CPPTYPE_UINT64:
      return repeated ? reflection.GetRepeatedUInt64(message, &field, index) : reflection.GetUInt64(message, &field);
    case FieldDescriptor::CPPTYPE_INT64:
      return repeated ? reflection.GetRepeatedInt64(message, &field, index) : reflection.GetInt64(message, &field);
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return repeated ? reflection.GetRepeatedDouble(message, &field, index) : reflection.GetDouble(message, &field);
    case FieldDescriptor::CPPTYPE_FLOAT:
      return repeated ? reflection.GetRepeatedFloat(message, &field, index) : reflection.GetFloat(message, &field);
  }
  return nullptr;
}

// What a reader would have to conclude from two fields, in the words of `meguri verify`.
void AddVerdict(const record::v1::RecordView& view, Json& json) {
  if (view.valid_at_ms() != 0) {
    json["verdict"] = "VALID_AT";
    json["valid_at"] = TimeOf(view.valid_at_ms());
  } else if (!view.doubt().empty()) {
    json["verdict"] = "INDETERMINATE";
  }
}

}  // namespace

Json ToJson(const google::protobuf::Message& message) {
  if (const auto* envelope = dynamic_cast<const record::v1::Envelope*>(&message)) {
    return EnvelopeJson(*envelope);
  }
  std::vector<const FieldDescriptor*> fields;
  message.GetReflection()->ListFields(message, &fields);
  Json json = Json::object();
  for (const FieldDescriptor* field : fields) {
    Json& value = json[field->name()];
    if (!field->is_repeated()) {
      value = ValueJson(message, *field, -1);
      continue;
    }
    value = Json::array();
    for (int i = 0; i < message.GetReflection()->FieldSize(message, field); ++i) {
      value.push_back(ValueJson(message, *field, i));
    }
  }
  if (const auto* view = dynamic_cast<const record::v1::RecordView*>(&message)) {
    AddVerdict(*view, json);
  }
  return json;
}

std::string PrintJson(const Json& json, bool indented) {
  return json.dump(indented ? 2 : -1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace meguri::client
