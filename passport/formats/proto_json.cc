// SPDX-License-Identifier: Apache-2.0
#include "passport/formats/proto_json.h"

#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/util/json_util.h"
#include "meguri/passport/v1/decimal.pb.h"

namespace meguri::passport {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
namespace google_json = google::protobuf::util;

bool IsDecimal(const FieldDescriptor& field) {
  return field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE && field.message_type() == v1::Decimal::descriptor();
}

// Checks a JSON value against a message, and rewrites it to what protobuf's own parser takes. Protobuf stops at the
// first problem and does not always say where it is; this names every one, and leaves out the fields that have one.
class Preparation {
 public:
  explicit Preparation(Findings& findings) : findings_(findings) {}

  // Recursion is bounded: ParseJson bounds the depth of `value`.
  void PrepareMessage(const Descriptor& message, const std::string& path, Json& value) {
    if (!value.is_object()) {
      AddType(path, value, "an object", "オブジェクトを記載してください。");
      return;
    }
    std::vector<std::string> unusable;
    for (auto& [name, child] : value.items()) {
      const std::string child_path = absl::StrCat(path, ".", name);
      is_usable_ = true;
      if (const FieldDescriptor* field = message.FindFieldByName(name)) {
        PrepareField(*field, child_path, child);
      } else {
        AddUnknown(message, name, child_path);
      }
      if (!is_usable_) {
        unusable.push_back(name);
      }
    }
    for (const std::string& name : unusable) {
      value.erase(name);
    }
    is_usable_ = true;
  }

  bool failed() const { return failed_; }

 private:
  void PrepareField(const FieldDescriptor& field, const std::string& path, Json& value) {
    if (!field.is_repeated()) {
      PrepareValue(field, path, value);
      return;
    }
    if (!value.is_array()) {
      AddType(path, value, "an array", "配列を記載してください。");
      return;
    }
    bool are_usable = true;
    for (size_t i = 0; i < value.size(); ++i) {
      is_usable_ = true;
      PrepareValue(field, absl::StrCat(path, "[", i, "]"), value[i]);
      are_usable = are_usable && is_usable_;
    }
    is_usable_ = are_usable;
  }

  void PrepareValue(const FieldDescriptor& field, const std::string& path, Json& value) {
    switch (field.cpp_type()) {
      case FieldDescriptor::CPPTYPE_MESSAGE:
        return IsDecimal(field) ? PrepareDecimal(path, value) : PrepareMessage(*field.message_type(), path, value);
      case FieldDescriptor::CPPTYPE_ENUM:
        return PrepareEnum(field, path, value);
      case FieldDescriptor::CPPTYPE_STRING:
        return field.type() == FieldDescriptor::TYPE_BYTES
                   ? PrepareBytes(path, value)
                   : Require(value.is_string(), path, value, "a string", "文字列を記載してください。");
      case FieldDescriptor::CPPTYPE_BOOL:
        return Require(value.is_boolean(), path, value, "true or false", "true または false を記載してください。");
      case FieldDescriptor::CPPTYPE_UINT32:
        return Require(value.is_number_unsigned() && value.get<uint64_t>() <= std::numeric_limits<uint32_t>::max(),
                       path, value, "a whole number from 0 to 4294967295", "0以上の整数を記載してください。");
      case FieldDescriptor::CPPTYPE_UINT64:
        return PrepareUint64(path, value);
      default:
        return Require(false, path, value, "a field type that record files have", "対応していない型です。");
    }
  }

  void PrepareBytes(const std::string& path, const Json& value) {
    std::string bytes;
    if (!value.is_string()) {
      AddType(path, value, "bytes in base64", "base64 の文字列を記載してください。");
      return;
    }
    const std::string& text = value.get_ref<const std::string&>();
    if (!absl::Base64Unescape(text, &bytes) && !absl::WebSafeBase64Unescape(text, &bytes)) {
      Add({.field = path,
           .reason = "JSON_VALUE",
           .found = Quoted(text),
           .expected = "bytes in base64 (RFC 4648)",
           .cure = "encode the bytes again",
           .message_ja = "base64 として読み取れません。"});
    }
  }

  void PrepareDecimal(const std::string& path, Json& value) {
    if (!value.is_string()) {
      AddType(path, value, "a number in quotes such as \"12.5\"", "数値は \"12.5\" のように引用符で囲んでください。");
      return;
    }
    Json decimal = Json::object();
    decimal["value"] = value.get<std::string>();
    value = std::move(decimal);
  }

  void PrepareEnum(const FieldDescriptor& field, const std::string& path, const Json& value) {
    if (!value.is_string()) {
      AddType(path, value, "the name of an enumerator in quotes", "列挙値の名前を記載してください。");
    } else if (field.enum_type()->FindValueByName(value.get<std::string>()) == nullptr) {
      Add({.field = path,
           .reason = "JSON_VALUE",
           .found = Quoted(value.get<std::string>()),
           .expected = absl::StrCat("one of ", EnumeratorNames(*field.enum_type())),
           .cure = "write one of these names",
           .message_ja = "定義されていない列挙値です。"});
    }
  }

  // Proto JSON writes 64-bit numbers as strings, and reads both.
  void PrepareUint64(const std::string& path, const Json& value) {
    uint64_t number = 0;
    const bool fits =
        value.is_number_unsigned() || (value.is_string() && absl::SimpleAtoi(value.get<std::string>(), &number));
    Require(fits, path, value, "a whole number, in quotes or not", "0以上の整数を記載してください。");
  }

  void Require(bool fits, const std::string& path, const Json& value, absl::string_view expected,
               absl::string_view message_ja) {
    if (!fits) {
      AddType(path, value, expected, message_ja);
    }
  }

  static std::string Shown(const Json& value) {
    const std::string text = Quoted(value.dump(-1, ' ', false, Json::error_handler_t::replace));
    return value.is_number()      ? absl::StrCat(text.substr(1, text.size() - 2), " without quotes")
           : value.is_string()    ? Quoted(value.get_ref<const std::string&>())
           : value.is_primitive() ? text
                                  : std::string(value.type_name());
  }

  void AddType(const std::string& path, const Json& value, absl::string_view expected, absl::string_view message_ja) {
    Add({.field = path,
         .reason = "JSON_TYPE",
         .found = Shown(value),
         .expected = std::string(expected),
         .cure = value.is_null() ? "leave the field out if there is nothing to say" : "write the value in that form",
         .message_ja = std::string(message_ja)});
  }

  void AddUnknown(const Descriptor& message, const std::string& name, const std::string& path) {
    const FieldDescriptor* meant = message.FindFieldByCamelcaseName(name);
    Add({.field = path,
         .reason = "JSON_FIELD_UNKNOWN",
         .found = Quoted(name),
         .expected = absl::StrCat("a field of ", message.full_name()),
         .cure = meant == nullptr ? "correct the name or remove the field" : absl::StrCat("write ", meant->name()),
         .message_ja = "定義されていない項目です。"});
  }

  static std::string EnumeratorNames(const google::protobuf::EnumDescriptor& type) {
    std::string names;
    for (int i = 1; i < type.value_count(); ++i) {  // without the first one, which says nothing
      absl::StrAppend(&names, names.empty() ? "" : ", ", type.value(i)->name());
    }
    return names;
  }

  void Add(Violation violation) {
    failed_ = true;
    is_usable_ = false;
    findings_.Add(std::move(violation));
  }

  Findings& findings_;
  bool failed_ = false;
  bool is_usable_ = true;  // the value that was looked at last
};

void ShortenDecimals(const Descriptor& message, Json& value);

void ShortenField(const FieldDescriptor& field, Json& value) {
  if (IsDecimal(field)) {
    value = value.value("value", "");
  } else if (field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
    ShortenDecimals(*field.message_type(), value);
  }
}

void ShortenDecimals(const Descriptor& message, Json& value) {
  for (auto& [name, child] : value.items()) {
    const FieldDescriptor* field = message.FindFieldByName(name);
    Invariant(field != nullptr, "protobuf prints the names of fields");
    if (field->is_repeated()) {
      for (Json& element : child) {
        ShortenField(*field, element);
      }
    } else {
      ShortenField(*field, child);
    }
  }
}

}  // namespace

bool MessageFromJson(const Json& value, const std::string& path, google::protobuf::Message& message,
                     Findings& findings) {
  Json prepared = value;
  Preparation preparation(findings);
  preparation.PrepareMessage(*message.GetDescriptor(), path, prepared);
  const google_json::Status status = google_json::JsonStringToMessage(prepared.dump(), &message);
  if (preparation.failed()) {
    return false;
  }
  if (!status.ok()) {
    findings.Add({.field = path,
                  .reason = "JSON_VALUE",
                  .found = std::string(status.message()),
                  .expected = absl::StrCat("proto JSON of ", message.GetDescriptor()->full_name()),
                  .cure = "correct the value",
                  .message_ja = "値を読み取れません。"});
  }
  return status.ok();
}

Json MessageToJson(const google::protobuf::Message& message) {
  google_json::JsonPrintOptions options;
  options.preserve_proto_field_names = true;
  std::string text;
  const google_json::Status status = google_json::MessageToJsonString(message, &text, options);
  Invariant(status.ok(), "a decoded message can be printed");
  Json value = Json::parse(text, /*cb=*/nullptr, /*allow_exceptions=*/false);
  Invariant(value.is_object(), "protobuf prints a JSON object");
  ShortenDecimals(*message.GetDescriptor(), value);
  return value;
}

}  // namespace meguri::passport
